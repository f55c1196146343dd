"""The index: all words of all topics, so that an entry finds its candidate topics by its own words.

Numbers everywhere: a *slot* is a word in the lexicon, a *pattern* a phrase of slots shared by all topics
that write it, a *term number* a term of one topic (each topic's last number is its *trigger*: seen
something that may satisfy `near` or `query`). Lists of numbers lie in flat arrays with an array of
beginnings beside them, because ten thousand topics have some 400,000 terms.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import prod

from watcher.match.compile import CompiledTopic
from watcher.match.expression import Expression, Leaf, Together, map_leaves, needed_leaves
from watcher.match.lexicon import Lexicon, Slots
from watcher.match.terms import Phrase, TermProblem, parse_term, plain_phrase
from watcher.model.topic import Topic
from watcher.text.stems import STEMMED_LANGUAGES


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
        self.always: list[int] = []
        """Topics whose query may be true of any text, such as `author:Smith`."""
        postings: list[tuple[int, int]] = []
        for number, compiled in enumerate(self.topics):
            self._add(number, compiled, postings)
        self.first_term.append(len(self.topic_of_term))
        frequency = self._frequencies()
        self._trigger(frequency, postings)
        self.postings = Flat(postings, len(self._pattern_numbers))
        self._anchor(sorted({pattern for pattern, _ in postings}), frequency)
        self._pattern_numbers = {}
        self.lexicon.close()

    def slots(self, pattern: int) -> array[int]:
        """The slots of a pattern, in the order of its words."""
        return self.pattern_slots[self.pattern_first[pattern] : self.pattern_first[pattern + 1]]

    def _add(self, number: int, compiled: CompiledTopic, postings: list[tuple[int, int]]) -> None:
        topic = compiled.topic
        spoken = tuple(language for language in topic.languages if language in STEMMED_LANGUAGES)
        slots = self.lexicon.slots((spoken, topic.arabic_prefixes))
        self.first_term.append(len(self.topic_of_term))
        for term in topic.terms:
            plain = plain_phrase(term.text)
            for phrase in (plain,) if plain is not None else _phrases(term.text, topic):
                postings.append((self._pattern(phrase, slots), len(self.topic_of_term)))
            self.topic_of_term.append(number)
        self.programs.append(self._bind(compiled, slots))
        self.topic_of_term.append(number)

    def _bind(self, compiled: CompiledTopic, words: Slots) -> Program:
        def bound(leaf: Leaf) -> Leaf:
            return replace(leaf, patterns=tuple(self._pattern(phrase, words) for phrase in leaf.phrases))

        def bind(expression: Expression | None) -> Expression | None:
            return None if expression is None else map_leaves(expression, bound)

        if not (compiled.near or compiled.require or compiled.exclude or compiled.query):
            return PLAIN
        near = tuple(
            replace(pair, left=tuple(map(bound, pair.left)), right=tuple(map(bound, pair.right)))
            for pair in compiled.near
        )
        return Program(near, bind(compiled.require), bind(compiled.exclude), bind(compiled.query))

    def _pattern(self, phrase: Phrase, words: Slots) -> int:
        slots = tuple([words[word] for word in phrase])
        known = self._pattern_numbers.get(slots)
        if known is None:
            known = self._pattern_numbers[slots] = len(self._pattern_numbers)
            self.pattern_slots.extend(slots)
            self.pattern_first.append(len(self.pattern_slots))
        return known

    def _frequencies(self) -> array[int]:
        """How many patterns have a slot: what many topics write is taken to be common in texts, too."""
        frequency = array("I", bytes(4 * (len(self.lexicon) + 1)))
        for slot in self.pattern_slots:
            frequency[slot] += 1
        return frequency

    def _trigger(self, frequency: array[int], postings: list[tuple[int, int]]) -> None:
        """Words that make a topic a candidate although none of its terms may be there."""

        def commonness(side: tuple[Leaf, ...]) -> float:
            return sum(self._commonness(pattern, frequency) for leaf in side for pattern in leaf.patterns)

        for number, program in enumerate(self.programs):
            found = [leaf for pair in program.near for leaf in min((pair.left, pair.right), key=commonness)]
            needed = () if program.query is None else needed_leaves(program.query)
            if needed is None:
                self.always.append(number)
            found += needed or ()
            trigger = self.first_term[number + 1] - 1
            postings += ((pattern, trigger) for leaf in found for pattern in leaf.patterns)

    def _commonness(self, pattern: int, frequency: array[int]) -> float:
        return prod(frequency[slot] / len(self.pattern_slots) for slot in self.slots(pattern))

    def _anchor(self, patterns: Sequence[int], frequency: array[int]) -> None:
        """A pattern of one word waits at its slot, a longer one at its rarest two neighbours."""
        singles: list[tuple[int, int]] = []
        neighbours: list[int] = []
        all_slots, first_slot = self.pattern_slots, self.pattern_first
        for pattern in patterns:
            at, end = first_slot[pattern], first_slot[pattern + 1]
            if end - at == 1:
                singles.append((all_slots[at], pattern))
                continue
            if end - at > 2:
                at = min(
                    range(at, end - 1), key=lambda left: frequency[all_slots[left]] * frequency[all_slots[left + 1]]
                )
            neighbours.append((neighbour_key(all_slots[at], all_slots[at + 1]) << 32) | pattern)
        neighbours.sort()
        self.singles = Flat(singles, len(self.lexicon) + 1)
        self.neighbour_keys = array("Q", (both >> 32 for both in neighbours))
        self.neighbour_patterns = array("I", (both & 0xFFFFFFFF for both in neighbours))
        self.followers, self.is_right = self._followers()

    def _followers(self) -> tuple[dict[int, frozenset[int]], bytearray]:
        """Slot → slots that may follow; whether a slot does. The numbers are shared, because there are many."""
        numbers = list(range(len(self.lexicon) + 1))
        is_right = bytearray(len(numbers))
        followers: dict[int, frozenset[int]] = {}
        for left, keys in groupby(self.neighbour_keys, key=lambda key: key >> 32):
            rights = frozenset([numbers[key & 0xFFFFFFFF] for key in keys])
            followers[numbers[left]] = rights
            for right in rights:
                is_right[right] = 1
        return followers, is_right

    def patterns_at(self, key: int) -> array[int]:
        """The patterns that wait for two neighbouring slots."""
        keys = self.neighbour_keys
        first = last = bisect_left(keys, key)
        while last < len(keys) and keys[last] == key:
            last += 1
        return self.neighbour_patterns[first:last]


def _phrases(text: str, topic: Topic) -> tuple[Phrase, ...]:
    parsed = parse_term(text, topic.vocabulary)
    if isinstance(parsed, TermProblem):
        raise ValueError(f'topic {topic.name}: "{text}" {parsed.message}')
    return parsed


def neighbour_key(left: int, right: int) -> int:
    """One number for two slots that follow one another."""
    return left << 32 | right
