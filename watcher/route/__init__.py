"""Which channels an alert goes to, together with what, and when. Pure."""
