"""Feeds whose publishers change names, dates and order of entries, and a watcher that counts what is told about them."""
