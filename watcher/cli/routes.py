"""`watcher routes`: who would get an alert, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, Config, plan_to_read
from watcher.config.did_you_mean import did_you_mean
from watcher.errors import UsageError
from watcher.model.route import OWN_LABELS
from watcher.model.settings import Settings
from watcher.model.topic import Level
from watcher.route.tree import RouteTrace, routes_for, why

app = typer.Typer(help="Who would get an alert, and why.", no_args_is_help=True)


@app.command("test", epilog="Example: watcher routes test level=focus topic=ceasefires region=mena")
def try_labels(
    labels: Annotated[list[str], typer.Argument(help="Labels of an imagined alert: name=value …")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Walks an imagined alert through the tree and says which receivers get it, and why."""
    settings = plan_to_read(config).settings
    root = settings.route
    if root is None:
        raise UsageError("the configuration has no route")
    given = dict(_label(text) for text in labels)
    for doubt in doubts(settings, given):
        typer.echo(f"warning: {doubt}", err=True)
    receivers = dict.fromkeys(route.receiver for route in routes_for(root, given))
    for line in _lines(why(root, given), 0):
        typer.echo(line)
    typer.echo(f"receivers: {', '.join(receivers) or 'none'}")


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{text!r} is not a label; write name=value")
    return name, value.strip('"')


def doubts(settings: Settings, given: Mapping[str, str]) -> Iterator[str]:
    """Labels and values that no alert of this configuration can have."""
    labels = {*OWN_LABELS, *(label for feed in settings.feeds for label in feed.labels)}
    for name in given:
        if name not in labels:
            yield f'no alert has a label "{name}"{did_you_mean(name, labels) or f"; known: {_listed(labels)}"}'
    values = {"topic": [topic.name for topic in settings.topics], "level": [Level.MENTION.value, Level.FOCUS.value]}
    for name, known in values.items():
        if name in given and given[name] not in known:
            hint = did_you_mean(given[name], known) or f"; known: {_listed(known)}"
            yield f'no {name} is named "{given[name]}"{hint}'


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"


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
