"""Words and their hashes, as sketches and figures need them: quick, and the same in every process.

Words are UTF-8: they are hashed, counted and compared, never shown.
"""

from __future__ import annotations

import re
import string
from functools import cache
from hashlib import blake2b
from unicodedata import combining

from watcher.text.fold import fold
from watcher.text.letters import UNSPACED, apart

_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_SEPARATORS = b".,:"
_SHAPES = bytes(
    b"9"[0] if code in b"0123456789" else b","[0] if code in _SEPARATORS else b"a"[0] for code in range(256)
)
_SEPARATED = b"9,9"
"""The shape of a separator that belongs to a number."""
_HIDING = 128
"""Added to a separator it is a byte that ASCII does not have."""
_ALPHANUMERIC = (string.ascii_letters + string.digits).encode()


@cache
def _word() -> re.Pattern[str]:
    """A character of a script without spaces, or a run of letters and digits; a number holds its separators.

    With the marks that many scripts write inside words: vowel signs, harakat, decomposed accents.
    """
    letters = f"[^{apart()}{UNSPACED}\ud800-\udfff\U0001f000-\U0001faff]+"
    return re.compile(rf"[{UNSPACED}]|{letters}(?:(?<=\d)[.,:](?=\d){letters})*")


def _table() -> bytes:
    table = bytearray(code if code in _ALPHANUMERIC else b" "[0] for code in range(256))
    for separator in _SEPARATORS:
        table[separator + _HIDING] = separator
    return bytes(table)


_WORDLY = _table()
"""Every byte as it is in words: what was hidden appears again, all else that is no letter or digit is a space."""

_TYPOGRAPHY = "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u2022\u00a0\u00ab\u00bb"
"""Marks that separate words; without them most English texts are plain ASCII, which is read many times as fast."""


def spaced(text: str) -> str:
    """The text with spaces for typographic marks."""
    if not text.isascii():
        for mark in _TYPOGRAPHY:
            text = text.replace(mark, " ")
    return text


def split_words(text: str) -> list[bytes]:
    """The words and numbers of a text in order, as they are written; in scripts without spaces every character."""
    if text.isascii() or not _has_letters("".join(_FOREIGN.findall(text))):
        return _hidden_separators(text.encode("ascii", "replace")).translate(_WORDLY).split()
    return " ".join(_word().findall(text)).encode("utf-8", "surrogatepass").split()


def _has_letters(foreign: str) -> bool:
    """Whether there are letters, digits or decomposed accents."""
    return any(map(str.isalnum, foreign)) or any(map(combining, foreign))


def _hidden_separators(text: bytes) -> bytes:
    """The text with the separators inside numbers made other bytes: `_WORDLY` takes all others for spaces."""
    shapes = text.translate(_SHAPES)
    place = shapes.find(_SEPARATED)
    if place < 0:
        return text
    hidden = bytearray(text)
    while place >= 0:
        hidden[place + 1] += _HIDING
        place = shapes.find(_SEPARATED, place + 2)
    return bytes(hidden)


def words_of(text: str) -> list[bytes]:
    """Folded words and numbers in order."""
    return split_words(fold(spaced(text)))


def hash63(words: bytes) -> int:
    """63 good bits, the same in every process and on every machine; they fit a signed column of a database."""
    return int.from_bytes(blake2b(words, digest_size=8).digest(), "big") >> 1
