"""Frozen values that packages exchange. No I/O, no clock, no randomness."""
