"""What a reader finds in a document, and the one normalisation after every reader.

What leaves it is plain, bounded and safe to show.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Sequence
from dataclasses import field, fields
from datetime import datetime, timedelta
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from watcher.lazy_dataclass import dataclass
from watcher.model.entry import (
    ENTRY_HASH,
    TEXT_LIMIT,
    DocumentRepair,
    Entry,
    ParsedFeed,
    ReaderName,
    UpdateHints,
)
from watcher.parse.dates import parse_date
from watcher.parse.plaintext import TextKind, one_line, plain_text, title_line

MANY_ENTRIES = 20_000
"""Entries of one document that are read: a feed that means no harm has fewer."""

_LINE_LIMIT = 2_000
"""Characters of a title, name or link: longer ones are abuse."""

_MANY_CATEGORIES = 100
_LONGEST_LANGUAGE = 35  # BCP 47 §4.4.1
_NO_LINK = re.compile(r"(?:n/?a|none|null|nil|undefined|-+|#+|about:blank)?", re.IGNORECASE)
"""What stands for a link that is not there."""

_WITHOUT_SCHEME = re.compile(r"www\.[^\s/.]+\.", re.IGNORECASE)
_BARE_NAME = re.compile(r"[\w:@+=~-]+")
_DOUBLE_SCHEME = re.compile(r"(?:https?://|feed:(?!//))+(?=https?://)|feed(?=://)", re.IGNORECASE)
"""`feed:` is http in disguise, and `http://https://` a slip of a form."""

_WEB_ADDRESS = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 7 * 24, "monthly": 30 * 24, "yearly": 365 * 24}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class RawText(NamedTuple):
    """A text as the document has it."""

    value: str
    kind: TextKind


NO_TEXT = RawText("", TextKind.PLAIN)


@dataclass(slots=True)
class RawEntry:
    """One entry as read. Links are resolved against their base; dates, texts and categories are as written.

    `other_links` are those of its content elsewhere and of its enclosures, for an entry without a link.
    """

    id: str = ""
    link: str = ""
    title: RawText = NO_TEXT
    summary: RawText = NO_TEXT
    contents: Sequence[RawText] = ()
    author: str = ""
    published: str = ""
    updated: str = ""
    categories: Sequence[str] = ()
    language: str | None = None
    source_title: str = ""
    source_link: str = ""
    other_links: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.id or self.link or self.title.value or self.summary.value or self.contents)


@dataclass(slots=True)
class RawFeed:
    """A document as read by `reader`. Hints on when to poll are as written.

    `hashes` are those of `entries` and `unchanged` those of known ones, where they are made of the bytes (`pieces`);
    else they are made of what was read.
    """

    reader: ReaderName
    title: RawText = NO_TEXT
    link: str = ""
    language: str | None = None
    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""
    skip_hours: Sequence[str] = ()
    skip_days: Sequence[str] = ()
    entries: list[RawEntry] = field(default_factory=list)
    repairs: list[DocumentRepair] = field(default_factory=list)
    hashes: Sequence[str] = ()
    unchanged: Sequence[str] = ()


def normalise(raw: RawFeed, *, url: str, known_hashes: Collection[str] | None = None) -> ParsedFeed:
    """A document as read becomes values of the model. `url` is the base of what no reader could resolve.

    With `known_hashes` every entry gets a hash, and those whose hash is one of them are only counted.
    """
    language = _language(raw.language)
    raw.entries = raw.entries[:MANY_ENTRIES]
    if known_hashes is not None and not (raw.hashes or raw.unchanged):
        _hash(raw, _Hashing(url, language), known_hashes)
    entries = [_entry(entry, url, language) for entry in raw.entries]
    hashes = [hash_ for hash_, entry in zip(raw.hashes, entries, strict=False) if entry is not None]
    return ParsedFeed(
        reader=raw.reader,
        title=_title(raw.title),
        language=language,
        entries=tuple([entry for entry in entries if entry is not None]),
        link=safe_link(raw.link, url),
        ttl=_number(raw.ttl),
        hints=_hints(raw),
        repairs=tuple(raw.repairs),
        hashes=tuple(hashes),
        unchanged=tuple(raw.unchanged),
    )


def _hash(raw: RawFeed, hashing: _Hashing, known: Collection[str]) -> None:
    """Gives the entries their hashes and takes out those that are known."""
    hashed = [(hashing(entry), entry) for entry in raw.entries]
    raw.unchanged = [hash_ for hash_, _ in hashed if hash_ in known]
    raw.hashes = [hash_ for hash_, _ in hashed if hash_ not in known]
    raw.entries = [entry for hash_, entry in hashed if hash_ not in known]


class _Hashing:
    """Makes the hashes of a document's entries. The document's address and language are in them: links and dates
    depend on both.
    """

    def __init__(self, url: str, language: str | None) -> None:
        self._start = blake2b(f"{url}\n{language}".encode("utf-8", "replace"), digest_size=ENTRY_HASH * 6 // 8)

    def __call__(self, raw: RawEntry) -> str:
        made = self._start.copy()
        made.update("\x1e".join(map(_flat, _written(raw))).encode("utf-8", "surrogatepass"))
        return b64encode(made.digest()).decode("ascii")


_written = attrgetter(*(one.name for one in fields(RawEntry)))


def _flat(value: str | TextKind | Sequence[Any] | None) -> str:
    if isinstance(value, str):
        return value
    return value.value if isinstance(value, TextKind) else "\x1f".join(map(_flat, value or ()))


def safe_link(link: str, base: str) -> str:
    """An absolute http or https address, or "": `javascript:`, `data:` and the like never get further.

    An address that begins with `www.` is http, as browsers take it, and so is one of the scheme `feed`.
    """
    if link.startswith(("https://", "http://")) and link.isascii() and link.isprintable() and " " not in link:
        written = _as_written(link, base)
        if written is None and "//http" not in link:
            return link if len(link) <= _LINE_LIMIT else ""
        link = link if written is None else written
    cleaned = one_line(link, markup=False).replace(" ", "%20")
    if len(cleaned) > _LINE_LIMIT or _NO_LINK.fullmatch(cleaned):
        return ""
    if scheme := _DOUBLE_SCHEME.match(cleaned):
        cleaned = ("http" if scheme.group().lower() == "feed" else "") + cleaned[scheme.end() :]
    if _WITHOUT_SCHEME.match(cleaned):
        cleaned = "http://" + cleaned
    try:
        parts = urlsplit(absolute := urljoin(base, cleaned))
    except ValueError:
        return ""
    return absolute if parts.scheme in {"http", "https"} and parts.netloc else ""


def _as_written(link: str, base: str) -> str | None:
    """What a reader resolved against the document's address although it is no relative link; None for all others."""
    folder = base[: base.rfind("/") + 1]
    if len(folder) < 9 or not link.startswith(folder):
        return None
    written = link[len(folder) :]
    return written if _WITHOUT_SCHEME.match(written) or (written and _NO_LINK.fullmatch(written)) else None


def _is_bare_name(link: str, base: str) -> bool:
    """Whether a `guid` is no address although it does not say `isPermaLink="false"`, as in many podcasts."""
    folder = base[: base.rfind("/") + 1]
    return link.startswith(folder) and _BARE_NAME.fullmatch(link, len(folder)) is not None


def _entry(raw: RawEntry, base: str, language: str | None) -> Entry | None:
    """The entry; None when it has no id, link, title or text: a document may end in one."""
    own_language = _language(raw.language)
    name, link, title = _name(raw.id, markup=False), _link(raw, base), _title(raw.title)
    published, updated = _date(raw.published, own_language or language), _date(raw.updated, own_language or language)
    summary, content = _texts(raw)
    if not (name or link or title or summary or content):
        return None
    return Entry(
        id=name,
        link=link,
        title=title,
        summary=summary,
        content=content,
        author=_name(raw.author),
        published=published,
        updated=updated,
        categories=_categories(raw.categories),
        language=own_language,
        publisher=_name(raw.source_title) or (safe_link(raw.source_link, base) if raw.source_link else "") or None,
    )


def _link(raw: RawEntry, base: str) -> str:
    """The entry's own link, else an id that is an address, else that of its content or of an enclosure."""
    is_name = raw.other_links and raw.link == raw.id and _is_bare_name(raw.link, base)
    if raw.link and raw.link != base and not is_name and (link := safe_link(raw.link, base)):
        return link  # the document's own address is what "#" and the like resolve to
    if _WEB_ADDRESS.match(raw.id) and not is_name and (link := safe_link(raw.id, base)):
        return link
    return next((link for other in raw.other_links if (link := safe_link(other, base))), "")


def _texts(raw: RawEntry) -> tuple[str, str]:
    """Summary and content; several contents follow each other, each once."""
    if not raw.contents:
        return _text(raw.summary), ""
    contents = [_text(text) for text in raw.contents]
    summary = next((text for one, text in zip(raw.contents, contents, strict=True) if one == raw.summary), None)
    texts = [text for text in contents if text]
    content = texts[0] if len(texts) == 1 else "\n".join(dict.fromkeys(texts))[:TEXT_LIMIT]
    return _text(raw.summary) if summary is None else summary, content


def _name(text: str, *, markup: bool = True) -> str:
    return one_line(text, markup=markup, limit=_LINE_LIMIT) if text else ""


def _title(text: RawText) -> str:
    return title_line(text.value, text.kind, limit=_LINE_LIMIT)


def _text(text: RawText) -> str:
    return plain_text(text.value, markup=text.kind is TextKind.HTML) if text.value else ""


def _date(text: str, language: str | None) -> datetime | None:
    return parse_date(text, language) if text else None


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


def _hints(raw: RawFeed) -> UpdateHints:
    hours = _PERIODS.get(raw.update_period.strip().lower())
    frequency = _number(raw.update_frequency) or 1
    return UpdateHints(
        interval=timedelta(hours=hours) / frequency if hours else None,
        skip_hours=tuple(hour for text in raw.skip_hours[:24] if (hour := _number(text)) is not None and hour < 24),
        skip_days=tuple(_DAYS.index(day) for text in raw.skip_days[:7] if (day := text.strip().lower()) in _DAYS),
    )


def _number(raw: str) -> int | None:
    text = raw.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
