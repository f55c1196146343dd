"""The street door: asks servers for documents, politely, and never at our cost."""
