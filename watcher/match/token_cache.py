"""Cache from a whitespace-delimited token to the index slots it matches.

After warm-up a word of an entry costs one dictionary look-up, whatever its punctuation and the topics' languages.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from watcher.lazy_dataclass import dataclass
from watcher.match.topic_index import Index
from watcher.text.letters import is_unspaced
from watcher.text.tokens import (
    chunks,
    grouped_numbers,
    hashtag_spans,
    initials_of,
    initials_with_and,
    is_address,
    is_dotted_initials,
    piece_spans,
    pieces,
    runs,
    signed_words,
    with_groups_beside,
    with_percent_beside,
    with_signs_beside,
)

Numbers = tuple[int, ...]
Piece = tuple[Numbers, Numbers, frozenset[int], Numbers]
"""Of one position: the slots that somebody looks for by themselves; all slots; what may follow one of them in a
phrase; the slots that may follow others."""
SINGLES, SLOTS, FOLLOWERS, RIGHTS = range(4)

NOTHING: Piece = ((), (), frozenset(), ())


@dataclass(frozen=True, slots=True)
class Compound:
    """A token of several positions, or of none. `joined`: pieces written as one: (first, how many, piece)."""

    pieces: tuple[Piece, ...]
    joined: tuple[tuple[int, int, Piece], ...]


Meaning = Piece | Compound


def _joined_onwards(first: Meaning, whole: Meaning) -> Meaning:
    """The meaning of the first of several tokens, with what it means when they are written as one."""
    if not isinstance(whole, Compound):
        return first
    pieces, joined = (first.pieces, first.joined) if isinstance(first, Compound) else ((first,), ())
    more = (one for one in whole.joined if one[0] == 0 and one[1] > len(pieces))
    return Compound(pieces, (*joined, *more))


_BLANK = Compound((), ())
_CACHED = 30_000
"""Tokens. When so many were seen, those that are not seen again before as many others are forgotten."""
LONGEST_CACHED = 40
"""Characters; longer tokens are addresses and the like, which do not come again."""
_PUNCTUATION = (
    ".,;:!?\"'()[]{}<>/*-\u2010\u2011\u2013\u2014\u2026\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb\u060c\u061b\u061f"
)


class TokenCaches:
    """The caches of a percolator: one for each language of entries that matters, and for texts in capitals."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._caches: dict[tuple[str, bool], TokenCache] = {}

    def meanings(self, tokens: Sequence[str], language: str, *, capitals: bool) -> list[Meaning]:
        """The meaning of each token of a text; of those whose sign is a token beside them, together with it."""
        cache = self.of(language, capitals=capitals)
        meanings = list(map(cache.__getitem__, tokens))
        if self._index.lexicon.has_signs:
            for at, together in (*with_signs_beside(tokens), *with_percent_beside(tokens)):
                meanings[at] = cache[together]
            for at, together in initials_with_and(tokens) if "&" in tokens else ():
                meanings[at] = _joined_onwards(meanings[at], cache[together])
        if self._index.lexicon.has_thousands:
            for at, _, together in with_groups_beside(tokens):
                meanings[at] = _joined_onwards(meanings[at], cache[together])
        return meanings

    def of(self, language: str, *, capitals: bool) -> TokenCache:
        """The cache for texts of a language, as `Lexicon.language_key` names it."""
        known = self._caches.get((language, capitals))
        if known is None:
            made = TokenCache(self._index, language=language, capitals=capitals)
            known = self._caches.setdefault((language, capitals), made)
        return known


class TokenCache(dict[str, Meaning]):
    """Token → meaning. Shared by threads: a lost update only costs a repetition."""

    def __init__(self, index: Index, *, language: str, capitals: bool) -> None:
        super().__init__()
        self._index = index
        self._language = language
        self._capitals = capitals
        self._older: dict[str, Meaning] = {}
        self._followers: dict[Numbers, frozenset[int]] = {}

    def __missing__(self, token: str) -> Meaning:
        meaning = self._older.get(token)
        if meaning is None:
            meaning = self._meaning(token)
            if len(token) > LONGEST_CACHED or (not token.isascii() and _is_sentence(token)):
                return meaning
        if len(self) >= _CACHED:
            self._older = dict(self)
            self.clear()
            self._followers.clear()
        self[token] = meaning
        return meaning

    def __reduce__(self) -> tuple[object, ...]:
        return _empty_cache, (self._index, self._language, self._capitals)

    def _meaning(self, token: str) -> Meaning:
        if token.isascii() and token.isalnum():
            return self._word(token)
        if "#" in token and (spans := hashtag_spans(token)):
            return self._hashtag(token, [token[start:end] for start, end in spans])
        if self._index.lexicon.has_signs and (signed := signed_words(token)):
            return self._with_signs(token, signed)
        return self._without_signs(token)

    def _hashtag(self, token: str, words: Sequence[str]) -> Compound:
        """The words of a hashtag, in a row and written as one, and the whole with its sign."""
        sign = self._piece(self._index.lexicon.signed_slots(token.strip(_PUNCTUATION).lower()))
        joined = [(0, len(words), sign), (0, len(words), self._word("".join(words)))]
        joined += [(first, width, self._word(text)) for first, width, text in runs(tuple(words)) if width < len(words)]
        return Compound(tuple(map(self._word, words)), tuple(one for one in joined if one[2] is not NOTHING))

    def _with_signs(self, token: str, signed: Sequence[tuple[int, int, str]]) -> Meaning:
        """The pieces of a token, and its signed words beside those that they consist of."""
        row = _in_a_row([self._without_signs(token), _BLANK])
        assert isinstance(row, Compound)
        starts = [start for start, _ in piece_spans(token)]
        joined = list(row.joined)
        for begin, end, spelling in signed:
            first = bisect_left(starts, begin)
            width = bisect_left(starts, end) - first
            piece = self._piece(self._index.lexicon.signed_slots(spelling))
            if width and piece is not NOTHING:
                joined.append((first, width, piece))
        return Compound(row.pieces, tuple(joined))

    def _without_signs(self, token: str) -> Meaning:
        bare = token.strip(_PUNCTUATION)
        if len(bare) < len(token):
            return self[bare] if bare else _BLANK
        found = chunks(token)
        if found == [token]:
            return self._chunk(token)
        return self._with_numbers(token, _in_a_row(list(map(self.__getitem__, found))))

    def _with_numbers(self, token: str, row: Meaning) -> Meaning:
        """A token in which a number with thousands set apart is that number, and its parts are none."""
        numbers = grouped_numbers(token) if isinstance(row, Compound) else ()
        if not numbers or not isinstance(row, Compound):
            return row
        starts = [start for start, _ in piece_spans(token)]
        parts, joined = list(row.pieces), list(row.joined)
        for begin, end, digits in numbers:
            first, after = bisect_left(starts, begin), bisect_left(starts, end)
            parts[first:after] = [NOTHING] * (after - first)
            joined.append((first, after - first, self._word(digits)))
        return Compound(tuple(parts), tuple(joined))

    def _chunk(self, chunk: str) -> Meaning:
        if is_address(chunk):
            return self._piece(self._index.lexicon.signed_slots(chunk))
        parts = pieces(chunk)
        if len(parts) == 1:
            return self._word(chunk)
        joined = [
            (first, width, piece) for first, width, text in runs(parts) if (piece := self._word(text)) is not NOTHING
        ]
        if is_dotted_initials(chunk):
            joined.append((0, len(parts), self._word(initials_of(chunk), capitals=False)))
        row = _in_a_row(list(map(self.__getitem__, parts)))
        return self._with_numbers(chunk, Compound(row.pieces, tuple(joined))) if isinstance(row, Compound) else row

    def _word(self, text: str, *, capitals: bool | None = None) -> Piece:
        is_capital = self._capitals if capitals is None else capitals
        return self._piece(self._index.lexicon.slots_of(text, capitals=is_capital, language=self._language))

    def _piece(self, found: set[int]) -> Piece:
        if not found:
            return NOTHING
        index, slots = self._index, tuple(sorted(found))
        singles = tuple([slot for slot in slots if slot in index.singles])
        rights = tuple([slot for slot in slots if index.is_right[slot]])
        lefts = tuple([slot for slot in slots if slot in index.followers])
        return singles, slots, self._followers_of(lefts), rights

    def _followers_of(self, lefts: Numbers) -> frozenset[int]:
        if not lefts:
            return NOTHING[2]
        known = self._followers.get(lefts)
        if known is None:
            first, *others = (self._index.followers[slot] for slot in lefts)
            known = self._followers[lefts] = first.union(*others) if others else first
        return known


def _in_a_row(meanings: Sequence[Meaning]) -> Meaning:
    """The meaning of several chunks of one token."""
    if len(meanings) == 1:
        return meanings[0]
    row: list[Piece] = []
    joined: list[tuple[int, int, Piece]] = []
    for meaning in meanings:
        if isinstance(meaning, Compound):
            joined += ((len(row) + first, width, piece) for first, width, piece in meaning.joined)
            row += meaning.pieces
        else:
            row.append(meaning)
    return Compound(tuple(row), tuple(joined))


def _is_sentence(token: str) -> bool:
    """Whether a token is of a script without spaces: such tokens hardly come again."""
    return len(token) > 1 and is_unspaced(token)


def _empty_cache(index: Index, language: str, capitals: bool) -> TokenCache:
    return TokenCache(index, language=language, capitals=capitals)
