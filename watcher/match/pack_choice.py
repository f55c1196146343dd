"""Which packs of the topic library know what a user asks for in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from watcher.match.suggest import stem_of
from watcher.model.topic import ListMember, Near, Points, Term
from watcher.text.languages import stop_words
from watcher.text.tokens import words

_OF_DEFINITION, _OF_NAME, _OF_LIST, _LEAST_SCORE = 3, 2, 1, 2


Places = Sequence[Mapping[str, Sequence[str]]]
"""For each place its names as terms, by language."""


class Described(Protocol):
    """A pack of the topic library, as far as a draft looks at it."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def definition(self) -> str: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def terms(self) -> tuple[Term, ...]: ...
    @property
    def near(self) -> tuple[Near, ...]: ...
    @property
    def require(self) -> str | None: ...
    @property
    def focus(self) -> Points: ...
    @property
    def lists(self) -> Mapping[str, tuple[ListMember, ...]]: ...
    @property
    def is_subject(self) -> bool: ...


def stems_of(text: str, languages: tuple[str, ...]) -> set[str]:
    """The stems of the words of a text."""
    return {stem_of(word, languages) for word in words(text)}


def fitting_packs(asked: Sequence[str], packs: Sequence[Described], languages: tuple[str, ...]) -> list[Described]:
    """The packs that know at least half of the words that are no names, the best first."""
    subject = [stem_of(words(word)[0], languages) for word in asked if not word[0].isupper()] or [
        stem_of(words(word)[0], languages) for word in asked
    ]
    ranked = []
    for pack in packs:
        if not pack.is_subject:
            continue
        scores = [_score(word, pack, languages) for word in subject]
        if sum(scores) >= _LEAST_SCORE and 2 * sum(map(bool, scores)) >= len(subject):
            ranked.append((-sum(scores), pack.name, pack))
    return [pack for _, _, pack in sorted(ranked, key=lambda row: row[:2])]


def _score(word: str, pack: Described, languages: tuple[str, ...]) -> int:
    """What it says for a pack that it has the stem of a word: in its definition, in the name of a list, in a list."""
    if word in stems_of(f"{pack.title} {pack.definition} {pack.name.replace('/', ' ')}", languages):
        return _OF_DEFINITION
    if word in stems_of(" ".join(name.partition("/")[2] for name in _own_lists(pack)), languages):
        return _OF_NAME
    return _OF_LIST if word in own_words(pack, languages) else 0


def knows(pack: Described, word: str, languages: tuple[str, ...]) -> bool:
    """Whether a pack has the stem of a word at any of these places."""
    return _score(word, pack, languages) > 0


def own_words(pack: Described, languages: tuple[str, ...]) -> set[str]:
    """The stems of all words of its own lists."""
    return {
        stem for members in _own_lists(pack).values() for one in members for stem in stems_of(one.text, languages)
    } - stop_words(languages)


def _own_lists(pack: Described) -> dict[str, tuple[ListMember, ...]]:
    own = f"{pack.name.rpartition('/')[2]}/"
    return {name: members for name, members in pack.lists.items() if name.startswith(own)}


def whole_words(members: Sequence[ListMember], languages: tuple[str, ...]) -> set[str]:
    """The stems of the members of lists that are one word."""
    texts = (one.text.strip("*=") for one in members)
    return {stem_of(text.lower(), languages) for text in texts if text.isalpha()}


def in_all_languages(names: Sequence[str], places: Places, languages: tuple[str, ...]) -> list[str]:
    """Names as alternatives of a condition: a place that is named in one of the languages, in all that are known.

    Of two places the one with the longer name counts (South Sudan), its words only once.
    """
    known = {
        tuple(words(name)): place
        for place in places
        for language in languages
        for name in place.get(language, ())
    }  # fmt: skip
    rest = [word for name in names for word in words(name)]
    found: list[str] = []
    for name in sorted(known, key=len, reverse=True):
        at = next((at for at in range(len(rest)) if tuple(rest[at : at + len(name)]) == name), None)
        if at is not None:
            rest[at : at + len(name)] = []
            found += (_alternative(one) for several in known[name].values() for one in several)
    return list(dict.fromkeys([*found, *(name for name in names if set(words(name)) & set(rest))]))


def _alternative(term: str) -> str:
    """A term as it is written in a condition."""
    return term if term.strip("*=").isalpha() else f'"{term}"'
