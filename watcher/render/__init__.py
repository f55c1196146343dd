"""The desk: turns a frozen notification into something a person can read."""
