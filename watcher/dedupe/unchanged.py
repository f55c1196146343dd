"""The short way for a document most of whose entries are written as in the last one. Pure.

An entry that is written as before is known: it was remembered when it changed last. Of the others only two kinds are
decided here, for they mean the same whatever else is in the document: an entry under a name that is remembered, and one
that has neither name, link, title nor text in common with anything. For all else, and at least once a day, the document
is read in full and `decide` has the word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.dedupe.decide import Sorting, may_be_another
from watcher.dedupe.identity import Scheme, entry_name, identify, probe_for, scheme_for
from watcher.dedupe.links import comparable_link, home_host
from watcher.model.entry import Entry, EntryDecision, Identified, ParsedFeed, Seen, SeenProbe, split_hashes
from watcher.model.feed import PollState

IN_FULL_EVERY = timedelta(days=1)
_MOST_HASHES = 2_000
"""Entries of a document whose hashes are kept: they are written with the state of the feed."""


def known_hashes(state: PollState, now: datetime) -> str:
    """The hashes of entries that need not be read again; "" when the document is to be read in full."""
    is_due = state.read_in_full_at is None or not timedelta() <= now - state.read_in_full_at < IN_FULL_EVERY
    return "" if is_due or state.baseline_at is None else state.entry_hashes


def hashes_after(parsed: ParsedFeed, items: Sequence[Identified], decision: EntryDecision) -> str:
    """What to keep of a document for the next poll.

    "" unless each entry has a name that no other has and is remembered under it: how entries with one name are
    distinguished depends on all of them.
    """
    names = {entry_name(entry, decision.identity) for entry in parsed.entries}
    remembered = {*decision.known, *(item.key for item in (*decision.new, *decision.updated, *decision.quiet))}
    if len(parsed.hashes) > _MOST_HASHES or len(names) < len(parsed.entries):
        return ""
    if not remembered.issuperset(item.key for item in items):
        return ""
    return "".join(parsed.hashes)


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """The entries of a document that are written in another way than before, with their names."""

    feed_url: str
    scheme: Scheme
    items: tuple[Identified, ...]
    unchanged: int

    @classmethod
    def of(cls, feed_url: str, parsed: ParsedFeed, state: PollState, known: str) -> ChangedPart | None:
        """None when no entry is unchanged, or when names depend on the whole document."""
        old = split_hashes(known)
        same = [entry for entry, hash_ in zip(parsed.entries, parsed.hashes, strict=True) if hash_ in old]
        changed = [entry for entry, hash_ in zip(parsed.entries, parsed.hashes, strict=True) if hash_ not in old]
        scheme = scheme_for(parsed.entries, state.identity, state.identity_streak)
        if not same or scheme.name != state.identity:
            return None
        home = home_host(entry.link for entry in parsed.entries)
        if not _names(changed, home).isdisjoint(_names(same, home)):
            return None
        return cls(feed_url, scheme, identify(feed_url, changed, scheme.name, home=home), len(same))

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


def _names(entries: Sequence[Entry], home: str) -> set[tuple[str, str]]:
    """What must not be shared by two entries, for their names to be their own: id and link, else the title."""
    names = {("id", entry.id) for entry in entries if entry.id}
    links = [comparable_link(entry.link, home) for entry in entries]
    names |= {("link", link) for link in links if link}
    return names | {("title", entry.title) for entry, link in zip(entries, links, strict=True) if not link}
