"""How well topics find what a person judged relevant: precision, recall, F1, average precision."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watcher.lazy_dataclass import dataclass
from watcher.match.compile import CompiledTopic
from watcher.match.percolator import Percolator
from watcher.match.scoring import FORMULA, Assessment, Formula
from watcher.model.entry import Entry, joined_texts
from watcher.model.topic import Level, Points, Topic

_TEXTS = ("id", "title", "content")


@dataclass(frozen=True, slots=True)
class JudgedEntry:
    """An entry and what a person said of it: topic → relevant, not relevant, or None for not judged."""

    entry: Entry
    labels: Mapping[str, bool | None]


@dataclass(frozen=True, slots=True)
class JudgedProblem:
    """Why a line is not a judged entry."""

    message: str


@dataclass(frozen=True, slots=True)
class TopicQuality:
    """Shares between 0 and 1, at focus and at any level; `relevant` and `found` (at focus) count entries."""

    precision: float
    recall: float
    f1: float
    average_precision: float
    relevant: int = 0
    found: int = 0
    any_precision: float = 0.0
    any_recall: float = 0.0


@dataclass(frozen=True, slots=True)
class EntryScore:
    """What one entry was worth to one topic; an excluded entry ranks as 0."""

    id: str
    topic: str
    score: Points
    level: Level


@dataclass(frozen=True, slots=True)
class Quality:
    """Per topic in the order given, their mean, and every single score."""

    topics: Mapping[str, TopicQuality]
    macro: TopicQuality
    scores: tuple[EntryScore, ...]


def evaluate(
    judged: Iterable[JudgedEntry],
    topics: Sequence[Topic | CompiledTopic],
    *,
    formula: Formula = FORMULA,
    lifted: Collection[tuple[str, str]] = (),
) -> Quality:
    """Scores every entry by every topic; positive means focus. Topics that nobody judged are left out.

    `lifted` are entries (id) and topics (name) that are mentions by an opinion beside the words.
    """
    percolator = Percolator(topics, formula=formula)
    names = [compiled.name for compiled in percolator.index.topics]
    rows: list[tuple[JudgedEntry, dict[str, Assessment]]] = []
    for one in judged:
        found = percolator.assessments(percolator.read(one.entry, None))
        rows.append((one, {assessment.topic.name: assessment for assessment in found}))
    scores = tuple(_score(one.entry.id, name, found.get(name), lifted) for one, found in rows for name in names)
    by_topic: dict[str, list[tuple[EntryScore, bool]]] = {name: [] for name in names}
    for number, score in enumerate(scores):
        truth = rows[number // len(names)][0].labels.get(score.topic)
        if truth is not None:
            by_topic[score.topic].append((score, truth))
    qualities = {name: quality_of(judged_scores) for name, judged_scores in by_topic.items() if judged_scores}
    return Quality(qualities, _mean(list(qualities.values())), scores)


def quality_of(judged: Sequence[tuple[EntryScore, bool]]) -> TopicQuality:
    """Precision and recall at the topic's own threshold, average precision over the ranking."""
    found = sum(score.level is Level.FOCUS for score, _ in judged)
    relevant = sum(truth for _, truth in judged)
    right = sum(truth and score.level is Level.FOCUS for score, truth in judged)
    precision = right / found if found else 0.0
    recall = right / relevant if relevant else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    ranking = [(score.score, truth) for score, truth in judged]
    any_level = [truth for score, truth in judged if score.level is not Level.NONE]
    any_precision = sum(any_level) / len(any_level) if any_level else 0.0
    any_recall = sum(any_level) / relevant if relevant else 0.0
    average = average_precision(ranking)
    return TopicQuality(precision, recall, f1, average, relevant, found, any_precision, any_recall)


def average_precision(ranking: Iterable[tuple[float, bool]]) -> float:
    """The mean precision at the relevant entries of a ranking by score; entries of one score share a rank."""
    groups: dict[float, list[bool]] = {}
    for score, truth in ranking:
        groups.setdefault(score, []).append(truth)
    seen = right = 0
    total = 0.0
    for score in sorted(groups, reverse=True):
        seen += len(groups[score])
        right += sum(groups[score])
        total += sum(groups[score]) * right / seen
    return total / right if right else 0.0


def read_judged(line: str) -> JudgedEntry | JudgedProblem:
    """One line of JSON as a judged entry: id, title, content, labels; language and published if known."""
    try:
        row = json.loads(line)
    except ValueError as error:
        return JudgedProblem(f"is not JSON ({error}); each line is one object")
    problem = _problem_of_row(row)
    if problem is not None:
        return JudgedProblem(problem)
    published = _read_time(row.get("published"))
    if isinstance(published, JudgedProblem):
        return published
    text = {key: row.get(key, "") for key in _TEXTS}
    return JudgedEntry(Entry(link="", published=published, language=row.get("language"), **text), row["labels"])


def judged_line(name: str, entry: Entry, topic: str, *, is_relevant: bool) -> str:
    """A judged entry as `read_judged` reads it. In ASCII: no character of a text is taken for the end of a line."""
    row = {
        "id": name,
        "title": entry.title,
        "content": joined_texts(entry.summary, entry.content),
        "language": entry.language,
        "published": entry.published.isoformat() if entry.published else None,
        "labels": {topic: is_relevant},
    }
    return json.dumps(row)


def _problem_of_row(row: object) -> str | None:
    if not isinstance(row, dict):
        return "is not an object; write {…} with id, title, content and labels"
    for key in _TEXTS:
        if not isinstance(row.get(key, "" if key == "content" else None), str):
            return f'has no text "{key}"; id and title are texts, content too where there is one'
    labels = row.get("labels")
    if not isinstance(labels, dict) or any(truth not in (True, False, None) for truth in labels.values()):
        return 'has no "labels"; write "labels": {"TOPIC": true}, or false, or null where nobody judged'
    if not isinstance(row.get("language", ""), str | None):
        return '"language" is a text like "en", or absent'
    return None


def quality_json(quality: Quality) -> dict[str, Any]:
    """Topics and their mean as JSON values."""
    return {
        "topics": {
            name: _shares(topic) | {"relevant": topic.relevant, "found": topic.found}
            for name, topic in quality.topics.items()
        },
        "macro": _shares(quality.macro),
        "any_level": {
            name: {"precision": one.any_precision, "recall": one.any_recall}
            for name, one in (*quality.topics.items(), ("macro", quality.macro))
        },
    }


def score_json(score: EntryScore) -> dict[str, Any]:
    """One score as JSON values, in decimal points."""
    return {"id": score.id, "topic": score.topic, "score": score.score / 100, "level": score.level.value}


def _score(entry_id: str, topic: str, assessment: Assessment | None, lifted: Collection[tuple[str, str]]) -> EntryScore:
    if (entry_id, topic) in lifted:
        return EntryScore(entry_id, topic, assessment.score if assessment is not None else 0, Level.MENTION)
    if assessment is None or assessment.excluded_by is not None or assessment.missing is not None:
        return EntryScore(entry_id, topic, 0, Level.NONE)
    return EntryScore(entry_id, topic, assessment.score, assessment.level)


def _mean(qualities: Sequence[TopicQuality]) -> TopicQuality:
    count = len(qualities) or 1
    return TopicQuality(
        sum(quality.precision for quality in qualities) / count,
        sum(quality.recall for quality in qualities) / count,
        sum(quality.f1 for quality in qualities) / count,
        sum(quality.average_precision for quality in qualities) / count,
        sum(quality.relevant for quality in qualities),
        sum(quality.found for quality in qualities),
        sum(quality.any_precision for quality in qualities) / count,
        sum(quality.any_recall for quality in qualities) / count,
    )


def _shares(quality: TopicQuality) -> dict[str, float]:
    return {
        "precision": quality.precision,
        "recall": quality.recall,
        "f1": quality.f1,
        "average_precision": quality.average_precision,
    }


def _read_time(value: object) -> datetime | JudgedProblem | None:
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return JudgedProblem('"published" is a time like 2026-01-24T07:00:00Z, or absent')
    return time if time.tzinfo else time.replace(tzinfo=UTC)
