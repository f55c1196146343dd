"""Search in stored entries: a query language, an index of folded words beside the store, and a scan without index."""
