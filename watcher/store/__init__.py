"""All that must survive a crash, in SQLite or PostgreSQL."""
