"""Making text fit a limit without cutting a word, a letter or a line. Pure."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
_ZERO_WIDTH_JOINER = "\u200d"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a space and ended with "…"; a single long word is cut between letters.

    Shorten first, escape afterwards: an escaped text must not be cut.
    """
    if len(text) <= limit:
        return text
    cut = text[: max(limit - len(ELLIPSIS), 0)]
    if not text[len(cut)].isspace():
        at_space = cut.rstrip().rfind(" ")
        cut = cut[:at_space] if at_space > len(cut) // 2 else _between_letters(text, len(cut))
    return cut.rstrip(" ,;:–—-") + ELLIPSIS if limit >= len(ELLIPSIS) else ""


def _between_letters(text: str, end: int) -> str:
    while end > 0 and (_joins(text[end]) or text[end - 1] == _ZERO_WIDTH_JOINER):
        end -= 1
    return text[:end]


def _joins(character: str) -> bool:
    return character == _ZERO_WIDTH_JOINER or unicodedata.category(character) in {"Mn", "Mc", "Me", "Sk"}


def utf8_size(text: str) -> int:
    """Bytes as sent."""
    return len(text.encode("utf-8", "replace"))


def utf16_size(text: str) -> int:
    """UTF-16 units, which Slack, Discord and Telegram count."""
    return len(text.encode("utf-16-le", "replace")) // 2
