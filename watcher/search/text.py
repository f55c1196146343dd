"""The words of an entry as they are indexed, and which words are forms of another.

An indexed word is a run of ASCII letters and digits and of all characters beyond ASCII: what both engines keep whole.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from watcher.lazy_dataclass import dataclass
from watcher.match.entry_text import body_of, limited_text, limited_title
from watcher.model.alert import Alert, stable_hash
from watcher.model.entry import Entry
from watcher.text.fold import fold
from watcher.text.irregular import beginnings
from watcher.text.languages import language_code
from watcher.text.stems import ATTACHED, languages_for, script_of, stems
from watcher.text.tokens import (
    LONGEST_PIECE,
    chunk_spans,
    chunks,
    hashtag_spans,
    is_address,
    is_dotted_initials,
    pieces,
    runs,
)

MOST_BODY_WORDS = 16_000
"""PostgreSQL knows no position beyond 16,383 (https://www.postgresql.org/docs/15/textsearch-limitations.html)."""
LABEL = "\ue000"
"""Begins the words that stand for labels. It is of the private use area, which no word of a text contains."""
EVERY_ENTRY = f"{LABEL}e"

_CACHED = 1_000
"""Stretches and words that are remembered, in the process of the pages, too. Six times as many save no time."""
_LONGEST_CACHED = 40
"""Characters; longer stretches hardly come again."""
_INDEXED = re.compile("[0-9a-z\x80-\U0010ffff]+")
_ENDS = ".,"
"""What may follow a plain word, and is no part of it."""
_STRETCH = re.compile(r"\S+")
"""What `str.split` gives."""
_FEWEST_LETTERS_IN_COMMON = 3
_MOST_HEBREW_LETTERS = 3

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class IndexedText:
    """The words of an entry. `joined`: what is also read as one word, as cease-fire is; `labels`: see `labels_of`."""

    title: tuple[str, ...]
    body: tuple[str, ...]
    joined: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def all_words(self) -> set[str]:
        """The different words of the texts, without labels."""
        return {*self.title, *self.body, *self.joined}


def indexed_text(entry: Entry, labels: Iterable[str] = ()) -> IndexedText:
    """What of an entry is searched: the texts that topics see, author and categories behind them."""
    title = _read(limited_title(entry.title))
    body = _read(limited_text(body_of(entry)))
    more = _read(" \n ".join((entry.author, entry.publisher or "", *entry.categories))[:2_000])
    words = (*body[0][:MOST_BODY_WORDS], *more[0][:300])
    return IndexedText(title[0], words, tuple(dict.fromkeys(title[1] + body[1] + more[1])), tuple(labels))


def words_of(text: str) -> tuple[str, ...]:
    """The indexed words of a text, in order."""
    return _read(text)[0]


def joined_forms(text: str) -> tuple[str, ...]:
    """What the compounds of a text are as one word."""
    return _read(text)[1]


def feed_label(feed_id: int) -> str:
    """The word that stands for the feed of an entry."""
    return f"{LABEL}f{feed_id}"


def language_label(code: str) -> str:
    """The word that stands for the language of an entry."""
    return f"{LABEL}l{fold(code)}"


def alerted_label(value: str) -> str:
    """The word that stands for an alert: any ("yes"), one of a level, or one of a topic, by its name."""
    return f"{LABEL}a{value}" if value in ("yes", "mention", "focus") else f"{LABEL}t{stable_hash('topic', value)[:16]}"


def link_label(link: str) -> str:
    """The word that stands for the whole link of an entry."""
    return f"{LABEL}u{stable_hash('link', link)[:16]}"


def labels_of(feed_id: int, entry: Entry, alerts: Collection[Alert]) -> tuple[str, ...]:
    """The words that stand for what an entry is, beside its text."""
    of_alerts = {name for alert in alerts for name in ("yes", alert.level.value, alert.topic)}
    labels = [EVERY_ENTRY, feed_label(feed_id), *sorted(map(alerted_label, of_alerts))]
    if entry.language:
        labels.append(language_label(language_code(entry.language) or entry.language))
    if entry.link:
        labels.append(link_label(entry.link))
    return tuple(labels)


def is_form_of(word: str, wanted: str, languages: tuple[str, ...]) -> bool:
    """Whether an indexed word is an inflected form of the wanted one in one of the languages."""
    if word == wanted:
        return True
    if not word.startswith(beginnings_of_forms(wanted, languages)):
        return False  # most words, which need no stemmer then
    bare = {form for code in _attaching(word, languages) for form in ATTACHED[code][1](word)}
    if wanted in bare:
        return True
    spoken = languages_for(wanted, languages)
    return any(not _stems(wanted, code).isdisjoint(_stems(form, code)) for code in spoken for form in (word, *bare))


@lru_cache(maxsize=256)
def beginnings_of_forms(wanted: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Every form of a word begins with one of these; few other words do."""
    spoken, attaching = languages_for(wanted, languages), _attaching(wanted, languages)
    if not spoken and not attaching:
        return ()
    found = {wanted} | {stem for code in spoken for stem in (*_stems(wanted, code), *beginnings(wanted, code))}
    heads = {stem[: max(_FEWEST_LETTERS_IN_COMMON, len(stem) - 1)] for stem in found if len(stem) > 1}
    before = [letters for code in attaching for letters in _WRITTEN_BEFORE.get(code, ())]
    return tuple(sorted(heads | {f"{letters}{head}" for head in heads for letters in before}))


def _attaching(word: str, languages: tuple[str, ...]) -> list[str]:
    """Those of the languages that write letters beside a word of this script."""
    script = script_of(word)
    return [code for code, (written, _) in ATTACHED.items() if written == script and code in languages]


_WRITTEN_BEFORE = {
    "ar": [first + rest for first in ("", "و", "ف") for rest in ("", "ال", "لل", "ب", "بال", "ك", "كال", "ل")][1:],
    "he": [
        letters
        for first in ("", "ו")
        for middle in ("", "ש", "כש", "מש", "לכש")
        for last in ("", "ה", "ב", "ל", "מ", "כ")
        if 0 < len(letters := first + middle + last) <= _MOST_HEBREW_LETTERS
    ],
}
"""Language → letters that are attached before words; Hebrew ones as they are used, of all that could be combined."""


@lru_cache(maxsize=_CACHED)
def _stems(word: str, language: str) -> frozenset[str]:
    return frozenset(stems(word, language))


def _read(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a text, and what is also read as one."""
    words: list[str] = []
    joined: list[str] = []
    for stretch in text.split():
        found = _words_in(stretch)
        words += found[0]
        joined += found[1]
    return tuple(words), tuple(joined)


def _words_in(stretch: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if stretch.isascii():  # most are one plain word
        word = stretch.rstrip(_ENDS)
        if word.isalnum() and _FEWEST_LETTERS_IN_COMMON <= len(word) <= _LONGEST_CACHED:
            return (word.lower(),), ()
    return _cached(stretch) if len(stretch) <= _LONGEST_CACHED else _words_of_stretch(stretch)


def _words_of_stretch(stretch: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    words: list[str] = []
    joined: list[str] = []
    for chunk in chunks(stretch):
        parts = pieces(chunk)
        for part in parts:
            words += _words_of_piece(part)
        if len(parts) > 1:
            joined += (form for _, _, form in _joined_of_chunk(chunk, parts))
    joined += (form for _, _, form in _words_of_hashtag(stretch))
    return tuple(words), tuple(joined)


def _words_of_piece(piece: str) -> list[str]:
    if len(piece) > LONGEST_PIECE and not is_address(piece):
        return []
    return _INDEXED.findall(fold(piece))


def _joined_of_chunk(chunk: str, parts: tuple[str, ...]) -> Iterator[tuple[int, int, str]]:
    """What pieces of a chunk are as one word: the first of them, how many, and the word."""
    found = [(first, count, fold(text)) for first, count, text in runs(parts)]
    if is_dotted_initials(chunk):
        found.append((0, len(parts), fold("".join(parts))))
    return (one for one in found if _INDEXED.fullmatch(one[2]))


def _words_of_hashtag(stretch: str) -> Iterator[tuple[int, int, str]]:
    """The words of a hashtag, by themselves and with those beside them: [start, end) in characters, and the word."""
    spans = hashtag_spans(stretch) if "#" in stretch else []
    parts = tuple(stretch[start:end] for start, end in spans)
    alone = [(at, 1, part) for at, part in enumerate(parts)]
    for first, count, text in (*alone, *runs(parts)):
        if count < len(parts) and _INDEXED.fullmatch(fold(text)):
            yield spans[first][0], spans[first + count - 1][1], fold(text)


class WrittenText:
    """The words of a text as they are indexed, and where each is in the text as it is written.

    Places are [start, end) in characters, and are only worked out where they are asked for.
    """

    def __init__(self, text: str) -> None:
        self.words: list[str] = []
        self.joined: list[str] = []
        """What is also read as one word."""
        self._stretches: list[tuple[int, str]] = []
        self._first_words: list[int] = []
        self._first_joined: list[int] = []
        for stretch in _STRETCH.finditer(text):
            words, joined = _words_in(stretch[0])
            self._stretches.append((stretch.start(), stretch[0]))
            self._first_words.append(len(self.words))
            self._first_joined.append(len(self.joined))
            self.words += words
            self.joined += joined

    def place(self, at: int) -> Range:
        """Where the word with this number is."""
        return self._place(self._first_words, at, 0)

    def place_of_joined(self, at: int) -> Range:
        """Where what is also read as one word is."""
        return self._place(self._first_joined, at, 1)

    def _place(self, firsts: list[int], at: int, kind: int) -> Range:
        number = bisect_right(firsts, at) - 1
        begin, stretch = self._stretches[number]
        start, end = _places_in(stretch)[kind][at - firsts[number]]
        return begin + start, begin + end


def _places_in(stretch: str) -> tuple[list[Range], list[Range]]:
    """Where what `_words_of_stretch` returns is in the stretch."""
    words: list[Range] = []
    joined: list[Range] = []
    for spans in chunk_spans(stretch):
        parts = tuple(stretch[start:end] for start, end in spans)
        for part, span in zip(parts, spans, strict=True):
            words += [span] * len(_words_of_piece(part))
        if len(parts) > 1:
            chunk = stretch[spans[0][0] : spans[-1][1]]
            for first, count, _ in _joined_of_chunk(chunk, parts):
                joined.append((spans[first][0], spans[first + count - 1][1]))
    joined += ((start, end) for start, end, _ in _words_of_hashtag(stretch))
    return words, joined


_cached = lru_cache(maxsize=_CACHED)(_words_of_stretch)
