"""Words in whole documents: `bytes.find` and `bytes.count` where it is known which byte of the word is rare.

What is looked for is nearly never there, and documents are long: looking for the rarest byte alone is four times as fast.
`rarest` is its place in the word; `start` and `end` are not negative.
"""

from __future__ import annotations

import sys


def find_in_python(document: bytes, word: bytes, rarest: int, start: int = 0, end: int = sys.maxsize, /) -> int:
    return document.find(word, start, end)


def count_in_python(document: bytes, word: bytes, rarest: int, start: int = 0, end: int = sys.maxsize, /) -> int:
    return document.count(word, start, end)


try:
    from watcher.parse import _scan
except ImportError:
    find, count = find_in_python, count_in_python
else:

    def find(document: bytes, word: bytes, rarest: int, start: int = 0, end: int = sys.maxsize, /) -> int:
        return _scan.find(document, word, rarest, start, end)

    def count(document: bytes, word: bytes, rarest: int, start: int = 0, end: int = sys.maxsize, /) -> int:
        return _scan.count(document, word, rarest, start, end)
