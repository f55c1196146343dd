"""The demo: sample feeds, local sinks, and the whole flow on this machine alone."""
