"""An entry as published, as identified, and as remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from watcher.lazy_dataclass import dataclass

TEXT_LIMIT = 100_000
"""Characters of one text of an entry that are read, scored and kept."""

ENTRY_HASH = 8
"""Characters of an entry's hash: 48 bits in base64. It is compared with those of one document only."""


class ReaderName(StrEnum):
    """Which reader read a document: lxml for well-formed XML, feedparser for other XML, or the one for JSON Feed."""

    LXML = "swift"
    FEEDPARSER = "tolerant"
    JSON_FEED = "jsonfeed"

    @property
    def label(self) -> str:
        """What people are shown; the values are kept for programs that compare them."""
        return {"swift": "lxml", "tolerant": "feedparser", "jsonfeed": "json"}[self]


class RepairKind(StrEnum):
    """What was wrong with a document that was read nevertheless (I15)."""

    ENCODING = "encoding"
    """It is not in the encoding that it declares, or has bytes that mean nothing in it."""
    REFERENCES = "references"
    """Raw ampersands, or character references that XML does not know or allow."""
    MARKUP = "markup"
    """Control characters, text around the document, prefixes that are not declared, or worse."""
    TRUNCATED = "truncated"
    """It ends before its end tag: read as far as it goes."""
    FEEDPARSER = "feedparser"
    """The lxml reader could not read it, feedparser could."""


@dataclass(frozen=True, slots=True)
class DocumentRepair:
    """One kind of repair, with its facts for the operator and the publisher of the feed."""

    kind: RepairKind
    detail: str

    def __str__(self) -> str:
        return f"{self.kind} ({self.detail})"


class IdentityScheme(StrEnum):
    """What distinguishes the entries of a feed, the strongest first.

    ID: `atom:id` or RSS `guid`. LINK: link and date of publication. TITLE: link, date and title.
    """

    ID = "id"
    LINK = "link"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a feed. Texts are plain text (no markup, no control characters), times aware UTC.

    `id` is what the feed said (`atom:id`, RSS `guid`), "" when it said nothing. `publisher` is the RSS
    `<source>` (name or URL) when the feed only passes on what others wrote. `from_page`: the content is that of the
    page at `link`, because the feed has only the beginning of it.
    """

    id: str
    link: str
    title: str
    summary: str = ""
    content: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    categories: tuple[str, ...] = ()
    language: str | None = None
    publisher: str | None = None
    from_page: bool = False


def joined_texts(summary: str, content: str) -> str:
    """One text of both: the content, preceded by the summary unless that is a part of it, perhaps cut off with "…"."""
    if not summary or not content or summary in content:
        return content or summary
    start = _one_line(summary.rstrip(" .…[]"))
    return content if start in _one_line(content) else f"{summary}\n\n{content}"


def _one_line(text: str) -> str:
    """The text with one space for each run of white space."""
    line = text.replace("\n", " ")
    if line.isprintable() and "  " not in line:  # as texts of entries are: splitting long ones takes much longer
        return line.strip()
    return " ".join(text.split())


class Fingerprints(NamedTuple):
    """Of an entry's title and of its text: 32 hex digits each, "" when there is not enough text to say anything."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class UpdateHints:
    """When a document asks to be polled, beside `ttl`.

    `interval` is made of `sy:updatePeriod` and `sy:updateFrequency` (RSS 1.0 syndication module). `skip_hours` are
    hours of the day in UTC, 0 to 23, `skip_days` days of the week in UTC, Monday is 0 (RSS 2.0 skipHours, skipDays).
    """

    interval: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a document says. `ttl` is in minutes (RSS 2.0).

    `repairs` says what had to be repaired to read it, one of each kind: `feeds show` and `feeds health` print it.
    `hashes` has `ENTRY_HASH` characters for each entry, made of the entry as it was written; () where nobody asked for
    them. `unchanged` are the hashes that were known beforehand: their entries are not in `entries`. `fingerprints` are
    those of the first entries, as far as they were made already.
    """

    reader: ReaderName
    title: str
    language: str | None
    entries: tuple[Entry, ...]
    link: str = ""
    ttl: int | None = None
    hints: UpdateHints = UpdateHints()
    repairs: tuple[DocumentRepair, ...] = ()
    hashes: tuple[str, ...] = field(default=(), compare=False)
    unchanged: tuple[str, ...] = field(default=(), compare=False)
    fingerprints: tuple[Fingerprints, ...] = field(default=(), compare=False)

    @property
    def truncated(self) -> bool:
        """Whether only the beginning of the document could be read."""
        return any(repair.kind is RepairKind.TRUNCATED for repair in self.repairs)


@dataclass(frozen=True, slots=True)
class Identified:
    """An entry with its names: `key` = 128-bit hash of (feed URL, identity), in hex.

    `link_hash` is None when the link is empty or not unique in its document. The fingerprints are of
    folded text, as in `Fingerprints`. All hashes are 32 hex digits.
    """

    key: str
    entry: Entry
    link_hash: str | None
    title_fingerprint: str
    text_fingerprint: str
    original: str | None = None
    """For an entry whose publisher has changed its name: the key under which it was first known (I8)."""

    is_retitled: bool = False
    """The entry is known, and has another title now."""

    @property
    def entry_key(self) -> str:
        """The key under which the entry and its alerts are kept, whatever its name is by now."""
        return self.original or self.key


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of an entry for 400 days (I6); `original` as in `Identified`."""

    key: str
    link_hash: str | None
    title_fingerprint: str
    text_fingerprint: str
    first_seen: datetime
    original: str | None = None


@dataclass(frozen=True, slots=True)
class SeenProbe:
    """What to look up before deciding: any stored row of the feed that shares one of these."""

    keys: frozenset[str]
    link_hashes: frozenset[str]
    fingerprints: frozenset[str]


@dataclass(frozen=True, slots=True)
class EntryDecision:
    """What one document means, given what was seen. An entry is saved in one transaction with
    its seen key and its alerts (I1).

    `new`: score and alert. `updated`: known key, changed text: score again, alert if the level rises.
    `quiet`: to be remembered without an alert (baseline, re-keyed). `known`: keys seen again, unchanged.
    `unchanged` counts entries written as in the last document, which were not looked up again.
    """

    new: tuple[Identified, ...] = ()
    updated: tuple[Identified, ...] = ()
    quiet: tuple[Identified, ...] = ()
    known: tuple[str, ...] = ()
    unchanged: int = 0
    identity: IdentityScheme = IdentityScheme.ID
    identity_streak: int = 0
    is_baseline: bool = False
    possible_gap: bool = False

    def with_entries(self, instead: Mapping[str, Identified]) -> EntryDecision:
        """The same with other versions of new and updated entries, by entry key."""
        if not instead:
            return self
        new, updated = (tuple(instead.get(one.entry_key, one) for one in some) for some in (self.new, self.updated))
        return replace(self, new=new, updated=updated)


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """An entry as kept in the store."""

    key: str
    feed_url: str
    feed_title: str
    entry: Entry
    first_seen: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
