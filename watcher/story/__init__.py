"""One event in many feeds: which entries have the same story, and which alert of it is sent."""
