"""`watcher routes`: which receivers would get an alert, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, command_group, load_to_read
from watcher.cli.tables import say, show_json
from watcher.errors import UsageError
from watcher.model.topic import Points

if TYPE_CHECKING:
    from watcher.route.tree import RouteTrace

app = command_group("Test which receivers would get an alert.")


@app.command("test", epilog="Example: watcher routes test level=focus topic=ceasefires score=12")
def try_labels(
    labels: Annotated[list[str], typer.Argument(help="Labels of the alert: name=value …")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show which receivers would get an alert with these labels, which route decided it, and when it would be sent.

    Give score=12 to see what quiet hours do with an alert of 12 points, or topic=watcher level=focus for a report on
    a critical feed.
    """
    from watcher.config.matchers import impossible_labels
    from watcher.route.timing import when_sent
    from watcher.route.tree import routes_for, why

    settings = load_to_read(config).settings
    root = settings.route
    if root is None:
        raise UsageError("the configuration has no route; add one with a receiver")
    given = dict(_label(text) for text in labels)
    for warning in impossible_labels(settings, given):
        say(f"warning: {warning}", err=True)
    score, now = _score(given), datetime.now(UTC)
    taking = [(route, when_sent(route, score, now)) for route in routes_for(root, given)]
    receivers = list(dict.fromkeys(route.receiver for route, _ in taking))
    if as_json:
        routes = [{"route": route.path, "receiver": route.receiver, "when": when} for route, when in taking]
        show_json({"receivers": receivers, "routes": routes})
        return
    for line in _lines(why(root, given), 0):
        say(line, hang=2)
    for route, when in taking:
        say(f"{route.path} to {route.receiver}: {'; '.join(when)}", hang=2)
    say(f"receivers: {', '.join(receivers) or 'none'}")


def _score(given: Mapping[str, str]) -> Points | None:
    from watcher.config.quantities import read_points
    from watcher.route.timing import rank_of_report

    if "score" not in given:
        return rank_of_report(given)
    try:
        return read_points(given["score"])
    except ValueError as error:
        raise UsageError(f"score: {error}") from error


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{text!r} is not a label; write name=value")
    return name, value.strip('"')


def _lines(trace: RouteTrace, depth: int) -> Iterator[str]:
    """The tree as an indented list: a mark, the route, and what decided."""
    mark = "→" if trace.takes else "·"
    yield f"{'  ' * depth}{mark} {trace.route.path} to {trace.route.receiver}: {_decision(trace)}"
    for child in trace.children:
        yield from _lines(child, depth + 1)


def _decision(trace: RouteTrace) -> str:
    if not trace.asked:
        return "not asked, an earlier route ended the search"
    for check in trace.checks:
        if not check.holds:
            return f"{check.matcher} does not hold for {check.value!r}"
    held = ", ".join(str(check.matcher) for check in trace.checks) or "matches everything"
    return f"{held}{'' if trace.takes else '; its children took it'}"
