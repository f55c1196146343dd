"""The guard against changed identities (I8): is an entry with an unknown name one that we know?

Two mistakes are possible: an old entry alerts again because its publisher changed the GUIDs, or a new entry is lost
because it resembles an old one (a column with a constant title, a bulletin on a constant page, a template as text).
What speaks for an old entry are its link, its title and its text:

    STRONG  the same text, long enough to be nobody else's, and the same link or title; or all three the same
    FAIR    the same link and title, and no text to compare
    WEAK    one of the three; or the same link with another text (an edited entry, or a page that shows another one)

STRONG is enough. FAIR is enough for an entry without an id, whose only new thing is its date. For the rest the date
decides: an entry dated later than all that the feed has shown is new. Two exceptions: where most of a document has
changed its names at once the feed has migrated, and then the link is believed; and where nothing is dated, links that
tell all entries of a document apart are believed.

An old entry is only recognised once, and only while its old name is absent: who still stands in the document under the
old name cannot be the newcomer as well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from watcher.dedupe.fingerprint import body_of, word_count
from watcher.model.entry import Entry, Identified, Seen

TELLING_TEXT = 12
"""Words from which an equal text is no coincidence ("Rain, 12 degrees" is one)."""
TELLING_TITLE = 4
"""Words from which an equal title says something."""
MIGRATION = 3
"""Entries that must have changed their names together before the feed counts as migrated."""

Features = tuple[str, str, str]


class Strength(IntEnum):
    """How much speaks for a known entry."""

    NONE = 0
    WEAK = 1
    FAIR = 2
    STRONG = 3


@dataclass(frozen=True, slots=True)
class Document:
    """What must be known of the document: the keys in it, how often each text and title occurs, and up to when the
    feed had been read before (None when nothing dated was).
    """

    keys: frozenset[str]
    fingerprints: Counter[str]
    links_tell_apart: bool
    newest_before: datetime | None

    @classmethod
    def of(cls, items: Sequence[Identified], newest_before: datetime | None) -> Document:
        """Counts what occurs in the document."""
        return cls(
            keys=frozenset(item.key for item in items),
            fingerprints=Counter(
                print_ for item in items for print_ in (item.title_fingerprint, item.text_fingerprint)
            ),
            links_tell_apart=len(items) >= MIGRATION and all(item.link_hash for item in items),
            newest_before=newest_before,
        )


@dataclass(frozen=True, slots=True)
class _Claim:
    strength: Strength
    item: Identified
    row: Seen


def recognise(unknown: Sequence[Identified], seen: Iterable[Seen], document: Document) -> dict[str, Seen]:
    """The remembered entry behind each unknown name, by its key in the document; nothing for entries that are new."""
    memory = _Memory(seen, document.keys)
    claims = [claim for item in unknown for claim in memory.claims(item, document)]
    best = {claim.item.key: claim for claim in sorted(claims, key=lambda claim: claim.strength)}
    migrated = sum(claim.strength >= Strength.FAIR for claim in best.values()) >= max(MIGRATION, len(unknown) / 2)
    recognised: dict[str, Seen] = {}
    taken: set[Features] = set()
    for claim in sorted(claims, key=lambda claim: -claim.strength):
        if claim.item.key in recognised or features(claim.row) in taken:
            continue
        if _is_enough(claim, document, migrated=migrated):
            recognised[claim.item.key] = claim.row
            taken.add(features(claim.row))
    return recognised


def strength(item: Identified, row: Seen) -> Strength:
    """What link, title and text say for `row` being the same entry as `item`."""
    same_link = _same(item.link_hash, row.link_hash)
    same_title = _same(item.title_fingerprint, row.title_fingerprint)
    if _differ(item.text_fingerprint, row.text_fingerprint):
        return Strength.WEAK if same_link else Strength.NONE
    if _same(item.text_fingerprint, row.text_fingerprint):
        return _with_equal_text(item.entry, same_link=same_link, same_title=same_title)
    return _without_text(item.entry, same_link=same_link, same_title=same_title)


def features(row: Seen | Identified) -> Features:
    """Link, title and text: rows that agree in all of them are one entry under several names."""
    return (row.link_hash or "", row.title_fingerprint, row.text_fingerprint)


def is_later(entry: Entry, newest_before: datetime | None) -> bool:
    """Is the entry dated later than everything that the feed had shown before?"""
    dated = entry.published or entry.updated
    return dated is not None and newest_before is not None and dated > newest_before


class _Memory:
    """Remembered entries whose names are absent from the document, found by what they share with an entry."""

    def __init__(self, seen: Iterable[Seen], present: frozenset[str]) -> None:
        self._by_feature: Mapping[str, list[Seen]] = defaultdict(list)
        rows = list(seen)
        still_there = {features(row) for row in rows if row.key in present}
        for row in rows:
            if features(row) not in still_there:
                for feature in set(features(row)) - {""}:
                    self._by_feature[feature].append(row)

    def claims(self, item: Identified, document: Document) -> list[_Claim]:
        """Every remembered entry that something speaks for; repeated titles and texts do not speak alone."""
        rows = {row.key: row for feature in features(item) for row in self._by_feature.get(feature, ())}
        found = [_Claim(strength(item, row), item, row) for row in rows.values()]
        return [claim for claim in found if claim.strength and not _speaks_for_many(claim, document)]


def _speaks_for_many(claim: _Claim, document: Document) -> bool:
    """A title or text that occurs twice in the document identifies nobody unless the link agrees."""
    item, row = claim.item, claim.row
    if _same(item.link_hash, row.link_hash) or claim.strength is Strength.STRONG:
        return False
    shared = {item.title_fingerprint, item.text_fingerprint} & {row.title_fingerprint, row.text_fingerprint} - {""}
    return any(document.fingerprints[print_] > 1 for print_ in shared)


def _is_enough(claim: _Claim, document: Document, *, migrated: bool) -> bool:
    entry = claim.item.entry
    same_link = _same(claim.item.link_hash, claim.row.link_hash)
    if claim.strength is Strength.STRONG or (claim.strength is Strength.FAIR and not entry.id):
        return True
    if migrated and same_link:
        return True
    if (entry.published or entry.updated) is None or document.newest_before is None:
        return same_link and document.links_tell_apart
    return not is_later(entry, document.newest_before)


def _with_equal_text(entry: Entry, *, same_link: bool, same_title: bool) -> Strength:
    if same_link and same_title:
        return Strength.STRONG
    if word_count(body_of(entry), TELLING_TEXT) >= TELLING_TEXT:
        return Strength.STRONG if same_link or same_title else Strength.WEAK
    return Strength.WEAK if same_link or same_title else Strength.NONE


def _without_text(entry: Entry, *, same_link: bool, same_title: bool) -> Strength:
    if same_link:
        return Strength.FAIR if same_title else Strength.WEAK
    telling = same_title and word_count(entry.title, TELLING_TITLE) >= TELLING_TITLE
    return Strength.WEAK if telling else Strength.NONE


def _same(one: str | None, other: str | None) -> bool:
    return bool(one) and one == other


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one) and bool(other) and one != other
