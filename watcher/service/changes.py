"""What a reload would change: the configuration in force, summed up without secrets, against another one. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

from watcher.lazy_dataclass import dataclass, shows_its_fields
from watcher.model.alert import stable_hash
from watcher.model.route import Route
from watcher.model.settings import Settings
from watcher.model.topic import ListMember

MOST_FEEDS = 20_000
"""With more feeds their settings are not summed up: the text would be megabytes at every start."""

Summary = Mapping[str, Mapping[str, str]]
"""Section → name → fingerprint."""


class ChangeKind(StrEnum):
    """What happens to a feed, topic, receiver, route or section."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a reload would change."""

    section: str
    name: str
    kind: ChangeKind


def summary_of(settings: Settings) -> Summary:
    """Fingerprints of everything that a reload may change. Secrets are not in it, nor positions in the file."""
    feeds = settings.feeds if len(settings.feeds) <= MOST_FEEDS else ()
    topics = (replace(topic, positions={}, path="") for topic in settings.topics)
    sections = ("polling", "network", "limits", "retention", "feed_reports", "heartbeat", "smtp")
    return {
        "feeds": {feed.url: _fingerprint(feed) for feed in feeds},
        "topics": {topic.name: _fingerprint(topic) for topic in topics},
        "receivers": {name: _fingerprint(receiver) for name, receiver in settings.receivers.items()},
        "routes": {route.path: _fingerprint(replace(route, routes=())) for route in _routes(settings.route)},
        "sections": {name: _fingerprint(getattr(settings, name)) for name in sections},
    }


def changes(before: Summary, now: Summary) -> list[Change]:
    """What differs, by section and name."""
    return [
        Change(section, name, kind)
        for section in now
        for name in sorted(before.get(section, {}).keys() | now[section].keys())
        if (kind := _kind(before.get(section, {}).get(name), now[section].get(name))) is not None
    ]


def _kind(before: str | None, now: str | None) -> ChangeKind | None:
    if before == now:
        return None
    if before is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if now is None else ChangeKind.CHANGED


def write_summary(summary: Summary) -> str:
    """A summary as text, for the store."""
    return json.dumps(summary, ensure_ascii=False, separators=(",", ":"))


def read_summary(text: str | None) -> Summary | None:
    """A summary from the store; None when none was written yet."""
    return None if text is None else {name: dict(names) for name, names in json.loads(text).items()}


_PLACES = re.compile(r" line \d+|Position\([^()]*\)")
"""Where something is written may change without a change of what is written."""


def _fingerprint(value: object) -> str:
    """Secrets print without their value."""
    return stable_hash(_PLACES.sub("", text_of(value)))[:12]


def text_of(value: Any) -> str:
    """The same for equal values in every process; `repr` writes the members of a set in an order that is not."""
    match value:
        case str() | ListMember():  # first, because nearly all values are
            return repr(value if isinstance(value, str) else value[:2])
        case frozenset() | set():
            return f"{{{', '.join(sorted(map(text_of, value)))}}}"
        case tuple() | list():
            return f"({_in_a_row(value)})"
        case Mapping():
            return f"{{{', '.join(f'{text_of(key)}: {text_of(one)}' for key, one in value.items())}}}"
        case _ if shows_its_fields(type(value)):
            shown = (f"{one.name}={text_of(getattr(value, one.name))}" for one in fields(value) if one.repr)
            return f"{type(value).__name__}({', '.join(shown)})"
        case _:
            return repr(value)


def _in_a_row(values: Sequence[Any]) -> str:
    if {*map(type, values)} == {ListMember}:  # the words of packs: half of the time that this takes
        return repr([member[:2] for member in values])[1:-1]
    return ", ".join(map(text_of, values))


def _routes(root: Route | None) -> Iterator[Route]:
    if root is not None:
        yield root
        for child in root.routes:
            yield from _routes(child)
