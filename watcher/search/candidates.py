"""The stored entries that may have points for a topic: all that have one of its words, found by the index.

The index only narrows: the percolator decides on every entry that is found. Where it cannot narrow (a term that only
ends as written, a query on authors), and for entries that are not indexed yet, every entry is a candidate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from watcher.match.compile import CompiledTopic
from watcher.match.expression import Leaf, NearPair, positive_leaves
from watcher.match.spelling import least_open_letters
from watcher.match.terms import Phrase, TermProblem, parse_term
from watcher.search.find import resolved
from watcher.search.index import EntryIndex
from watcher.search.node import Beginning, Node, Not, Word, all_of, any_of
from watcher.search.numbers import is_long_number, spellings_of_number
from watcher.search.text import words_of
from watcher.store.store import Store
from watcher.text.letters import is_unspaced

BATCH = 250
_AT_ONCE = 1_000
_SECONDS = 2.0
"""For one question to the index; it goes on where it stopped."""
_TEXT_FIELDS = ("", "title", "summary")
_NO_END = 2**62


def candidates(
    store: Store,
    index: EntryIndex | None,
    topics: Sequence[CompiledTopic],
    since: datetime,
    without: Node | None = None,
) -> Iterator[list[int]]:
    """Numbers of entries first seen from `since` on that may have points for one of the topics, newest first, in
    batches; without those of which the index knows that they meet `without`.
    """
    wanted = wanted_of(topics)
    if wanted is not None and without is not None:
        wanted = all_of((wanted, Not(without)))
    return candidates_of(store, index, wanted, languages_of(topics), since)


def languages_of(topics: Iterable[CompiledTopic]) -> tuple[str, ...]:
    """In which forms of a word are looked for."""
    return tuple(sorted({code for one in topics for code in one.topic.languages}))


def candidates_of(
    store: Store, index: EntryIndex | None, node: Node | None, languages: tuple[str, ...], since: datetime
) -> Iterator[list[int]]:
    """The same for what `wanted_of` and `languages_of` say of the topics."""
    above, _ = store.entries.numbers_in(since, None)
    state = index.state() if index is not None else None
    if index is None or state is None or node is None:
        yield from _every(store, above, _NO_END)
        return
    yield from _every(store, max(above, state.filled_to), _NO_END)
    asked, _ = resolved(node, index, {}, languages)
    above, below = max(above, state.oldest - 1), state.filled_to + 1
    while True:
        found = index.search(asked, above, below, _AT_ONCE, _SECONDS)
        for start in range(0, len(found.ids), BATCH):
            yield list(found.ids[start : start + BATCH])
        if not found.looked_to or found.looked_to >= below:
            return
        below = found.looked_to


def _every(store: Store, above: int, below: int) -> Iterator[list[int]]:
    while ids := list(store.entries.ids_between(above, below, BATCH, newest=True)):
        yield ids
        below = ids[-1]


def wanted_of(topics: Iterable[CompiledTopic]) -> Node | None:
    """What an entry with points for one of these topics meets; None where words do not say."""
    found: list[Node] = []
    for topic in topics:
        parts = [*_of_terms(topic), *(_of_pair(pair) for pair in topic.near)]
        if topic.query is not None:
            parts += [_of_leaf(leaf) for leaf in positive_leaves(topic.query)]
        for part in parts:
            if part is None:
                return None
            found.append(part)
    return any_of(list(dict.fromkeys(found))) if found else None


def _of_terms(topic: CompiledTopic) -> Iterator[Node | None]:
    for term in topic.topic.terms:
        if term.weight > 0:
            parsed = parse_term(term.text, topic.topic.vocabulary)
            yield None if isinstance(parsed, TermProblem) else _of_phrases(parsed)


def _of_leaf(leaf: Leaf) -> Node | None:
    return _of_phrases(leaf.phrases) if leaf.field in _TEXT_FIELDS else None


def _of_pair(pair: NearPair) -> Node | None:
    sides = [_any([_of_leaf(leaf) for leaf in side]) for side in (pair.left, pair.right)]
    narrow = [side for side in sides if side is not None]
    return all_of(narrow) if narrow else None


def _of_phrases(phrases: Sequence[Phrase]) -> Node | None:
    return _any([_of_phrase(phrase) for phrase in phrases])


def _any(parts: Sequence[Node | None]) -> Node | None:
    """One of the parts; None when one of them may be anything."""
    known = [part for part in parts if part is not None]
    return any_of(known) if known and len(known) == len(parts) else None


def _of_phrase(phrase: Phrase) -> Node | None:
    known = [node for word in phrase.words for node in _of_word(word)]
    return all_of(known) if known else None


def _of_word(text: str) -> list[Node]:
    """What an entry with this word meets; nothing where that is not known."""
    if text.startswith("*"):
        return []
    words = words_of(text.removeprefix("=").removesuffix("*"))
    if any(map(is_long_number, words)):
        return [_of_number(word) if is_long_number(word) else Word(word, exact=True) for word in words]
    if not text.endswith("*"):
        is_form = len(words) == 1 and not text.startswith("=")
        return [Word(words[0])] if is_form else [Word(word, exact=True) for word in words]
    if len(words) == 1 and len(words[0]) >= least_open_letters(words[0]) and not is_unspaced(words[0]):
        return [Beginning(words[0])]
    return [Word(word, exact=True) for word in words[:-1]]


def _of_number(word: str) -> Node:
    """A number that texts may write with its thousands set apart, as several words."""
    return any_of([all_of([Word(part, exact=True) for part in row]) for row in spellings_of_number(word)])
