"""`watcher silence`: alerts switched off for a time, by whom and why."""

from __future__ import annotations

import getpass
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, duration, opened_store, plan_to_read, store_of
from watcher.cli.routes import doubts
from watcher.cli.tables import counted, show_table, when
from watcher.config.matchers import MatcherProblem, read_matcher
from watcher.errors import UsageError
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.route.silence import silenced
from watcher.store.interface import Store

app = typer.Typer(help="Alerts switched off for a time, by whom and why.", no_args_is_help=True)

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
LOOKED_BACK = timedelta(days=7)
MANY = 10_000


@app.command(epilog="""Example: watcher silence add topic=ceasefires 'level="mention"' --for 2h --comment "known" """)
def add(
    matchers: Annotated[
        list[str],
        typer.Argument(metavar="MATCHER", help='What to silence, all of it: name=value, score>=12, feed=~"BBC.*" …'),
    ],
    lasts: Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long, like 2h or 1d12h.")],
    comment: Annotated[str, typer.Option(help="Why.")],
    author: Annotated[str | None, typer.Option(help="Who wants it; your login name by default.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Alerts whose labels meet all matchers are not told from now on, until the time is over."""
    now = datetime.now(UTC)
    lasting = duration(lasts, "--for")
    if not lasting:
        raise UsageError("--for 0s silences nothing; say how long, like 2h")
    silence = Silence(
        id=secrets.token_hex(16),
        matchers=tuple(_matcher(text) for text in matchers),
        author=author or _login_name(),
        comment=comment,
        starts_at=now,
        ends_at=now + lasting,
        created_at=now,
    )
    plan = plan_to_read(config)
    for doubt in doubts(plan.settings, {one.label: one.value for one in silence.matchers if one.operator == "="}):
        typer.echo(f"warning: {doubt}", err=True)
    with opened_store(plan) as store:
        store.add_silence(silence)
        effect = _effect(store, silence)
    typer.echo(f"silence {silence.id[:8]} until {when(silence.ends_at)}: {_written(silence)}\n{effect}")


def _matcher(text: str) -> Matcher:
    found = read_matcher(text)
    if isinstance(found, MatcherProblem):
        raise UsageError(f"{text!r}: {found.message}")
    return found


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("this login has no name; say who you are with --author") from error


def _effect(store: Store, silence: Silence) -> str:
    """What it would have done of late, so that a matcher which meets nothing is noticed at once."""
    recent = store.alerts(limit=MANY, since=silence.created_at - LOOKED_BACK)
    met = silenced(recent, [silence], silence.starts_at)
    return f"of {counted(len(recent), 'alert')} in the last {LOOKED_BACK.days} days it meets {len(met)}"


@app.command("list", epilog="Example: watcher silence list --all")
def list_silences(
    config: Config = DEFAULT_CONFIG,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: AsJson = False,
) -> None:
    """The silences in force, those that end first at the top."""
    now = datetime.now(UTC)
    with store_of(config) as store:
        silences = store.silences(ALWAYS if everything else now)
    if as_json:
        typer.echo(json.dumps([_facts(silence, now) for silence in silences], ensure_ascii=False, indent=2))
        return
    columns = ("id", "state", "until", "matchers", "author", "comment")
    show_table(columns, _rows(silences, now), empty="no silences")


def _rows(silences: Sequence[Silence], now: datetime) -> list[tuple[str, ...]]:
    return [
        (
            silence.id[:8],
            _state(silence, now),
            when(silence.ends_at),
            _written(silence),
            silence.author,
            silence.comment,
        )
        for silence in silences
    ]


def _facts(silence: Silence, now: datetime) -> dict[str, object]:
    return {
        "id": silence.id,
        "state": _state(silence, now),
        "matchers": [str(matcher) for matcher in silence.matchers],
        "author": silence.author,
        "comment": silence.comment,
        "starts_at": when(silence.starts_at),
        "ends_at": when(silence.ends_at),
    }


def _state(silence: Silence, now: datetime) -> str:
    if silence.ends_at <= now:
        return "over"
    return "in force" if silence.starts_at <= now else "to come"


def _written(silence: Silence) -> str:
    return " ".join(str(matcher) for matcher in silence.matchers)


@app.command(epilog="Example: watcher silence expire 5d0c22ae")
def expire(
    silence_id: Annotated[str, typer.Argument(help="The silence's id, or its first 8 digits.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Ends a silence now. What it has silenced stays so; what comes from now on is told."""
    with store_of(config) as store:
        ended = store.expire_silence(silence_id, datetime.now(UTC))
    if not ended:
        raise UsageError(f"no single silence in force is named {silence_id}; `watcher silence list` shows their ids")
    typer.echo(f"silence {silence_id} is over")
