"""The index: all words of all topics, so that an entry finds its candidate topics by its own words.

Numbers everywhere: a *slot* is a word in the lexicon. A *pattern* is what a term or a condition looks for: the slot
itself for a single word, and ~n for *phrase* n, two or more slots in a row; all topics that write it share it. A
*term number* is a term of one topic (each topic's last number is its *trigger*: seen something that may satisfy
`near` or `query`). Lists of numbers lie in flat arrays with an array of beginnings beside them, because ten thousand
topics have some 400,000 terms.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, groupby
from math import prod
from typing import NamedTuple

from watcher.lazy_dataclass import dataclass
from watcher.match.compile import CompiledTopic
from watcher.match.expression import Expression, Leaf, NearPair, map_leaves, needed_leaves, patterns_of
from watcher.match.lexicon import Dialect, Lexicon, Slots
from watcher.match.reached import LongLists, Pattern
from watcher.match.spelling import Words
from watcher.match.terms import Phrase, TermProblem, parse_term, plain_phrases
from watcher.model.topic import NO_LANGUAGE, Topic
from watcher.text.stems import STEMMED_LANGUAGES


@dataclass(frozen=True, slots=True)
class Program:
    """What a topic asks beyond its terms, bound to patterns."""

    near: tuple[NearPair, ...] = ()
    require: Expression | None = None
    exclude: Expression | None = None
    query: Expression | None = None
    own_require: Expression | None = None
    sides: tuple[tuple[frozenset[Pattern], ...], ...] = ()
    """Of each pair of `near` what must occur, the smallest first: where it does not the others are not looked for."""


PLAIN = Program()


class Flat:
    """Lists of numbers, one per key 0 … n-1, in two arrays.

    `both` has key << 32 | value for every number of every list; it is sorted in place.
    """

    def __init__(self, both: list[int], keys: int) -> None:
        both.sort()
        counts = array("I", bytes(4 * (keys + 1)))
        for one in both:
            counts[(one >> 32) + 1] += 1
        self.first = array("I", accumulate(counts))
        self.values = array("I", [one & 0xFFFFFFFF for one in both])

    def __getitem__(self, key: int) -> array[int]:
        return self.values[self.first[key] : self.first[key + 1]]


class Neighbours(NamedTuple):
    """Which phrases wait for which two neighbours: `numbers` by `keys`, which are sorted, and their `thirds`."""

    keys: array[int]
    numbers: array[int]
    thirds: array[int]


class Phrases:
    """The phrases of all topics: their slots, and at which two neighbours of its own each one waits."""

    def __init__(self) -> None:
        self._numbers: dict[int | tuple[int, ...], Pattern] = {}
        self._slots = array("I")
        self._first = array("I", [0])
        self.anchors = bytearray()
        """Which word of each phrase is the first of its two rarest neighbours."""
        self.keys = array("Q")
        """The key of these two."""
        self.thirds = array("i")
        """Which slot must stand beside them too: n after them, -n before them, 0 if the phrase has only two."""

    def __len__(self) -> int:
        return len(self._first) - 1

    def pattern(self, slots: Sequence[int]) -> Pattern:
        """The pattern of words in a row."""
        if len(slots) == 1:
            return slots[0]
        key = slots[0] << 32 | slots[1] if len(slots) == 2 else tuple(slots)
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = ~len(self)
            self._slots.extend(slots)
            self._first.append(len(self._slots))
        return known

    def slots(self, number: int) -> array[int]:
        """The slots of a phrase, in the order of its words."""
        return self._slots[self._first[number] : self._first[number + 1]]

    def is_pair(self, number: int) -> bool:
        """Whether a phrase is nothing but the two neighbours that it waits at."""
        return self._first[number + 1] - self._first[number] == 2

    def close(self, frequency: Sequence[int]) -> None:
        """Chooses where each phrase waits, and forgets what only compiling needs."""
        self._numbers = {}
        self.anchors = bytearray(len(self))
        slots, first, keys = self._slots, self._first, self.keys
        self.thirds = array("i", bytes(4 * len(self)))
        for number in range(len(self)):
            at, end = first[number], first[number + 1]
            if end - at > 2:
                anchor = _rarest_neighbours(frequency, slots, at, end)
                self.anchors[number] = anchor - at
                self.thirds[number] = -slots[anchor - 1] if anchor > at else slots[anchor + 2]
                at = anchor
            keys.append(neighbour_key(slots[at], slots[at + 1]))

    def frequency(self, slots: int) -> array[int]:
        """How many phrases have each slot: what many topics write is taken to be common in texts, too."""
        frequency = array("I", bytes(4 * (slots + 1)))
        for slot in self._slots:
            frequency[slot] += 1
        return frequency


class Index:
    """Everything about a set of topics that does not change from entry to entry."""

    def __init__(self, topics: Sequence[CompiledTopic]) -> None:
        self.topics = tuple(topics)
        self.lexicon = Lexicon()
        self.phrases = Phrases()
        self.first_term = array("I")
        self.topic_of_term = array("I")
        self.programs: list[Program] = []
        self.always: list[int] = []
        """Topics whose query may be true of any text, such as `author:Smith`."""
        self.singles: set[int] = set()
        """Slots that somebody looks for by themselves."""
        self._postings: tuple[list[int], list[int]] = ([], [])
        self._shared: dict[frozenset[Pattern], frozenset[Pattern]] = {}
        self._known: dict[tuple[Dialect, tuple[Phrase, ...]], list[Pattern]] = {}
        """The patterns of lists, of which most are named several times."""
        for number, compiled in enumerate(self.topics):
            self._add(number, compiled)
        self.first_term.append(len(self.topic_of_term))
        frequency = self.phrases.frequency(len(self.lexicon))
        self._trigger(frequency)
        of_slots, of_phrases = self._postings
        self._postings = ([], [])
        self.singles.update([one >> 32 for one in of_slots])
        self.starters = frozenset([one >> 32 for one in of_slots])
        """Slots that make a topic a candidate."""
        self.terms_of_slot = Flat(of_slots, len(self.lexicon) + 1)
        self.terms_of_phrase = Flat(of_phrases, len(self.phrases))
        self.phrases.close(frequency)
        self._neighbours([key << 32 | number for number, key in enumerate(self.phrases.keys)])
        self.long_lists = LongLists(self._shared)
        self._shared, self._known = {}, {}
        self.lexicon.close()

    def _add(self, number: int, compiled: CompiledTopic) -> None:
        topic = compiled.topic
        dialect = Dialect(_spoken(topic.languages), topic.arabic_prefixes)
        at = len(self.topic_of_term)
        self.first_term.append(at)
        plain = plain_phrases([term.text for term in topic.terms])
        if plain is not None:
            self._add_plain(plain, at, self.lexicon.slots(dialect))
        else:
            for term, phrases in enumerate([_phrases(term.text, topic) for term in topic.terms], at):
                for pattern in self._patterns(phrases, dialect):
                    self._post(pattern, term)
        self.topic_of_term.extend([number] * (len(topic.terms) + 1))
        self.programs.append(self._bind(compiled, dialect))

    def _add_plain(self, plain: Sequence[Words], at: int, words: Slots) -> None:
        """What most terms go through, so that it is written out."""
        slot, pattern_of = words.__getitem__, self.phrases.pattern
        of_slots, of_phrases = self._postings
        for term, phrase in enumerate(plain, at):
            pattern = pattern_of([*map(slot, phrase)])
            if pattern >= 0:
                of_slots.append(pattern << 32 | term)
            else:
                of_phrases.append(~pattern << 32 | term)

    def _post(self, pattern: Pattern, term: int) -> None:
        if pattern >= 0:
            self._postings[0].append(pattern << 32 | term)
        else:
            self._postings[1].append(~pattern << 32 | term)

    def _patterns(self, phrases: tuple[Phrase, ...], dialect: Dialect) -> list[Pattern]:
        """The patterns of phrases; of those with a language in the dialect of that language."""
        known = self._known.get((dialect, phrases))
        if known is None:
            own, pattern = self.lexicon.slots(dialect), self.phrases.pattern
            of = {
                language: self.lexicon.slots(Dialect(_marked(language), arabic_prefixes=True, is_bound=True))
                if language
                else own
                for language in {phrase.language for phrase in phrases}
            }
            known = [pattern([*map(of[language].__getitem__, words)]) for words, language in phrases]
            self._known[dialect, phrases] = known
        return known

    def _bind(self, compiled: CompiledTopic, dialect: Dialect) -> Program:
        def shared(patterns: frozenset[Pattern]) -> frozenset[Pattern]:
            return self._shared.setdefault(patterns, patterns)

        def bound(leaf: Leaf) -> Leaf:
            patterns = shared(frozenset(self._patterns(leaf.phrases, dialect)))
            self.singles.update([pattern for pattern in patterns if pattern >= 0])
            return Leaf(leaf.text, leaf.phrases, leaf.field, leaf.weight, patterns)

        def bind(expression: Expression | None) -> Expression | None:
            return None if expression is None else map_leaves(expression, bound)

        if not (compiled.near or compiled.require or compiled.exclude or compiled.query):
            return PLAIN
        near = tuple(
            replace(pair, sides=(shared(pair.sides[0]), shared(pair.sides[1])))
            for pair in (map_leaves(pair, bound) for pair in compiled.near)
            if isinstance(pair, NearPair)
        )
        require, exclude, query = map(bind, (compiled.require, compiled.exclude, compiled.query))
        own = require if compiled.own_require is compiled.require else bind(compiled.own_require)
        return Program(
            near,
            require,
            exclude,
            query,
            own,
            tuple(
                tuple(sorted((*pair.sides, *([shared(patterns_of(pair.also))] if pair.also else [])), key=len))
                for pair in near
            ),
        )

    def _trigger(self, frequency: array[int]) -> None:
        """Words that make a topic a candidate although none of its terms may be there."""

        known: dict[frozenset[Pattern], float] = {}  # pairs share the lists of packs

        def commonness(side: tuple[Leaf, ...]) -> float:
            for leaf in side:
                if leaf.patterns not in known:
                    known[leaf.patterns] = sum(self._commonness(pattern, frequency) for pattern in leaf.patterns)
            return sum(known[leaf.patterns] for leaf in side)

        for number, program in enumerate(self.programs):
            found = [leaf for pair in program.near for leaf in min((pair.left, pair.right), key=commonness)]
            needed = () if program.query is None else needed_leaves(program.query)
            if needed is None:
                self.always.append(number)
            found += needed or ()
            trigger = self.first_term[number + 1] - 1
            for leaf in found:
                for pattern in leaf.patterns:
                    self._post(pattern, trigger)

    def _commonness(self, pattern: Pattern, frequency: array[int]) -> float:
        most = len(self.phrases) + 1
        if pattern >= 0:
            return (frequency[pattern] + 1) / most
        return prod([(frequency[slot] + 1) / most for slot in self.phrases.slots(~pattern)])

    def _neighbours(self, both: list[int]) -> None:
        """What may follow what, and which phrases wait for it. The numbers are shared, because there are many."""
        both.sort()
        keys, waiting = array("Q", [one >> 32 for one in both]), array("I", [one & 0xFFFFFFFF for one in both])
        self.neighbours = Neighbours(keys, waiting, array("i", map(self.phrases.thirds.__getitem__, waiting)))
        self.phrases.thirds = array("i")
        numbers = list(range(len(self.lexicon) + 1))
        self.is_right = bytearray(len(numbers))
        """Whether a slot is the second of two neighbours."""
        self.followers: dict[int, frozenset[int]] = {}
        """The first of two neighbours → every second."""
        for left, pairs in groupby(keys, key=lambda key: key >> 32):
            rights = frozenset([numbers[key & 0xFFFFFFFF] for key in pairs])
            self.followers[numbers[left]] = rights
            for right in rights:
                self.is_right[right] = 1


def _marked(language: str) -> tuple[str, ...]:
    return () if language == NO_LANGUAGE else (language,)


def _spoken(languages: Iterable[str]) -> tuple[str, ...]:
    """The languages whose words have forms of their own."""
    return tuple(language for language in languages if language in STEMMED_LANGUAGES or language == "ko")


def _phrases(text: str, topic: Topic) -> tuple[Phrase, ...]:
    parsed = parse_term(text, topic.vocabulary)
    if isinstance(parsed, TermProblem):
        raise ValueError(f'topic {topic.name}: "{text}" {parsed.message}')
    return parsed


def _rarest_neighbours(frequency: Sequence[int], slots: array[int], at: int, end: int) -> int:
    """Where the two rarest neighbours of a phrase begin, the first of several."""
    if end - at == 3:
        return at if frequency[slots[at]] <= frequency[slots[at + 2]] else at + 1
    return min(range(at, end - 1), key=lambda left: frequency[slots[left]] * frequency[slots[left + 1]])


def neighbour_key(left: int, right: int) -> int:
    """One number for two slots that follow one another."""
    return left << 32 | right
