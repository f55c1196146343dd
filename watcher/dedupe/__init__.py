"""Newness is identity, never date: which entries of a document are new, updated, re-keyed or known."""
