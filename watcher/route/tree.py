"""The tree of routes: which nodes take an alert, and why.

Semantics of Prometheus Alertmanager (https://prometheus.io/docs/alerting/latest/configuration/#route): depth
first; a matching child ends the search among its siblings unless it continues; a node takes what none of
its children took.
"""

from __future__ import annotations

from collections.abc import Mapping

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert
from watcher.model.notification import Delivery, GroupKey, Routed
from watcher.model.route import ChannelRef, DigestTiming, Hold, Matcher, Rank, Receiver, Route
from watcher.route.matcher import matches, matches_all


def routes_for(root: Route, labels: Mapping[str, str]) -> list[Route]:
    """The nodes that take an alert with these labels, in the order of the tree; [] when the root refuses it."""
    if not matches_all(root.matchers, labels):
        return []
    taken: list[Route] = []
    for child in root.routes:
        found = routes_for(child, labels)
        taken.extend(found)
        if found and not child.continues:
            break
    return taken or [root]


def routes_by_path(root: Route) -> dict[str, Route]:
    """Every node of the tree by its path."""
    found = {root.path: root}
    for child in root.routes:
        found |= routes_by_path(child)
    return found


def group_of(route: Route, channel: ChannelRef, labels: Mapping[str, str]) -> GroupKey:
    """The group of an alert with these labels; a label that is missing has the value ""."""
    return GroupKey(route.path, channel, {name: labels.get(name, "") for name in route.group_by})


def route_alert(root: Route, receivers: Mapping[str, Receiver], alert: Alert) -> Routed:
    """One delivery for each channel of the receivers that want the alert.

    A channel that several routes reach gets the alert once, by the first of them.
    """
    routes = routes_for(root, alert.labels)
    deliveries: dict[ChannelRef, Delivery] = {}
    for route in routes:
        for channel in receivers[route.receiver].channels:
            deliveries.setdefault(channel, Delivery(alert.id, group_of(route, channel, alert.labels)))
    return Routed(alert.id, tuple(deliveries.values()), "" if deliveries else _unwanted(root, routes))


def zone_of(routes: Mapping[str, Route], path: str) -> str:
    """The zone of the times in a route's messages: that of its digest or quiet hours, else the root's, else UTC."""
    known = [routes[name] for name in (path, "/") if name in routes]
    zoned = [part for route in known for part in (route.timing, route.hold)]
    return next((part.zone for part in zoned if isinstance(part, DigestTiming | Hold)), "UTC")


def rank_of(routes: Mapping[str, Route], path: str) -> Rank:
    """What makes one alert of a route's digest more important than another of its level."""
    timing = routes[path].timing if path in routes else None
    return timing.rank if isinstance(timing, DigestTiming) else "score"


def _unwanted(root: Route, routes: list[Route]) -> str:
    if not routes:
        return f"the root route asks for {_written(root.matchers)}"
    names = ", ".join(dict.fromkeys(route.receiver for route in routes))
    return f"no channels in receiver {names}"


def _written(matchers: tuple[Matcher, ...]) -> str:
    return ", ".join(str(matcher) for matcher in matchers)


@dataclass(frozen=True, slots=True)
class MatcherCheck:
    """One matcher against one value."""

    matcher: Matcher
    value: str
    holds: bool


@dataclass(frozen=True, slots=True)
class RouteTrace:
    """What happened at one node.

    `asked` is False when an earlier sibling had ended the search. `takes` is True for the nodes that
    `routes_for` returns. `children` are traced only below a node that matched.
    """

    route: Route
    asked: bool
    matched: bool
    takes: bool
    checks: tuple[MatcherCheck, ...]
    children: tuple[RouteTrace, ...]


def why(root: Route, labels: Mapping[str, str]) -> RouteTrace:
    """The way of an alert with these labels through the tree, for `routes test`."""
    checks = tuple(_check(matcher, labels) for matcher in root.matchers)
    matched = all(check.holds for check in checks)
    children = _trace_children(root, labels) if matched else ()
    takes = matched and not any(_taken_below(child) for child in children)
    return RouteTrace(root, asked=True, matched=matched, takes=takes, checks=checks, children=children)


def _check(matcher: Matcher, labels: Mapping[str, str]) -> MatcherCheck:
    value = labels.get(matcher.label, "")
    return MatcherCheck(matcher, value, matches(matcher, value))


def _trace_children(parent: Route, labels: Mapping[str, str]) -> tuple[RouteTrace, ...]:
    traces: list[RouteTrace] = []
    ended = False
    for child in parent.routes:
        trace = RouteTrace(child, False, False, False, (), ()) if ended else why(child, labels)
        ended = ended or (trace.matched and not child.continues)
        traces.append(trace)
    return tuple(traces)


def _taken_below(trace: RouteTrace) -> bool:
    return trace.takes or any(_taken_below(child) for child in trace.children)
