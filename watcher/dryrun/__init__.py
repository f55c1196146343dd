"""Dry runs: nothing is stored, and nothing is sent but one marked test message."""
