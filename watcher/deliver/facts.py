"""The lines that every chat shows of an alert. Pure."""

from __future__ import annotations

from watcher.deliver.shorten import shorten
from watcher.model.notification import MessageItem

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
        runs.append((kept, marked))
        left -= len(kept)
        if kept != text or left <= 0:
            break
    return runs
