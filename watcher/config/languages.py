"""The languages a topic may name: those that can be stemmed, and those that folding alone serves."""

from __future__ import annotations

_STEMMED = "ar hy eu ca cs da nl en eo et fi fr de el hi hu id ga it lt ne no pl pt ro ru sr es sv ta tr yi fa"
_FOLDED = "he ku ckb ur ps uk bg zh ja ko th lo km my vi sw so am ti ha"

LANGUAGES = frozenset(f"{_STEMMED} {_FOLDED}".split())
"""ISO 639 codes. Snowball has stemmers for the first group; words of the others match as written."""
