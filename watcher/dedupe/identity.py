"""The names of entries: which identity distinguishes the entries of a document, and the keys made from it.

Schemes, from the strongest to the last resort (FreshRSS orders them alike):

    id      what the feed says (`atom:id`, RSS `guid`); where it says nothing, as in "link"
    link    link + published
    title   link + published + title

A scheme holds for a whole feed and is remembered between polls. Entries that still share a name although they differ
(doubled ids) are distinguished by the next scheme, at the very end by their text: a shared name would hide one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple, Protocol

from watcher.dedupe.links import comparable_link, home_host
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import stable_hash
from watcher.model.entry import Entry, Identified, IdentityScheme, ParsedFeed, SeenProbe
from watcher.model.fingerprint import fingerprints_of

SCHEMES = tuple(IdentityScheme)
DOUBLED_SHARE = 0.05
"""A document in which more than this share of the entries has a doubled name asks for a weaker scheme."""
RESTORE_AFTER = 10
"""Documents in a row that must ask for a stronger scheme before it is taken up again: feeds flip and flop."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """The scheme in force and how many documents in a row have asked for a stronger one."""

    name: IdentityScheme
    streak: int = 0


class _Unnamed(NamedTuple):
    """The fields of `Identified` behind the key."""

    entry: Entry
    link_hash: str | None
    title_fingerprint: str
    text_fingerprint: str


def identify(
    feed_url: str, parsed: ParsedFeed, scheme: IdentityScheme, *, home: str | None = None
) -> tuple[Identified, ...]:
    """Gives every entry its key and hashes, in the order of the document; an entry listed twice comes once.

    `home` is the host of the site where the entries are a part of the document.
    """
    entries, made = parsed.entries, parsed.fingerprints
    prints = [*made, *map(fingerprints_of, entries[len(made) :])]
    home = home_host(entry.link for entry in entries) if home is None else home
    links = [comparable_link(entry.link, home) for entry in entries]
    occurrences = Counter(links)
    hashes = (stable_hash("link", link) if link and occurrences[link] == 1 else None for link in links)
    unnamed = list(map(_Unnamed, entries, hashes, *zip(*prints, strict=True))) if prints else []
    distinct = _listed_once(unnamed, links)
    firsts: dict[str, _Unnamed] = {}
    for item, key in zip(distinct, _keys(feed_url, distinct, scheme), strict=True):
        firsts.setdefault(key, item)
    return tuple([Identified(key, *item) for key, item in firsts.items()])


class Named(Protocol):
    """An entry of which only the names are known."""

    def name(self, scheme: IdentityScheme) -> Hashable: ...


def scheme_for(
    entries: Sequence[Entry], current: IdentityScheme, streak: int, *, beside: Sequence[Named] = ()
) -> Scheme:
    """The scheme for this document. Weaker at once (a doubled name hides entries), stronger only after a long streak.

    A document with fewer than two entries cannot double a name and says nothing. `beside` are its other entries, none
    of which has a name of one of `entries`.
    """
    if len(entries) + len(beside) < 2:
        return Scheme(current, streak)
    asked = _asked(entries, beside)
    in_force = SCHEMES.index(current)
    if asked >= in_force:
        return Scheme(SCHEMES[asked])
    if streak + 1 >= RESTORE_AFTER:
        return Scheme(SCHEMES[asked])
    return Scheme(SCHEMES[in_force], streak + 1)


def probe_for(feed_url: str, identified: Iterable[Identified]) -> SeenProbe:
    """All by which these entries could be remembered, the keys they would get if their id were used twice included."""
    items = tuple(identified)
    return SeenProbe(
        keys=frozenset(key for item in items for key in (item.key, fallback_key(feed_url, item))),
        link_hashes=frozenset(item.link_hash for item in items if item.link_hash),
        fingerprints=frozenset({p for item in items for p in (item.title_fingerprint, item.text_fingerprint)} - {""}),
    )


def fallback_key(feed_url: str, item: Identified) -> str:
    """The key of an entry whose id belongs to another one."""
    return stable_hash(feed_url, *_identity(item, IdentityScheme.TITLE))


def _asked(entries: Sequence[Entry], beside: Sequence[Named]) -> int:
    """The first scheme in which few names are doubled; the last one when there is none."""
    contents = {(entry.id, entry.link, entry.title): entry for entry in entries}
    for rank, scheme in enumerate(SCHEMES):
        names: Counter[Hashable] = Counter(entry_name(entry, scheme) for entry in contents.values())
        names.update(one.name(scheme) for one in beside)
        doubled = sum(count for count in names.values() if count > 1)
        if doubled <= DOUBLED_SHARE * (len(contents) + len(beside)):
            return rank
    return len(SCHEMES) - 1


def _listed_once(items: Sequence[_Unnamed], links: Sequence[str]) -> list[_Unnamed]:
    """Without repetitions of one entry in one document: the same link, title and text, and the same id or date."""
    kept: list[_Unnamed] = []
    listed: set[Hashable] = set()
    for item, link in zip(items, links, strict=True):
        content = (link, item.title_fingerprint, item.text_fingerprint)
        names = {(content, "id", item.entry.id), (content, "published", item.entry.published)}
        names -= {(content, "id", ""), (content, "published", None)}
        if not (link and names & listed):
            kept.append(item)
        listed |= names
    return kept


def _keys(feed_url: str, items: Sequence[_Unnamed], scheme: IdentityScheme) -> list[str]:
    """Keys by the scheme, refined by the weaker ones for as long as different entries share one."""
    names = [_identity(item, scheme) for item in items]
    for weaker in (*SCHEMES[SCHEMES.index(scheme) + 1 :], None):
        occurrences = Counter(names)
        names = [
            _identity(item, weaker) if occurrences[name] > 1 else name for item, name in zip(items, names, strict=True)
        ]
    return [stable_hash(feed_url, *name) for name in names]


def _identity(item: Identified | _Unnamed, scheme: IdentityScheme | None) -> tuple[str, ...]:
    """The name of an entry by a scheme; None is the last resort, its text."""
    if scheme is None:
        return ("text", *entry_name(item.entry, IdentityScheme.TITLE), item.entry.id, item.text_fingerprint)
    return entry_name(item.entry, scheme)


def entry_name(entry: Entry, scheme: IdentityScheme) -> tuple[str, ...]:
    """The name of an entry by a scheme, whatever else is in its document."""
    if scheme == IdentityScheme.ID and entry.id:
        return ("id", entry.id)
    published = entry.published.isoformat() if entry.published else ""
    link = comparable_link(entry.link)
    if link and scheme != IdentityScheme.TITLE:
        return ("link", link, published)
    return ("title", link, published, entry.title)
