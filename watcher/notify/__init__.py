"""The notify pipeline: from stored alerts to people."""
