"""From the text of a query to its tokens; what other tools write differently gets a hint from `foreign_syntax`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from watcher.match.foreign_syntax import hint_for_word
from watcher.match.terms import TermProblem


class TokenKind(StrEnum):
    """What a token is. The values of the operators are how they are written."""

    WORD = "word"
    QUOTED = "quoted"
    FIELD = "field"
    WEIGHT = "weight"
    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    NEAR = "NEAR"
    END = "end"


class Token(NamedTuple):
    """`value`: the text without quotes, colon or ^; of NEAR the whole operator. `column` counts from 0."""

    kind: TokenKind
    value: str
    column: int


_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>=?(?:"[^"]*"|＂[^＂]*＂|“[^”]*”|„[^“”]*[“”]|”[^“”]*”|«[^»]*»|»[^«»]*«|「[^」]*」|『[^』]*』
                       |(?<![^\s(:=])(?:'[^"]*?'|‘[^‘"]*?’)(?![^\s)^~])))
      | (?P<paren>[()（）])
      | (?P<weight>\^-?\d+(?:\.\d+)?)
      | (?P<near>(?:NEAR|ACROSS)(?:/(?P<within>\d{1,9}))?(?![^\s()（）"“„”«»「『]))
      | (?P<operator>(?:AND|OR|NOT)(?![^\s()（）"“„”«»「『]))
      | (?P<field>[A-Za-z]+:(?=\s*[^\s:/]))
      | (?P<word>[^\s()（）"＂“„”«»「」『』^:]+))
    """,
    re.VERBOSE,
)
_WIDE = {"（": "(", "）": ")"}
_QUOTES = ('""', "“”", "«»", "「」", "『』", "＂＂")
_MOST_TOKENS = 5_000


def read_tokens(text: str) -> list[Token] | TermProblem:
    """Every token with its column, "end" last; a problem at the first that cannot be one."""
    tokens: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            return _unreadable(text, end - len(text[at:end].lstrip()))
        if len(tokens) == _MOST_TOKENS:
            return TermProblem(f"has more than {_MOST_TOKENS:,} words and operators; use a vocabulary list", at)
        token = _token(found)
        if token.kind is TokenKind.WORD and (hint := _foreign(token, tokens)):
            return TermProblem(hint, token.column)
        tokens.append(token)
        at = found.end()
    return [*tokens, Token(TokenKind.END, "the end", end)]


def _token(found: re.Match[str]) -> Token:
    group = found.lastgroup or ""
    text, column = found[group], found.start(group)
    match group:
        case "paren" | "operator":
            text = _WIDE.get(text, text)
            return Token(TokenKind(text), text, column)
        case "quoted":
            return Token(TokenKind.QUOTED, _inside(text), column)
        case "weight":
            return Token(TokenKind.WEIGHT, text[1:], column)
        case "field":
            return Token(TokenKind.FIELD, text[:-1].lower(), column)
        case "word":
            return Token(TokenKind.WORD, text, column)
        case _:
            return Token(TokenKind.NEAR, found["near"], found.start("near"))


def _inside(quoted: str) -> str:
    return f"={quoted[2:-1]}" if quoted[0] == "=" else quoted[1:-1]


def quoted(value: str) -> str:
    """A value in quotes that it does not contain, so that it can be read again."""
    for pair in _QUOTES:
        if not set(pair) & set(value):
            return f"{pair[0]}{value}{pair[1]}"
    spaced = value.replace('"', " ")
    return f'"{spaced}"'


def _unreadable(text: str, at: int) -> TermProblem:
    if text[at] in '"＂“„”«»「『':
        return TermProblem(f"this {text[at]} is never closed; close the quotation", at)
    if text[at] == "^":
        return TermProblem("a weight is a number after ^, as in prison^2 or prison^1.5", at)
    if text[at] in "」』":
        return TermProblem(f"this {text[at]} closes nothing; remove it or open the quotation", at)
    return TermProblem("a : belongs after a field name, as in title:prison; quote the text if it is part of it", at)


def _foreign(token: Token, before: list[Token]) -> str | None:
    """What to write instead of a word that has another meaning elsewhere."""
    last = before[-1] if before else None
    if last is not None and last.kind is TokenKind.QUOTED and token.value[0] == "~":
        return f'write a NEAR/{token.value[1:] or "5"} b for "a b"{token.value}'
    if last is not None and last.value == "NEAR" and last.kind is TokenKind.NEAR and token.value.isdecimal():
        return f"write NEAR/{token.value} for NEAR {token.value}, or quote the number if you look for it"
    return hint_for_word(token.value)
