"""The one normalisation after every reader: what leaves it is plain, bounded and safe to show."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

from watcher.model.entry import TEXT_LIMIT, Entry, ParsedFeed
from watcher.parse.dates import parse_date
from watcher.parse.plaintext import one_line, plain_text
from watcher.parse.raw import MANY_ENTRIES, RawEntry, RawFeed, RawText

_LINE_LIMIT = 2_000
"""Characters of a title, name or link: longer ones are abuse."""

_MANY_CATEGORIES = 100
_LONGEST_LANGUAGE = 35  # BCP 47 §4.4.1


def normalise(raw: RawFeed, *, url: str) -> ParsedFeed:
    """A document as read becomes values of the model. `url` is the base of what no reader could resolve."""
    return ParsedFeed(
        reader=raw.reader,
        title=_line(raw.title),
        language=_language(raw.language),
        entries=tuple([_entry(entry, url) for entry in raw.entries[:MANY_ENTRIES]]),
        link=safe_link(raw.link, url),
        ttl=_minutes(raw.ttl),
    )


def safe_link(link: str, base: str) -> str:
    """An absolute http or https address, or "": `javascript:`, `data:` and the like never get further."""
    if link.startswith(("https://", "http://")) and link.isascii() and link.isprintable() and " " not in link:
        return link if len(link) <= _LINE_LIMIT else ""
    cleaned = one_line(link, markup=False).replace(" ", "%20")
    if not cleaned or len(cleaned) > _LINE_LIMIT:
        return ""
    try:
        parts = urlsplit(absolute := urljoin(base, cleaned))
    except ValueError:
        return ""
    return absolute if parts.scheme in {"http", "https"} and parts.netloc else ""


def _entry(raw: RawEntry, base: str) -> Entry:
    summary, content = _texts(raw)
    return Entry(
        id=_name(raw.id, markup=False),
        link=safe_link(raw.link, base) if raw.link else "",
        title=_line(raw.title),
        summary=summary,
        content=content,
        author=_name(raw.author),
        published=parse_date(raw.published) if raw.published else None,
        updated=parse_date(raw.updated) if raw.updated else None,
        categories=_categories(raw.categories),
        language=_language(raw.language),
        publisher=_name(raw.source_title) or (safe_link(raw.source_link, base) if raw.source_link else "") or None,
    )


def _texts(raw: RawEntry) -> tuple[str, str]:
    """Summary and content; several contents follow each other, each once."""
    contents = {text: _text(text) for text in raw.contents}
    texts = list(filter(None, contents.values()))
    summary = contents[raw.summary] if raw.summary in contents else _text(raw.summary)
    return summary, texts[0] if len(texts) == 1 else "\n".join(dict.fromkeys(texts))[:TEXT_LIMIT]


def _name(text: str, *, markup: bool = True) -> str:
    return one_line(text, markup=markup, limit=_LINE_LIMIT) if text else ""


def _line(text: RawText) -> str:
    return one_line(text.value, markup=text.markup, limit=_LINE_LIMIT)


def _text(text: RawText) -> str:
    return plain_text(text.value, markup=text.markup) if text.value else ""


def _categories(raw: Sequence[str]) -> tuple[str, ...]:
    if not raw:
        return ()
    names = [_name(category) for category in raw[:_MANY_CATEGORIES]]
    return tuple(filter(None, dict.fromkeys(names)))


def _language(raw: str | None) -> str | None:
    """A language tag (BCP 47) with hyphens; what is too long to be one is dropped."""
    if not raw:
        return None
    tag = one_line(raw, markup=False).replace("_", "-")
    return tag if 0 < len(tag) <= _LONGEST_LANGUAGE else None


def _minutes(raw: str) -> int | None:
    text = raw.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
