"""The index: all words of all topics, so that an entry finds its candidate topics by its own words.

Numbers everywhere: a *slot* is a word in the lexicon, a *pattern* a phrase of slots shared by all topics
that write it, a *term number* a term of one topic (each topic's last number is its *trigger*: seen
something that may satisfy `near` or `query`). Lists of numbers lie in flat arrays with an array of
beginnings beside them, because ten thousand topics have some 400,000 terms.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from watcher.match.compile import CompiledTopic
from watcher.match.expression import Expression, Leaf, Together, leaves, map_leaves, needed_leaves
from watcher.match.lexicon import Dialect, Lexicon
from watcher.match.terms import Phrase, TermProblem, parse_term
from watcher.text.stems import STEMMED_LANGUAGES

NO_SLOT = 0


@dataclass(frozen=True, slots=True)
class Program:
    """What a topic asks beyond its terms, bound to patterns."""

    near: tuple[Together, ...] = ()
    require: Expression | None = None
    exclude: Expression | None = None
    query: Expression | None = None


PLAIN = Program()


class Flat:
    """Lists of numbers, one per key 0 … n, in two arrays."""

    def __init__(self, pairs_by_key: Iterable[tuple[int, int]], keys: int) -> None:
        pairs = list(pairs_by_key)
        first = array("I", bytes(4 * (keys + 1)))
        for key, _ in pairs:
            first[key + 1] += 1
        for key in range(keys):
            first[key + 1] += first[key]
        values = array("I", bytes(4 * len(pairs)))
        place = array("I", first)
        for key, value in pairs:
            values[place[key]] = value
            place[key] += 1
        self.first = first
        self.values = values

    def __getitem__(self, key: int) -> array[int]:
        return self.values[self.first[key] : self.first[key + 1]]


class Index:
    """Everything about a set of topics that does not change from entry to entry."""

    def __init__(self, topics: Sequence[CompiledTopic]) -> None:
        self.topics = tuple(topics)
        self.lexicon = Lexicon()
        self._pattern_numbers: dict[tuple[int, ...], int] = {}
        self.pattern_slots = array("I")
        self.pattern_first = array("I", [0])
        self.first_term = array("I")
        self.topic_of_term = array("I")
        self.programs: list[Program] = []
        postings: list[tuple[int, int]] = []
        for number, compiled in enumerate(self.topics):
            self._add(number, compiled, postings)
        self.first_term.append(len(self.topic_of_term))
        self.postings = Flat(postings, len(self._pattern_numbers))
        self._anchor(sorted({pattern for pattern, _ in postings}))
        self._pattern_numbers = {}
        self.lexicon.close()

    def slots(self, pattern: int) -> array[int]:
        """The slots of a pattern, in the order of its words."""
        return self.pattern_slots[self.pattern_first[pattern] : self.pattern_first[pattern + 1]]

    def _add(self, number: int, compiled: CompiledTopic, postings: list[tuple[int, int]]) -> None:
        topic = compiled.topic
        spoken = tuple(language for language in topic.languages if language in STEMMED_LANGUAGES)
        dialect: Dialect = (spoken, topic.arabic_prefixes)
        self.first_term.append(len(self.topic_of_term))
        for term in topic.terms:
            parsed = parse_term(term.text, topic.vocabulary)
            if isinstance(parsed, TermProblem):
                raise ValueError(f'topic {topic.name}: "{term.text}" {parsed.message}')
            for phrase in parsed:
                postings.append((self._pattern(phrase, dialect), len(self.topic_of_term)))
            self.topic_of_term.append(number)
        program = self._bind(compiled, dialect)
        self.programs.append(program)
        for leaf in _triggers(program):
            postings += ((pattern, len(self.topic_of_term)) for pattern in leaf.patterns)
        self.topic_of_term.append(number)

    def _bind(self, compiled: CompiledTopic, dialect: Dialect) -> Program:
        def bound(leaf: Leaf) -> Leaf:
            return replace(leaf, patterns=tuple(self._pattern(phrase, dialect) for phrase in leaf.phrases))

        def bind(expression: Expression | None) -> Expression | None:
            return None if expression is None else map_leaves(expression, bound)

        if not (compiled.near or compiled.require or compiled.exclude or compiled.query):
            return PLAIN
        near = tuple(
            replace(pair, left=tuple(map(bound, pair.left)), right=tuple(map(bound, pair.right)))
            for pair in compiled.near
        )
        return Program(near, bind(compiled.require), bind(compiled.exclude), bind(compiled.query))

    def _pattern(self, phrase: Phrase, dialect: Dialect) -> int:
        slots = tuple([self.lexicon.slot(word, dialect) for word in phrase])
        known = self._pattern_numbers.get(slots)
        if known is None:
            known = self._pattern_numbers[slots] = len(self._pattern_numbers)
            self.pattern_slots.extend(slots)
            self.pattern_first.append(len(self.pattern_slots))
        return known

    def _anchor(self, patterns: Sequence[int]) -> None:
        """Each pattern waits at its rarest word, and looks for its next rarest before anything else."""
        frequency = array("I", bytes(4 * (len(self.lexicon) + 1)))
        for pattern in patterns:
            for slot in self.slots(pattern):
                frequency[slot] += 1
        self.mates = array("I", bytes(4 * len(self._pattern_numbers)))
        anchors: list[tuple[int, int]] = []
        for pattern in patterns:
            slots = self.slots(pattern)
            if len(slots) > 1:
                by_rarity = sorted(slots, key=frequency.__getitem__)
                anchors.append((by_rarity[0], pattern))
                self.mates[pattern] = by_rarity[1]
            else:
                anchors.append((slots[0], pattern))
        self.anchored = Flat(anchors, len(self.lexicon) + 1)


def _triggers(program: Program) -> list[Leaf]:
    """Words that make a topic a candidate although none of its terms may be there."""
    found = [leaf for pair in program.near for leaf in min((pair.left, pair.right), key=_size)]
    if program.query is not None:
        found += needed_leaves(program.query) or ()
        found += (leaf for leaf in leaves(program.query) if leaf.weight is not None)
    return found


def _size(side: tuple[Leaf, ...]) -> int:
    return sum(len(leaf.patterns) for leaf in side)
