"""The lexicon: every word of every topic has a slot, and a piece of text reaches the slots it may be.

A *slot* is a written word in a *dialect*. It is reached through forms: folded stems, folded beginnings and endings,
exact spellings. Some forms count only in entries of one language (or of an unknown one): those of a list that is
marked with a language, and those without the letters that Arabic, Hebrew or Korean attach to a word. They are in a
table of that language, which is filled when the first entry comes that needs it: packs have eleven languages, and most
configurations read feeds in a few. In entries of other languages a word of a marked list is found as it is written,
with its accents: French *première* is not the English *premiere*.
"""

from __future__ import annotations

import re
from threading import Lock
from typing import NamedTuple

from watcher.text.capitals import EVERYDAY_WORDS
from watcher.text.fold import as_written, fold, without_invisible
from watcher.text.stems import (
    ATTACHED,
    inflected_ends,
    languages_of_script,
    script_of,
    script_of_language,
    stems,
)
from watcher.text.tokens import LONGEST_PIECE, address_forms, has_signs, is_address, without_plural_s


class Dialect(NamedTuple):
    """How a topic or a list means its words."""

    languages: tuple[str, ...]
    """With a stemmer or with attached letters; of a list the one that it is marked with."""
    arabic_prefixes: bool
    is_bound: bool = False
    """Whether inflected forms count only in entries of the (one) language."""


Table = dict[str, int | tuple[int, ...]]
"""Form → its slot or slots."""
UNKNOWN = ""
"""The language of an entry that does not say it."""

_ARTICLES = frozenset(["ال", "لل"])
_ANOTHER = "another in "
_THOUSANDS = re.compile(r"\d{4}")
_HEAD = 3
"""Letters by which the lengths of beginnings and endings are found."""
_ENTERING = Lock()


class Lexicon:
    """Hands out slots while topics are compiled; afterwards any thread may read it."""

    def __init__(self) -> None:
        self._dialects: dict[Dialect, Slots] = {}
        self._count = 0
        self._exact: Table = {}
        self._signed: Table = {}
        """Words with signs, and addresses."""
        self._general = Forms()
        self._written = Forms()
        """Words of marked lists as they are written."""
        self._of_language: dict[str, LateForms] = {}
        """Language → forms that count in its entries only."""
        self._reached: dict[tuple[str, str], tuple[str, ...]] = {}
        self.everyday: frozenset[str] = frozenset()
        """Exact words that are everyday words in a text of capitals."""
        self.has_signs = False
        self.has_thousands = False
        """Whether a word has a number of four digits, which texts may write `1 000`."""

    def __len__(self) -> int:
        return self._count

    def slots(self, dialect: Dialect) -> Slots:
        """Written word (`prison`, `detain*`, `*kabel`, `=WHO`) → slot, from 1; a new word gets a new one."""
        known = self._dialects.get(dialect)
        if known is None:
            known = self._dialects[dialect] = Slots(self, dialect)
        return known

    def new_slot(self, word: str, dialect: Dialect) -> int:
        """A slot for a word that its dialect does not have yet."""
        self._count = slot = self._count + 1
        if word.isalpha():  # most words
            self._enter_word(word, dialect, slot)
            return slot
        self.has_thousands = self.has_thousands or _THOUSANDS.search(word) is not None
        if word.startswith("="):
            _enter(self._exact, word[1:], slot)
            if word[1:].lower() in EVERYDAY_WORDS:
                self.everyday |= {word[1:]}
        elif has_signs(word) or is_address(word):
            self.has_signs = True
            _enter(self._signed, word, slot)
        else:
            self._enter_word(word, dialect, slot)
        return slot

    def _enter_word(self, word: str, dialect: Dialect, slot: int) -> None:
        bare = word.strip("*")
        folded = fold(bare)
        if dialect.is_bound and dialect.languages:
            self._written.enter(word, as_written(bare, folded), (), slot)
            late = dialect.languages
        else:
            script = script_of(folded)
            self._general.enter(word, folded, languages_of_script(script, dialect.languages), slot)
            late = () if dialect.is_bound else _attaching(script, dialect)
        for language in late:
            forms = self._of_language.get(language)
            if forms is None:
                forms = self._of_language[language] = LateForms(language)
            forms.enter_later(word, folded, slot, is_spoken=language in dialect.languages)

    def close(self) -> None:
        """Forgets what only compiling needs."""
        self._dialects = {}

    def language_key(self, language: str) -> str:
        """The same key for all languages of entries (ISO 639 with a region or not) that reach the same slots."""
        code = language.replace("_", "-").partition("-")[0].lower()
        if not self._of_language or not code:
            return UNKNOWN
        return code if code in self._of_language else f"{_ANOTHER}{script_of_language(code)}"

    def slots_of(self, piece: str, *, capitals: bool, language: str = UNKNOWN) -> set[int]:
        """The slots of a piece of an entry whose language has the key `language`.

        In a text that is all capitals no exact spelling counts that is an everyday word in small letters.
        """
        slots: set[int] = set()
        if len(piece) > LONGEST_PIECE:
            return slots
        exact = without_invisible(piece)
        if self._exact and not (capitals and exact in self.everyday):
            _reach(self._exact, exact, slots)
        self._reach_word(piece, language, slots)
        singular = without_plural_s(exact)
        if singular is not None:
            _reach(self._exact, singular, slots)
            self._reach_word(singular, language, slots)
        return slots

    def signed_slots(self, spelling: str) -> set[int]:
        """The slots of a word with signs, spelled as `signed_words` does, or of an address."""
        slots: set[int] = set()
        for form in address_forms(spelling) if is_address(spelling) else (spelling,):
            _reach(self._signed, form, slots)
        return slots

    def _reach_word(self, piece: str, language: str, slots: set[int]) -> None:
        folded = fold(piece)
        script = script_of(folded)
        self._general.reach(piece, folded, script, slots)
        self._written.reach(piece, as_written(piece, folded), script, slots)
        for reached in self._languages_reached(script, language):
            forms = self._of_language[reached]
            attached = ATTACHED.get(reached)
            forms.reach(piece, folded, script, slots, keeps_article=False)
            for form in attached[1](folded) if attached and attached[0] == script else ():
                forms.reach(form, form, script, slots, keeps_article=False)

    def _languages_reached(self, script: str, language: str) -> tuple[str, ...]:
        """The languages whose own forms count: that of the entry, or all when the word is in another script."""
        known = self._reached.get((script, language))
        if known is None:
            spoken = [code for code in self._of_language if script_of_language(code) in (script, "any")]
            own = [code for code in spoken if code == language]
            is_written_so = script == (
                language.removeprefix(_ANOTHER) if " " in language else script_of_language(language)
            )
            known = self._reached[script, language] = tuple(own if language and is_written_so else spoken)
        return known


class Forms:
    """Tables of the forms of words."""

    def __init__(self) -> None:
        self._whole: Table = {}
        self._stems: dict[str, Table] = {}
        self._open: tuple[Table, Table] = ({}, {})
        """Beginnings, and endings with their letters reversed."""
        self._lengths: tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]] = ({}, {})
        """The first letters → the lengths of beginnings and endings; shorter ones under ""."""
        self._spoken: dict[str, tuple[str, ...]] = {}

    def enter(self, word: str, folded: str, spoken: tuple[str, ...], slot: int, *, keeps_article: bool = True) -> None:
        """Adds a written word; its stems in the languages spoken, or the whole word where there is none."""
        if word.endswith("*"):
            self._enter_open(0, folded, slot)
        elif word.startswith("*"):
            ends = (stems(word[1:], language) | inflected_ends(folded, language) for language in spoken)
            for end in {folded}.union(*ends):
                self._enter_open(1, end[::-1], slot)
            for language in spoken:
                self._stems.setdefault(language, {})
        else:
            for language in spoken:
                table = self._stems.setdefault(language, {})
                for stem in _stems(word, folded, language, keeps_article=keeps_article):
                    _enter(table, stem, slot)
            if not spoken:
                _enter(self._whole, folded, slot)

    def _enter_open(self, end: int, form: str, slot: int) -> None:
        _enter(self._open[end], form, slot)
        lengths, head = self._lengths[end], form[:_HEAD] if len(form) >= _HEAD else ""
        if len(form) not in lengths.get(head, ()):
            lengths[head] = (*lengths.get(head, ()), len(form))

    def reach(self, word: str, folded: str, script: str, slots: set[int], *, keeps_article: bool = True) -> None:
        """Adds to `slots` those that `word` reaches; `folded` and `script` belong to it."""
        _reach(self._whole, folded, slots)
        found: set[str] = set()
        for language in self._languages(script):
            stemmed = _stems(word, folded, language, keeps_article=keeps_article)
            table = self._stems[language]
            for stem in stemmed:
                _reach(table, stem, slots)
            found |= stemmed
        if self._open[0]:
            self._reach_open(0, folded, slots)
        if self._open[1]:
            for form in found | {folded}:
                self._reach_open(1, form[::-1], slots)

    def _reach_open(self, end: int, form: str, slots: set[int]) -> None:
        lengths = self._lengths[end]
        for length in lengths.get(form[:_HEAD], ()) + lengths.get("", ()):
            if length <= len(form):
                _reach(self._open[end], form[:length], slots)

    def _languages(self, script: str) -> tuple[str, ...]:
        """The languages of the stems that are written in a script."""
        known = self._spoken.get(script)
        if known is None:
            known = self._spoken[script] = tuple(
                language for language in self._stems if script_of_language(language) in (script, "any")
            )
        return known


class LateForms(Forms):
    """Forms that count in entries of one language, entered when the first piece of a text looks for them."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        self._waiting: list[tuple[str, str, int, bool]] = []

    def enter_later(self, word: str, folded: str, slot: int, *, is_spoken: bool) -> None:
        """Remembers a written word; without its stems if its topic does not speak the language."""
        self._waiting.append((word, folded, slot, is_spoken))

    def reach(self, word: str, folded: str, script: str, slots: set[int], *, keeps_article: bool = True) -> None:
        if self._waiting:
            self._enter_waiting()
        super().reach(word, folded, script, slots, keeps_article=keeps_article)

    def _enter_waiting(self) -> None:
        """Other threads wait until all words are entered."""
        attaching, _ = ATTACHED.get(self._language, ("", None))
        with _ENTERING:
            for word, folded, slot, is_spoken in self._waiting:
                script = script_of(folded)
                spoken = languages_of_script(script, (self._language,)) if is_spoken else ()
                self.enter(word, folded, spoken, slot, keeps_article=script != attaching)
            self._waiting = []


class Slots(dict[str, int]):
    """The words of one dialect."""

    def __init__(self, lexicon: Lexicon, dialect: Dialect) -> None:
        super().__init__()
        self._lexicon = lexicon
        self._dialect = dialect

    def __missing__(self, word: str) -> int:
        slot = self[word] = self._lexicon.new_slot(word, self._dialect)
        return slot


def _attaching(script: str, dialect: Dialect) -> tuple[str, ...]:
    """The languages whose attached letters an unmarked word of the dialect is also found with."""
    if script == "arabic":
        return ("ar",) if dialect.arabic_prefixes else ()
    return tuple(language for language in ("he", "ko") if language in dialect.languages)


def _stems(word: str, folded: str, language: str, *, keeps_article: bool) -> set[str]:
    """The stems of a word. The Arabic stemmer drops ال, which words keep unless attached letters are disregarded."""
    found = stems(word, language, folded)
    if not keeps_article or language != "ar":
        return found
    return {_prefix_dropped(folded, stem) + stem for stem in found}


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
