"""From the text of a query to its tokens; what other tools write differently gets a hint from `foreign`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from watcher.match.foreign import hint_for_word
from watcher.match.terms import TermProblem


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: word, quoted, field, weight, (, ), AND, OR, NOT, NEAR or end; `column` counts from 0."""

    kind: str
    value: str
    column: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<quoted>=?(?:"[^"]*"|＂[^＂]*＂|“[^”]*”|„[^“”]*[“”]|”[^“”]*”|«[^»]*»|»[^«»]*«|「[^」]*」|『[^』]*』
                       |(?<![^\s(:=])(?:'[^"]*?'|‘[^‘"]*?’)(?![^\s)^~])))
      | (?P<paren>[()（）])
      | (?P<weight>\^-?\d+(?:\.\d+)?)
      | (?P<near>NEAR(?:/(?P<within>\d{1,9}))?(?![^\s()（）"“„”«»「『]))
      | (?P<operator>(?:AND|OR|NOT)(?![^\s()（）"“„”«»「『]))
      | (?P<field>[A-Za-z]+:(?=\s*[^\s:/]))
      | (?P<word>[^\s()（）"＂“„”«»「」『』^:]+)
    """,
    re.VERBOSE,
)
_WIDE = {"（": "(", "）": ")"}
_MOST_TOKENS = 5_000


def read_tokens(text: str) -> list[Token] | TermProblem:
    """Every token with its column, "end" last; a problem at the first that cannot be one."""
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return _unreadable(text, at)
        if len(tokens) == _MOST_TOKENS:
            return TermProblem(f"has more than {_MOST_TOKENS:,} words and operators; use a vocabulary list", at)
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
        return Token(_WIDE.get(text, text), text, column)
    if group in ("near", "within"):
        return Token("NEAR", text, column)
    inside = {"quoted": _inside(text), "weight": text[1:], "field": text[:-1].lower()}
    return Token(str(group), inside.get(str(group), text), column)


def _inside(quoted: str) -> str:
    return f"={quoted[2:-1]}" if quoted[0] == "=" else quoted[1:-1]


def _unreadable(text: str, at: int) -> TermProblem:
    if text[at] in '"＂“„”«»「『':
        return TermProblem(f"this {text[at]} is never closed; close the quotation", at)
    if text[at] == "^":
        return TermProblem("a weight is a number after ^, as in prison^2 or prison^1.5", at)
    if text[at] in "」』":
        return TermProblem(f"this {text[at]} closes nothing; remove it or open the quotation", at)
    return TermProblem("a : belongs after a field name, as in title:prison; quote the text if it is part of it", at)


def _foreign(token: Token, before: list[Token]) -> TermProblem | None:
    if token.kind != "word":
        return None
    last = before[-1] if before else None
    hint = hint_for_word(token.value)
    if last is not None and last.kind == "quoted" and token.value[0] == "~":
        hint = f'write a NEAR/{token.value[1:] or "5"} b for "a b"{token.value}'
    elif last is not None and last.kind == "NEAR" and last.value == "NEAR" and token.value.isdecimal():
        hint = f"write NEAR/{token.value} for NEAR {token.value}, or quote the number if you look for it"
    return TermProblem(hint, token.column) if hint else None
