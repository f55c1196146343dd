"""The judgement of one topic on one entry: parts, score, level, and what stood in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watcher.match.conditions import holds, placed, text_stretches, what_holds, what_is_missing
from watcher.match.entry_index import IndexedEntry
from watcher.match.expression import TEXT, Expression, Leaf, Together, positive_leaves
from watcher.match.index import Index
from watcher.match.pairs import Pair, pairs
from watcher.match.scan import Span
from watcher.match.score import BODY, LEAD, TITLE, Formula, Part
from watcher.model.topic import Level, Points, Topic

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


def assess(
    index: Index, number: int, reading: IndexedEntry, found: Mapping[int, list[Span]], formula: Formula
) -> Assessment:
    """Judges topic `number`; `found` has the occurrences of its terms by term number."""
    parts = _parts(index, number, reading, found, formula)
    return _judge(index, number, reading, parts, formula)


def assess_if_reached(
    index: Index, number: int, reading: IndexedEntry, found: Mapping[int, list[Span]], formula: Formula
) -> Assessment | None:
    """The same, or None as soon as it is clear that no level is reached."""
    if not _may_reach(index, number, reading, found, formula):
        return None
    topic, program = index.topics[number].topic, index.programs[number]
    if program.require is not None and not holds(program.require, reading):
        return None
    parts = _parts(index, number, reading, found, formula)
    score = sum(part.points for part in parts)
    level = formula.level_of(score, topic.focus, parts)
    if level is Level.NONE:
        return None
    if program.exclude is not None and holds(program.exclude, reading):
        return None
    return Assessment(topic, score, level, tuple(parts))


def _may_reach(
    index: Index, number: int, reading: IndexedEntry, found: Mapping[int, list[Span]], formula: Formula
) -> bool:
    """False when even with every term in the title no level would be reached. Much cheaper than judging."""
    topic, program = index.topics[number].topic, index.programs[number]
    first = index.first_term[number]
    most = 0.0
    for term, spans in found.items():
        weight = topic.terms[term - first].weight
        field = TITLE if spans[0][0] < reading.body_start else LEAD
        if formula.is_strong(weight, topic.focus):
            return True
        most += max(0, formula.term_points(weight, field, len(spans), 0))
    if most >= formula.nearly * topic.focus or program.query is not None:
        return True
    return any(_occurs(pair.left, reading) and _occurs(pair.right, reading) for pair in program.near)


def _parts(
    index: Index, number: int, reading: IndexedEntry, found: Mapping[int, list[Span]], formula: Formula
) -> list[Part]:
    compiled, program = index.topics[number], index.programs[number]
    topic = compiled.topic
    parts = _term_parts(topic, index.first_term[number], reading, found, formula) if found else []
    for near, pair in zip(topic.near, program.near, strict=True):
        parts += _near_parts(near.weight, pair, reading, formula)
    if program.query is not None:
        parts += _query_parts(topic, program.query, reading, formula, weighted=compiled.query_is_weighted)
    return parts


def _judge(index: Index, number: int, reading: IndexedEntry, parts: list[Part], formula: Formula) -> Assessment:
    topic, program = index.topics[number].topic, index.programs[number]
    score = sum(part.points for part in parts)
    excluded_by = missing = None
    if program.exclude is not None and holds(program.exclude, reading):
        excluded_by = what_holds(program.exclude, reading)
    if program.require is not None and not holds(program.require, reading):
        missing = what_is_missing(program.require, reading)
    stopped = excluded_by is not None or missing is not None
    level = Level.NONE if stopped else formula.level_of(score, topic.focus, parts)
    return Assessment(topic, score, level, tuple(parts), excluded_by, missing)


def _term_parts(
    topic: Topic, first: int, reading: IndexedEntry, found: Mapping[int, list[Span]], formula: Formula
) -> list[Part]:
    lead_end = reading.body_start + formula.lead_length
    parts: list[Part] = []
    for number, spans in _claimed(topic, first, _first_places(found, formula)).items():
        term = topic.terms[number - first]
        strong = formula.is_strong(term.weight, topic.focus)
        by_field: dict[str, list[Span]] = {}
        for span in spans:
            field = TITLE if span[0] < reading.body_start else LEAD if span[0] < lead_end else BODY
            by_field.setdefault(field, []).append(span)
        for field, within in by_field.items():
            points = formula.term_points(term.weight, field, len(within), reading.body_length)
            parts.append(Part(term.text, field, len(within), points, tuple(within), strong))
    return parts


def _first_places(found: Mapping[int, list[Span]], formula: Formula) -> Mapping[int, list[Span]]:
    """The places of each term that may count: all of them in any text that does not repeat the topic."""
    if sum(map(len, found.values())) <= MOST_PLACES:
        return found
    most = max(MOST_PLACES // len(found), 3 * formula.most_counted)
    return {term: spans[:most] for term, spans in found.items()}


def _claimed(topic: Topic, first: int, found: Mapping[int, list[Span]]) -> dict[int, list[Span]]:
    """The occurrences that count: of overlapping ones the longest, then the heavier, then the first written."""
    if len(found) == 1:
        ((number, spans),) = found.items()
        if len(spans) == 1:
            return {number: spans}
    ranked = sorted(
        (start - end, -abs(topic.terms[number - first].weight), number, start, end)
        for number, spans in found.items()
        for start, end in spans
    )
    taken: set[int] = set()
    claimed: dict[int, list[Span]] = {}
    for _, _, number, start, end in ranked:
        places = range(start, end)
        if taken.isdisjoint(places):
            taken.update(places)
            claimed.setdefault(number, []).append((start, end))
    return dict(sorted(claimed.items()))


def _near_parts(weight: Points, near: Together, reading: IndexedEntry, formula: Formula) -> list[Part]:
    if not (_occurs(near.left, reading) and _occurs(near.right, reading)):
        return []
    found = [
        (field, pair)
        for field, stretch in zip((TITLE, BODY), text_stretches(reading), strict=True)
        for pair in pairs(
            placed(near.left, *stretch), placed(near.right, *stretch), near.within, most=formula.most_counted
        )
    ]
    if not found:
        return []
    field = found[0][0]
    spans = tuple(span[:2] for place, pair in found for span in pair if place == field)
    points = formula.near_points(weight, field, len(found), reading.body_length)
    return [Part(_pair_names([pair for _, pair in found]), field, len(found), points, spans, weight > 0)]


def _pair_names(found: Sequence[Pair]) -> str:
    """Each different pair of terms once, as far as they fit."""
    names = list(dict.fromkeys(f"{one[2]} … {other[2]}" for one, other in found))
    return ", ".join(names[:_PAIRS_NAMED]) + (f", {len(names) - _PAIRS_NAMED} more" * (len(names) > _PAIRS_NAMED))


def _occurs(side: tuple[Leaf, ...], reading: IndexedEntry) -> bool:
    stands = reading.words.stands
    for leaf in side:
        for pattern in leaf.patterns:
            if stands(pattern):
                return True
    return False


def _query_parts(
    topic: Topic, query: Expression, reading: IndexedEntry, formula: Formula, *, weighted: bool
) -> list[Part]:
    if not holds(query, reading):
        return []
    shown: list[Part] = []
    for leaf in positive_leaves(query):
        for (words, begin, end), field in zip(text_stretches(reading), (TITLE, BODY), strict=True):
            spans = tuple((start, stop) for start, stop, _ in placed((leaf,), words, begin, end))
            weight = leaf.weight if leaf.weight is not None else _DEFAULT_QUERY_WEIGHT
            if spans and leaf.field in (TEXT, field):
                points = formula.term_points(weight, field, len(spans), reading.body_length)
                strong = formula.is_strong(weight, topic.focus)
                shown.append(Part(leaf.text, field, len(spans), points, spans, strong))
    if weighted:
        return shown
    spans = shown[0].spans if shown else ()
    field = shown[0].field if shown else _WHOLE_QUERY
    return [Part(topic.query or "", field, 1, topic.focus, spans, is_strong=True)]
