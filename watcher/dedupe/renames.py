"""The guard against changed identities (I8): is an entry with an unknown name one that we know?

Two mistakes are possible: an old entry alerts again because its publisher changed the GUIDs, or a new entry is lost
because it resembles an old one (a column with a constant title, a bulletin on a constant page, a template as text).
What speaks for an old entry are its link, its title and its text; `resemblance` says how much.

STRONG is enough. FAIR is enough for an entry without an id, whose only new thing is its date, and where all entries of
a document have links of their own. For the rest the date decides: what is dated later than all that the feed has shown
is new.
Exceptions:

* An entry without an id or a date is the known one when link and title are the same, each once in the document; so is
  every entry when all names are unknown and all dates are one: some publishers make both at every request.
* Where most unknown entries of a document resemble known ones at least fairly, the feed has migrated, and the link is
  believed.
* Where dates say nothing, because there are none or because the known entries of the document were re-dated, links are
  believed when each entry has its own, and titles when all names changed at once.
* Where dates say nothing, an entry that vanished while older ones are still in the document did not leave because of
  its age: it was renamed. The only newcomer with its text and its link or title is that one.

An old entry is only recognised once, and only while its old name is absent: an entry that is still in the document
under its old name cannot be the newcomer as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from watcher.dedupe.similarity import Features, Resembling, Strength, differ, features, same, strength
from watcher.lazy_dataclass import dataclass
from watcher.model.entry import Entry, Identified, Seen

MIGRATION = 3
"""Entries that must have changed their names together before the feed counts as migrated."""

ONE_MOMENT = timedelta(minutes=2)

_LOOKS = 2
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Document:
    """What must be known of the document: the remembered entries that are in it; how often each title and text
    occurs, in all entries and in those not dated later than what the feed had shown; whether all have links of their
    own; whether ids name the entries; the newest date before which nothing is new (None when nothing was dated); the
    newest date that the feed had ever shown, one in the future, too; whether the known entries have later dates than
    that by now.
    """

    keys: frozenset[str]
    known: tuple[Entry, ...]
    fingerprints: Counter[str]
    old_fingerprints: Counter[str]
    links_are_distinct: bool
    has_ids: bool
    newest_before: datetime | None
    newest_shown: datetime | None
    is_redated: bool

    @classmethod
    def of(
        cls,
        items: Sequence[Identified],
        keys: frozenset[str],
        newest_before: datetime | None,
        newest_shown: datetime | None,
        *,
        has_ids: bool,
    ) -> Document:
        """Counts what occurs in the document. `keys` are those of the remembered entries that were met in it."""
        known = tuple(item.entry for item in items if item.key in keys)
        return cls(
            keys=keys,
            known=known,
            fingerprints=_count(items),
            old_fingerprints=_count(item for item in items if not is_later(item.entry, newest_before)),
            links_are_distinct=len(items) >= MIGRATION and all(item.link_hash for item in items),
            has_ids=has_ids,
            newest_before=newest_before,
            newest_shown=newest_shown,
            is_redated=_are_redated(known, newest_shown),
        )

    def knowing(self, more: Iterable[Entry]) -> Document:
        """The same when these entries of it were recognised, too."""
        known = (*self.known, *more)
        return replace(self, known=known, is_redated=_are_redated(known, self.newest_shown))

    def dates_decide(self, entry: Entry) -> bool:
        """Whether the date of this entry says anything about its newness."""
        dated = entry.published or entry.updated
        return dated is not None and self.newest_before is not None and not self.is_redated


class _Change(IntEnum):
    """How many names of a document changed at once."""

    SINGLE = 0
    ALL = 1
    MIGRATED = 2
    RENEWED = 3
    """All names and all dates: the feed makes new ones at every poll."""


@dataclass(frozen=True, slots=True)
class _Claim:
    strength: Strength
    item: Identified
    row: Seen


def recognise(unknown: Sequence[Identified], seen: Iterable[Seen], document: Document) -> dict[str, Seen]:
    """The remembered entry behind each unknown name, by its key in the document; nothing for entries that are new.

    What was recognised for sure says more about the document, and with that the rest is looked at again.
    """
    rows = list(seen)
    if not rows:  # the first document of a feed
        return {}
    memory = _Memory(rows, document)
    claims = [claim for offset, item in enumerate(unknown) for claim in memory.claims(item, offset)]
    change = _change(claims, len(unknown), document)
    recognised: dict[str, _Claim] = {}
    for _ in range(_LOOKS):
        found = [claim.item.entry for claim in recognised.values()]
        known = [claim.row for claim in recognised.values()]
        recognised = _settled(claims, document.knowing(found), memory.knowing(known), change)
        if len(recognised) in {0, len(unknown)}:
            break
    return {key: claim.row for key, claim in recognised.items()}


def _settled(claims: Iterable[_Claim], document: Document, memory: _Memory, change: _Change) -> dict[str, _Claim]:
    """Each old entry goes to the newcomer that resembles it most, if that is enough."""
    recognised: dict[str, _Claim] = {}
    taken: set[Features] = set()
    for claim in sorted(claims, key=_weight):
        if claim.item.key in recognised or features(claim.row) in taken:
            continue
        if _is_enough(claim, document, change) or memory.was_renamed(claim, document):
            recognised[claim.item.key] = claim
            taken.add(features(claim.row))
    return recognised


def is_later(entry: Entry, newest_before: datetime | None) -> bool:
    """Is the entry dated later than everything that the feed had shown before?"""
    dated = entry.published or entry.updated
    return dated is not None and newest_before is not None and dated > newest_before


def _weight(claim: _Claim) -> tuple[int, datetime]:
    """The strongest first; of equals the one dated first, for the newest of two equal entries is the newcomer."""
    dated = claim.item.entry.published or claim.item.entry.updated
    return -claim.strength, dated or _NEVER


def _count(items: Iterable[Identified]) -> Counter[str]:
    """How many entries have each title and text."""
    return Counter(print_ for item in items for print_ in {item.title_fingerprint, item.text_fingerprint})


def _are_redated(known: Sequence[Entry], newest_shown: datetime | None) -> bool:
    """Most of the entries that the feed has shown before are later than everything that it had shown. Dates in the
    future were shown, too: a calendar has them, and a publisher whose clock is wrong, at every poll.
    """
    return 2 * sum(is_later(entry, newest_shown) for entry in known) > len(known)


class _Memory:
    """Remembered entries whose names are absent from the document."""

    def __init__(self, seen: Iterable[Seen], document: Document) -> None:
        rows = list(seen)
        present = [row for row in rows if row.key in document.keys]
        still_there = set(map(features, present))
        absent = [row for row in rows if features(row) not in still_there]
        self._fingerprints = document.fingerprints
        self._old_fingerprints = document.old_fingerprints
        self._newest_before = document.newest_before
        self._absent = Resembling(absent)
        self._oldest_present = min((row.first_seen for row in present), default=None)
        self._with_title = Counter(
            title for title, _ in {(row.title_fingerprint, row.original or row.key) for row in absent}
        )

    def claims(self, item: Identified, offset: int) -> list[_Claim]:
        """The remembered entries that something speaks for; repeated titles and texts do not speak alone."""
        found = [_Claim(strength(item, row), item, row) for row in self._absent.to(item, offset)]
        return [claim for claim in found if claim.strength and not self._is_crowded(claim)]

    def knowing(self, more: Iterable[Seen]) -> _Memory:
        """The same when these are known to be in the document, under whatever name."""
        known = copy(self)
        moments = [row.first_seen for row in more]
        known._oldest_present = min(filter(None, (self._oldest_present, *moments)), default=None)
        return known

    def was_renamed(self, claim: _Claim, document: Document) -> bool:
        """The remembered entry did not leave because of its age, and the newcomer says the same under the same link or
        the same title, which nobody else has.
        """
        item, row = claim.item, claim.row
        if self._oldest_present is None or row.first_seen <= self._oldest_present:
            return False
        if document.dates_decide(item.entry):
            return False
        title = item.title_fingerprint
        is_only_one = self._fingerprints[title] == self._with_title[title] == 1
        has_same_name = same(item.link_hash, row.link_hash) or (is_only_one and same(title, row.title_fingerprint))
        return has_same_name and item.text_fingerprint == row.text_fingerprint

    def _is_crowded(self, claim: _Claim) -> bool:
        """Titles and texts that more entries have now than had before identify nobody unless the link agrees; nor does
        a text that several have, when link and title are others: it is a template.
        """
        item, row = claim.item, claim.row
        if same(item.link_hash, row.link_hash) or claim.strength is Strength.STRONG:
            return False
        shared = {item.title_fingerprint, item.text_fingerprint} & {row.title_fingerprint, row.text_fingerprint} - {""}
        if (
            self._fingerprints[item.text_fingerprint] > 1
            and shared == {item.text_fingerprint}
            and _is_renamed(item, row)
        ):
            return True
        # Of equal entries the one dated later is new.
        crowd = self._fingerprints if is_later(item.entry, self._newest_before) else self._old_fingerprints
        return all(crowd[print_] > self._absent.count(print_) for print_ in shared)


def _is_renamed(item: Identified, row: Seen) -> bool:
    """Under another link and another title than the remembered entry."""
    return differ(item.link_hash, row.link_hash) and differ(item.title_fingerprint, row.title_fingerprint)


def _change(claims: Sequence[_Claim], unknown: int, document: Document) -> _Change:
    many = max(MIGRATION, unknown / 2)
    if len({claim.item.key for claim in claims if claim.strength >= Strength.FAIR}) >= many:
        return _Change.MIGRATED
    if not document.keys and len({claim.item.key for claim in claims}) >= many:
        pages = [claim.item for claim in claims if _is_same_page(claim)]
        is_renewed = len({item.key for item in pages}) >= many and _have_one_date(pages)
        return _Change.RENEWED if is_renewed else _Change.ALL
    return _Change.SINGLE


def _is_same_page(claim: _Claim) -> bool:
    """The same link and the same title; the text may be another one: it contains a counter, or was edited."""
    item, row = claim.item, claim.row
    return same(item.link_hash, row.link_hash) and same(item.title_fingerprint, row.title_fingerprint)


def _have_one_date(items: Sequence[Identified]) -> bool:
    """Whether all are dated within a moment, as by a publisher that gives the time of the request as their date."""
    dates = [item.entry.published or item.entry.updated for item in items]
    known = [date for date in dates if date is not None]
    return len(known) == len(dates) and max(known) - min(known) <= ONE_MOMENT


def _is_enough(claim: _Claim, document: Document, change: _Change) -> bool:
    entry = claim.item.entry
    same_link = same(claim.item.link_hash, claim.row.link_hash)
    if claim.strength is Strength.STRONG:
        return True
    if claim.strength is Strength.FAIR and (not (document.has_ids and entry.id) or document.links_are_distinct):
        return True
    names_say_nothing = change is _Change.RENEWED or not entry.id or not document.dates_decide(entry)
    if names_say_nothing and _is_same_page(claim) and document.fingerprints[claim.item.title_fingerprint] == 1:
        return True
    if change is _Change.MIGRATED and same_link:
        return True
    if not document.dates_decide(entry):
        same_title = same(claim.item.title_fingerprint, claim.row.title_fingerprint)
        return (same_title and change is not _Change.SINGLE) or (same_link and document.links_are_distinct)
    return not is_later(entry, document.newest_before)
