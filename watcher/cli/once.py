"""`watcher once`: one poll and one delivery, then the end."""

from __future__ import annotations

import json
import os
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

import typer

from watcher.cli.options import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    LogFormat,
    LogFormatOption,
    Verbose,
    load_to_run,
    opened_store,
    single_command,
)
from watcher.cli.tables import say

if TYPE_CHECKING:
    from watcher.service.load import CompiledConfig
    from watcher.service.once_report import OnceReport

app = single_command()


@app.command(epilog="Example: watcher once --all --json")
def once(
    config: Config = DEFAULT_CONFIG,
    all_feeds: bool = typer.Option(False, "--all", help="Poll all feeds, except those backing off after a failure."),
    digest_now: bool = typer.Option(
        False, "--digest-now", help="Release digests before their time, also an empty one where `empty: true` is set."
    ),
    as_json: AsJson = False,
    verbose: Verbose = False,
    log_format: LogFormatOption = LogFormat.AUTO,
) -> None:
    """Poll what is due, deliver what is ready, and exit.

    Exit 1: the store failed, a message became a dead letter, or no feed could be reached.
    """
    from watcher.cli.logs import configure_logs
    from watcher.sandbox.limits import hide_from_children

    hide_from_children()
    configure_logs(verbose=verbose, as_text=log_format.as_text)
    report = _run(load_to_run(config), all_feeds, digest_now)
    facts = {name: value for name, value in asdict(report).items() if name != "reached"}
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        say(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()))
    if report.postponed:
        say(f"postponed messages are tried again: `watcher outbox list -c {config}` shows when and why", err=True)
    if not report.feeds:
        say(f"no feed was due: `watcher feeds list -c {config}` shows when each is polled next", err=True)
    if report.nothing_reachable:
        say(f"no feed could be reached: check the network, then `watcher feeds list -c {config}`", err=True)
    raise typer.Exit(1 if report.dead or report.nothing_reachable else 0)


def _run(compiled: CompiledConfig, all_feeds: bool, digest_now: bool) -> OnceReport:
    from watcher.service.load import has_new_store

    first_readings = len(compiled.settings.feeds)
    if not has_new_store(compiled):
        from watcher.service.once_report import OnceReport, is_idle

        with opened_store(compiled) as store:
            if not all_feeds and is_idle(store, compiled, datetime.now(UTC)):
                return OnceReport()
            first_readings -= store.feeds.count_polled()
    import asyncio

    return asyncio.run(_once(compiled, all_feeds, digest_now, first_readings))


async def _once(compiled: CompiledConfig, all_feeds: bool, digest_now: bool, first_readings: int) -> OnceReport:
    """`first_readings`: feeds that are sure to bring a document. Their parser starts while the rest is imported."""
    import asyncio

    from watcher.parse.pool import MOST_PARSERS, ParserPool

    is_first = first_readings > 0
    async with aclosing(ParserPool(workers=MOST_PARSERS)) as parser:
        if is_first:
            parser.start_soon(first_readings)
        await asyncio.to_thread(import_module, "watcher.service.once")
        from watcher.notify.flusher import Early
        from watcher.service.app import open_application
        from watcher.service.memory import freeze_objects
        from watcher.service.once import run_once

        freeze_objects()
        early = Early.DIGESTS if digest_now else Early.GROUP_WAIT
        async with open_application(compiled, os.environ, parser=parser, expects_entries=is_first) as application:
            return await run_once(application, force=all_feeds, early=early)
