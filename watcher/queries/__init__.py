"""Queries: read the store and make a view of it, for commands, pages and the JSON API alike. Nothing is written."""
