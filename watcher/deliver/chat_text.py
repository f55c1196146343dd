"""The lines that every chat shows of an alert. Pure."""

from __future__ import annotations

from collections.abc import Callable

from watcher.deliver.shorten import fit, more_line, shorten
from watcher.model.notification import Message, MessageItem

QUOTE_CHARACTERS = 280
TITLE_CHARACTERS = 200


def facts(item: MessageItem) -> str:
    """Source, age, topic and level on one line."""
    known = (item.source, item.age, item.topic, f"{item.level} {item.score}".strip())
    return " · ".join(shorten(text, 100) for text in known if text)


def also_line(item: MessageItem) -> str:
    """ "also reported by A, B and 3 more", or ""."""
    if not item.also:
        return ""
    named = ", ".join(shorten(name, 60) for name in item.also[:3])
    rest = len(item.also) - 3
    return f"also reported by {named}" + (f" and {rest} more" if rest > 0 else "")


def quote_runs(item: MessageItem, limit: int = QUOTE_CHARACTERS) -> list[tuple[str, bool]]:
    """The quoted passage in runs, at most `limit` characters in all."""
    runs: list[tuple[str, bool]] = []
    left = limit
    for text, marked in item.quote:
        kept = shorten(text, left)
        runs += [(kept, marked)] if kept else []
        left -= len(kept)
        if kept != text or left <= 0:
            break
    return runs


def unmention(text: str) -> str:
    """The text with a zero-width space after every @, so that no service finds a name or a group in it."""
    return text.replace("@", "@\u200b")


def plain_text(message: Message, limit: int, size: Callable[[str], int] = len) -> str:
    """The alerts as plain paragraphs, whole ones only; what does not fit is counted in the last."""

    def more(left_out: int) -> str:
        return more_line(left_out + message.omitted)

    return "\n".join(fit([_paragraph(item) for item in message.items], limit, more, size=size))


def _paragraph(item: MessageItem) -> str:
    lines = [shorten(item.title, TITLE_CHARACTERS), facts(item), also_line(item), item.link]
    return "\n".join(filter(None, lines)) + "\n"
