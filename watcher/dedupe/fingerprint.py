"""Fingerprints of texts: equal when the words are equal, whatever the markup, case, accents and punctuation."""

from __future__ import annotations

import re

from watcher.model.alert import stable_hash_of_bytes
from watcher.model.entry import Entry, joined_texts
from watcher.text.fold import fold
from watcher.text.tokens import UNSPACED

_WORD = re.compile(r"[^\W_]+")
_UNSPACED_CHARACTER = re.compile(f"[{UNSPACED}]")
_PUNCTUATION = "’‘“”–—…\xa0•·«»"
"""What typography puts between words of nearly every text; folding makes none of it a part of a word."""

_WORD_BYTES = bytes(code if code > 0x7F or chr(code).isalnum() else 0x20 for code in range(256))
"""UTF-8 with spaces for what is ASCII and no part of a word."""

_SPACES = re.compile(rb"  +")
_FEW = 16
_UNSPACED_PER_WORD = 2
"""Characters that count as a word in scripts which do not put spaces between words."""


def fingerprint(text: str) -> str:
    """128 bits over the folded words of a text, in hex; "" when there is no word at all."""
    words = _folded_words(text)
    return stable_hash_of_bytes(b"text", words) if words else ""


def _folded_words(text: str) -> bytes:
    """`_WORD.findall(fold(text))`, one space between words, in UTF-8: this is done for every new text in full."""
    if not text.isascii():
        for sign in _PUNCTUATION:
            if sign in text:
                text = text.replace(sign, " ")
    folded = fold(text)
    if not folded.isascii():
        signs = [sign for sign in set(folded) if sign > "\x7f" and not sign.isalnum()]
        if len(signs) > _FEW:
            return " ".join(_WORD.findall(folded)).encode()
        for sign in signs:
            folded = folded.replace(sign, " ")
    return _SPACES.sub(b" ", folded.encode().translate(_WORD_BYTES)).strip()  # a list of words takes twice as long


def title_fingerprint(entry: Entry) -> str:
    """The fingerprint of the title."""
    return fingerprint(entry.title)


def is_named_after_title(entry: Entry) -> bool:
    """Whether the id says no more than the title does: publishers make one of the other."""
    title, name = (_WORD.findall(fold(text)) for text in (entry.title, entry.id))
    return bool(title) and name[-len(title) :] == title


def text_fingerprint(entry: Entry) -> str:
    """The fingerprint of summary and content, without the title: a new headline leaves it as it is."""
    return fingerprint(joined_texts(entry.summary, entry.content))


def word_count(text: str, enough: int) -> int:
    """Words of a text, two characters making one in scripts without spaces; stops counting at `enough`."""
    head = text[: enough * 40]
    unspaced = len(_UNSPACED_CHARACTER.findall(head)) // _UNSPACED_PER_WORD
    return min(enough, unspaced + len(_WORD.findall(_UNSPACED_CHARACTER.sub(" ", head))))
