"""The short way for a document most of whose entries are written as in the last one. Pure.

An entry that is written as before is known: it was remembered when it changed last. Of the others only two kinds are
decided here, for they mean the same whatever else is in the document: an entry under a name that is remembered, and one
that has neither name, link, title nor text in common with anything. For all else, and at least once a day, the document
is read in full and `decide` has the word.
"""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zlib import crc32

from watcher.dedupe.decide import Sorting, may_be_another
from watcher.dedupe.identity import Scheme, entry_name, identify, probe_for, scheme_for
from watcher.dedupe.links import comparable_link, host_of
from watcher.lazy_dataclass import dataclass
from watcher.model.entry import (
    ENTRY_HASH,
    Entry,
    EntryDecision,
    Identified,
    IdentityScheme,
    ParsedFeed,
    Seen,
    SeenProbe,
)
from watcher.model.feed import PollState

IN_FULL_EVERY = timedelta(days=1)
_MOST_ENTRIES = 2_000
"""Entries of a document that are remembered: they are written with the state of the feed."""

_MARK = "~"
"""Begins what is kept of a document; versions before this one kept something else."""

_FACTS = struct.Struct(">IIHII")
_KEPT = ENTRY_HASH + _FACTS.size * 8 // 6
"""Characters that are kept of an entry: its hash and `KeptEntry`, in base64."""


class KeptEntry(NamedTuple):
    """What must be known of an entry that is not read again: checksums of its names, and its dates in seconds since
    1970. All are 0 where the entry has none; `link` is of the title in an entry without a link, and `host` then 0.
    """

    id: int
    link: int
    host: int
    published: int
    updated: int

    @classmethod
    def of(cls, entry: Entry) -> KeptEntry:
        link = comparable_link(entry.link)
        return cls(
            _sum(entry.id) if entry.id else 0,
            _sum(link or f"title {entry.title}"),
            _host_sum(entry.link) if entry.link else 0,
            _seconds(entry.published),
            _seconds(entry.updated),
        )

    @property
    def date(self) -> datetime | None:
        seconds = self.published or self.updated
        return datetime.fromtimestamp(seconds, UTC) if seconds else None

    def name(self, scheme: IdentityScheme) -> tuple[int, ...]:
        """As `entry_name` has it, but for titles that distinguish entries of one link."""
        return (self.id,) if scheme == IdentityScheme.ID and self.id else (self.link, self.published)


class LastDocument:
    """The entries of a feed's last document by their hashes, as `PollState.entry_hashes` keeps them."""

    def __init__(self, kept: str) -> None:
        text = kept.removeprefix(_MARK) if kept.startswith(_MARK) else ""
        self._kept: Mapping[str, str] = {
            text[start : start + ENTRY_HASH]: text[start + ENTRY_HASH : start + _KEPT]
            for start in range(0, len(text), _KEPT)
        }

    @classmethod
    def to_skip(cls, state: PollState, now: datetime) -> LastDocument:
        """Without entries when the next document is to be read in full."""
        is_due = state.read_in_full_at is None or not timedelta() <= now - state.read_in_full_at < IN_FULL_EVERY
        return cls("" if is_due or state.baseline_at is None else state.entry_hashes)

    @property
    def hashes(self) -> Collection[str]:
        return self._kept.keys()

    def entries(self, hashes: Collection[str]) -> list[KeptEntry]:
        packed = b64decode("".join([self._kept[hash_] for hash_ in hashes]))
        return [KeptEntry._make(facts) for facts in _FACTS.iter_unpack(packed)]

    def dates(self, hashes: Collection[str]) -> list[datetime]:
        return [one.date for one in self.entries(hashes) if one.date]

    def after(self, parsed: ParsedFeed, items: Sequence[Identified], decision: EntryDecision) -> str:
        """What to keep of the next document.

        "" unless each entry has a name that no other has and is remembered under it: how entries with one name are
        distinguished depends on all of them.
        """
        names = {entry_name(entry, decision.identity) for entry in parsed.entries}
        remembered = {*decision.known, *(item.key for item in (*decision.new, *decision.updated, *decision.quiet))}
        unchanged = set(parsed.unchanged)
        if len(names) + len(unchanged) > _MOST_ENTRIES or not remembered.issuperset(item.key for item in items):
            return ""
        if len(names) < len(parsed.entries) or len(unchanged) < len(parsed.unchanged):
            return ""
        packed = b"".join([_FACTS.pack(*KeptEntry.of(entry)) for entry in parsed.entries])
        facts = b64encode(packed).decode("ascii")
        size = _KEPT - ENTRY_HASH
        kept = [hash_ + facts[place * size : (place + 1) * size] for place, hash_ in enumerate(parsed.hashes)]
        return "".join([_MARK, *kept, *(hash_ + self._kept[hash_] for hash_ in parsed.unchanged)])


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """The entries of a document that are written in another way than before, with their names."""

    feed_url: str
    scheme: Scheme
    items: tuple[Identified, ...]
    unchanged: int

    @classmethod
    def of(cls, feed_url: str, parsed: ParsedFeed, state: PollState, last: LastDocument) -> ChangedPart | None:
        """None when no entry is unchanged, or when names depend on the whole document."""
        if not parsed.unchanged:
            return None
        same, changed = last.entries(parsed.unchanged), [KeptEntry.of(entry) for entry in parsed.entries]
        scheme = scheme_for(parsed.entries, state.identity, state.identity_streak, beside=same)
        if scheme.name != state.identity or not _names(changed).isdisjoint(_names(same)):
            return None
        home = _home([*same, *changed], parsed.entries)
        return cls(feed_url, scheme, identify(feed_url, parsed, scheme.name, home=home), len(same))

    def probe(self) -> SeenProbe:
        """What must be looked up before `decide`."""
        return probe_for(self.feed_url, self.items)

    def decide(self, seen: Sequence[Seen]) -> EntryDecision | None:
        """The decision, given what is remembered of `probe()`; None when the whole document must be looked at."""
        sorting = Sorting()
        rows = {row.key: row for row in seen}
        names = frozenset(item.key for item in self.items)
        is_only_one = self.unchanged + len(self.items) == 1
        if not rows.keys() <= names:
            return None
        for item in self.items:
            row = rows.get(item.key)
            if row is not None and not may_be_another(item, row, is_only_one=is_only_one):
                sorting.meet(item, row)
            elif row is None:
                sorting.new.append(item)
            else:
                return None
        return EntryDecision(
            new=tuple(sorting.new),
            updated=tuple(sorting.updated),
            known=tuple(sorting.known),
            unchanged=self.unchanged,
            identity=self.scheme.name,
            identity_streak=self.scheme.streak,
        )


def _names(entries: Sequence[KeptEntry]) -> set[tuple[str, int]]:
    """What must not be shared by two entries, for their names to be their own."""
    return {("id", one.id) for one in entries if one.id} | {("link", one.link) for one in entries}


def _home(document: Sequence[KeptEntry], changed: Sequence[Entry]) -> str:
    """`home_host` of a document, as far as it makes a difference to its changed entries: "" where it is not theirs."""
    hosts = Counter(one.host for one in document if one.host)
    home = next((host for host, count in hosts.items() if count * 2 > hosts.total()), 0)
    return next((host_of(entry.link) for entry in changed if entry.link and _host_sum(entry.link) == home), "")


def _seconds(date: datetime | None) -> int:
    """0 also for what 32 bits do not hold; the reader gives no such dates."""
    seconds = 0 if date is None else int(date.timestamp())
    return seconds if 0 <= seconds < 1 << 32 else 0


def _sum(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass")) or 1


def _host_sum(link: str) -> int:
    return _sum(host_of(link)) & 0xFFFF or 1
