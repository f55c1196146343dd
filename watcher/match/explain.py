"""Why an entry matches a topic, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from watcher.match.compile import CompiledTopic
from watcher.match.conditions import holds, what_is_missing
from watcher.match.percolator import Percolator, applies, evidence_of
from watcher.match.scoring import FORMULA, Assessment, assess
from watcher.model.alert import Evidence
from watcher.model.entry import Entry
from watcher.model.topic import Level, Points


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a topic makes of an entry, hit or miss. The parts add up to the score.

    `excluded_by` and `missing` are the conditions that stood in the way, as written in the topic; `to_focus` and
    `to_mention` the points that are still missing, 0 when there are enough. `query_lacks`: below focus, what would make
    the `query` true, which terms may do without. `unread`: characters at the end of a hostile or very long text that no
    topic looks at.
    """

    topic: str
    level: Level
    score: Points
    focus: Points
    parts: tuple[Evidence, ...]
    excluded_by: str | None
    missing: str | None
    to_focus: Points
    to_mention: Points
    query_lacks: str | None = None
    unread: int = 0


def explain(topic: CompiledTopic, entry: Entry, labels: Mapping[str, str] | None = None) -> Explanation:
    """Assesses an entry as the percolator does, and keeps every part, also of a miss."""
    percolator = Percolator([topic])
    indexed = percolator.read(entry, labels)
    assessment = assess(percolator.index, 0, indexed, percolator.candidates(indexed).get(0, {}), percolator.formula)
    query = percolator.index.programs[0].query
    lacks = None
    if query is not None and assessment.level is not Level.FOCUS and not holds(query, indexed):
        lacks = what_is_missing(query, indexed)
    parts = tuple(evidence_of(part, indexed) for part in assessment.parts)
    return _explanation(assessment, parts, labels, lacks, indexed.unread)


def _explanation(
    assessment: Assessment,
    parts: tuple[Evidence, ...],
    labels: Mapping[str, str] | None,
    query_lacks: str | None,
    unread: int,
) -> Explanation:
    topic, score = assessment.topic, assessment.score
    level = assessment.level
    missing = assessment.missing if level is Level.NONE else None
    if not applies(topic, labels):
        wanted = ", ".join(f"{name}: {value}" for name, value in topic.feeds.items())
        level, missing = Level.NONE, f"a feed with the labels {{{wanted}}}"
    return Explanation(
        topic=topic.name,
        level=level,
        score=score,
        focus=topic.focus,
        parts=parts,
        excluded_by=assessment.excluded_by,
        missing=missing,
        to_focus=max(0, topic.focus - score),
        to_mention=max(0, ceil(FORMULA.nearly * topic.focus) - score) if level is Level.NONE else 0,
        query_lacks=query_lacks,
        unread=unread,
    )


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON values; points are decimal points (7.4), not hundredths."""
    return {
        "topic": explanation.topic,
        "level": explanation.level.value,
        "score": explanation.score / 100,
        "focus": explanation.focus / 100,
        "parts": [evidence_json(part) for part in explanation.parts],
        "excluded_by": explanation.excluded_by,
        "missing": explanation.missing,
        "query_lacks": explanation.query_lacks,
        "to_focus": explanation.to_focus / 100,
        "to_mention": explanation.to_mention / 100,
        "unread": explanation.unread,
    }


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """One part as JSON values."""
    return {
        "term": evidence.term,
        "field": evidence.field,
        "count": evidence.count,
        "points": evidence.points / 100,
        "text": evidence.text,
        "highlights": [list(highlight) for highlight in evidence.highlights],
    }
