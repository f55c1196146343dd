"""Making text fit a service's limit without cutting a word, an entity or a line. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

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


def fit(lines: Sequence[str], limit: int, more: Callable[[int], str], *, size: Callable[[str], int] = len) -> list[str]:
    """As many whole lines from the front as fit with line breaks, then `more(left out)` when some do not.

    `more(0)` is asked for too: the message may leave out alerts already; it answers "" when there is nothing to say.
    """
    for kept in range(len(lines), -1, -1):
        tail = more(len(lines) - kept)
        candidate = [*lines[:kept], *([tail] if tail else [])]
        if size("\n".join(candidate)) <= limit:
            return candidate
    return []


def more_line(left_out: int) -> str:
    """ "and 12 more", or "" for none."""
    return f"… and {left_out} more" if left_out > 0 else ""


def utf8_size(text: str) -> int:
    """Bytes as sent."""
    return len(text.encode("utf-8", "replace"))


def utf16_size(text: str) -> int:
    """UTF-16 units, which Slack, Discord and Telegram count."""
    return len(text.encode("utf-16-le", "replace")) // 2
