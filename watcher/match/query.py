"""The query language of `require`, `exclude` and `query`: a recursive-descent parser with positions.

    or    := and (OR and)*
    and   := not ((AND)? not)*            words side by side mean AND
    not   := NOT not | near
    near  := atom ((NEAR|ACROSS)[/n] atom)?   atoms: words, or OR-groups of words; ACROSS: over ends of sentences, too
    atom  := [field:] ( word | "phrase" | '(' or ')' ) [^weight]

A word is a term as in `terms`: `prison`, `detain*`, `=WHO`, `@list`, any script. Operators are capitals.
Length, depth and number of words are bounded, so that parsing costs milliseconds at worst.
"""

from __future__ import annotations

import re
from dataclasses import replace

from watcher.lazy_dataclass import dataclass
from watcher.match.expression import (
    FIELDS,
    And,
    Expression,
    Leaf,
    NearPair,
    Not,
    Or,
    leaves,
    map_leaves,
)
from watcher.match.foreign_syntax import hint_for_field
from watcher.match.lexer import Token, TokenKind, quoted, read_tokens
from watcher.match.terms import Phrase, TermProblem, parse_term
from watcher.model.topic import Vocabulary

LONGEST_QUERY = 20_000
"""Characters."""
DEEPEST_QUERY = 50
"""Parentheses within parentheses."""
MOST_WORDS = 1_000
FARTHEST_NEAR = 100
"""Positions."""
_DEFAULT_NEAR = 10
_OPENS_A_PART = frozenset([TokenKind.WORD, TokenKind.QUOTED, TokenKind.FIELD, TokenKind.OPEN, TokenKind.NOT])
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class QueryProblem:
    """Why a query cannot be understood. `column` counts from 0 in the query."""

    message: str
    column: int


class _Refused(Exception):
    """Carries a problem out of the depth of the parser; never leaves this file."""

    def __init__(self, message: str, column: int) -> None:
        self.problem = QueryProblem(message, column)
        super().__init__(message)


def parse_query(text: str, vocabulary: Vocabulary, *, weights: bool = False) -> Expression | QueryProblem:
    """The meaning of a query. `weights`: whether `word^2` is allowed."""
    if len(text) > LONGEST_QUERY:
        return QueryProblem(
            f"is longer than {LONGEST_QUERY} characters; shorten it or use vocabulary lists", LONGEST_QUERY
        )
    tokens = read_tokens(text)
    if isinstance(tokens, TermProblem):
        return QueryProblem(tokens.message, tokens.column)
    try:
        return _Parser(tokens, vocabulary, weights=weights).parse()
    except _Refused as refused:
        return refused.problem


class _Parser:
    def __init__(self, tokens: list[Token], vocabulary: Vocabulary, *, weights: bool) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._words = 0
        self._vocabulary = vocabulary
        self._weights = weights

    def parse(self) -> Expression:
        if self._next.kind is TokenKind.END:
            raise _Refused("is empty; write words joined by AND, OR, NOT", 0)
        expression = self._or()
        if self._next.kind is TokenKind.CLOSE:
            raise _Refused("this ) closes nothing; remove it or add a ( before", self._next.column)
        return expression

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, *kinds: TokenKind) -> Token | None:
        token = self._next
        if token.kind not in kinds:
            return None
        self._at += 1
        return token

    def _or(self) -> Expression:
        parts = [self._and()]
        while self._take(TokenKind.OR):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Expression:
        parts = [self._not()]
        while self._take(TokenKind.AND) or self._next.kind in _OPENS_A_PART:
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not(self) -> Expression:
        negations = 0
        while self._take(TokenKind.NOT):
            negations += 1
        part = self._near()
        return Not(part) if negations % 2 else part

    def _near(self) -> Expression:
        column = self._next.column
        left = self._atom()
        token = self._take(TokenKind.NEAR)
        if token is None:
            return left
        right_column = self._next.column
        right = self._atom()
        if isinstance(right, Leaf) and right.text.isdecimal() and self._tokens[self._at - 1].kind is TokenKind.CLOSE:
            raise _Refused(f"write NEAR/{right.text} for NEAR({right.text})", right_column)
        if self._next.kind is TokenKind.NEAR:
            hint = "NEAR joins two groups; put further ones into another NEAR with AND"
            raise _Refused(hint, self._next.column)
        across = token.value.startswith("ACROSS")
        return NearPair(_words_of(left, column), _words_of(right, right_column), _distance(token), across)

    def _atom(self) -> Expression:
        field = self._take(TokenKind.FIELD)
        if field is not None and field.value not in FIELDS:
            raise _Refused(_unknown_field(field.value), field.column)
        atom = self._group() if self._take(TokenKind.OPEN) else self._word(field.value if field else "")
        weight = self._take(TokenKind.WEIGHT)
        if weight is not None:
            atom = self._weighted(atom, weight)
        return _in_field(atom, field.value) if field else atom

    def _group(self) -> Expression:
        opened = self._tokens[self._at - 1]
        self._depth += 1
        if self._depth > DEEPEST_QUERY:
            raise _Refused(f"more than {DEEPEST_QUERY} parentheses within one another; simplify", opened.column)
        inside = self._or()
        if not self._take(TokenKind.CLOSE):
            raise _Refused("this ( is never closed; add a )", opened.column)
        self._depth -= 1
        return inside

    def _word(self, field: str) -> Leaf:
        token = self._take(TokenKind.WORD, TokenKind.QUOTED)
        if token is None:
            raise _Refused(
                _expected_word(self._next, self._tokens[self._at - 1] if self._at else None), self._next.column
            )
        self._words += 1
        if self._words > MOST_WORDS:
            raise _Refused(f"has more than {MOST_WORDS} words; use a vocabulary list", token.column)
        if field == "lang":
            if not _LANGUAGE.fullmatch(token.value):
                raise _Refused("a language is written as its code, as in lang:en or lang:pt-BR", token.column)
            return Leaf(token.value, (Phrase((token.value.lower(),)),), field)
        parsed = parse_term(token.value, self._vocabulary)
        if isinstance(parsed, TermProblem):
            inside = token.column + parsed.column + (token.kind is TokenKind.QUOTED)
            raise _Refused(f'"{token.value}" {parsed.message}', inside)
        return Leaf(quoted(token.value) if token.kind is TokenKind.QUOTED else token.value, parsed)

    def _weighted(self, atom: Expression, token: Token) -> Expression:
        if not self._weights:
            raise _Refused("a weight (^) counts only in query; remove it", token.column)
        weight = round(float(token.value) * 100)
        return map_leaves(atom, lambda leaf: leaf if leaf.weight is not None else replace(leaf, weight=weight))


def _in_field(expression: Expression, field: str) -> Expression:
    return map_leaves(expression, lambda leaf: leaf if leaf.field else replace(leaf, field=field))


def _words_of(operand: Expression, column: int) -> tuple[Leaf, ...]:
    parts = operand.parts if isinstance(operand, Or) else (operand,)
    words = tuple(part for part in parts if isinstance(part, Leaf))
    if len(words) != len(parts):
        raise _Refused("NEAR takes a word, a phrase or (a OR b) on each side, no AND, NOT or NEAR inside", column)
    if len({leaf.field for leaf in leaves(operand)}) > 1 or words[0].field == "lang":
        raise _Refused("NEAR compares positions in one field; give both sides the same field or none", column)
    return words


def _distance(token: Token) -> int:
    within = int(token.value.partition("/")[2] or _DEFAULT_NEAR)
    if not 1 <= within <= FARTHEST_NEAR:
        raise _Refused(f"{token.value}: the distance is between 1 and {FARTHEST_NEAR} words", token.column)
    return within


def _unknown_field(name: str) -> str:
    known = ", ".join(f"{field}:" for field in FIELDS)
    hint = hint_for_field(name) or f"the fields are {known}"
    return f'there is no field "{name}"; {hint} (quote the text if the : belongs to it)'


def _expected_word(found: Token, before: Token | None) -> str:
    if found.kind is TokenKind.NEAR:
        if before is not None and before.kind is TokenKind.NOT:
            return f"write a AND NOT (a {found.value} b) for a NOT {found.value} b"
        return f"{found.value} joins two operands: write a NEAR/5 b or (a OR b) NEAR/5 c"
    if found.kind is TokenKind.END:
        return f"ends after {before.value}; a word is missing" if before else "is empty"
    if found.kind is TokenKind.CLOSE and before is not None and before.kind is TokenKind.OPEN:
        return "nothing is between ( and ); write a word there"
    after = f" after {before.value}" if before else " at the beginning"
    return f"a word, a phrase or a ( is expected{after}, not {found.value}"
