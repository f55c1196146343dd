"""The assessment of one topic on one entry: parts, score, level, and what stopped it.

Points are integer hundredths, so that the parts add up to the score exactly (I11). A part is a term in a field:
weight × field × (1 + ln min(count, most)) × soft. The constants were chosen on the development corpus;
`bench/quality/experiment.py` repeats the experiment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from math import log

from watcher.lazy_dataclass import dataclass
from watcher.match.conditions import Pair, holds, pairs_in, places_between, text_ranges, what_holds, what_is_missing
from watcher.match.entry_index import IndexedEntry, Span
from watcher.match.expression import TEXT, Expression, NearPair, positive_leaves
from watcher.match.topic_index import Index, Program
from watcher.model.topic import Level, Points, Term, Topic

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
    `strong`: a term of this share of `focus` is worth a mention by itself; `nearly`: so is this score; `least_pair`: so
    are pairs of these points, softened as the parts of a body are: in a long text two common words meet by chance.
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
    least_pair: Points = 100

    def term_points(self, weight: Points, field: str, count: int, body_length: int) -> Points:
        """Points of a term that occurs `count` times in a field."""
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

    def is_strong_pair(self, points: Points, body_length: int) -> bool:
        """Whether pairs of these points are worth a mention by themselves in a body of this length."""
        return points * self._soft(body_length, self.softening) >= self.least_pair

    def _soft(self, body_length: int, softening: float) -> float:
        if body_length <= self.plain_length or not softening:
            return 1.0
        return float((self.plain_length / body_length) ** softening)


FORMULA = Formula()
"""The formula in force."""


_WHOLE_QUERY = "query"
_DEFAULT_QUERY_WEIGHT = 100
_PAIRS_NAMED = 3
MOST_PLACES = 600
"""Of all terms of a topic in one entry. Only a text that repeats a whole topic has more: then each term's first ones
count, so that many such topics cost little."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an entry is worth to a topic. `missing` and `excluded_by` are texts of conditions, for a person."""

    topic: Topic
    score: Points
    level: Level
    parts: tuple[Part, ...]
    excluded_by: str | None = None
    missing: str | None = None


class _Gate(Enum):
    """A condition of a topic that silences it whatever its points."""

    REQUIRE = auto()
    EXCLUDE = auto()


def assess(
    index: Index, number: int, indexed: IndexedEntry, found: Mapping[int, list[Span]], formula: Formula,
    more: Sequence[tuple[Term, list[Span]]] = (),
) -> Assessment:  # fmt: skip
    """Assesses topic `number`; `found` has the occurrences of its terms by term number.

    `more`: terms that it is to be assessed with beside its own, and where they occur.
    """
    topic, program = index.topics[number].topic, index.programs[number]
    if more:
        behind = index.first_term[number] + len(topic.terms)
        found = {**found, **{behind + at: spans for at, (_, spans) in enumerate(more)}}
        topic = replace(topic, terms=(*topic.terms, *(term for term, _ in more)))
    parts = _parts(index, number, topic, indexed, found, formula, _pairs_that_may_be(program, indexed))
    score = sum(part.points for part in parts)
    closed = set(_closed_gates(program, indexed))
    level = Level.NONE if closed else formula.level_of(score, topic.focus, parts)
    excluded_by = missing = None
    if _Gate.EXCLUDE in closed and program.exclude is not None:
        excluded_by = what_holds(program.exclude, indexed)
    if _Gate.REQUIRE in closed and program.require is not None:
        missing = what_is_missing(program.require, indexed)
    return Assessment(topic, score, level, tuple(parts), excluded_by, missing)


def assess_if_reached(
    index: Index, number: int, indexed: IndexedEntry, found: Mapping[int, list[Span]], formula: Formula
) -> Assessment | None:
    """The same, or None as soon as it is clear that no level is reached."""
    program = index.programs[number]
    pairs = _pairs_that_may_be(program, indexed)
    if not pairs and not _may_reach(index, number, indexed, found, formula):
        return None
    topic = index.topics[number].topic
    if any(_closed_gates(program, indexed)):
        return None
    parts = _parts(index, number, topic, indexed, found, formula, pairs)
    score = sum(part.points for part in parts)
    level = formula.level_of(score, topic.focus, parts)
    return None if level is Level.NONE else Assessment(topic, score, level, tuple(parts))


def _closed_gates(program: Program, indexed: IndexedEntry) -> Iterator[_Gate]:
    """The conditions that silence the topic, one after the other: whoever needs one only does not pay for both."""
    if program.require is not None and not holds(program.require, indexed):
        yield _Gate.REQUIRE
    if program.exclude is not None and holds(program.exclude, indexed):
        yield _Gate.EXCLUDE


def _may_reach(
    index: Index, number: int, indexed: IndexedEntry, found: Mapping[int, list[Span]], formula: Formula
) -> bool:
    """False when even with every term in the title no level would be reached without a pair. Much cheaper than an
    assessment.
    """
    topic, program = index.topics[number].topic, index.programs[number]
    first = index.first_term[number]
    most = 0.0
    for term, spans in found.items():
        weight = topic.terms[term - first].weight
        field = TITLE if spans[0][0] < indexed.body_start else LEAD
        if formula.is_strong(weight, topic.focus):
            return True
        most += max(0, formula.term_points(weight, field, len(spans), 0))
    return program.query is not None or most >= formula.nearly * topic.focus


def _parts(
    index: Index,
    number: int,
    topic: Topic,
    indexed: IndexedEntry,
    found: Mapping[int, list[Span]],
    formula: Formula,
    pairs: Sequence[int],
) -> list[Part]:
    """The parts of a topic; `pairs` are the numbers of its near pairs that may be there."""
    compiled, program = index.topics[number], index.programs[number]
    parts = _term_parts(topic, index.first_term[number], indexed, found, formula) if found else []
    for near in pairs:
        parts += _near_parts(topic.near[near].weight, program.near[near], indexed, formula)
    if program.query is not None:
        parts += _query_parts(topic, program.query, indexed, formula, weighted=compiled.query_is_weighted)
    return parts


def _pairs_that_may_be(program: Program, indexed: IndexedEntry) -> list[int]:
    """The numbers of the pairs of which all that they need occurs, however far from each other."""
    occurs = indexed.words.reached.__getitem__
    return [number for number, sides in enumerate(program.sides) if all(map(occurs, sides))]


def _term_parts(
    topic: Topic, first: int, indexed: IndexedEntry, found: Mapping[int, list[Span]], formula: Formula
) -> list[Part]:
    lead_end = indexed.body_start + formula.lead_length
    parts: list[Part] = []
    for number, spans in _claimed(topic, first, _first_places(found, formula)).items():
        term = topic.terms[number - first]
        strong = formula.is_strong(term.weight, topic.focus)
        by_field: dict[str, list[Span]] = {}
        for span in spans:
            field = TITLE if span[0] < indexed.body_start else LEAD if span[0] < lead_end else BODY
            by_field.setdefault(field, []).append(span)
        for field, within in by_field.items():
            points = formula.term_points(term.weight, field, len(within), indexed.body_length)
            parts.append(Part(term.text, field, len(within), points, tuple(within), strong))
    return parts


def _first_places(found: Mapping[int, list[Span]], formula: Formula) -> Mapping[int, list[Span]]:
    """The places of each term that may count: all of them in any text that does not repeat the topic."""
    if sum(map(len, found.values())) <= MOST_PLACES:
        return found
    most = max(MOST_PLACES // len(found), 3 * formula.most_counted)
    return {term: spans[:most] for term, spans in found.items()}


def _claimed(topic: Topic, first: int, found: Mapping[int, list[Span]]) -> dict[int, list[Span]]:
    """The occurrences that count: of overlapping ones the longest, then the heavier, then one that adds points.

    The order of the terms in the configuration decides nothing.
    """
    if len(found) == 1:
        ((number, spans),) = found.items()
        if len(spans) == 1:
            return {number: spans}
    ranked = sorted(
        (start - end, *_rank(topic.terms[number - first]), number, start, end)
        for number, spans in found.items()
        for start, end in spans
    )
    taken: set[int] = set()
    claimed: dict[int, list[Span]] = {}
    for *_, number, start, end in ranked:
        places = range(start, end)
        if taken.isdisjoint(places):
            taken.update(places)
            claimed.setdefault(number, []).append((start, end))
    return dict(sorted(claimed.items()))


def _rank(term: Term) -> tuple[Points, Points, str]:
    """Which of two terms on the same words counts: the smaller rank."""
    return -abs(term.weight), -term.weight, term.text


def _near_parts(weight: Points, near: NearPair, indexed: IndexedEntry, formula: Formula) -> list[Part]:
    found = [
        (TITLE if pair[0][0] < indexed.body_start else BODY, pair)
        for stretch in text_ranges(indexed, near.across)
        for pair in pairs_in(near, *stretch, most=formula.most_counted)
    ]
    if not found:
        return []
    field = found[0][0]
    spans = tuple(
        span[:2]
        for place, pair in found
        for span in pair
        if place == field and (span[0] < indexed.body_start) == (field == TITLE)
    )
    points = formula.near_points(weight, field, len(found), indexed.body_length)
    strong = formula.is_strong_pair(points, indexed.body_length)
    return [Part(_pair_names([pair for _, pair in found]), field, len(found), points, spans, strong)]


def _pair_names(found: Sequence[Pair]) -> str:
    """Each different pair of terms once, as far as they fit."""
    names = list(dict.fromkeys(f"{one[2]} … {other[2]}" for one, other in found))
    return ", ".join(names[:_PAIRS_NAMED]) + (f", {len(names) - _PAIRS_NAMED} more" * (len(names) > _PAIRS_NAMED))


def _query_parts(
    topic: Topic, query: Expression, indexed: IndexedEntry, formula: Formula, *, weighted: bool
) -> list[Part]:
    if not holds(query, indexed):
        return []
    shown: list[Part] = []
    for leaf in positive_leaves(query):
        for (words, begin, end), field in zip(text_ranges(indexed), (TITLE, BODY), strict=True):
            spans = tuple(places_between(words, leaf.patterns, begin, end))
            weight = leaf.weight if leaf.weight is not None else _DEFAULT_QUERY_WEIGHT
            if spans and leaf.field in (TEXT, field):
                points = formula.term_points(weight, field, len(spans), indexed.body_length)
                strong = formula.is_strong(weight, topic.focus)
                shown.append(Part(leaf.text, field, len(spans), points, spans, strong))
    if weighted:
        return shown
    spans = shown[0].spans if shown else ()
    field = shown[0].field if shown else _WHOLE_QUERY
    return [Part(topic.query or "", field, 1, topic.focus, spans, is_strong=True)]
