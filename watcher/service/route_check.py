"""What is suspicious about the routes of a configuration: routes without any alert, values without any feed."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.config.did_you_mean import did_you_mean
from watcher.errors import Problem
from watcher.model.route import OWN_LABELS, Route
from watcher.model.settings import Settings
from watcher.model.topic import OWN_TOPIC, Level
from watcher.route.reachability import unreachable_routes, values_without_feed
from watcher.route.tree import routes_by_path


def route_warnings(settings: Settings) -> list[Problem]:
    """Warnings for `check`, each with its position. A configuration without feeds or route has none."""
    if settings.route is None or not settings.feeds:
        return []
    labels = _feed_labels(settings)
    impossible = list(_values_without_feed(settings, settings.route, labels))
    unreachable = [
        _problem(
            settings,
            route,
            "",
            "no alert can get here: earlier routes take them all, or its matchers exclude each other",
        )
        for route in unreachable_routes(settings.route, _domains(settings, labels))
        if not any(_is_below(route, problem.path) for problem in impossible)
    ]
    return [*impossible, *unreachable]


def _feed_labels(settings: Settings) -> dict[str, frozenset[str]]:
    """Every value of each label that feeds have in the configuration; "" where a feed lacks it."""
    names = {name for feed in settings.feeds for name in feed.labels}
    return {name: frozenset(feed.labels.get(name, "") for feed in settings.feeds) for name in names}


def _domains(settings: Settings, labels: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    topics = frozenset({OWN_TOPIC, *(topic.name for topic in settings.topics)})
    return labels | {"topic": topics, "level": frozenset({Level.MENTION.value, Level.FOCUS.value})}


def _values_without_feed(settings: Settings, root: Route, labels: dict[str, frozenset[str]]) -> Iterator[Problem]:
    for route in routes_by_path(root).values():
        for index, matcher in enumerate(route.matchers):
            known = labels.get(matcher.label)
            if known is None or matcher.label in OWN_LABELS or not values_without_feed(matcher, known):
                continue
            named = sorted(value for value in known if value)
            hint = did_you_mean(matcher.value, named) or f"; known: {', '.join(named[:20])}"
            message = f"no feed has such a value of {matcher.label}, so this never matches{hint}"
            yield _problem(settings, route, f".matchers.{index}", message)


def _problem(settings: Settings, route: Route, inside: str, message: str) -> Problem:
    path = f"{_config_path(route)}{inside}"
    return Problem(settings.file, settings.positions.get(path), path, message)


def _config_path(route: Route) -> str:
    """`/0/1` is `route.routes.0.routes.1` in the configuration."""
    return "route" + "".join(f".routes.{index}" for index in route.path.split("/") if index)


def _is_below(route: Route, path: str) -> bool:
    return path.startswith(_config_path(route))
