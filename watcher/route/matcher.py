"""Does a predicate on labels hold?

Matchers come from Prometheus Alertmanager; `>=` and `<=` are ours, for scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Protocol

import re2

from watcher.model.route import Matcher


class Pattern(Protocol):
    """What is used of a compiled expression."""

    def fullmatch(self, text: str) -> object | None: ...


def matches_all(matchers: tuple[Matcher, ...], labels: Mapping[str, str]) -> bool:
    """Whether every matcher holds; true of none at all. A missing label has the value ""."""
    return all(matches(matcher, labels.get(matcher.label, "")) for matcher in matchers)


def matches(matcher: Matcher, value: str) -> bool:
    """Whether one matcher holds for the label's value. A comparison with what is no number never holds."""
    return _TESTS[matcher.operator](value, matcher.value)


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> Pattern:
    """The RE2 expression of `=~` and `!~`, which must match the whole value. Raises `re2.error`."""
    options = re2.Options()
    options.log_errors = False
    compiled: Pattern = re2.compile(pattern, options)
    return compiled


def as_number(text: str) -> Decimal | None:
    """A finite decimal number; None for anything else."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def matcher_problem(matcher: Matcher) -> str | None:
    """What is wrong with a matcher as written, with the remedy; None when it can be used."""
    if matcher.operator in {"=~", "!~"}:
        try:
            compile_pattern(matcher.value)
        except re2.error as error:
            return f"the pattern {matcher.value!r} is not a regular expression of RE2 ({_reason(error)}): correct it"
    if matcher.operator in {">=", "<="} and as_number(matcher.value) is None:
        return f'{matcher.value!r} is not a number: write for example {matcher.label}{matcher.operator}"12"'
    return None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "unreadable"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _whole(value: str, pattern: str) -> bool:
    return compile_pattern(pattern).fullmatch(value) is not None


def _compare(value: str, bound: str, holds: Callable[[Decimal, Decimal], bool]) -> bool:
    left, right = as_number(value), as_number(bound)
    return left is not None and right is not None and holds(left, right)


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "=~": _whole,
    "!~": lambda value, pattern: not _whole(value, pattern),
    ">=": lambda value, bound: _compare(value, bound, lambda left, right: left >= right),
    "<=": lambda value, bound: _compare(value, bound, lambda left, right: left <= right),
}
