"""The kitchen: bytes in, entries out; nothing in a document is trusted."""
