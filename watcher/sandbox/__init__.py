"""Untrusted work in child processes with limits."""
