"""Routes that no alert can reach, found by trying every combination of truth values that matchers can have. Pure.

The matchers on one label can hold together only in some combinations: `region="a"` and `region="b"` never both.
A label whose values are all known (level, topic, labels of feeds) is tried with these values; any other with the values
that its matchers name, with none of them, and with every combination of its regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from itertools import product

from watcher.lazy_dataclass import dataclass
from watcher.model.route import Matcher, Route
from watcher.route.matcher import as_number, matches

MAX_COMBINATIONS = 50_000
"""With more, a part of the routes is too large to try; then nothing is reported."""

Truth = Mapping[Matcher, bool]
Domains = Mapping[str, frozenset[str]]

_PLAIN = re.compile(r"[\w :/@-]+")
_NUMERIC = (">=", "<=")
_PATTERNS = ("=~", "!~")
_MAX_FREE_PATTERNS = 6
_OTHER = "\x00 a value that no matcher names"


@dataclass(frozen=True, slots=True)
class Reach:
    """Paths of the routes that an alert can enter, and of those where one can stay because no child takes it."""

    entered: frozenset[str]
    receiving: frozenset[str]


def reach(root: Route, domains: Domains) -> Reach | None:
    """Tries all combinations; None when they are too many.

    `domains` has every value of the labels of which all are known, "" included if an alert may lack the label.
    """
    combinations = [list(_truths(label, matchers, domains.get(label))) for label, matchers in _by_label(root).items()]
    count = 1
    for one in combinations:
        count *= max(len(one), 1)
    if count > MAX_COMBINATIONS:
        return None
    entered: set[str] = set()
    receiving: set[str] = set()
    for choice in product(*combinations):
        _enter(root, {matcher: holds for part in choice for matcher, holds in part.items()}, entered, receiving)
    return Reach(frozenset(entered), frozenset(receiving))


def unreachable_routes(root: Route, found: Reach) -> list[Route]:
    """Routes that no alert enters, outermost first, without what is below them."""
    return list(_outermost(root, found.entered))


def routes_without_use(root: Route, found: Reach) -> list[Route]:
    """The first route of each receiver that gets nothing although alerts enter its routes: children take all."""
    of_receiver: dict[str, list[Route]] = {}
    for route in _all(root):
        of_receiver.setdefault(route.receiver, []).append(route)
    return [
        next(route for route in routes if route.path in found.entered)
        for routes in of_receiver.values()
        if found.receiving.isdisjoint(route.path for route in routes)
        and not found.entered.isdisjoint(route.path for route in routes)
    ]


def missing_values(matcher: Matcher, known: Collection[str]) -> list[str]:
    """The values that a matcher asks for and that none of the known ones is; negations ask for none.

    An expression of plain alternatives (`a|b`) asks for each of them; any other one for some value that it matches.
    """
    if matcher.operator not in ("=", "=~"):
        return []
    asked = matcher.value.split("|")
    if matcher.operator == "=~" and len(asked) > 1 and all(_PLAIN.fullmatch(one) for one in asked):
        return [one for one in asked if one not in known]
    return [] if any(matches(matcher, value) for value in known) else [matcher.value]


def _enter(route: Route, truth: Truth, entered: set[str], receiving: set[str]) -> bool:
    """Walks the tree as `routes_for` does; whether the route takes such an alert."""
    if not all(truth[matcher] for matcher in route.matchers):
        return False
    entered.add(route.path)
    is_taken = False
    for child in route.routes:
        if _enter(child, truth, entered, receiving):
            is_taken = True
            if not child.continues:
                break
    if not is_taken:
        receiving.add(route.path)
    return True


def _outermost(route: Route, entered: Collection[str]) -> Iterator[Route]:
    if route.path not in entered:
        yield route
        return
    for child in route.routes:
        yield from _outermost(child, entered)


def _all(root: Route) -> Iterator[Route]:
    yield root
    for child in root.routes:
        yield from _all(child)


def _by_label(root: Route) -> dict[str, list[Matcher]]:
    found: dict[str, list[Matcher]] = {}
    for matcher in (matcher for route in _all(root) for matcher in route.matchers):
        if matcher not in found.setdefault(matcher.label, []):
            found[matcher.label].append(matcher)
    return found


def _truths(label: str, matchers: list[Matcher], domain: frozenset[str] | None) -> Iterator[dict[Matcher, bool]]:
    """The combinations of truth values that the matchers on one label can have, each once."""
    seen: set[tuple[bool, ...]] = set()
    values = domain if domain is not None else _values(matchers)
    for value in sorted(values):
        truth = tuple(matches(matcher, value) for matcher in matchers)
        free = [n for n, one in enumerate(matchers) if value == _OTHER and _may_or_may_not_match(one)]
        for choice in _choices(len(free)):
            flipped = list(truth)
            for index, holds in zip(free, choice, strict=True):
                flipped[index] = holds
            if tuple(flipped) not in seen:
                seen.add(tuple(flipped))
                yield dict(zip(matchers, flipped, strict=True))


def _may_or_may_not_match(matcher: Matcher) -> bool:
    """Whether an expression may match some values and not others; `.*` and `.+` match all that count."""
    if matcher.operator not in _PATTERNS:
        return False
    pattern = Matcher(matcher.label, "=~", matcher.value)
    return not all(matches(pattern, probe) for probe in ("a", "0", _OTHER))


def _choices(count: int) -> Iterator[tuple[bool, ...]]:
    """Every combination of so many truth values; of very many only none, all, and each by itself."""
    if count <= _MAX_FREE_PATTERNS:
        yield from product((False, True), repeat=count)
        return
    yield (False,) * count
    yield (True,) * count
    for index in range(count):
        yield tuple(index == other for other in range(count))


def _values(matchers: list[Matcher]) -> set[str]:
    """Values to try for a label of which not all values are known: around every bound for numbers."""
    values = {"", _OTHER}
    for matcher in matchers:
        values.add(matcher.value)
        bound = as_number(matcher.value)
        if matcher.operator in _NUMERIC and bound is not None:
            values |= {str(bound - Decimal("0.01")), str(bound + Decimal("0.01"))}
    return values
