"""One event told by many feeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from watcher.model.alert import Alert, ToldAlert


class Verdict(StrEnum):
    """What becomes of an alert in view of what was told before."""

    TELL = "tell"
    FOLD = "fold"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Judgement:
    """TELL: a new alert. FOLD: kept, folded into alert `into`. REPEAT: the same entry again, not kept."""

    verdict: Verdict
    into: str | None = None


Judge = Callable[[Alert, Sequence[ToldAlert]], Judgement]
"""Pure; the store calls it inside the transaction that saves the alert, so that two polls cannot both tell."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is kept of an entry for as long as its story lives.

    `hashes` (unsigned, 63 bits) are how it is found again; `sketch` is read by the room `story` alone.
    """

    entry_key: str
    publisher: str
    hashes: tuple[int, ...]
    sketch: bytes


@dataclass(frozen=True, slots=True)
class StoryMember:
    """A trace that belongs to a story."""

    story: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an entry belongs; `continues` when the story was alive before it."""

    story: str
    continues: bool


class AssignsStories(Protocol):
    """Finds the story of an entry. Pure; the store calls it inside the transaction that saves the entry's alerts, so
    that two polls, or two machines, agree.
    """

    @property
    def window(self) -> timedelta:
        """How long a story lives after its last entry."""

    def candidates(self, trace: Trace, postings: Mapping[int, Sequence[int]]) -> list[int]:
        """Which numbered traces to compare with, given those that have each of its hashes."""

    def place(self, trace: Trace, members: Sequence[StoryMember]) -> Placement:
        """The story of an entry among these members, or a new one."""
