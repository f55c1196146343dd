"""Routes that no alert can reach, and the proof by trying that the others can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.model.route import GroupTiming, Matcher, Operator, Route
from watcher.route.reachability import missing_values, reach, routes_without_use, unreachable_routes
from watcher.route.tree import routes_for

LEVELS = {"level": frozenset({"mention", "focus"})}


def unreachable(root: Route, domains: Mapping[str, frozenset[str]] = LEVELS) -> list[Route]:
    found = reach(root, domains)
    assert found is not None
    return unreachable_routes(root, found)


def unused(root: Route) -> list[Route]:
    found = reach(root, LEVELS)
    assert found is not None
    return routes_without_use(root, found)


def node(path: str, *matchers: Matcher, continues: bool = False, routes: tuple[Route, ...] = ()) -> Route:
    return Route(path, "desk", GroupTiming(), (), matchers, continues, routes=routes)


def is_(label: str, value: str, operator: Operator = "=") -> Matcher:
    return Matcher(label, operator, value)


def tree(*children: Route) -> Route:
    return node("/", routes=children)


FOCUS, MENTION = is_("level", "focus"), is_("level", "mention")

UNREACHABLE = {
    "behind one that takes everything": [(), (FOCUS,)],
    "behind the same matchers": [(FOCUS,), (FOCUS, is_("topic", "a"))],
    "behind all values of a label": [(FOCUS,), (MENTION,), (is_("topic", "a"),)],
    "behind an expression that includes it": [(is_("level", "focus|mention", "=~"),), (FOCUS,)],
    "behind a lower score": [(is_("score", "10", ">="),), (is_("score", "12", ">="),)],
    "behind both sides of a score": [(is_("score", "5", ">="),), (is_("score", "5", "<="),), (is_("score", "5"),)],
    "behind a value and its negation": [(is_("feed", "a"),), (is_("feed", "a", "!="),), (FOCUS,)],
    "matchers that exclude each other": [(FOCUS, MENTION)],
    "a value that does not occur": [(is_("level", "loud"),)],
    "behind any text": [(is_("feed", ".*", "=~"),), (is_("feed", "BBC.*", "=~"),)],
}
REACHABLE = {
    "another label": [(is_("topic", "a"),), (FOCUS,)],
    "a higher score first": [(is_("score", "12", ">="),), (is_("score", "10", ">="),)],
    "another expression": [(is_("feed", "BBC.*", "=~"),), (is_("feed", "CNN.*", "=~"),)],
    "no matcher last": [(FOCUS,), ()],
    "many expressions": [(is_("feed", f"F{n}.*", "=~"),) for n in range(12)],
}


@pytest.mark.parametrize("name", UNREACHABLE)
def test_the_last_cannot_be_reached(name: str) -> None:
    children = [node(f"/{n}", *matchers) for n, matchers in enumerate(UNREACHABLE[name])]
    assert unreachable(tree(*children)) == children[-1:]


@pytest.mark.parametrize("name", REACHABLE)
def test_all_can_be_reached(name: str) -> None:
    children = [node(f"/{n}", *matchers) for n, matchers in enumerate(REACHABLE[name])]
    assert unreachable(tree(*children)) == []


def test_continue_leaves_the_next_reachable() -> None:
    assert unreachable(tree(node("/0", continues=True), node("/1", FOCUS))) == []


def test_only_the_outermost_is_named() -> None:
    inner = node("/1/0", FOCUS)
    outer = node("/1", routes=(inner,))
    assert unreachable(tree(node("/0"), outer)) == [outer]


def test_a_value_that_no_feed_has() -> None:
    known = {"iraq", "syria", ""}
    assert missing_values(is_("region", "irak"), known) == ["irak"]
    assert missing_values(is_("region", "leb.*", "=~"), known) == ["leb.*"]
    assert missing_values(is_("region", "iraq|irak|leb", "=~"), known) == ["irak", "leb"]
    assert not missing_values(is_("region", "ira.*", "=~"), known)
    assert not missing_values(is_("region", "ira.*|leb.*", "=~"), known)
    assert not missing_values(is_("region", "irak", "!="), known)
    assert not missing_values(is_("region", ""), known)


def test_a_receiver_whose_alerts_its_children_all_take() -> None:
    def to(receiver: str, path: str, *matchers: Matcher, **more: object) -> Route:
        return replace(node(path, *matchers), receiver=receiver, **more)  # type: ignore[arg-type]

    both = (to("a", "/0", FOCUS), to("b", "/1", MENTION))
    assert [route.path for route in unused(to("desk", "/", routes=both))] == ["/"]
    assert unused(to("a", "/", routes=both)) == []
    assert unused(to("desk", "/", routes=both[:1])) == []
    going_on = (to("a", "/0", continues=True),)
    assert [route.path for route in unused(to("desk", "/", routes=going_on))] == ["/"]
    never_entered = (to("a", "/0"), to("b", "/1", FOCUS))
    assert [route.receiver for route in unused(to("a", "/", routes=never_entered))] == []


values = st.sampled_from(["a", "b", ""])
matchers = st.builds(Matcher, st.sampled_from(["x", "y"]), st.sampled_from(["=", "!=", "=~", "!~"]), values)


@st.composite
def trees(draw: st.DrawFn) -> Route:
    return tree(
        *(
            node(f"/{n}", *draw(st.lists(matchers, max_size=2)), continues=draw(st.booleans()))
            for n in range(draw(st.integers(1, 4)))
        )
    )


@given(trees())
def test_what_trying_all_labels_reaches_is_not_reported_and_the_rest_is(root: Route) -> None:
    domains = {"x": frozenset("ab") | {""}, "y": frozenset("ab") | {""}}
    taken = {route.path for x in domains["x"] for y in domains["y"] for route in routes_for(root, {"x": x, "y": y})}
    reported = {route.path for route in unreachable(root, domains)}
    assert reported == {child.path for child in root.routes} - taken
