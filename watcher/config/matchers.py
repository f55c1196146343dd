"""Matchers on labels as they are written: `level="focus"`, `topic=~"ceasefire.*"`, `score>=12`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

import re2

from watcher.model.route import Matcher, Operator

_MATCHER = re.compile(
    r"""\s*(?P<label>[a-zA-Z_]\w*)\s*(?P<operator>=~|!~|!=|>=|<=|=)\s*
        (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"'{},]+))\s*""",
    re.VERBOSE | re.ASCII,
)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class MatcherProblem:
    """What is wrong; `column` counts from 0 inside the text."""

    message: str
    column: int = 0


def read_matcher(text: str) -> Matcher | MatcherProblem:
    """One matcher. A regex means the whole value and is RE2 syntax; `>=` and `<=` compare numbers."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        return MatcherProblem('not a matcher; write label, operator and value, like level="focus" (= != =~ !~ >= <=)')
    operator = cast(Operator, found["operator"])
    column = found.start("bare") if found["quoted"] is None else found.start("quoted")
    value = found["bare"] if found["quoted"] is None else re.sub(r"\\([\"\\])", r"\1", found["quoted"])
    if operator in (">=", "<=") and not _NUMBER.fullmatch(value):
        return MatcherProblem(f'{operator} compares numbers, and "{value}" is not one', column)
    if operator in ("=~", "!~"):
        problem = regex_problem(value)
        if problem:
            return MatcherProblem(problem.message, column + problem.column)
    return Matcher(found["label"], operator, value)


def regex_problem(pattern: str) -> MatcherProblem | None:
    """Why RE2 rejects a pattern, at the part it names; None for a valid one."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        cause, _, piece = text.partition(": ")
        column = pattern.find(piece) if piece and piece != pattern else 0
        return MatcherProblem(
            f"not a regular expression of RE2: {cause}" + (f" ({piece})" if piece else ""), max(column, 0)
        )
    return None
