"""What of an entry meets a query: where the words are, for marking, and how well it does, for an order. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from watcher.lazy_dataclass import dataclass
from watcher.search.node import And, AnyWord, Beginning, Label, Node, Not, Or, Word, Words
from watcher.search.numbers import rows, spellings
from watcher.search.text import IndexedText, Range, WrittenText, is_form_of

Wanted = Word | Words | Beginning

LONGEST_MARKED = 8_000
"""Characters of a text in which words are looked for."""
TITLE_WEIGHT = 3.0
"""How many occurrences in the text one in the title counts for."""
_SATURATION, _LENGTH = 1.2, 0.75
"""The usual constants of BM25: how fast further occurrences count less, and how much long texts lose."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The words of a text, and how often each condition is met in it: in the title a few times more."""

    length: int
    counts: tuple[float, ...]


class HitReader:
    """One query over many entries; what is known of a word is remembered. `languages`: those of its forms."""

    def __init__(self, node: Node, languages: tuple[str, ...]) -> None:
        self.wanted = tuple(dict.fromkeys(_wanted(node)))
        self._languages = languages
        self._known: dict[Wanted, dict[str, bool]] = {}

    def ranges(self, text: str, *, is_title: bool = False) -> list[Range]:
        """Where words of the query are in a text as it is written, each as a whole: [start, end) in characters."""
        written = WrittenText(text[:LONGEST_MARKED])
        found: set[Range] = set()
        for one in self.wanted:
            if one.title and not is_title:
                continue
            if isinstance(one, Words):
                spans = rows(written.words, spellings(one.texts))
                found |= {(written.place(first)[0], written.place(end - 1)[1]) for first, end in spans}
                joined = (at for at, word in enumerate(written.joined) if (word,) == one.texts and not one.title)
                found |= {written.place_of_joined(at) for at in joined}
            else:
                meant = self._meant(one, {*written.words, *written.joined})
                found |= {written.place(at) for at, word in enumerate(written.words) if word in meant}
                found |= {written.place_of_joined(at) for at, word in enumerate(written.joined) if word in meant}
        return sorted(found)

    def counted(self, text: IndexedText) -> Counted:
        """What an order needs of an entry."""
        return Counted(len(text.body), tuple(self._count(one, text) for one in self.wanted))

    def ranked(self, counted: Sequence[Counted]) -> list[int]:
        """The positions of entries, the best first, and of equally good ones in the order given.

        BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009) over these entries alone: a word that
        few of them have counts most, further occurrences count less and less, and so do those in long texts.
        """
        average = sum(one.length for one in counted) / max(len(counted), 1) or 1.0
        scores = [0.0] * len(counted)
        for number in range(len(self.wanted)):
            having = sum(one.counts[number] > 0 for one in counted)
            rarity = math.log(1 + (len(counted) - having + 0.5) / (having + 0.5))
            for at, one in enumerate(counted):
                length = _SATURATION * (1 - _LENGTH + _LENGTH * one.length / average)
                scores[at] += rarity * one.counts[number] / (one.counts[number] + length)
        return sorted(range(len(counted)), key=lambda at: -scores[at])

    def _count(self, one: Wanted, text: IndexedText) -> float:
        if isinstance(one, Words):
            title, body = (sum(1 for _ in rows(words, spellings(one.texts))) for words in (text.title, text.body))
            body += sum((word,) == one.texts for word in text.joined)
        else:
            meant = self._meant(one, text.all_words())
            title, body, joined = (
                sum(map(meant.__contains__, words)) for words in (text.title, text.body, text.joined)
            )
            body += joined
        return TITLE_WEIGHT * title + (0 if one.title else body)

    def _meant(self, one: Word | Beginning, words: set[str]) -> set[str]:
        """Those of some words that are what is wanted."""
        known = self._known.setdefault(one, {})
        for word in words.difference(known):
            known[word] = self._meets(one, word)
        return {word for word in words if known[word]}

    def _meets(self, one: Word | Beginning, word: str) -> bool:
        if isinstance(one, Beginning):
            return word.startswith(one.text)
        return word == one.text or (not one.exact and is_form_of(word, one.text, self._languages))


def _wanted(node: Node) -> Iterator[Wanted]:
    """The conditions on words that an entry meets, without those that it must not meet."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _wanted(part)
        case Word() | Words() | Beginning():
            yield node
        case Not() | Label() | AnyWord():
            return
