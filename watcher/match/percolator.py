"""The percolator: a new entry against all topics at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from watcher.match.compile import CompiledTopic, compile_topic, compile_topics
from watcher.match.entry_index import IndexedEntry
from watcher.match.evidence import evidence_of
from watcher.match.index import Index, Pattern
from watcher.match.scan import Span
from watcher.match.score import FORMULA, Formula
from watcher.match.scoring import Assessment, assess, assess_if_reached
from watcher.match.token_cache import TokenCache
from watcher.model.alert import Match
from watcher.model.entry import Entry
from watcher.model.topic import Topic

__all__ = ["CompiledTopic", "Percolator", "compile_topics"]


class Percolator:
    """Holds a set of topics ready. Safe to share between threads once built.

    Raises ValueError when a raw `Topic` does not compile; `compile_topics` tells the problems as values.
    """

    def __init__(self, topics: Sequence[Topic | CompiledTopic], *, formula: Formula = FORMULA) -> None:
        self.formula = formula
        self.index = Index([_compiled(topic) for topic in topics])
        self._memories = (TokenCache(self.index, capitals=False), TokenCache(self.index, capitals=True))

    def percolate(self, entry: Entry, labels: Mapping[str, str] | None = None) -> list[Match]:
        """The topics that the entry reaches a level of, in the order of the configuration.

        `labels` are the feed's, plus `feed` (title), `feed_url` and `language`. None means that nothing
        is known of the feed: then `feeds:` of a topic does not restrict.
        """
        reading = self.read(entry, labels)
        index = self.index
        found = self.candidates(reading)
        judged = (
            assess_if_reached(index, number, reading, found[number], self.formula)
            for number in sorted(found)
            if applies(index.topics[number].topic, labels)
        )
        return [match_of(assessment, reading) for assessment in judged if assessment is not None]

    def read(self, entry: Entry, labels: Mapping[str, str] | None = None) -> IndexedEntry:
        """The entry as all topics see it."""
        return IndexedEntry(self.index, self._memories, entry, labels)

    def assessments(self, reading: IndexedEntry, labels: Mapping[str, str] | None = None) -> list[Assessment]:
        """The judgement of every topic that has any of its words in the entry."""
        index = self.index
        found = self.candidates(reading)
        return [
            assess(index, number, reading, found[number], self.formula)
            for number in sorted(found)
            if applies(index.topics[number].topic, labels)
        ]

    def candidates(self, reading: IndexedEntry) -> dict[int, dict[int, list[Span]]]:
        """Topic number → term number → where the term stands."""
        index, words = self.index, reading.words
        found: dict[int, dict[int, list[Span]]] = {number: {} for number in index.always}
        for slot in index.starters.intersection(words.singles):
            self._add(found, slot, index.terms_of_slot[slot], reading)
        for phrase in words.phrases():
            self._add(found, ~phrase, index.terms_of_phrase[phrase], reading)
        return found

    def _add(
        self, found: dict[int, dict[int, list[Span]]], pattern: Pattern, terms: Iterable[int], reading: IndexedEntry
    ) -> None:
        spans = reading.words.occurrences(pattern) if terms else []
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


def match_of(assessment: Assessment, reading: IndexedEntry) -> Match:
    """An assessment as it leaves this room, with its evidence."""
    topic = assessment.topic
    evidence = tuple(evidence_of(part, reading) for part in assessment.parts)
    return Match(topic.name, assessment.score, assessment.level, topic.focus, evidence)


def _compiled(topic: Topic | CompiledTopic) -> CompiledTopic:
    if isinstance(topic, CompiledTopic):
        return topic
    result = compile_topic(topic)
    if isinstance(result, CompiledTopic):
        return result
    raise ValueError("; ".join(f"{topic.name}: {problem.path}: {problem.message}" for problem in result))
