"""The nouns: frozen values that cross rooms. No I/O, no clock, no randomness."""
