"""The languages a topic may name: those that can be stemmed, and those that folding alone serves."""

from __future__ import annotations

from watcher.text.stems import STEMMED_LANGUAGES

_FOLDED = "he ku ckb ur ps uk bg zh ja ko th lo km my vi sw so am ti ha"

LANGUAGES = STEMMED_LANGUAGES | frozenset(_FOLDED.split())
"""ISO 639 codes. Words of a language without a stemmer match as written, folded."""
