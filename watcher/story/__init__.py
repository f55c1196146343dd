"""One event told by many feeds: which entries tell the same story, and which alert of it is told."""
