"""From the text of a query to its tokens; what other tools write differently gets a hint."""

from __future__ import annotations

import re
from dataclasses import dataclass

from watcher.match.terms import TermProblem


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: word, quoted, field, weight, (, ), AND, OR, NOT, NEAR or end; `column` counts from 0."""

    kind: str
    value: str
    column: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<quoted>"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»)
      | (?P<paren>[()])
      | (?P<weight>\^-?\d+(?:\.\d+)?)
      | (?P<near>NEAR(?:/(?P<within>\d{1,9}))?(?![^\s()]))
      | (?P<operator>(?:AND|OR|NOT)(?![^\s()"“„«]))
      | (?P<field>[A-Za-z]+:(?=[^\s:/]|\s*[("“„«]))
      | (?P<word>[^\s()"“„«^:]+)
    """,
    re.VERBOSE,
)
_FOREIGN = {
    "and": "AND",
    "or": "OR",
    "not": "NOT",
    "near": "NEAR/10",
    "&&": "AND",
    "&": "AND",
    "||": "OR",
    "|": "OR",
    "!": "NOT",
    "ANDNOT": "AND NOT",
    "XOR": "(a OR b) AND NOT (a AND b)",
}
_FOREIGN_SIGNS = {"-": "NOT", "!": "NOT", "+": "AND"}
_FOREIGN_NEAR = re.compile(r"(?:near/|Near/|ONEAR/|W/|w/|PRE/|ADJ|NEAR)(\d+)")


def read_tokens(text: str) -> list[Token] | TermProblem:
    """Every token with its column, "end" last; a problem at the first that cannot be one."""
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return _unreadable(text, at)
        token = _token(found)
        if token is not None:
            problem = _foreign(token, tokens)
            if problem is not None:
                return problem
            tokens.append(token)
        at = found.end()
    return [*tokens, Token("end", "the end", len(text.rstrip()))]


def _token(found: re.Match[str]) -> Token | None:
    column, text, group = found.start(), found[0], found.lastgroup
    if group == "space":
        return None
    if group in ("paren", "operator"):
        return Token(text, text, column)
    if group in ("near", "within"):
        return Token("NEAR", found["within"] or "", column)
    inside = {"quoted": text[1:-1], "weight": text[1:], "field": text[:-1].lower()}
    return Token(str(group), inside.get(str(group), text), column)


def _unreadable(text: str, at: int) -> TermProblem:
    if text[at] in '"“„«':
        return TermProblem(f"this {text[at]} is never closed; close the quotation", at)
    if text[at] == "^":
        return TermProblem("a weight is a number after ^, as in prison^2 or prison^1.5", at)
    return TermProblem("a : belongs after a field name, as in title:prison; quote the text if it is part of it", at)


def _foreign(token: Token, before: list[Token]) -> TermProblem | None:
    if token.kind != "word":
        return None
    text, rest = token.value, token.value[1:]
    hint = None
    if text in _FOREIGN:
        hint = f'write {_FOREIGN[text]} for "{text}", or quote the word if you look for it'
    elif near := _FOREIGN_NEAR.fullmatch(text):
        hint = f"write NEAR/{near[1]} for {text}"
    elif text[0] in _FOREIGN_SIGNS and rest:
        hint = f"write {_FOREIGN_SIGNS[text[0]]} {rest} for {text}"
    elif text[0] == "~" and before and before[-1].kind == "quoted":
        hint = f'write a NEAR/{rest or "5"} b for "a b"{text}'
    elif text.endswith("?"):
        hint = "a ? stands for nothing; only * at a word's end is open"
    return TermProblem(hint, token.column) if hint else None
