"""Which characters words consist of, in all scripts.

What separates words, and the patterns made of it, take a twentieth of a start: they are made when a text is cut.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable
from functools import cache

from watcher.text.fold import INVISIBLE

UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Han, Kana: scripts without spaces between words, as the inside of a character class."""


@cache
def apart() -> str:
    """What separates words, as the inside of a character class.

    `\\w` alone will not do: it lacks the combining marks that many scripts write inside words.
    """
    # As UTF-16 the plane is made at once.
    plane = array("H", range(0xD800))
    plane.extend(range(0xE000, 0x10000))
    unwordly = re.finditer(r"[\W_]+", plane.tobytes().decode("utf-16"))
    return _class(ord(char) for run in unwordly for char in run[0] if _is_apart(char))


def _is_apart(char: str) -> bool:
    if char in INVISIBLE:
        return char == "\u200c"
    return char == "_" or not unicodedata.category(char).startswith("M")


def _class(codes: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in runs)


def is_unspaced(text: str) -> bool:
    """Whether a text has a character of a script that puts no spaces between words."""
    return not text.isascii() and unspaced_character().search(text) is not None


@cache
def unspaced_character() -> re.Pattern[str]:
    """A character of a script that puts no spaces between words."""
    return re.compile(f"[{UNSPACED}]")
