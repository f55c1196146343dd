"""One event that many feeds report: what is kept of an entry to find its copies, and what becomes of their alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Protocol

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, EarlierAlert
from watcher.model.trust import Trust


class Verdict(StrEnum):
    """What becomes of a new alert in view of earlier ones."""

    NOTIFY = "notify"
    FOLD = "fold"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class AlertDecision:
    """NOTIFY: a new alert. FOLD: kept, folded into alert `into`. REPEAT: the same entry again, not kept."""

    verdict: Verdict
    into: str | None = None


AlertDecider = Callable[[Alert, Sequence[EarlierAlert]], AlertDecision]
"""Pure; the store calls it inside the transaction that saves the alert, so that two polls cannot both notify."""


class Kinship(IntEnum):
    """What an entry is to the story that it belongs to."""

    FIRST = 0
    """Nothing like it was reported within the window."""
    REPORT = 1
    """Another text under the same headline: counted with the story, never folded into it."""
    COPY = 2
    """The same text, perhaps under another headline, shortened or edited."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of an entry while its story lives. The store writes it as one document and reads back the same.

    `title` and `text` are the headline and the beginning of the report as written, without agency lines and credits;
    `dateline` is the place that an agency line named. `shingles` are the smallest hashes (32 bits) of the whole text,
    ascending, `size` says how many there were. `hashes` (63 bits) are what the store finds it by. `publisher` is a
    comparable name, "" when unknown; of a feed that is no aggregator all entries count as one publisher's.
    """

    entry_key: str
    feed_url: str
    publisher: str
    link: str
    title: str
    text: str
    dateline: str = ""
    published: datetime | None = None
    shingles: tuple[int, ...] = ()
    size: int = 0
    hashes: tuple[int, ...] = ()
    is_aggregator: bool = False
    trust: Trust = Trust.NORMAL


@dataclass(frozen=True, slots=True)
class StoryMember:
    """An entry that belongs to a story which began at `begun_at`; `seen_at` is when the entry joined it."""

    story: str
    sketch: Sketch
    begun_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Placement:
    """The story of an entry. `of` is the key of the entry that it copies or reports with; None for the first one."""

    story: str
    kinship: Kinship = Kinship.FIRST
    of: str | None = None


class AssignsStories(Protocol):
    """Finds the story of an entry. Pure; the store calls it inside the transaction that saves the entry's alerts, so
    that two polls, or two machines, agree.
    """

    @property
    def window(self) -> timedelta:
        """How long after its first entry a story takes in others."""

    def candidates(self, sketch: Sketch, postings: Mapping[int, Sequence[int]]) -> list[int]:
        """Which numbered entries to compare with, given those that have each of its hashes."""

    def place(self, sketch: Sketch, members: Sequence[StoryMember], now: datetime) -> Placement:
        """The story of an entry among these members, or a new one."""
