"""What publishers do to their feeds: each mutation changes the entries of one document, never what they tell.

A mutation takes an entry, the number of the poll and the time of it. The headline of an entry may change (`headline`),
the rest of what a reader reads stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watcher.model.alert import stable_hash
from watcher.model.entry import Entry

Mutation = Callable[[Entry, int, datetime], Entry]


def plain(entry: Entry, poll: int, now: datetime) -> Entry:
    return entry


def https(entry: Entry, poll: int, now: datetime) -> Entry:
    return replace(entry, id=_other_scheme(entry.id), link=_other_scheme(entry.link))


def guid_scheme(entry: Entry, poll: int, now: datetime) -> Entry:
    return replace(entry, id=f"tag:example.org,2026:{_name(entry)}")


def fresh_guids(entry: Entry, poll: int, now: datetime) -> Entry:
    """New ones at every poll."""
    return replace(entry, id=f"{_name(entry)}-{poll}")


def host_move(entry: Entry, poll: int, now: datetime) -> Entry:
    host = urlsplit(entry.link).netloc
    if not host:
        return entry
    return replace(entry, id=entry.id.replace(host, "moved.example"), link=entry.link.replace(host, "moved.example"))


def path_rewrite(entry: Entry, poll: int, now: datetime) -> Entry:
    link = f"https://example.org/archive/{_name(entry)}" if entry.link else ""
    return replace(entry, id=link or entry.id, link=link)


def stamped_now(entry: Entry, poll: int, now: datetime) -> Entry:
    return replace(entry, published=now, updated=now)


def stamped_later(entry: Entry, poll: int, now: datetime) -> Entry:
    published = entry.published or entry.updated
    return replace(entry, published=published + timedelta(days=2 * poll) if published else None, updated=None)


def undated(entry: Entry, poll: int, now: datetime) -> Entry:
    return replace(entry, published=None, updated=None)


def blank_guids(entry: Entry, poll: int, now: datetime) -> Entry:
    return replace(entry, id="")


def one_guid(entry: Entry, poll: int, now: datetime) -> Entry:
    return replace(entry, id="https://example.org/")


def doubled_guids(entry: Entry, poll: int, now: datetime) -> Entry:
    """Every id belongs to about two entries."""
    return replace(entry, id=f"shared-{int(_name(entry)[:6], 16) % 9}")


def headline_guid(entry: Entry, poll: int, now: datetime) -> Entry:
    """The headline is edited at every third poll, and the id is made of it; the link stays."""
    if not entry.link:
        return entry
    title = f"{entry.title} – part {poll // 3}" if int(_name(entry)[0], 16) % 3 == 0 else entry.title
    return replace(entry, id=re.sub(r"\W+", "-", title.lower()), title=title)


def tracked(entry: Entry, poll: int, now: datetime) -> Entry:
    if not entry.link or "#" in entry.link:
        return entry
    mark = "&" if "?" in entry.link else "?"
    return replace(entry, link=f"{entry.link}{mark}utm_source=rss&utm_campaign=poll-{poll}&at_medium=RSS")


def slash_and_www(entry: Entry, poll: int, now: datetime) -> Entry:
    if not entry.link:
        return entry
    link = re.sub(r"//(?:www\.)?", "//" if poll % 2 else "//www.", entry.link, count=1)
    return replace(entry, link=link if "?" in link or "#" in link else link.rstrip("/") + ("/" if poll % 2 else ""))


def together(*mutations: Mutation) -> Mutation:
    def applied(entry: Entry, poll: int, now: datetime) -> Entry:
        for mutation in mutations:
            entry = mutation(entry, poll, now)
        return entry

    return applied


def flip_flop(one: Mutation, other: Mutation) -> Mutation:
    return lambda entry, poll, now: (one if poll % 2 else other)(entry, poll, now)


def from_poll(first: int, mutation: Mutation) -> Mutation:
    return lambda entry, poll, now: mutation(entry, poll, now) if poll >= first else entry


def _other_scheme(text: str) -> str:
    return f"http:{text[6:]}" if text.startswith("https:") else re.sub(r"^http:", "https:", text)


def _name(entry: Entry) -> str:
    return stable_hash(entry.id, entry.link, entry.title, str(entry.published), entry.summary)
