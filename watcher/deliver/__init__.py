"""Channels: they send a rendered message to one destination each."""
