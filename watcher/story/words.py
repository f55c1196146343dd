"""Words and their hashes, as sketches and figures need them: quick, and the same in every process."""

from __future__ import annotations

import re
from hashlib import blake2b

from watcher.text.fold import fold

_UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff"
)
WORD = re.compile(rf"\d[\d.,:]*\d|[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
"""A number with its separators, a character of a script without spaces, or a run of letters and digits."""


def words_of(text: str) -> list[str]:
    """Folded words and numbers in order; in scripts without spaces every character is a word."""
    return WORD.findall(fold(text))


def hash63(text: str) -> int:
    """63 bits, the same in every process and on every machine; they fit a signed column of a database."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1
