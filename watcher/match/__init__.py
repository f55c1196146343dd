"""Topics against entries: the query language, the score, the percolator, and why."""
