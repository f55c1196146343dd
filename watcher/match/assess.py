"""The judgement of one topic on one entry: parts, score, level, and what stood in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watcher.match.conditions import holds, placed, text_stretches, what_holds, what_is_missing
from watcher.match.expression import positive_leaves
from watcher.match.index import Index, Program
from watcher.match.pairs import Pair, pairs
from watcher.match.reading import EntryReading, Span
from watcher.match.score import (
    BODY,
    LEAD,
    LEAD_LENGTH,
    MOST_COUNTED,
    TITLE,
    Part,
    is_strong,
    level_of,
    near_points,
    softness,
    term_points,
)
from watcher.model.topic import Level, Points, Topic

_WHOLE_QUERY = "query"
_DEFAULT_QUERY_WEIGHT = 100


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an entry is worth to a topic. `missing` and `excluded_by` are texts of conditions, for a person."""

    topic: Topic
    score: Points
    level: Level
    parts: tuple[Part, ...]
    excluded_by: str | None = None
    missing: str | None = None


def assess(index: Index, number: int, reading: EntryReading, found: Mapping[int, list[Span]]) -> Assessment:
    """Judges topic `number`; `found` has the occurrences of its terms by term number."""
    compiled, program = index.topics[number], index.programs[number]
    topic = compiled.topic
    parts = _term_parts(topic, index.first_term[number], reading, found)
    for near, pair in zip(topic.near, program.near, strict=True):
        parts += _near_parts(
            near.weight,
            [
                pairs(placed(pair.left, *stretch), placed(pair.right, *stretch), pair.within, most=MOST_COUNTED)
                for stretch in text_stretches(reading)
            ],
        )
    if program.query is not None:
        parts += _query_parts(topic, program, reading, weighted=compiled.query_is_weighted)
    score = sum(part.points for part in parts)
    excluded_by = missing = None
    if program.exclude is not None and holds(program.exclude, reading):
        excluded_by = what_holds(program.exclude, reading)
    if program.require is not None and not holds(program.require, reading):
        missing = what_is_missing(program.require, reading)
    stopped = excluded_by is not None or missing is not None
    level = Level.NONE if stopped else level_of(score, topic.focus, parts)
    return Assessment(topic, score, level, tuple(parts), excluded_by, missing)


def _term_parts(topic: Topic, first: int, reading: EntryReading, found: Mapping[int, list[Span]]) -> list[Part]:
    soft = softness(reading.body_length)
    lead_end = reading.body_start + LEAD_LENGTH
    parts: list[Part] = []
    for number, spans in _claimed(topic, first, found).items():
        term = topic.terms[number - first]
        by_field: dict[str, list[Span]] = {}
        for span in spans:
            field = TITLE if span[0] < reading.body_start else LEAD if span[0] < lead_end else BODY
            by_field.setdefault(field, []).append(span)
        parts += (
            Part(
                term.text,
                field,
                len(within),
                term_points(term.weight, field, len(within), soft),
                tuple(within),
                is_strong(term.weight, topic.focus),
            )
            for field, within in by_field.items()
        )
    return parts


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


def _near_parts(weight: Points, by_stretch: list[list[Pair]]) -> list[Part]:
    found = [(field, pair) for field, some in zip((TITLE, BODY), by_stretch, strict=True) for pair in some]
    if not found:
        return []
    field, (one, other) = found[0]
    spans = tuple(span[:2] for place, pair in found if place == field for span in pair)
    return [Part(f"{one[2]} … {other[2]}", field, len(found), near_points(weight, len(found)), spans, weight > 0)]


def _query_parts(topic: Topic, program: Program, reading: EntryReading, *, weighted: bool) -> list[Part]:
    query = program.query
    if query is None or not holds(query, reading):
        return []
    soft = softness(reading.body_length)
    shown: list[Part] = []
    for leaf in positive_leaves(query):
        for (words, begin, end), field in zip(text_stretches(reading), (TITLE, BODY), strict=True):
            spans = tuple((start, stop) for start, stop, _ in placed((leaf,), words, begin, end))
            weight = leaf.weight if leaf.weight is not None else _DEFAULT_QUERY_WEIGHT
            if spans and leaf.field in ("", field):
                points = term_points(weight, field, len(spans), soft)
                shown.append(Part(leaf.text, field, len(spans), points, spans, is_strong(weight, topic.focus)))
    if weighted:
        return shown
    spans = shown[0].spans if shown else ()
    field = shown[0].field if shown else _WHOLE_QUERY
    return [Part(topic.query or "", field, 1, topic.focus, spans, True)]
