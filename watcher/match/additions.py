"""Terms that would have brought an entry to a topic: words of the entry that the topic nearly has, and phrases of it.

For somebody who asks why an entry did not come. Each is scored as the topic would score it with that term.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain, islice, pairwise
from math import ceil
from typing import NamedTuple

from watcher.lazy_dataclass import dataclass
from watcher.match.compile import CompiledTopic
from watcher.match.conditions import holds
from watcher.match.entry_index import IndexedEntry, Span
from watcher.match.entry_text import body_of, limited_title
from watcher.match.expression import And, positive_leaves
from watcher.match.percolator import Percolator
from watcher.match.scoring import assess
from watcher.match.suggest import languages_of
from watcher.match.terms import Phrase, TermProblem, parse_term
from watcher.model.entry import Entry
from watcher.model.topic import Level, Points, Term, Topic
from watcher.text.fold import fold
from watcher.text.languages import stop_words
from watcher.text.letters import is_unspaced
from watcher.text.sentences import sentences
from watcher.text.stems import script_of
from watcher.text.tokens import chunks, pieces

MOST = 4
MOST_NEARLY = 3
MOST_WORDS = 300
"""Of an entry that are looked at; what a report is about is said at its beginning."""
_LONGEST_BEGINNING = 4_000
"""Characters of a body in which they are."""
_SHORTEST = 5
"""Letters of words that are compared: one letter more or less makes another word of a shorter one."""
_LONGEST = 40
"""Letters. A longer word is no word, and comparing it takes the square of its length."""
_MOST_PLACES = 10
"""Of one word that are looked at."""
_LONGEST_ENDING = 3
_STEP = 50


class Proposals(StrEnum):
    """Which additions are wanted. RELATED: those with a word that the topic has, or nearly has; ALL: also others."""

    NONE = "none"
    RELATED = "related"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Addition:
    """A term of the entry that the topic lacks: with it at this weight, the entry has `score` and reaches `level`.

    `weight` is None for a word that a condition (`require`) lacks. `near`: what the topic has that is written nearly
    so (one letter, or another ending), "" for nothing.
    """

    term: str
    weight: Points | None
    level: Level
    score: Points
    near: str = ""

    def facts(self) -> dict[str, object]:
        """The addition for JSON; points are decimal."""
        return {
            "term": self.term,
            "weight": None if self.weight is None else self.weight / 100,
            "level": self.level.value,
            "score": self.score / 100,
            "near": self.near or None,
        }


class _Word(NamedTuple):
    """A piece of the entry: as written, and folded. `says`: it may begin or end a term."""

    written: str
    folded: str
    says: bool
    is_name: bool


class _Candidate(NamedTuple):
    term: str
    near: str = ""
    weight: Points | None = None
    is_name: bool = False


Row = Sequence[_Word]
"""The pieces of a sentence."""


def additions(
    percolator: Percolator, indexed: IndexedEntry, entry: Entry, labels: Mapping[str, str] | None, wanted: Proposals
) -> tuple[Addition, ...]:
    """At most `MOST` for the first topic of the percolator; none where no term would help, or none is needed."""
    index, formula = percolator.index, percolator.formula
    compiled, found = index.topics[0], percolator.candidates(indexed).get(0, {})
    base = assess(index, 0, indexed, found, formula)
    if wanted is Proposals.NONE or base.level is not Level.NONE or base.excluded_by is not None:
        return ()
    without_condition = formula.level_of(base.score, compiled.topic.focus, base.parts)
    lacks_words = base.missing is not None
    if lacks_words and (without_condition is Level.NONE or not _only_own_is_missing(percolator, indexed)):
        return ()

    def reached(term: str, weight: Points | None, spans: list[Span]) -> tuple[Level, Points]:
        if weight is None:
            return without_condition, base.score
        more = assess(index, 0, indexed, found, formula, ((Term(term, weight), spans),))
        return more.level, more.score

    phrases = list(_of_conditions(compiled) if lacks_words else _of_terms(compiled))
    rows = list(_rows(entry, compiled.topic.languages))
    others: Iterable[_Candidate] = _phrases(rows, phrases, beyond=wanted is Proposals.ALL or bool(base.parts))
    if lacks_words:  # what a condition names is mostly a place
        others = sorted(others, key=lambda one: not one.is_name)
    candidates: dict[str, _Candidate] = {}
    for one in chain(islice(_nearly(rows, phrases), MOST_NEARLY), others):
        candidates.setdefault(fold(one.term), one)
    first = list(candidates.values())[: 3 * MOST]
    places = _places(compiled.topic, first, entry, labels)
    covered = {at for part in base.parts for start, end in part.spans for at in range(start, end)}
    placed = [(one, places.get(number, [])) for number, one in enumerate(first)]
    useful = [(one, spans) for one, spans in placed if _is_new(spans, covered, whole=lacks_words)]
    topic = None if lacks_words else compiled.topic
    return tuple(islice(_reaching(topic, useful, reached), MOST))


def _only_own_is_missing(percolator: Percolator, indexed: IndexedEntry) -> bool:
    """Whether an alternative in the topic's own `require` would do: what its packs require must be there."""
    condition = percolator.index.programs[0].require
    for _ in percolator.index.topics[0].topic.packs_require:
        if not isinstance(condition, And) or not holds(condition.parts[-1], indexed):
            return False
        condition = condition.parts[0]
    return percolator.index.topics[0].own_require is not None


def _is_new(spans: Sequence[Span], covered: Collection[int], *, whole: bool) -> bool:
    """Whether a candidate is anywhere another word than those which have points already; `whole`: all of its words."""
    every = all if whole else any
    return any(every(at not in covered for at in range(start, end)) for start, end in spans)


def _reaching(
    topic: Topic | None,
    candidates: Iterable[tuple[_Candidate, list[Span]]],
    reached: Callable[[str, Points | None, list[Span]], tuple[Level, Points]],
) -> Iterator[Addition]:
    """The candidates with the lowest weight that is enough; those that share a word with an earlier one are left out.

    `topic` is None for words of a condition, which have no weight.
    """
    chosen: set[str] = set()
    for one, spans in candidates:
        words = fold(one.term).split()
        if not chosen.isdisjoint(words):
            continue
        for weight in (None,) if topic is None else _weights(topic, one.weight):
            level, score = reached(one.term, weight, spans)
            if level is not Level.NONE:
                chosen.update(words)
                yield Addition(one.term, weight, level, score, one.near)
                break


def _weights(topic: Topic, first: Points | None) -> list[Points]:
    """Weights to try: that of the term which is nearly the same, then the topic's own up to one that is enough."""
    enough = ceil(0.6 * topic.focus / _STEP) * _STEP
    known = sorted({term.weight for term in topic.terms if 0 < term.weight < enough} | {enough})
    return known if first is None else [first, *(weight for weight in known if weight > first)]


def _places(
    topic: Topic, candidates: Sequence[_Candidate], entry: Entry, labels: Mapping[str, str] | None
) -> dict[int, list[Span]]:
    """Where each candidate occurs as a term of the topic's languages, by its number."""
    usable = [(at, one) for at, one in enumerate(candidates) if not isinstance(parse_term(one.term, {}), TermProblem)]
    if not usable:
        return {}
    terms = tuple(Term(one.term, 100) for _, one in usable)
    alone = Topic(topic.name, "", terms, languages=topic.languages, arabic_prefixes=topic.arabic_prefixes)
    percolator = Percolator([alone])
    found = percolator.candidates(percolator.read(entry, labels)).get(0, {})
    return {at: found[number] for number, (at, _) in enumerate(usable) if number in found}


def _rows(entry: Entry, languages: tuple[str, ...]) -> Iterator[Row]:
    """The sentences of the title and of the beginning of the body."""
    nothing, left = stop_words(languages_of(entry, languages)), MOST_WORDS
    for text in (limited_title(entry.title), body_of(entry)[:_LONGEST_BEGINNING]):
        for sentence in sentences(text):
            row = [_word(piece, at, nothing) for at, piece in enumerate(_pieces(sentence))]
            if any(one.is_name for one in row) and all(one.is_name for one in row if one.says and len(one.written) > 3):
                row = [one._replace(is_name=False) for one in row]  # a headline in capitals says nothing of names
            yield row[:left]
            left -= len(row)
            if left <= 0:
                return


def _pieces(text: str) -> list[str]:
    return [piece for chunk in chunks(text) for piece in pieces(chunk) if fold(piece)]


def _word(piece: str, at: int, nothing: Collection[str]) -> _Word:
    folded = fold(piece)
    says = len(folded) > 2 and folded.isalpha() and folded not in nothing and not is_unspaced(folded)
    return _Word(piece, folded, says, says and at > 0 and piece[0].isupper())


def _of_terms(topic: CompiledTopic) -> Iterator[tuple[Phrase, Points | None]]:
    """The phrases of all terms that add points, with their weights, and those of pairs."""
    for term in topic.topic.terms:
        parsed = parse_term(term.text, topic.topic.vocabulary)
        if term.weight > 0 and not isinstance(parsed, TermProblem):
            yield from ((phrase, term.weight) for phrase in parsed)
    for pair in topic.near:
        yield from ((phrase, None) for leaf in (*pair.left, *pair.right) for phrase in leaf.phrases)


def _of_conditions(topic: CompiledTopic) -> Iterator[tuple[Phrase, Points | None]]:
    if topic.require is not None:
        yield from ((phrase, None) for leaf in positive_leaves(topic.require) for phrase in leaf.phrases)


def _nearly(rows: Sequence[Row], phrases: Sequence[tuple[Phrase, Points | None]]) -> Iterator[_Candidate]:
    """Words of the entry that differ from a phrase of the topic by a letter or an ending in one of its words."""
    nearly = _Nearly(rows)
    for phrase, weight in phrases:
        words = [word.strip("*=") for word in phrase.words]
        for number, word in enumerate(words):
            for row, at in nearly.places(word):
                start = at - number
                within = row[start : start + len(words)] if start >= 0 else ()
                rest = [one for place, one in enumerate(within) if place != number]
                others = words[:number] + words[number + 1 :]
                if len(within) == len(words) and all(map(_begins, rest, others)):
                    yield _Candidate(" ".join(one.written for one in within), " ".join(words), weight)


def _begins(word: _Word, other: str) -> bool:
    return word.folded.startswith(fold(other))


class _Nearly:
    """The longer words of an entry, by what they share with words that are nearly the same."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._places: dict[str, list[tuple[Row, int]]] = {}
        for row in rows:
            for at, word in enumerate(row):
                places = self._places.setdefault(word.folded, []) if _is_compared(word) else []
                if len(places) < _MOST_PLACES:
                    places.append((row, at))
        self._by_rest: dict[str, set[str]] = {}
        self._by_start: dict[str, set[str]] = {}
        for long in self._places:
            for rest in _with_a_letter_less(long):
                self._by_rest.setdefault(rest, set()).add(long)
            for start in _starts(long):
                self._by_start.setdefault(start, set()).add(long)
        self._ends = {word[:2] for word in self._places} | {word[-2:] for word in self._places}
        self._known: dict[str, list[tuple[Row, int]]] = {}

    def places(self, word: str) -> list[tuple[Row, int]]:
        """Where words occur that are nearly this one."""
        if not _SHORTEST <= len(word) <= _LONGEST or not (word[:2] in self._ends or word[-2:] in self._ends):
            return []
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = [place for one in self._like(fold(word)) for place in self._places[one]]
        return known

    def _like(self, word: str) -> list[str]:
        if not word.isalpha():
            return []
        found = {one for rest in _with_a_letter_less(word) for one in self._by_rest.get(rest, ()) if _alike(one, word)}
        found |= {one for start in _starts(word) for one in self._by_start.get(start, ())}
        return sorted(found - {word})


def _is_compared(word: _Word) -> bool:
    return word.says and _SHORTEST <= len(word.folded) <= _LONGEST


def _with_a_letter_less(word: str) -> Iterator[str]:
    """The word, and what is left of it without any one of its letters."""
    return chain((word,), (word[:at] + word[at + 1 :] for at in range(len(word))))


def _alike(one: str, other: str) -> bool:
    """Whether one letter more, less or different, or two letters exchanged, make one word of the other."""
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    at = next((at for at, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    exchanged = shorter[at + 1 : at + 2] + shorter[at : at + 1] + shorter[at + 2 :]
    return shorter[at + 1 :] == longer[at + 1 :] or exchanged == longer[at:]


def _starts(word: str) -> list[str]:
    """What is left of a word without its ending, of every length that an ending may have."""
    shortest = _SHORTEST if script_of(word) == "latin" else _SHORTEST - 1
    return [word[: len(word) - cut] for cut in range(_LONGEST_ENDING + 1) if len(word) - cut >= shortest]


def _phrases(
    rows: Sequence[Row], phrases: Sequence[tuple[Phrase, Points | None]], *, beyond: bool
) -> Iterator[_Candidate]:
    """Phrases of the entry with a word that is in a phrase of the topic; `beyond`: then names, phrases and words of its
    title. The word stands first or last as in the topic; what is repeated comes first, then names.
    """
    longer = [[fold(word.strip("*=")) for word in phrase.words] for phrase, _ in phrases if len(phrase.words) > 1]
    firsts, lasts = {words[0] for words in longer}, {words[-1] for words in longer}
    pairs = [pair for row in rows for pair in pairwise(row) if pair[0].says and pair[1].says]
    times = Counter((left.folded, right.folded) for left, right in pairs)
    pairs.sort(key=lambda pair: (-times[pair[0].folded, pair[1].folded], -pair[0].is_name - pair[1].is_name))
    wanted = [pair for pair in pairs if _is_any(pair[0], firsts) or _is_any(pair[1], lasts)]
    title = rows[0] if rows else ()
    if beyond:
        wanted += [pair for pair in pairs if pair[0].is_name and pair[1].is_name]
        wanted += [pair for pair in pairs if pair[0] in title and pair[1] in title]
    for left, right in wanted:
        yield _Candidate(f"{left.written} {right.written}", is_name=left.is_name and right.is_name)
    for one in sorted(title if beyond else (), key=lambda one: not one.is_name):
        if one.says:
            yield _Candidate(one.written, is_name=one.is_name)


def _is_any(word: _Word, known: Collection[str]) -> bool:
    """Whether a word is one of these, also with a short ending."""
    cuts = range(min(_LONGEST_ENDING, max(len(word.folded) - _SHORTEST + 1, 0)) + 1)
    return any(word.folded[: len(word.folded) - cut] in known for cut in cuts)
