"""The arithmetic of a score: integer hundredths of a point, so that the parts add up exactly (I11).

A part is a term in a field: weight × field × (1 + ln min(count, 8)) × soft. The constants were chosen on
the development corpus; `bench/quality` repeats the experiment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log

from watcher.model.topic import Level, Points

TITLE, LEAD, BODY = "title", "lead", "body"
FACTORS = {TITLE: 3.0, LEAD: 1.5, BODY: 1.0}
LEAD_LENGTH = 100
"""Positions at the beginning of the body."""
MOST_COUNTED = 8
"""Occurrences of a term in a field beyond which more of them add nothing."""
MOST_PAIRS = 3
PLAIN_LENGTH = 300
"""Positions of a body up to which its parts are not softened."""
SOFTNESS = 0.25
STRONG = 0.6
"""A term of this share of `focus` is worth a mention by itself."""
NEARLY = 0.75
"""A score of this share of `focus` is a mention."""

_DAMPED = (0.0, *(1 + log(count) for count in range(1, MOST_COUNTED + 1)))


@dataclass(frozen=True, slots=True)
class Part:
    """Points of one term in one field. `spans` are the positions where it was counted."""

    term: str
    field: str
    count: int
    points: Points
    spans: tuple[tuple[int, int], ...]
    is_strong: bool = False


def softness(body_length: int) -> float:
    """Longer texts mention more things by the way: the factor for everything outside the title."""
    return min(1.0, (PLAIN_LENGTH / body_length) ** SOFTNESS) if body_length else 1.0


def term_points(weight: Points, field: str, count: int, soft: float) -> Points:
    """Points of a term that stands `count` times in a field."""
    damped = _DAMPED[min(count, MOST_COUNTED)]
    return round(weight * FACTORS[field] * damped * (1.0 if field == TITLE else soft))


def near_points(weight: Points, pairs: int) -> Points:
    """Points of `pairs` disjoint pairs."""
    return round(weight * (1 + log(min(pairs, MOST_PAIRS)))) if pairs else 0


def level_of(score: Points, focus: Points, parts: Iterable[Part]) -> Level:
    """The level that a score and its parts reach when nothing excludes the entry."""
    if score >= focus:
        return Level.FOCUS
    if score >= NEARLY * focus or (score > 0 and any(part.is_strong for part in parts)):
        return Level.MENTION
    return Level.NONE


def is_strong(weight: Points, focus: Points) -> bool:
    """Whether a term of this weight is worth a mention by itself."""
    return weight >= STRONG * focus
