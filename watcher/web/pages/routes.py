"""The tree of routes, what each holds back, and which of them an alert with some labels would take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from watcher.config.matchers import impossible_labels
from watcher.config.quantities import read_points
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import HeldGroup, WaitingGroup
from watcher.model.route import ChannelRef, Route
from watcher.model.topic import Level, Points
from watcher.model.web import May
from watcher.route.limits import messages_left
from watcher.route.timing import rank_of_report, when_sent
from watcher.route.tree import RouteTrace, why
from watcher.web.exchange import Asked, Reply
from watcher.web.router import Page

CHOSEN = ("topic", "level")
"""Labels that are chosen from lists; others are written."""
_LABEL = re.compile(r"\s*([a-zA-Z_]\w*)\s*=\s*(?:\"([^\"]*)\"|(\S+))\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class RouteNode:
    """One route: what it asks for, when it sends, what waits there, how many messages its budget still allows to each
    channel; and in a test, what was decided.
    """

    route: Route
    channels: tuple[str, ...]
    when: tuple[str, ...]
    waiting: int
    held: tuple[HeldGroup, ...]
    left: tuple[tuple[ChannelRef, int], ...]
    decision: str
    takes: bool
    children: tuple[RouteNode, ...]


def show(asked: Asked) -> Reply:
    site, root = asked.site, asked.site.settings.route
    labels, problems = read_labels(asked.query.get("labels", ""))
    labels |= {name: asked.query[name] for name in CHOSEN if asked.query.get(name)}
    score, score_problem = _score(labels)
    problems += [score_problem] if score_problem else []
    is_test = bool(labels) and not problems
    node = None
    if root is not None:
        trace = why(root, labels) if is_test else None
        node = _node(asked, root, trace, score, site.store.groups.waiting(), site.store.holds.held())
    return asked.page(
        "routes.html.j2",
        root=node,
        labels=asked.query.get("labels", ""),
        problems=problems,
        is_test=is_test,
        warnings=list(impossible_labels(site.settings, labels)) if is_test else [],
        receivers=list(dict.fromkeys(_taking(node))) if node and is_test else [],
        topics=[topic.name for topic in site.settings.topics],
        levels=[level.value for level in (Level.FOCUS, Level.MENTION)],
        chosen={name: asked.query.get(name, "") for name in CHOSEN},
    )


def read_labels(text: str) -> tuple[dict[str, str], list[str]]:
    """Labels written `name=value name="two words"`; and what could not be read."""
    labels, position = {}, 0
    while position < len(text) and (found := _LABEL.match(text, position)):
        labels[found[1]] = found[2] if found[2] is not None else found[3]
        position = found.end()
    rest = text[position:].strip()
    return labels, [f"{rest[:80]}: write labels as name=value"] if rest else []


def _score(labels: Mapping[str, str]) -> tuple[Points | None, str]:
    if "score" not in labels:
        return rank_of_report(labels), ""
    try:
        return read_points(labels["score"]), ""
    except ValueError as error:
        return None, f"score: {error}"


def _node(
    asked: Asked,
    route: Route,
    trace: RouteTrace | None,
    score: Points | None,
    waiting: list[WaitingGroup],
    held: list[HeldGroup],
) -> RouteNode:
    traces: Mapping[str, RouteTrace] = {one.route.path: one for one in (trace.children if trace else ())}
    receiver = asked.site.settings.receivers.get(route.receiver)
    channels = tuple(receiver.channels) if receiver else ()
    return RouteNode(
        route=route,
        channels=tuple(map(str, channels)),
        when=tuple(when_sent(route, score, asked.now)),
        waiting=sum(group.count for group in waiting if group.key.route == route.path),
        held=tuple(one for one in held if one.route == route.path),
        left=tuple(_left(asked, route, channels)),
        decision=_decision(trace) if trace else "",
        takes=trace.takes if trace else False,
        children=tuple(_node(asked, child, traces.get(child.path), score, waiting, held) for child in route.routes),
    )


def _left(asked: Asked, route: Route, channels: Iterable[ChannelRef]) -> Iterator[tuple[ChannelRef, int]]:
    if route.budget is not None:
        for channel in channels:
            use = asked.site.store.holds.budget_use(route.path, channel, asked.now - route.budget.per)
            yield channel, messages_left(route.budget, use, asked.now)


def _decision(trace: RouteTrace) -> str:
    if not trace.asked:
        return "not asked: an earlier route ended the search"
    for check in trace.checks:
        if not check.holds:
            if not check.value:
                return f"{check.matcher} does not hold: the alert has no such label"
            return f"{check.matcher} does not hold for {check.value!r}"
    held = ", ".join(str(check.matcher) for check in trace.checks)
    return f"{f'{held} holds' if held else 'matches everything'}{'' if trace.takes else '; its children took it'}"


def _taking(node: RouteNode) -> list[str]:
    own = [node.route.receiver] if node.takes else []
    return [*own, *(name for child in node.children for name in _taking(child))]


PAGES = (Page("/routes", show, May.READ),)
