"""The running process: what it is built of, and its life from start to stop."""
