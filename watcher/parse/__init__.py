"""Documents to entries: bytes in, values of the model out. Nothing in a document is trusted."""
