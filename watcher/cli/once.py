"""`watcher once`: one poll and one delivery, then the end."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, load_to_run

if TYPE_CHECKING:
    from watcher.notify.flusher import Early
    from watcher.service.load import CompiledConfig
    from watcher.service.once import OnceReport

app = typer.Typer()


@app.command(epilog="Example: watcher once --all --json")
def once(
    config: Config = DEFAULT_CONFIG,
    all_feeds: bool = typer.Option(False, "--all", help="Poll all feeds, except those backing off after a failure."),
    digest_now: bool = typer.Option(
        False, "--digest-now", help="Release digests before their time, also an empty one where `empty: true` is set."
    ),
    as_json: AsJson = False,
    verbose: bool = typer.Option(False, "-v", "--verbose", help="Log more."),
) -> None:
    """Poll what is due, deliver what is ready, and exit.

    Exit 1: the store failed, a message became a dead letter, or no feed could be reached.
    """
    from watcher.cli.logs import configure_logs
    from watcher.notify.flusher import Early
    from watcher.sandbox.limits import hide_from_children

    hide_from_children()
    configure_logs(verbose=verbose)
    early = Early.DIGESTS if digest_now else Early.GROUP_WAIT
    report = asyncio.run(_once(load_to_run(config), all_feeds, early))
    facts = {name: value for name, value in asdict(report).items() if name != "reached"}
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        typer.echo(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()))
    if report.postponed:
        typer.echo(
            f"postponed messages are tried again: `watcher outbox list -c {config}` shows when and why", err=True
        )
    if not report.feeds:
        typer.echo(f"no feed was due: `watcher feeds list -c {config}` shows when each is polled next", err=True)
    if report.nothing_reachable:
        typer.echo(f"no feed could be reached: check the network, then `watcher feeds list -c {config}`", err=True)
    raise typer.Exit(1 if report.dead or report.nothing_reachable else 0)


async def _once(compiled: CompiledConfig, all_feeds: bool, early: Early) -> OnceReport:
    from watcher.service.app import open_application
    from watcher.service.once import run_once

    async with open_application(compiled, os.environ) as application:
        return await run_once(application, force=all_feeds, early=early)
