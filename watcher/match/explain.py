"""Why an entry matches a topic, or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from math import ceil
from typing import Any

from watcher.lazy_dataclass import dataclass
from watcher.match.additions import Addition, Proposals, additions
from watcher.match.compile import CompiledTopic
from watcher.match.conditions import holds, what_holds, what_is_missing
from watcher.match.percolator import Percolator, applies, evidence_of
from watcher.match.scoring import FORMULA, Part, assess
from watcher.match.terms import TermProblem, members, parse_member
from watcher.model.alert import Evidence, Match, Opinion, OpinionKind
from watcher.model.entry import Entry
from watcher.model.topic import Level, ListMember, Points, Term, Topic

MOST_PROPOSING = 20
"""Topics for which terms that would bring an entry are looked for, without one being chosen."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a topic makes of an entry, hit or miss. The parts add up to the score.

    `members`: for each part, the words of lists that were found, as written in the lists.
    `required_by`: the part of `require` that is true. `excluded_by` and `missing`: the conditions that stopped the
    entry, as written in the topic. `to_focus` and `to_mention`: the points still missing, 0 when there are enough.
    `query_lacks`: below focus, what would make the `query` true, which terms may do without. `unread`: characters at
    the end of a hostile or very long text that no topic looks at. `opinions`: what was found beside the words, and
    `lifted_by` which of them makes the entry a mention. `from_page`: the text is that of the entry's page.
    `additions`: terms of the entry that would have brought it to a level; only where they were asked for.
    """

    topic: str
    level: Level
    score: Points
    focus: Points
    parts: tuple[Evidence, ...]
    members: tuple[tuple[str, ...], ...]
    required_by: str | None
    excluded_by: str | None
    missing: str | None
    to_focus: Points
    to_mention: Points
    query_lacks: str | None = None
    unread: int = 0
    opinions: tuple[Opinion, ...] = ()
    lifted_by: OpinionKind | None = None
    from_page: bool = False
    additions: tuple[Addition, ...] = ()

    def with_opinions(self, match: Match) -> Explanation:
        """The explanation with what opinions made of its match."""
        return replace(self, level=match.level, opinions=match.opinions, lifted_by=match.lifted_by)


class Explainer:
    """Explains entries for one topic. Building one compiles the topic: keep it for several entries."""

    def __init__(self, topic: CompiledTopic) -> None:
        self._percolator = Percolator([topic])
        self._lists = _ListMembers(topic.topic)

    def explain(
        self, entry: Entry, labels: Mapping[str, str] | None = None, proposals: Proposals = Proposals.NONE
    ) -> Explanation:
        """Assesses an entry as the percolator does, and keeps every part, also of a miss."""
        percolator = self._percolator
        indexed = percolator.read(entry, labels)
        assessment = assess(percolator.index, 0, indexed, percolator.candidates(indexed).get(0, {}), percolator.formula)
        program = percolator.index.programs[0]
        query_lacks = required_by = None
        if program.query is not None and assessment.level is not Level.FOCUS and not holds(program.query, indexed):
            query_lacks = what_is_missing(program.query, indexed)
        if program.require is not None and holds(program.require, indexed):
            required_by = what_holds(program.require, indexed)
        topic, score, level = assessment.topic, assessment.score, assessment.level
        missing = assessment.missing if level is Level.NONE else None
        if not applies(topic, labels):
            wanted = ", ".join(f"{name}: {value}" for name, value in topic.feeds.items())
            level, missing, proposals = Level.NONE, f"a feed with the labels {{{wanted}}}", Proposals.NONE
        return Explanation(
            topic=topic.name,
            level=level,
            score=score,
            focus=topic.focus,
            parts=tuple(evidence_of(part, indexed) for part in assessment.parts),
            members=self._lists.found(assessment.parts, entry, labels),
            required_by=required_by,
            excluded_by=assessment.excluded_by,
            missing=missing,
            to_focus=max(0, topic.focus - score),
            to_mention=max(0, ceil(FORMULA.nearly * topic.focus) - score) if level is Level.NONE else 0,
            query_lacks=query_lacks,
            unread=indexed.unread,
            from_page=entry.from_page,
            additions=additions(percolator, indexed, entry, labels, proposals),
        )


class _ListMembers:
    """The lists of a topic, word by word, so that an explanation can name the word and not only the list."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._compiled: dict[str, tuple[Percolator | None, list[str]]] = {}
        """Those that were found, by name: a percolator, and the word of each of its terms."""

    def found(
        self, parts: Sequence[Part], entry: Entry, labels: Mapping[str, str] | None
    ) -> tuple[tuple[str, ...], ...]:
        """For each part the words of its lists that are at its places."""
        named = [[name for name in self._topic.vocabulary if f"@{name}" in part.term] for part in parts]
        places = {name: self._places(name, entry, labels) for name in dict.fromkeys(chain(*named))}
        return tuple(
            tuple(
                dict.fromkeys(
                    word for name in names for word, spans in places[name] if not spans.isdisjoint(part.spans)
                )
            )
            for part, names in zip(parts, named, strict=True)
        )

    def _places(
        self, name: str, entry: Entry, labels: Mapping[str, str] | None
    ) -> list[tuple[str, frozenset[tuple[int, int]]]]:
        """The words of a list that are in an entry, and where."""
        if name not in self._compiled:
            self._compiled[name] = self._compile(name)
        percolator, words = self._compiled[name]
        if percolator is None:
            return []
        at = percolator.candidates(percolator.read(entry, labels)).get(0, {})
        return [(words[number], frozenset(spans)) for number, spans in sorted(at.items())]

    def _compile(self, name: str) -> tuple[Percolator | None, list[str]]:
        """A topic with each word of a list as a term; None where no word can be used."""
        lists: dict[str, tuple[str | ListMember, ...]] = {}
        words: list[str] = []
        for member in members(name, self._topic.vocabulary):
            if isinstance(member, ListMember) and not isinstance(parse_member(member), TermProblem):
                lists[f"word-{len(lists)}"] = (member,)
                words.append(member.text)
        terms = tuple(Term(f"@{one}", 100) for one in lists)
        topic = replace(_without_conditions(self._topic), terms=terms, vocabulary=lists)
        return (Percolator([topic]) if terms else None), words


def _without_conditions(topic: Topic) -> Topic:
    return replace(topic, near=(), require=None, exclude=None, query=None, packs_require=())


def explain(
    topic: CompiledTopic,
    entry: Entry,
    labels: Mapping[str, str] | None = None,
    proposals: Proposals = Proposals.NONE,
) -> Explanation:
    """Explains one entry; see `Explainer`."""
    return Explainer(topic).explain(entry, labels, proposals)


def explain_all(
    topics: Sequence[CompiledTopic], entry: Entry, labels: Mapping[str, str] | None = None, chosen: str = ""
) -> tuple[Explanation, ...]:
    """Explains one entry for all topics, with terms that would bring it: every one for the topic `chosen`, or where
    there is only one topic; only related ones for the others, and none for more than `MOST_PROPOSING` topics.
    """
    rest = Proposals.RELATED if len(topics) <= MOST_PROPOSING else Proposals.NONE
    wanted = {topic.name: Proposals.ALL if topic.name == chosen or len(topics) == 1 else rest for topic in topics}
    return tuple(explain(topic, entry, labels, wanted[topic.name]) for topic in topics)


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON values; points are decimal points (7.4), not hundredths."""
    return {
        "topic": explanation.topic,
        "level": explanation.level.value,
        "score": explanation.score / 100,
        "focus": explanation.focus / 100,
        "parts": [
            evidence_json(part) | {"members": list(found)}
            for part, found in zip(explanation.parts, explanation.members, strict=True)
        ],
        "required_by": explanation.required_by,
        "excluded_by": explanation.excluded_by,
        "missing": explanation.missing,
        "query_lacks": explanation.query_lacks,
        "to_focus": explanation.to_focus / 100,
        "to_mention": explanation.to_mention / 100,
        "unread": explanation.unread,
        "opinions": [one.facts() for one in explanation.opinions],
        "lifted_by": explanation.lifted_by,
        "full_text": explanation.from_page,
        "would_come_with": [one.facts() for one in explanation.additions],
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
