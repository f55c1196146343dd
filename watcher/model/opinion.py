"""What is given to those who have opinions on entries, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Match
from watcher.model.entry import Entry


class OpinionResult(StrEnum):
    """What an opinion came to: for counting."""

    LIFTED = "lifted"
    OVER_BUDGET = "over_budget"
    YES = "second_look_yes"
    NO = "second_look_no"
    FAILED = "failed"
    FULL_TEXT = "full_text"


@dataclass(frozen=True, slots=True)
class Undecided:
    """An entry that words alone do not decide for a topic: the match says how far they go."""

    entry_key: str
    entry: Entry
    match: Match


@dataclass(frozen=True, slots=True)
class Considered:
    """The matches that are at least mentions, by entry key, and counts of what the opinions came to."""

    matches: tuple[tuple[str, Match], ...] = ()
    counts: Mapping[OpinionResult, int] = field(default_factory=dict)
