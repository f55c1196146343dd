"""Decides what a document means, given what was seen of its feed. Pure: the shell looks up and saves.

    identify ─▶ by key: known, updated, id used twice ─▶ by link, title and text: re-keyed ─▶ the rest is new

A new date alone is never news (I6). At the first document with an entry (the baseline, I7) only what is dated within
the backfill is new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from watcher.dedupe.identity import Scheme, fallback_key, identify, probe_for, scheme_for
from watcher.dedupe.renames import Document, is_later, recognise
from watcher.dedupe.similarity import Resembling, Strength, differ, features, same, strength
from watcher.lazy_dataclass import dataclass
from watcher.model.entry import Entry, EntryDecision, Identified, IdentityScheme, ParsedFeed, Seen, SeenProbe
from watcher.model.feed import PollState
from watcher.text.fold import fold

_WORD = re.compile(r"[^\W_]+")
CLOCK_ERROR = timedelta(hours=14)
"""How far in the future a fresh entry may be dated: a local time labelled UTC is off by 14 hours at most."""


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """The entries of a document with their names, and the scheme by which those were made."""

    feed_url: str
    scheme: Scheme
    items: tuple[Identified, ...]

    @classmethod
    def of(cls, feed_url: str, parsed: ParsedFeed, state: PollState) -> NamedDocument:
        """The first step: both others need it."""
        scheme = scheme_for(parsed.entries, state.identity, state.identity_streak)
        return cls(feed_url, scheme, identify(feed_url, parsed, scheme.name))

    def probe(self) -> SeenProbe:
        """The second step: what must be looked up before `decide`."""
        return probe_for(self.feed_url, self.items)


def decide_first(
    parsed: ParsedFeed, state: PollState, now: datetime, backfill: timedelta
) -> tuple[NamedDocument, EntryDecision]:
    """All steps for a feed that has no baseline yet: it has no seen keys (I7), so there is nothing to look up."""
    named = NamedDocument.of(state.url, parsed, state)
    return named, decide(named, state, (), now, backfill)


def decide(
    named: NamedDocument, state: PollState, seen: Sequence[Seen], now: datetime, backfill: timedelta
) -> EntryDecision:
    """Sorts the entries of a document into new, updated, quiet and known.

    `seen` is what the store remembers of `named.probe()`. Every distinct entry of the document ends in exactly one of
    the four. An entry without an id that is recognised keeps its old key, so that a feed that re-dates its entries
    at every poll does not fill the memory.
    """
    feed_url, scheme, items = named.feed_url, named.scheme, named.items
    if not items:
        return EntryDecision(identity=state.identity, identity_streak=state.identity_streak)
    newest_before = _newest_before(state)
    sorting = _sort_by_key(feed_url, items, seen, newest_before)
    met = frozenset(sorting.known) | {item.key for item in sorting.updated}
    has_ids = scheme.name == IdentityScheme.ID
    document = Document.of(items, met, newest_before, state.newest_shown, has_ids=has_ids)
    sorting.recognised(recognise(sorting.unknown, seen, document), has_ids=has_ids)
    is_baseline = state.baseline_at is None
    nothing_known = not (sorting.known or sorting.updated or sorting.quiet)
    fresh = [item for item in sorting.new if not is_baseline or _is_fresh(item.entry, now, backfill)]
    stale = [item for item in sorting.new if is_baseline and not _is_fresh(item.entry, now, backfill)]
    return EntryDecision(
        new=tuple(fresh),
        updated=tuple(sorting.updated),
        quiet=(*sorting.quiet, *stale),
        known=tuple(sorting.known),
        identity=scheme.name,
        identity_streak=scheme.streak,
        is_baseline=is_baseline,
        possible_gap=nothing_known and not is_baseline,
    )


@dataclass(slots=True)
class Sorting:
    """The piles on which the entries of one document are put."""

    known: list[str] = field(default_factory=list)
    updated: list[Identified] = field(default_factory=list)
    quiet: list[Identified] = field(default_factory=list)
    new: list[Identified] = field(default_factory=list)
    unknown: list[Identified] = field(default_factory=list)

    def meet(self, item: Identified, row: Seen) -> None:
        """The entry is the remembered one: unchanged, or with a new text under the old key."""
        if _is_changed(item, row):
            retitled = differ(item.title_fingerprint, row.title_fingerprint)
            self.updated.append(replace(item, key=row.key, original=row.original, is_retitled=retitled))
        else:
            self.known.append(row.key)

    def recognised(self, rows: Mapping[str, Seen], *, has_ids: bool) -> None:
        """Remembered entries under new names; the rest is new.

        The new name is remembered, too, unless it is only the link with another date and the link is the entry's own.
        """
        for item in self.unknown:
            row = rows.get(item.key)
            if row is None:
                self.new.append(item)
                continue
            is_named = (has_ids and bool(item.entry.id)) or item.link_hash is None
            if not is_named and (features(item) == features(row) or _is_changed(item, row)):
                self.meet(item, row)
            else:
                self.quiet.append(replace(item, original=row.original or row.key))


def _sort_by_key(
    feed_url: str, items: Sequence[Identified], seen: Iterable[Seen], newest_before: datetime | None
) -> Sorting:
    sorting = Sorting()
    rows = {row.key: row for row in seen}
    resembling = Resembling(rows.values())
    is_only_one = len(items) == 1
    for item in items:
        row = rows.get(item.key)
        if row is None:
            sorting.unknown.append(item)
            continue
        is_open = may_be_another(item, row, is_only_one=is_only_one)
        owner = _owner_of_used_id(feed_url, item, rows, resembling) if is_open else row
        if owner is not None:
            sorting.meet(item, owner)
        elif _is_another_entry(item, row, newest_before):
            sorting.new.append(replace(item, key=fallback_key(feed_url, item)))
        else:
            sorting.meet(item, row)
    return sorting


def _owner_of_used_id(feed_url: str, item: Identified, rows: Mapping[str, Seen], resembling: Resembling) -> Seen | None:
    """Where the ids only number the places of a document, an entry is found by what it says."""
    if (row := rows.get(fallback_key(feed_url, item))) is not None:
        return row
    others = (row for row in resembling.to(item) if row.key != item.key)
    return next((row for row in others if strength(item, row) >= Strength.FAIR), None)


def may_be_another(item: Identified, row: Seen, *, is_only_one: bool) -> bool:
    """Whether an entry may be another one than is remembered under its name."""
    return _is_elsewhere(item, row) or (is_only_one and _is_retitled(item, row))


def _is_elsewhere(item: Identified, row: Seen) -> bool:
    return differ(item.link_hash, row.link_hash) and _is_changed(item, row)


def _is_retitled(item: Identified, row: Seen) -> bool:
    """In a feed of one entry, such as "latest bulletin", the id and the link name the place, not what is in it."""
    return differ(item.title_fingerprint, row.title_fingerprint)


def _is_another_entry(item: Identified, row: Seen, newest_before: datetime | None) -> bool:
    """An id alone does not make the same entry: link, title and text are others, and the date is not an old one.

    Nor does the title beside an id that was made of it.
    """
    same_text = bool(item.text_fingerprint) and item.text_fingerprint == row.text_fingerprint
    same_title = same(item.title_fingerprint, row.title_fingerprint)
    if same_text or (same_title and not _is_named_after_title(item.entry)):
        return False
    undated = (item.entry.published or item.entry.updated) is None or newest_before is None
    return undated or is_later(item.entry, newest_before)


def _is_named_after_title(entry: Entry) -> bool:
    """Whether the id says no more than the title does: publishers make one of the other."""
    title, name = (_WORD.findall(fold(text)) for text in (entry.title, entry.id))
    return bool(title) and name[-len(title) :] == title


def _is_changed(item: Identified, row: Seen) -> bool:
    """Another title or text; one that went missing is not a change."""
    return differ(item.title_fingerprint, row.title_fingerprint) or bool(
        item.text_fingerprint and item.text_fingerprint != row.text_fingerprint
    )


def _is_fresh(entry: Entry, now: datetime, backfill: timedelta) -> bool:
    """Dated within the backfill. Beyond a wrong time zone, a date in the future is a calendar's, not a reporter's."""
    dated = entry.published or entry.updated
    return dated is not None and now - backfill <= dated <= now + min(backfill, CLOCK_ERROR)


def _newest_before(state: PollState) -> datetime | None:
    """The newest date seen in the feed, but never later than our last visit: one entry dated 2099 must not make
    every later one look old.
    """
    visited = state.last_success_at or state.baseline_at
    if state.newest_published is None or visited is None:
        return state.newest_published or visited
    return min(state.newest_published, visited)
