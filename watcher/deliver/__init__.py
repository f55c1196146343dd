"""The door: channels that carry a rendered message to people."""
