"""The percolator: a new entry against all topics at once.

An entry is indexed (`entry_index`, word by word through `token_cache`), the index names the candidate topics,
`scoring` assesses each of them, and what reaches a level becomes a match with its evidence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from watcher.match.compile import CompiledTopic, compile_topic, compile_topics
from watcher.match.conditions import holds
from watcher.match.entry_index import IndexedEntry, Span
from watcher.match.reached import Pattern
from watcher.match.scoring import FORMULA, TITLE, Assessment, Formula, Part, assess, assess_if_reached
from watcher.match.token_cache import TokenCaches
from watcher.match.topic_index import Index
from watcher.model.alert import Evidence, Match
from watcher.model.entry import Entry
from watcher.model.topic import Level, Topic

__all__ = ["CompiledTopic", "Percolator", "compile_topics"]

_BEFORE, _AFTER = 80, 120
"""Characters shown around the first occurrence."""
_ELLIPSIS = "…"
_SPACE = re.compile(r"\s")


class Percolator:
    """Holds a set of topics ready. Safe to share between threads once built.

    Raises ValueError when a raw `Topic` does not compile; `compile_topics` returns the problems as values.
    """

    def __init__(self, topics: Sequence[Topic | CompiledTopic], *, formula: Formula = FORMULA) -> None:
        self.formula = formula
        self.index = Index([_compiled(topic) for topic in topics])
        self._caches = TokenCaches(self.index)

    def percolate(self, entry: Entry, labels: Mapping[str, str] | None = None) -> list[Match]:
        """The topics that the entry reaches a level of, in the order of the configuration.

        `labels` are the feed's, plus `feed` (title), `feed_url` and `language`. None means that nothing
        is known of the feed: then `feeds:` of a topic does not restrict.
        """
        indexed = self.read(entry, labels)
        index = self.index
        found = self.candidates(indexed)
        reached = (
            assess_if_reached(index, number, indexed, found[number], self.formula)
            for number in sorted(found)
            if applies(index.topics[number].topic, labels)
        )
        return [match_of(assessment, indexed) for assessment in reached if assessment is not None]

    def read(self, entry: Entry, labels: Mapping[str, str] | None = None) -> IndexedEntry:
        """The entry as all topics see it."""
        return IndexedEntry(self.index, self._caches, entry, labels)

    def assessments(self, indexed: IndexedEntry, labels: Mapping[str, str] | None = None) -> list[Assessment]:
        """The assessment of every topic that has any of its words in the entry."""
        index = self.index
        found = self.candidates(indexed)
        return [
            assess(index, number, indexed, found[number], self.formula)
            for number in sorted(found)
            if applies(index.topics[number].topic, labels)
        ]

    def undecided(self, entry: Entry, names: Collection[str], labels: Mapping[str, str] | None = None) -> list[Match]:
        """What an opinion beside the words may add to: mentions, and topics without a level if nothing is against it.

        Such a topic (one of `names`) applies to the feed, has no negative score, excludes nothing of the entry, and
        what it requires itself is there; what its packs require may be missing.
        """
        indexed = self.read(entry, labels)
        found = self.candidates(indexed)
        matches = []
        for number, compiled in enumerate(self.index.topics):
            if compiled.name not in names or not applies(compiled.topic, labels):
                continue
            assessment = assess(self.index, number, indexed, found.get(number, {}), self.formula)
            own = self.index.programs[number].own_require
            is_open = assessment.score >= 0 and assessment.excluded_by is None and (own is None or holds(own, indexed))
            if assessment.level is Level.MENTION or (assessment.level is Level.NONE and is_open):
                matches.append(match_of(assessment, indexed))
        return matches

    def is_near_miss(self, entry: Entry, labels: Mapping[str, str] | None = None) -> bool:
        """Whether more of the entry's text could raise its level for some topic: a mention, or points without a level
        that nothing excludes.
        """
        return any(
            found.level is Level.MENTION
            or (found.level is Level.NONE and found.score > 0 and found.excluded_by is None)
            for found in self.assessments(self.read(entry, labels), labels)
        )

    def candidates(self, indexed: IndexedEntry) -> dict[int, dict[int, list[Span]]]:
        """Topic number → term number → where the term occurs."""
        index, words = self.index, indexed.words
        found: dict[int, dict[int, list[Span]]] = {number: {} for number in index.always}
        for slot in index.starters.intersection(words.singles):
            self._add(found, slot, index.terms_of_slot[slot], indexed)
        for phrase in words.phrases():
            self._add(found, ~phrase, index.terms_of_phrase[phrase], indexed)
        return found

    def _add(
        self, found: dict[int, dict[int, list[Span]]], pattern: Pattern, terms: Iterable[int], indexed: IndexedEntry
    ) -> None:
        spans = indexed.words.occurrences(pattern) if terms else []
        if not spans:
            return
        topic_of_term, first_term = self.index.topic_of_term, self.index.first_term
        for term in terms:
            topic = topic_of_term[term]
            known = found.setdefault(topic, {})
            if term + 1 < first_term[topic + 1]:
                known[term] = [*known[term], *spans] if term in known else spans


def applies(topic: Topic, labels: Mapping[str, str] | None) -> bool:
    """Whether a topic wants entries of a feed with these labels."""
    if not topic.feeds or labels is None:
        return True
    return all(labels.get(name, "") == value for name, value in topic.feeds.items())


def match_of(assessment: Assessment, indexed: IndexedEntry) -> Match:
    """An assessment with its evidence, as it leaves the package."""
    topic = assessment.topic
    evidence = tuple(evidence_of(part, indexed) for part in assessment.parts)
    return Match(topic.name, assessment.score, assessment.level, topic.focus, evidence)


def _compiled(topic: Topic | CompiledTopic) -> CompiledTopic:
    if isinstance(topic, CompiledTopic):
        return topic
    result = compile_topic(topic)
    if isinstance(result, CompiledTopic):
        return result
    raise ValueError("; ".join(f"{topic.name}: {problem.path}: {problem.message}" for problem in result))


def evidence_of(part: Part, indexed: IndexedEntry) -> Evidence:
    """A part with its passage and the character ranges of its words inside the passage."""
    if not part.spans:
        return Evidence(part.term, part.field, part.count, part.points)
    if part.field == TITLE:
        text, places, base = indexed.title, indexed.title_offsets, 0
    else:
        text, places, base = indexed.body, indexed.body_offsets, indexed.body_start
    spans = sorted([(start - base, end - base - 1) for start, end in part.spans if start >= base])
    passage, highlights = _passage(text, (places.characters(first, last) for first, last in spans))
    return Evidence(part.term, part.field, part.count, part.points, passage, highlights)


def _passage(text: str, ranges: Iterator[Span]) -> tuple[str, tuple[Span, ...]]:
    """The text around the first of the ranges, and those of them that are in it."""
    first_start, first_end = first = next(ranges)
    start = _word_start(text, first_start - _BEFORE, first_start)
    end = _word_end(text, first_end + _AFTER, first_end)
    shown = [first, *takewhile(lambda place: place[1] <= end, ranges)]
    head = _ELLIPSIS if start > 0 else ""
    tail = _ELLIPSIS if end < len(text) else ""
    shift = len(head) - start
    marked = tuple((low + shift, high + shift) for low, high in shown)
    return f"{head}{_one_line(text[start:end])}{tail}", marked


def _one_line(text: str) -> str:
    """Line ends and tabs as spaces; the length stays, so that the marks stay right."""
    return text if text.isprintable() else _SPACE.sub(" ", text)


def _word_start(text: str, at: int, latest: int) -> int:
    if at <= 0:
        return 0
    space = text.find(" ", at, latest)
    return space + 1 if space >= 0 else at


def _word_end(text: str, at: int, earliest: int) -> int:
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", earliest, at)
    return space if space >= 0 else at
