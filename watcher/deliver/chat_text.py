"""The lines that every chat shows of an alert. Pure."""

from __future__ import annotations

from watcher.model.notification import Message, MessageItem
from watcher.text.shorten import shorten

SUBJECT_CHARACTERS = 300
TITLE_CHARACTERS = 200
QUOTE_CHARACTERS = 280
OTHER_CHARACTERS = 400
OTHERS_SHOWN = 3
ALSO_NAMED = 3


def facts(item: MessageItem) -> str:
    """Source, age, topic, level with score, and the alert's short id, on one line."""
    known = (item.source, item.age, item.topic, f"{item.level} {item.score}".strip(), item.short_id)
    return " · ".join(shorten(text, 100) for text in known if text)


def also_line(item: MessageItem) -> str:
    """ "also reported by A, B and 3 more", or ""."""
    if not item.also:
        return ""
    named = ", ".join(shorten(name, 60) for name in item.also[:ALSO_NAMED])
    rest = len(item.also) - ALSO_NAMED
    return f"also reported by {named}" + (f" and {rest} more" if rest > 0 else "")


def why_line(item: MessageItem) -> str:
    """The reasons: "why: prison* in title: 3 + camp*: 2 = 5", or ""."""
    return f"why: {item.why}" if item.why else ""


def page_line(item: MessageItem) -> str:
    """Where a user can mark the alert and see its details, or ""."""
    return f"mark, details: {item.page}" if item.page else ""


def notes(item: MessageItem) -> list[str]:
    """The lines below the quoted passage: other headlines, who reported it, why it was sent, and where its page is."""
    others = [shorten(f"also: {title} {link}", OTHER_CHARACTERS) for title, link in item.other_titles[:OTHERS_SHOWN]]
    rest = len(item.other_titles) - OTHERS_SHOWN
    more = f"further headlines ({rest}): watcher alerts show {item.short_id}" if rest > 0 else ""
    return [line for line in (*others, more, also_line(item), why_line(item), page_line(item)) if line]


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


def more_line(message: Message) -> str:
    """How many alerts the message only counts, and the command that lists them; "" for none."""
    return f"… and {message.omitted} more: watcher alerts list --state omitted" if message.omitted > 0 else ""


def unmention(text: str) -> str:
    """The text with a zero-width space after every @, so that no service finds a name or a group in it."""
    return text.replace("@", "@\u200b")


def plain_text(message: Message) -> str:
    """The alerts as plain paragraphs."""
    return "\n".join(filter(None, [*map(_paragraph, message.items), more_line(message)]))


def _paragraph(item: MessageItem) -> str:
    lines = [shorten(item.title, TITLE_CHARACTERS), facts(item), *notes(item), item.link]
    return "\n".join(filter(None, lines)) + "\n"
