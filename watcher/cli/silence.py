"""`watcher silence`: no alerts for a time, with an author and a comment."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    at_terminal,
    command_group,
    duration,
    load_to_read,
    login_name,
    opened_store,
    store_of,
)
from watcher.cli.tables import Cell, counted, say, show_json, show_table, when
from watcher.errors import UsageError
from watcher.model.act import Actor, WayIn
from watcher.model.route import Matcher
from watcher.model.silence import Silence

if TYPE_CHECKING:
    from watcher.store.store import Store

app = command_group("Stop alerts for a time, with an author and a comment.")

EVER = datetime(1970, 1, 1, tzinfo=UTC)
EFFECT_SINCE = timedelta(days=7)
MOST_ALERTS = 10_000


@app.command(epilog="""Example: watcher silence add topic=ceasefires 'level="mention"' --for 2h --comment "known" """)
def add(
    matchers: Annotated[
        list[str],
        typer.Argument(
            metavar="MATCHER", help='Labels that an alert must all have: name=value, score>=12, feed=~"BBC.*" …'
        ),
    ],
    lasts: Annotated[str, typer.Option("--for", metavar="DURATION", help="Silence for this long, like 2h or 1d12h.")],
    comment: Annotated[str, typer.Option(help="Say why.")],
    author: Annotated[str | None, typer.Option(help="Say who wants it; your login name by default.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Send no alerts whose labels match all matchers until the time is over.

    Prints how many alerts of the last 7 days the matchers match.
    """
    from watcher.config.matchers import impossible_labels

    now = datetime.now(UTC)
    lasting = duration(lasts, "--for")
    if not lasting:
        raise UsageError("--for 0s silences nothing; write how long, like 2h")
    silence = Silence(
        id=secrets.token_hex(16),
        matchers=tuple(_matcher(text) for text in matchers),
        author=author or _own_name(),
        comment=comment,
        starts_at=now,
        ends_at=now + lasting,
        created_at=now,
    )
    compiled = load_to_read(config)
    exact = {one.label: one.value for one in silence.matchers if one.operator == "="}
    for warning in impossible_labels(compiled.settings, exact):
        say(f"warning: {warning}", err=True)
    with opened_store(compiled) as store:
        store.silences.add(silence, Actor(silence.author, WayIn.COMMAND))
        effect = _effect(store, silence)
    say(f"silence {silence.id[:8]} until {when(silence.ends_at)}: {_written(silence)}\n{effect}")


def _matcher(text: str) -> Matcher:
    from watcher.config.matchers import MatcherProblem, read_matcher

    found = read_matcher(text)
    if isinstance(found, MatcherProblem):
        raise UsageError(f"{text!r}: {found.message}")
    return found


def _own_name() -> str:
    if name := login_name():
        return name
    raise UsageError("this login has no name; give one with --author")


def _effect(store: Store, silence: Silence) -> str:
    """How many recent alerts it would have silenced, so that a matcher that matches nothing is noticed at once."""
    from watcher.route.limits import silenced

    recent = store.alerts.newest(limit=MOST_ALERTS, since=silence.created_at - EFFECT_SINCE)
    matched = silenced(recent, [silence], silence.starts_at)
    return f"of {counted(len(recent), 'alert')} in the last {EFFECT_SINCE.days} days it matches {len(matched)}"


@app.command("list", epilog="Example: watcher silence list --all")
def list_silences(
    config: Config = DEFAULT_CONFIG,
    everything: Annotated[bool, typer.Option("--all", help="List those that are over, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the silences in force, the first to end first."""
    from watcher.views.silences import silence_facts

    now = datetime.now(UTC)
    with store_of(config) as store:
        silences = store.silences.ending_after(EVER if everything else now)
    if as_json:
        show_json([silence_facts(silence, now) for silence in silences])
        return
    columns = ("id", "state", "until", "matchers", "author", "comment")
    show_table(columns, _rows(silences, now), empty="no silences")


def _rows(silences: Sequence[Silence], now: datetime) -> list[tuple[Cell, ...]]:
    from watcher.views.silences import state_of

    return [
        (
            silence.id[:8],
            state_of(silence, now).value,
            silence.ends_at,
            _written(silence),
            silence.author,
            silence.comment,
        )
        for silence in silences
    ]


def _written(silence: Silence) -> str:
    return " ".join(str(matcher) for matcher in silence.matchers)


@app.command(epilog="Example: watcher silence expire 5d0c22ae")
def expire(
    silence_id: Annotated[str, typer.Argument(help="The id of the silence, or its first 8 digits.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """End a silence now.

    Alerts that it has silenced stay silenced; alerts from now on are sent.
    """
    with store_of(config) as store:
        ended = store.silences.expire(silence_id, datetime.now(UTC), at_terminal())
    if not ended:
        raise UsageError(f"no silence in force (or more than one) matches {silence_id}; see `watcher silence list`")
    say(f"silence {silence_id} is over")
