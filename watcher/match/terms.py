"""A term as it is written in a topic, and the phrases it stands for.

A *phrase* is a tuple of written words, each in one of three spellings: `prison` (any inflected form),
`detain*` (any word that begins so), `=WHO` (exactly so).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watcher.text.fold import fold
from watcher.text.tokens import chunks, is_unspaced, pieces

Phrase = tuple[str, ...]
Vocabulary = Mapping[str, tuple[str, ...]]

LONGEST_TERM = 300
"""Characters."""
MOST_SPELLINGS = 32
"""Of one term: every hyphenated word in it doubles them."""
SHORTEST_PREFIX = 3
"""Letters before a `*`."""

_PLAIN = re.compile(r"(?:[A-Za-z0-9]+(?:(?<=\w{3})\*)?[ \n])*[A-Za-z0-9]+(?:(?<=\w{3})\*)?")
"""Words with one space between them, a term a line."""
_OPERATOR = re.compile(r"(?<!\S)(?:AND|OR|NOT|NEAR(?:/\d+)?)(?!\S)")
_OPERATORS = frozenset(["AND", "OR", "NOT", "NEAR"])
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
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'"}


@dataclass(frozen=True, slots=True)
class TermProblem:
    """Why a term cannot be understood. `column` counts from 0 in the term."""

    message: str
    column: int = 0


def parse_term(text: str, vocabulary: Vocabulary) -> tuple[Phrase, ...] | TermProblem:
    """The phrases that a term stands for, any of which is the term; more than one for a list or a hyphen."""
    plain = plain_phrase(text)
    if plain is not None:
        return (plain,)
    if len(text) > LONGEST_TERM:
        return TermProblem(f"is longer than {LONGEST_TERM} characters; split it into several terms", LONGEST_TERM)
    stripped = text.strip()
    if stripped.startswith("@"):
        return _parse_list(stripped[1:], vocabulary)
    if stripped.startswith("="):
        return _parse_exact(stripped)
    return _parse_words(text)


def plain_phrase(text: str) -> Phrase | None:
    """The phrase of a term without anything special in it, which most terms are; None for all others."""
    if text.isascii() and text.isalnum() and len(text) <= LONGEST_TERM and text not in _OPERATORS:
        return (text.lower(),)
    plain = plain_phrases((text,))
    return None if plain is None else plain[0]


def plain_phrases(texts: Sequence[str]) -> list[Phrase] | None:
    """The phrases of terms that have nothing special in them; None if any has."""
    return [tuple(text.split(" ")) for text in "\n".join(texts).lower().split("\n")] if are_plain(texts) else None


def are_plain(texts: Sequence[str]) -> bool:
    """Whether no term has anything special in it; such terms have no problems."""
    if max(map(len, texts), default=0) > LONGEST_TERM:
        return False
    together = "\n".join(texts)
    if _PLAIN.fullmatch(together) is None or together.count("\n") != len(texts) - 1:
        return False
    return together.islower() or _OPERATOR.search(together) is None


def _parse_list(name: str, vocabulary: Vocabulary) -> tuple[Phrase, ...] | TermProblem:
    if name not in vocabulary:
        known = ", ".join(f"@{known}" for known in sorted(vocabulary)) or "none is defined"
        return TermProblem(f'there is no list "@{name}" in vocabulary ({known}); define it or correct the name')
    parsed = [parse_member(member) for member in vocabulary[name]]
    phrases = tuple(phrase for found in parsed if not isinstance(found, TermProblem) for phrase in found)
    return tuple(dict.fromkeys(phrases)) or TermProblem(f'the list "@{name}" has no word that can be used')


def parse_member(text: str) -> tuple[Phrase, ...] | TermProblem:
    """A word of a vocabulary list: a term, but not a list."""
    if text.lstrip().startswith("@"):
        return TermProblem("names another list; write its words instead")
    return parse_term(text, {})


def _parse_exact(text: str) -> tuple[Phrase, ...] | TermProblem:
    words = tuple(f"={piece}" for chunk in chunks(_unquote(text[1:])) for piece in pieces(chunk))
    if not words:
        return TermProblem("has no word after =; write =WHO")
    if "*" in text:
        return TermProblem("has a * after =, but = means exactly so; remove one of the two", text.index("*"))
    return (words,)


def _parse_words(text: str) -> tuple[Phrase, ...] | TermProblem:
    content = _unquote(text.strip())
    problem = _problem_of_words(text)
    if problem is not None:
        return problem
    spellings: list[list[str]] = [[]]
    for chunk in re.split(r"\s+", content):
        spellings = [before + after for before in spellings for after in _spellings_of_chunk(chunk)]
        if len(spellings) > MOST_SPELLINGS:
            return TermProblem("has more than 5 hyphenated words; write their hyphens as spaces or split it")
    phrases = tuple(dict.fromkeys(tuple(words) for words in spellings if words))
    return phrases or TermProblem(
        'has no letter or digit; write a word, a phrase like "al-Hol camp" or a prefix like detain*'
    )


def _problem_of_words(text: str) -> TermProblem | None:
    if operator := _OPERATOR.search(text):
        hint = "a term is one word or phrase; put boolean conditions into require, exclude or query"
        return TermProblem(f"contains {operator[0]}: {hint}; a word of this name is written small", operator.start())
    if sign := _FOREIGN.search(text):
        return TermProblem(_FOREIGN_HINTS[str(sign.lastgroup)], sign.start())
    for starred in _STARRED.finditer(text):
        word = starred[0].strip("\"'“”„«»,;.")
        column = starred.start() + starred[0].index("*")
        if not word.endswith("*") or word.count("*") > 1:
            return TermProblem("has a * that is not at the end of a word; only word endings can be left open", column)
        if len(fold(_last_piece(word))) < SHORTEST_PREFIX and not is_unspaced(word):
            return TermProblem(f"needs at least {SHORTEST_PREFIX} letters of one word before the *", column)
    return None


def _last_piece(starred: str) -> str:
    """The part of a hyphenated word that is left open: of al-Ho* only Ho."""
    return next((piece for chunk in reversed(chunks(starred)) for piece in reversed(pieces(chunk))), "")


def _spellings_of_chunk(written: str) -> list[list[str]]:
    """One stretch without spaces: its words apart, and a single hyphenated word also joined."""
    star = "*" if written.rstrip("\"'“”„«»,;.").endswith("*") else ""
    found = chunks(written)
    apart = [fold_or_keep(piece) for chunk in found for piece in pieces(chunk)]
    if not apart:
        return [[]]
    if star and not is_unspaced(apart[-1]):
        apart[-1] += star
    if len(found) == 1 and len(apart) > 1 and not any(word.isdigit() for word in apart):
        return [apart, ["".join(apart)]]
    return [apart]


def fold_or_keep(piece: str) -> str:
    """Lower case for plain ASCII; other scripts stay as written, because stems are taken before accents fold."""
    return piece.lower() if piece.isascii() else piece


def _unquote(text: str) -> str:
    return text[1:-1] if len(text) > 1 and _QUOTES.get(text[0]) == text[-1] else text
