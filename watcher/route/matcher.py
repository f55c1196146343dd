"""Predicates on labels.

Matchers come from Prometheus Alertmanager; `>=` and `<=` are ours, for scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Protocol

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
    import re2

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


def _whole(value: str, pattern: str) -> bool:
    encodable = value.encode("utf-8", "replace").decode("utf-8")  # RE2 raises on a lone surrogate
    return compile_pattern(pattern).fullmatch(encodable) is not None


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
