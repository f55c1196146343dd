"""Opinions on entries beside the words of topics: closeness in meaning, and a second look by a language model."""
