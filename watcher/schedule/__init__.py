"""When a feed is polled next, and what is wrong with it. Pure."""
