"""The arithmetic of a score: integer hundredths of a point, so that the parts add up exactly (I11).

A part is a term in a field: weight × field × (1 + ln min(count, most)) × soft. The constants were chosen
on the development corpus; `bench/quality/experiment.py` repeats the experiment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log

from watcher.model.topic import Level, Points

TITLE, LEAD, BODY = "title", "lead", "body"


@dataclass(frozen=True, slots=True)
class Part:
    """Points of one term in one field. `spans` are the positions where it was counted."""

    term: str
    field: str
    count: int
    points: Points
    spans: tuple[tuple[int, int], ...]
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """The constants of the score.

    `title`, `lead`, `body`: factors of a field; the lead is the first `lead_length` positions of the body.
    `most_counted`, `most_pairs`: more occurrences or pairs than these add nothing.
    `plain_length`, `softening`: the parts of a body of n positions, more than `plain_length`, count
    (plain_length / n) ** softening. `near_title`, `near_softening`: the same for pairs.
    `strong`: a term of this share of `focus` is worth a mention by itself; `nearly`: so is this score.
    """

    title: float = 3.0
    lead: float = 1.5
    body: float = 1.0
    lead_length: int = 100
    most_counted: int = 8
    most_pairs: int = 3
    plain_length: int = 300
    softening: float = 0.25
    near_title: float = 1.0
    near_softening: float = 0.0
    strong: float = 0.6
    nearly: float = 0.75

    def term_points(self, weight: Points, field: str, count: int, body_length: int) -> Points:
        """Points of a term that stands `count` times in a field."""
        points = weight * (1 + log(min(count, self.most_counted)))
        if field == TITLE:
            return round(points * self.title)
        factor = self.lead if field == LEAD else self.body
        return round(points * factor * self._soft(body_length, self.softening))

    def near_points(self, weight: Points, field: str, pairs: int, body_length: int) -> Points:
        """Points of `pairs` disjoint pairs, the first of them in `field`."""
        points = weight * (1 + log(min(pairs, self.most_pairs)))
        return round(points * (self.near_title if field == TITLE else self._soft(body_length, self.near_softening)))

    def level_of(self, score: Points, focus: Points, parts: Iterable[Part]) -> Level:
        """The level that a score and its parts reach when nothing excludes the entry."""
        if score >= focus:
            return Level.FOCUS
        if score >= self.nearly * focus or (score > 0 and any(part.is_strong for part in parts)):
            return Level.MENTION
        return Level.NONE

    def is_strong(self, weight: Points, focus: Points) -> bool:
        """Whether a term of this weight is worth a mention by itself."""
        return weight >= self.strong * focus

    def _soft(self, body_length: int, softening: float) -> float:
        if body_length <= self.plain_length or not softening:
            return 1.0
        return float((self.plain_length / body_length) ** softening)


FORMULA = Formula()
"""The formula in force."""
