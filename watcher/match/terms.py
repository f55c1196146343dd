"""A term as it is written in a topic, and the phrases it stands for.

A word of a phrase has one of these spellings: `prison` (any inflected form), `detain*` (any word that begins so),
`*kabel` (any word that ends so), `=WHO` (exactly so), `c++` (a word with signs) or an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from watcher.lazy_dataclass import dataclass
from watcher.match.amounts import with_amounts, with_dates
from watcher.match.spelling import (
    OPERATORS,
    QUOTES_AROUND,
    Words,
    are_plain_words,
    exact_words,
    first_spellings,
    least_open_letters,
    plain_word,
    share_of,
    spellings_of_chunk,
    spellings_of_letters,
    with_compounds,
    with_designations,
)
from watcher.model.topic import ListMember, Vocabulary
from watcher.text.fold import fold
from watcher.text.tokens import chunks, pieces

LONGEST_TERM = 300
"""Characters."""
MOST_SPELLINGS = 32
"""Of one term: every hyphenated word in it doubles them."""
DEEPEST_LIST = 8
"""Lists within lists."""


class Phrase(NamedTuple):
    """Words in a row. `language`: of the list that they are from, "" for the languages of the topic."""

    words: Words
    language: str = ""


_OPERATOR = re.compile(r"(?<!\S)(?:AND|OR|NOT|(?:NEAR|ACROSS)(?:/\d+)?)(?!\S)")
_FOREIGN = re.compile(
    r"(?P<alternative>\|)|(?P<weight>\S\^-?\d)|(?P<fuzzy>(?<=[\w\"”])~\d?)|(?P<letter>(?<=\w)\?+(?=\w))"
)
_FOREIGN_HINTS = {
    "alternative": "has a |: write each alternative as a term of its own",
    "weight": "has a weight after ^: write the term under its weight, as in 3: [prison]",
    "fuzzy": "has a ~: spellings are not guessed, list them; words near each other belong into near",
    "letter": "has a ? inside a word: it stands for no letter; list the spellings",
}
_STARRED = re.compile(r"\S*\*\S*")


@dataclass(frozen=True, slots=True)
class TermProblem:
    """Why a term cannot be understood. `column` counts from 0 in the term."""

    message: str
    column: int = 0


def parse_term(text: str, vocabulary: Vocabulary) -> tuple[Phrase, ...] | TermProblem:
    """The phrases that a term stands for, any of which is the term; more than one for a list or a hyphen."""
    if text.isascii() and text.isalpha() and len(text) <= LONGEST_TERM and text not in OPERATORS:
        return (Phrase((plain_word(text),)),)
    if text.isascii() and (plain := plain_phrases((text,))):
        return (Phrase(plain[0]),)
    if len(text) > LONGEST_TERM:
        return TermProblem(f"is longer than {LONGEST_TERM} characters; split it into several terms", LONGEST_TERM)
    stripped = text.strip()
    if stripped.startswith("@"):
        return _parse_list(stripped[1:], vocabulary)
    if stripped.startswith("="):
        return _parse_exact(stripped)
    return _parse_words(text)


def plain_phrases(texts: Sequence[str]) -> list[Words] | None:
    """The words of terms that have nothing special in them, one phrase each; None if any has."""
    if not are_plain(texts):
        return None
    return [tuple(map(plain_word, text.split(" "))) for text in texts]


def are_plain(texts: Sequence[str]) -> bool:
    """Whether no term has anything special in it; such terms have no problems."""
    if max(map(len, texts), default=0) > LONGEST_TERM:
        return False
    together = "\n".join(texts)
    if not are_plain_words(together) or together.count("\n") != len(texts) - 1:
        return False
    return together.islower() or _OPERATOR.search(together) is None


def members(name: str, vocabulary: Vocabulary, within: tuple[str, ...] = ()) -> Iterator[ListMember | TermProblem]:
    """The words of a list and of the lists that it names; a problem for each name that leads nowhere."""
    for member in vocabulary.get(name, ()):
        whole = member if isinstance(member, ListMember) else ListMember(member)
        text = whole.text.strip()
        inner = text[1:] if text.startswith("@") else None
        if inner is None:
            yield whole
        elif inner not in vocabulary:
            yield _unknown_list(inner, vocabulary)
        elif inner in (name, *within) or len(within) > DEEPEST_LIST:
            yield TermProblem(f'the list "@{inner}" contains itself; remove one of its uses')
        else:
            yield from members(inner, vocabulary, (*within, name))


def _unknown_list(name: str, vocabulary: Vocabulary) -> TermProblem:
    known = ", ".join(f"@{known}" for known in sorted(vocabulary)) or "none is defined"
    return TermProblem(f'there is no list "@{name}" in vocabulary ({known}); define it or correct the name')


def _parse_list(name: str, vocabulary: Vocabulary) -> tuple[Phrase, ...] | TermProblem:
    if name not in vocabulary:
        return _unknown_list(name, vocabulary)
    if spelled := _spelled(vocabulary[name]):
        return spelled
    phrases: dict[Phrase, None] = {}
    for member in members(name, vocabulary):
        parsed = member if isinstance(member, TermProblem) else parse_member(member)
        if not isinstance(parsed, TermProblem):
            phrases.update(dict.fromkeys(parsed))
    return tuple(phrases) or TermProblem(f'the list "@{name}" has no word that can be used')


@lru_cache(maxsize=1_024)
def _spelled(words: tuple[str | ListMember, ...]) -> tuple[Phrase, ...]:
    """The phrases of a list all of whose spellings are known beforehand; none for any other list. Cached: the lists of
    packs are named several times.
    """
    members = [word for word in words if isinstance(word, ListMember) and word.spellings]
    if len(members) < len(words):
        return ()
    return tuple(dict.fromkeys(phrase for member in members for phrase in _phrases_of(member)))


def _phrases_of(member: ListMember) -> tuple[Phrase, ...]:
    return tuple([Phrase(tuple(spelling.split(" ")), member.language) for spelling in member.spellings])


@lru_cache(maxsize=32_768)
def parse_member(member: ListMember) -> tuple[Phrase, ...] | TermProblem:
    """The phrases of a word of a list, marked with the language of the list. Cached: packs are parsed several times."""
    if member.spellings:
        return _phrases_of(member)
    parsed = parse_term(member.text, {})
    if isinstance(parsed, TermProblem) or not member.language:
        return parsed
    return tuple(Phrase(phrase.words, member.language) for phrase in parsed)


def _parse_exact(text: str) -> tuple[Phrase, ...] | TermProblem:
    words = exact_words(text[1:])
    if not words:
        return TermProblem("has no word after =; write =WHO")
    if "*" in text:
        return TermProblem("has a * after =, but = means exactly so; remove one of the two", text.index("*"))
    return (Phrase(words),)


def _parse_words(text: str) -> tuple[Phrase, ...] | TermProblem:
    if letters := spellings_of_letters(text):
        return tuple(dict.fromkeys(Phrase(tuple(words)) for words in letters))
    problem = _problem_of_words(text)
    if problem is not None:
        return problem
    spellings: list[list[str]] = [[]]
    for chunk in with_designations(first_spellings(text)):
        spellings = [before + after for before in spellings for after in spellings_of_chunk(chunk)]
        if len(spellings) > MOST_SPELLINGS:
            return TermProblem("has more than 5 hyphenated words; write their hyphens as spaces or split it")
    if share := share_of(text):
        spellings.append([share])
    spellings = with_dates(with_amounts(with_compounds(spellings)))
    phrases = tuple(dict.fromkeys(Phrase(tuple(words)) for words in spellings if words))
    return phrases or TermProblem(
        'has no letter or digit; write a word, a phrase like "al-Hol camp" or a prefix like detain*'
    )


def _problem_of_words(text: str) -> TermProblem | None:
    if operator := _OPERATOR.search(text):
        hint = "a term is one word or phrase; put boolean conditions into require, exclude or query"
        return TermProblem(f"contains {operator[0]}: {hint}; a word of this name is written small", operator.start())
    if sign := _FOREIGN.search(text):
        return TermProblem(_FOREIGN_HINTS[str(sign.lastgroup)], sign.start())
    starred = list(_STARRED.finditer(text))
    for number, found in enumerate(starred):
        word = found[0].strip(QUOTES_AROUND)
        column = found.start() + found[0].index("*")
        if word.count("*") > 1:
            return TermProblem("has two *; a word is open at its beginning or at its end, not both", column)
        if not word.endswith("*") and not word.startswith("*"):
            return TermProblem("has a * inside a word; only its beginning or its end can be left open", column)
        is_last_of_phrase = number == len(starred) - 1 and len(text[: found.start()].split()) > 0
        least = 1 if is_last_of_phrase and word.endswith("*") else least_open_letters(word)
        if len(fold(_open_piece(word))) < least:
            return TermProblem(f"needs at least {least} letters of one word beside the *", column)
    return None


def _open_piece(starred: str) -> str:
    """The part of a hyphenated word that is left open: of al-Ho* only Ho."""
    found = [piece for chunk in chunks(starred) for piece in pieces(chunk)]
    return (found[0] if starred.startswith("*") else found[-1]) if found else ""
