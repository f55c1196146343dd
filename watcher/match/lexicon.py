"""The lexicon: every word of every topic has a slot, and a piece of text reaches the slots it may stand for.

A *slot* is a written word in a *dialect* (languages, Arabic prefixes or not). It is reached through
keys: folded stems, folded prefixes, exact spellings.
"""

from __future__ import annotations

from collections.abc import Iterator

from watcher.text.fold import fold
from watcher.text.stems import languages_for, script_of, stems, without_arabic_prefixes
from watcher.text.tokens import LONGEST_PIECE, is_unspaced

Dialect = tuple[tuple[str, ...], bool]
"""(languages with a stemmer, whether Arabic words also count without their one-letter prefixes)."""

_EXACT, _PREFIX = "=", "*"
_BARE = "+"
"""Marks keys that Arabic words reach also without their prefixes."""


class Lexicon:
    """Hands out slots while topics are compiled; read-only afterwards."""

    def __init__(self) -> None:
        self._dialects: dict[Dialect, Slots] = {}
        self._count = 0
        self._by_key: dict[str, int | tuple[int, ...]] = {}
        self._stemmed: tuple[str, ...] = ()
        self._has_bare = False
        self._has_exact = False
        self._prefix_lengths: set[int] = set()

    def __len__(self) -> int:
        return self._count

    def slots(self, dialect: Dialect) -> Slots:
        """Written word (`prison`, `detain*`, `=WHO`) → slot, from 1; a word asked for the first time gets one."""
        known = self._dialects.get(dialect)
        if known is None:
            known = self._dialects[dialect] = Slots(self, dialect)
        return known

    def new_slot(self, word: str, dialect: Dialect) -> int:
        """A slot for a word that its dialect does not have yet."""
        self._count = slot = self._count + 1
        for key in self._keys_of_word(word, dialect):
            before = self._by_key.get(key)
            if before is None:
                self._by_key[key] = slot
            else:
                self._by_key[key] = (*before, slot) if isinstance(before, tuple) else (before, slot)
        return slot

    def close(self) -> None:
        """Forgets what only compiling needs."""
        self._dialects = {}

    def slots_of(self, piece: str, *, capitals: bool) -> set[int]:
        """The slots of a piece of text; in a text that is all capitals no exact spelling counts."""
        if len(piece) > LONGEST_PIECE:
            return set()
        slots: set[int] = set()
        for key in self._keys_of_text(piece, capitals):
            found = self._by_key.get(key)
            if found is not None:
                slots.update(found if isinstance(found, tuple) else (found,))
        return slots

    def _keys_of_word(self, word: str, dialect: Dialect) -> set[str]:
        languages, bare = dialect
        mark = _BARE if bare and script_of(word) == "arabic" else ""
        if word.startswith("="):
            self._has_exact = True
            return {word}
        self._has_bare |= mark == _BARE
        if word.endswith("*"):
            prefix = fold(word[:-1])
            self._prefix_lengths.add(len(prefix))
            return {f"{_PREFIX}{mark}{prefix}"}
        spoken = languages_for(word.casefold(), languages)
        self._stemmed = tuple(dict.fromkeys((*self._stemmed, *spoken)))
        if not spoken:
            return {f"{mark}|{fold(word)}"}
        return {f"{mark}{language}|{stem}" for language in spoken for stem in stems(word, language)}

    def _keys_of_text(self, piece: str, capitals: bool) -> Iterator[str]:
        if self._has_exact and not capitals:
            yield f"{_EXACT}{piece}"
        folded = fold(piece)
        yield from self._keys_of_form(piece, folded, "")
        if self._has_bare and script_of(folded) == "arabic":
            for form in (folded, *without_arabic_prefixes(folded)):
                yield from self._keys_of_form(form, form, _BARE)

    def _keys_of_form(self, form: str, folded: str, mark: str) -> Iterator[str]:
        yield f"{mark}|{folded}"
        if not is_unspaced(folded):
            for language in languages_for(form.casefold(), self._stemmed):
                for stem in stems(form, language):
                    yield f"{mark}{language}|{stem}"
        for length in self._prefix_lengths:
            if length <= len(folded):
                yield f"{_PREFIX}{mark}{folded[:length]}"


class Slots(dict[str, int]):
    """The words of one dialect."""

    def __init__(self, lexicon: Lexicon, dialect: Dialect) -> None:
        super().__init__()
        self._lexicon = lexicon
        self._dialect = dialect

    def __missing__(self, word: str) -> int:
        slot = self[word] = self._lexicon.new_slot(word, self._dialect)
        return slot
