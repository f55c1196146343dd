"""What is suspicious about the routes of a configuration: routes without any alert, values without any feed."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.config.did_you_mean import did_you_mean
from watcher.errors import Problem
from watcher.model.route import Route
from watcher.model.settings import Settings
from watcher.model.topic import OWN_TOPIC, Level
from watcher.route.quiet_hours import is_always_quiet
from watcher.route.reachability import missing_values, reach, routes_without_use, unreachable_routes
from watcher.route.tree import routes_by_path
from watcher.text.redact import redact_addresses


def route_warnings(settings: Settings) -> list[Problem]:
    """Warnings for `check`, each with its position. A configuration without feeds or route has none."""
    if settings.route is None or not settings.feeds:
        return []
    labels = _feed_labels(settings)
    domains = _domains(settings, labels)
    impossible = list(_missing_values(settings, settings.route, domains))
    found = reach(settings.route, domains)
    unreachable = [
        _problem(settings, route, "", _UNREACHABLE)
        for route in (unreachable_routes(settings.route, found) if found else ())
        if not any(_is_below(route, problem.path) for problem in impossible)
    ]
    unused = [
        _problem(settings, route, "", f'the receiver "{route.receiver}" gets nothing: routes below take all alerts')
        for route in (routes_without_use(settings.route, found) if found else ())
    ]
    always_held = [
        _problem(settings, route, ".hold", _ALWAYS_HELD)
        for route in routes_by_path(settings.route).values()
        if route.hold is not None and is_always_quiet(route.hold)
    ]
    return [*impossible, *unreachable, *unused, *always_held]


_UNREACHABLE = "no alert can get here: earlier routes take them all, or its matchers exclude each other"
_ALWAYS_HELD = "the quiet hours cover the whole week: nothing leaves but what break_through lets pass"
_MOST_NAMES = 1_000
"""Names among which one that is similar is looked for."""


def _feed_labels(settings: Settings) -> dict[str, frozenset[str]]:
    """Every value of each label that feeds have in the configuration; "" where a feed lacks it."""
    names = {name for feed in settings.feeds for name in feed.labels}
    return {name: frozenset(feed.labels.get(name, "") for feed in settings.feeds) for name in names}


def _domains(settings: Settings, labels: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    topics = frozenset({OWN_TOPIC, *(topic.name for topic in settings.topics)})
    levels = frozenset({Level.MENTION.value, Level.FOCUS.value})
    return labels | {"topic": topics, "level": levels, "feed": frozenset(feed.label for feed in settings.feeds)}


def _missing_values(settings: Settings, root: Route, domains: dict[str, frozenset[str]]) -> Iterator[Problem]:
    """A level that does not exist is refused, and a single topic is warned of, where the configuration is read."""
    for route in routes_by_path(root).values():
        for index, matcher in enumerate(route.matchers):
            known = domains.get(matcher.label)
            if known is None or matcher.label == "level" or (matcher.label == "topic" and matcher.operator == "="):
                continue
            named = sorted(value for value in known if value)
            for value in missing_values(matcher, known):
                similar = did_you_mean(value, named) if len(named) <= _MOST_NAMES else ""
                hint = similar or f"; known: {', '.join(map(redact_addresses, named[:20]))}"
                what = f'"{redact_addresses(value)}" never matches: no alert has such a value of {matcher.label}'
                yield _problem(settings, route, f".matchers.{index}", f"{what}{hint}")


def _problem(settings: Settings, route: Route, inside: str, message: str) -> Problem:
    path = f"{_config_path(route)}{inside}"
    return Problem(settings.file, settings.positions.get(path), path, message)


def _config_path(route: Route) -> str:
    """`/0/1` is `route.routes.0.routes.1` in the configuration."""
    return "route" + "".join(f".routes.{index}" for index in route.path.split("/") if index)


def _is_below(route: Route, path: str) -> bool:
    return path.startswith(_config_path(route))
