"""The guard against changed identities (I8): is an entry with an unknown name one that we know?

Two mistakes are possible: an old entry alerts again because its publisher changed the GUIDs, or a new entry is lost
because it resembles an old one (a column with a constant title, a bulletin on a constant page, a template as text).
What speaks for an old entry are its link, its title and its text; `resemblance` says how much.

STRONG is enough. FAIR is enough for an entry without an id, whose only new thing is its date, and where links tell all
entries of a document apart. For the rest the date decides: what is dated later than all that the feed has shown is new.
Exceptions: where most unknown entries of a document resemble known ones at least fairly, the feed has migrated, and the
link is believed; and where nothing is dated, links that tell all entries of a document apart are believed, and titles
when all names changed at once.

An old entry is only recognised once, and only while its old name is absent: who still stands in the document under the
old name cannot be the newcomer as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from watcher.dedupe.resemblance import Features, Resembling, Strength, differ, features, same, strength
from watcher.model.entry import Entry, Identified, Seen

MIGRATION = 3
"""Entries that must have changed their names together before the feed counts as migrated."""


@dataclass(frozen=True, slots=True)
class Document:
    """What must be known of the document: the keys of remembered entries that stand in it, how often each text and title occurs, whether an entry was
    known by its name, whether ids name the entries, and the newest date that the feed had shown before (None when
    nothing dated).
    """

    keys: frozenset[str]
    fingerprints: Counter[str]
    links_tell_apart: bool
    has_known: bool
    has_ids: bool
    newest_before: datetime | None

    @classmethod
    def of(
        cls, items: Sequence[Identified], keys: frozenset[str], newest_before: datetime | None, *, has_ids: bool
    ) -> Document:
        """Counts what occurs in the document. `keys` are those of the remembered entries that were met in it."""
        return cls(
            keys=keys,
            fingerprints=Counter(
                print_ for item in items for print_ in {item.title_fingerprint, item.text_fingerprint}
            ),
            links_tell_apart=len(items) >= MIGRATION and all(item.link_hash for item in items),
            has_known=bool(keys),
            has_ids=has_ids,
            newest_before=newest_before,
        )


class _Change(IntEnum):
    """How many names of a document changed at once."""

    SINGLE = 0
    ALL = 1
    MIGRATED = 2


@dataclass(frozen=True, slots=True)
class _Claim:
    strength: Strength
    item: Identified
    row: Seen


def recognise(unknown: Sequence[Identified], seen: Iterable[Seen], document: Document) -> dict[str, Seen]:
    """The remembered entry behind each unknown name, by its key in the document; nothing for entries that are new."""
    memory = _Memory(seen, document.keys)
    claims = [claim for turn, item in enumerate(unknown) for claim in memory.claims(item, turn, document)]
    change = _change(claims, len(unknown), document)
    recognised: dict[str, Seen] = {}
    taken: set[Features] = set()
    for claim in sorted(claims, key=lambda claim: -claim.strength):
        if claim.item.key in recognised or features(claim.row) in taken:
            continue
        if _is_enough(claim, document, change):
            recognised[claim.item.key] = claim.row
            taken.add(features(claim.row))
    return recognised


def is_later(entry: Entry, newest_before: datetime | None) -> bool:
    """Is the entry dated later than everything that the feed had shown before?"""
    dated = entry.published or entry.updated
    return dated is not None and newest_before is not None and dated > newest_before


class _Memory:
    """Remembered entries whose names are absent from the document."""

    def __init__(self, seen: Iterable[Seen], present: frozenset[str]) -> None:
        rows = list(seen)
        still_there = {features(row) for row in rows if row.key in present}
        self._absent = Resembling(row for row in rows if features(row) not in still_there)

    def claims(self, item: Identified, turn: int, document: Document) -> list[_Claim]:
        """The remembered entries that something speaks for; repeated titles and texts do not speak alone."""
        found = [_Claim(strength(item, row), item, row) for row in self._absent.to(item, turn)]
        return [claim for claim in found if claim.strength and not self._is_crowded(claim, document)]

    def _is_crowded(self, claim: _Claim, document: Document) -> bool:
        """Titles and texts that more entries have now than had before identify nobody unless the link agrees; nor does
        a text that several have, when link and title are others: it is a template.
        """
        item, row = claim.item, claim.row
        if same(item.link_hash, row.link_hash) or claim.strength is Strength.STRONG:
            return False
        shared = {item.title_fingerprint, item.text_fingerprint} & {row.title_fingerprint, row.text_fingerprint} - {""}
        if (
            document.fingerprints[item.text_fingerprint] > 1
            and shared == {item.text_fingerprint}
            and _is_renamed(item, row)
        ):
            return True
        return all(document.fingerprints[print_] > self._absent.count(print_) for print_ in shared)


def _is_renamed(item: Identified, row: Seen) -> bool:
    """Under another link and another title than the remembered entry."""
    return differ(item.link_hash, row.link_hash) and differ(item.title_fingerprint, row.title_fingerprint)


def _change(claims: Sequence[_Claim], unknown: int, document: Document) -> _Change:
    many = max(MIGRATION, unknown / 2)
    if len({claim.item.key for claim in claims if claim.strength >= Strength.FAIR}) >= many:
        return _Change.MIGRATED
    if not document.has_known and len({claim.item.key for claim in claims}) >= many:
        return _Change.ALL
    return _Change.SINGLE


def _is_enough(claim: _Claim, document: Document, change: _Change) -> bool:
    entry = claim.item.entry
    same_link = same(claim.item.link_hash, claim.row.link_hash)
    if claim.strength is Strength.STRONG:
        return True
    if claim.strength is Strength.FAIR and (not (document.has_ids and entry.id) or document.links_tell_apart):
        return True
    if change is _Change.MIGRATED and same_link:
        return True
    if (entry.published or entry.updated) is None or document.newest_before is None:
        same_title = same(claim.item.title_fingerprint, claim.row.title_fingerprint)
        return (same_title and change is not _Change.SINGLE) or (same_link and document.links_tell_apart)
    return not is_later(entry, document.newest_before)
