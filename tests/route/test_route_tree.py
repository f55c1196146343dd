"""The tree of routes, against Alertmanager's rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.factories import alert
from watcher.deliver.mail_message import Email
from watcher.deliver.slack import Slack
from watcher.model.notification import GroupKey
from watcher.model.route import ChannelRef, GroupTiming, Matcher, Receiver, Route
from watcher.route.matcher import matches
from watcher.route.tree import route_alert, routes_by_path, routes_for, why


def node(path: str, *matchers: Matcher, receiver: str = "desk", more: bool = False, routes: tuple[Route, ...] = ()):
    return Route(path, receiver, GroupTiming(), ("topic",), matchers, continues=more, routes=routes)


FOCUS = Matcher("level", "=", "focus")
SYRIA = Matcher("desk", "=", "syria")


def paths(root: Route, **labels: str) -> list[str]:
    return [route.path for route in routes_for(root, labels)]


def test_a_tree_without_children_takes_everything() -> None:
    assert paths(node("/")) == ["/"]


def test_a_matching_child_takes_the_alert_from_its_parent() -> None:
    root = node("/", routes=(node("/0", FOCUS),))
    assert paths(root, level="focus") == ["/0"]
    assert paths(root, level="mention") == ["/"]


def test_the_first_matching_sibling_ends_the_search() -> None:
    root = node("/", routes=(node("/0", FOCUS), node("/1", FOCUS)))
    assert paths(root, level="focus") == ["/0"]


def test_continue_goes_on_to_the_next_sibling() -> None:
    root = node("/", routes=(node("/0", FOCUS, more=True), node("/1", SYRIA), node("/2")))
    assert paths(root, level="focus", desk="syria") == ["/0", "/1"]
    assert paths(root, level="focus") == ["/0", "/2"]


def test_a_matching_child_whose_own_children_do_not_match_takes_it_itself() -> None:
    root = node("/", routes=(node("/0", FOCUS, routes=(node("/0/0", SYRIA),)),))
    assert paths(root, level="focus") == ["/0"]
    assert paths(root, level="focus", desk="syria") == ["/0/0"]


def test_continue_inside_a_branch_does_not_leave_the_branch() -> None:
    branch = node("/0", FOCUS, routes=(node("/0/0", SYRIA, more=True),))
    assert paths(node("/", routes=(branch, node("/1"))), level="focus", desk="syria") == ["/0/0"]


def test_a_root_with_matchers_may_refuse() -> None:
    assert paths(node("/", FOCUS), level="mention") == []


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("=", "focus", "focus", True),
        ("=", "", "", True),
        ("!=", "focus", "", True),
        ("!=", "focus", "focus", False),
        ("=~", "cease.*", "ceasefires", True),
        ("=~", "cease", "ceasefires", False),
        ("=~", "a|b", "b", True),
        ("=~", "سجن", "سجناء", False),
        ("=~", "سجن.*", "سجن الحسكة", True),
        ("!~", "cease.*", "detention", True),
        ("!~", "cease.*", "ceasefires", False),
        (">=", "12", "12", True),
        (">=", "12", "9.99", False),
        (">=", "9", "12", True),
        ("<=", "7.4", "7.4", True),
        ("<=", "7.4", "", False),
        (">=", "-1", "nan", False),
        (">=", "0", "many", False),
    ],
)
def test_matchers(operator, wanted, value, holds) -> None:
    assert matches(Matcher("any", operator, wanted), value) is holds


def test_a_hostile_pattern_is_read_in_linear_time() -> None:
    assert not matches(Matcher("feed", "=~", "(a+)+$"), "a" * 50_000 + "b")


RECEIVERS = {
    "desk": Receiver("desk", {ChannelRef("desk", "email"): Email(("desk@example.org",))}),
    "chat": Receiver(
        "chat",
        {ChannelRef("chat", "slack"): Slack("https://a.example"), ChannelRef("chat", "slack", 1): Slack("https://b")},
    ),
    "nobody": Receiver("nobody"),
}


def test_an_alert_gets_one_delivery_for_each_channel() -> None:
    routed = route_alert(node("/", receiver="chat"), RECEIVERS, alert())
    assert [str(delivery.group.channel) for delivery in routed.deliveries] == ["chat/slack/0", "chat/slack/1"]


def test_a_channel_reached_twice_gets_the_alert_once_by_the_first_route() -> None:
    root = node("/", routes=(node("/0", FOCUS, more=True), node("/1", receiver="chat", more=True), node("/2")))
    routed = route_alert(root, RECEIVERS, alert())
    assert [(delivery.group.route, delivery.group.channel.receiver) for delivery in routed.deliveries] == [
        ("/0", "desk"),
        ("/1", "chat"),
        ("/1", "chat"),
    ]


def test_group_labels_come_from_the_route_and_a_missing_one_is_empty() -> None:
    root = Route("/", "desk", GroupTiming(), ("topic", "region"))
    (delivery,) = route_alert(root, RECEIVERS, alert()).deliveries
    expected = {"topic": "detention-facilities", "region": ""}
    assert delivery.group == GroupKey("/", ChannelRef("desk", "email"), expected)


def test_an_alert_that_nobody_wants_says_why() -> None:
    assert "level" in route_alert(node("/", Matcher("level", "=", "none")), RECEIVERS, alert()).reason
    assert "nobody" in route_alert(node("/", receiver="nobody"), RECEIVERS, alert()).reason


def test_the_trace_shows_what_was_asked_and_what_was_true() -> None:
    root = node("/", routes=(node("/0", SYRIA), node("/1", FOCUS), node("/2")))
    trace = why(root, {"level": "focus", "desk": "iraq"})
    first, second, third = trace.children
    assert (trace.matched, trace.takes) == (True, False)
    assert [(check.value, check.holds) for check in first.checks] == [("iraq", False)]
    assert (second.asked, second.takes) == (True, True)
    assert not third.asked


labels = st.dictionaries(st.sampled_from(["level", "desk"]), st.sampled_from(["focus", "syria", ""]))
matchers = st.builds(
    Matcher, st.sampled_from(["level", "desk"]), st.sampled_from(["=", "!="]), st.sampled_from(["focus", "syria", ""])
)


@st.composite
def trees(draw: st.DrawFn, path: str = "", depth: int = 3) -> Route:
    count = draw(st.integers(0, 3 if depth else 0))
    return node(
        path or "/",
        *(draw(st.lists(matchers, max_size=2)) if path else ()),
        more=draw(st.booleans()),
        routes=tuple(draw(trees(f"{path}/{index}", depth - 1)) for index in range(count)),
    )


@given(trees(), labels)
def test_the_trace_and_the_search_agree_and_nothing_falls_through(root: Route, given_labels) -> None:
    found = routes_for(root, given_labels)
    assert found
    assert [trace.route for trace in _flat(why(root, given_labels)) if trace.takes] == found
    assert all(routes_by_path(root)[route.path] is route for route in found)


def _flat(trace):
    yield trace
    for child in trace.children:
        yield from _flat(child)
