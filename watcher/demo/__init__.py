"""The newcomer's minute: sample feeds, local sinks, and the whole walk on this machine alone."""
