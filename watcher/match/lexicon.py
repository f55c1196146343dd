"""The lexicon: every word of every topic has a slot, and a piece of text reaches the slots it may stand for.

A *slot* is a written word in a *dialect* (languages, Arabic prefixes or not). It is reached through
forms: folded stems, folded prefixes, exact spellings. Each kind of form has a table of its own.
"""

from __future__ import annotations

from watcher.text.fold import fold
from watcher.text.stems import languages_for, script_of, script_of_language, stems, without_arabic_prefixes
from watcher.text.tokens import LONGEST_PIECE

Dialect = tuple[tuple[str, ...], bool]
"""(languages with a stemmer, whether Arabic words also count without their one-letter prefixes)."""
Table = dict[str, int | tuple[int, ...]]
"""Form → its slot or slots."""

_ARTICLES = frozenset(["ال", "لل"])
_HEAD = 3
"""Letters by which the lengths of prefixes are found."""


class Lexicon:
    """Hands out slots while topics are compiled; read-only afterwards.

    Words that Arabic texts reach also without their prefixes stand in the *bare* tables.
    """

    def __init__(self) -> None:
        self._dialects: dict[Dialect, Slots] = {}
        self._count = 0
        self._exact: Table = {}
        self._whole: tuple[Table, Table] = ({}, {})
        self._prefixes: tuple[Table, Table] = ({}, {})
        self._stems: dict[str, tuple[Table, Table]] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._short_lengths: tuple[int, ...] = ()
        self._spoken: dict[str, tuple[str, ...]] = {}
        self._has_bare = False

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
        languages, bare = dialect
        if word.startswith("="):
            _enter(self._exact, word[1:], slot)
            return slot
        folded = fold(word.removesuffix("*"))
        bare = bare and script_of(folded) == "arabic"
        self._has_bare |= bare
        if word.endswith("*"):
            self._enter_prefix(folded, slot, bare)
            return slot
        spoken = languages_for(folded, languages)
        for language in spoken:
            tables = self._stems.setdefault(language, ({}, {}))
            for stem in _stems(word, folded, language, bare):
                _enter(tables[bare], stem, slot)
        if not spoken:
            _enter(self._whole[bare], folded, slot)
        return slot

    def _enter_prefix(self, prefix: str, slot: int, bare: bool) -> None:
        _enter(self._prefixes[bare], prefix, slot)
        length, head = len(prefix), prefix[:_HEAD]
        known = self._lengths.get(head, ()) if length >= _HEAD else self._short_lengths
        if length in known:
            return
        if length >= _HEAD:
            self._lengths[head] = (*known, length)
        else:
            self._short_lengths = (*known, length)

    def close(self) -> None:
        """Forgets what only compiling needs."""
        self._dialects = {}

    def slots_of(self, piece: str, *, capitals: bool) -> set[int]:
        """The slots of a piece of text; in a text that is all capitals no exact spelling counts."""
        slots: set[int] = set()
        if len(piece) > LONGEST_PIECE:
            return slots
        if self._exact and not capitals:
            _reach(self._exact, piece, slots)
        folded = fold(piece)
        script = script_of(folded)
        self._reach_form(piece, folded, script, False, slots)
        if self._has_bare and script == "arabic":
            for form in (folded, *without_arabic_prefixes(folded)):
                self._reach_form(form, form, script, True, slots)
        return slots

    def _reach_form(self, form: str, folded: str, script: str, bare: bool, slots: set[int]) -> None:
        _reach(self._whole[bare], folded, slots)
        for language in self._languages(script):
            table = self._stems[language][bare]
            for stem in _stems(form, folded, language, bare):
                _reach(table, stem, slots)
        lengths = self._lengths.get(folded[:_HEAD], ()) + self._short_lengths
        for length in lengths:
            if length <= len(folded):
                _reach(self._prefixes[bare], folded[:length], slots)

    def _languages(self, script: str) -> tuple[str, ...]:
        """The languages of the topics that are written in a script."""
        known = self._spoken.get(script)
        if known is None:
            known = self._spoken[script] = tuple(
                language for language in self._stems if script_of_language(language) in (script, "any")
            )
        return known


class Slots(dict[str, int]):
    """The words of one dialect."""

    def __init__(self, lexicon: Lexicon, dialect: Dialect) -> None:
        super().__init__()
        self._lexicon = lexicon
        self._dialect = dialect

    def __missing__(self, word: str) -> int:
        slot = self[word] = self._lexicon.new_slot(word, self._dialect)
        return slot


def _stems(word: str, folded: str, language: str, bare: bool) -> set[str]:
    """The stems of a word; the Arabic stemmer drops ال, which words keep unless they are looked for without prefixes."""
    found = stems(word, language)
    return found if bare or language != "ar" else {_prefix_dropped(folded, stem) + stem for stem in found}


def _prefix_dropped(folded: str, stem: str) -> str:
    prefix = folded[: max(0, folded.find(stem))]
    return prefix if prefix in _ARTICLES else ""


def _enter(table: Table, form: str, slot: int) -> None:
    before = table.get(form)
    if before is None:
        table[form] = slot
    else:
        table[form] = (*before, slot) if isinstance(before, tuple) else (before, slot)


def _reach(table: Table, form: str, slots: set[int]) -> None:
    found = table.get(form)
    if isinstance(found, int):
        slots.add(found)
    elif found is not None:
        slots.update(found)
