"""Fingerprints of texts: equal when the words are equal, whatever the markup, case, accents and punctuation."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b

from watcher.model.entry import Entry, Fingerprints, joined_texts
from watcher.text.fold import fold

_WORD = re.compile(r"[^\W_]+")
_ASCII = bytes(range(128))
_FEW = 16
"""Different characters that are replaced one by one: typography, a few accents."""

_ALONE = frozenset(
    {"Lu", "Ll", "Nd", "Nl", "No", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zs", "Cf"}
)
"""Categories of characters that no neighbour changes, and that change no neighbour: no marks, no syllables."""

_VARIATION_SELECTORS = range(0xFE00, 0xFE10)

_WORD_BYTES = bytes(code if code > 0x7F or chr(code).isalnum() else 0x20 for code in range(256))
"""UTF-8 with spaces for what is ASCII and no part of a word."""


def fingerprints_of(entry: Entry) -> Fingerprints:
    """Those of the title, and of summary and content without it: a new headline leaves the text as it is."""
    return Fingerprints(fingerprint(entry.title), fingerprint(joined_texts(entry.summary, entry.content)))


def fingerprint(text: str) -> str:
    """128 bits over the folded words of a text, in hex; "" when there is no word at all."""
    words = _folded_words(text)
    return stable_hash_of_bytes(b"text", words) if words else ""


def _folded_words(text: str) -> bytes:
    """`_WORD.findall(fold(text))`, one space between words, in UTF-8: this is done for every new text in full."""
    if not text.isascii():
        text = _nearly_ascii(text)
    folded = fold(text)
    if not folded.isascii():
        signs = [sign for sign in set(folded) if sign > "\x7f" and not sign.isalnum()]
        if len(signs) > _FEW:
            return " ".join(_WORD.findall(folded)).encode()
        for sign in signs:
            folded = folded.replace(sign, " ")
    words = folded.encode().translate(_WORD_BYTES).split(b"  ")  # what is one space apart need not be apart
    return b" ".join(filter(None, map(bytes.strip, words)))


def _nearly_ascii(text: str) -> str:
    """The text with what its few characters beyond ASCII are in folded words, if they are few: folding all of it takes
    longer.
    """
    beyond = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    wide = set(beyond.decode("utf-8", "surrogatepass")) if 10 * len(beyond) < len(text) else ()
    for sign in wide if len(wide) <= _FEW else ():
        plain = _folded_alone(sign)
        if plain is not None:
            text = text.replace(sign, plain)
    return text


@lru_cache(maxsize=4_096)
def _folded_alone(sign: str) -> str | None:
    """What a character is in folded words, with spaces for what is no part of one; None if that depends on others."""
    if unicodedata.category(sign) not in _ALONE and ord(sign) not in _VARIATION_SELECTORS:
        return None
    return "".join(one if one.isalnum() else " " for one in fold(sign))


def stable_hash_of_bytes(*parts: bytes) -> str:
    """128 bits over a list of byte strings, in hex; the parts cannot run into one another."""
    whole = b"".join([piece for part in parts for piece in (len(part).to_bytes(8, "big"), part)])
    return blake2b(whole, digest_size=16).hexdigest()
