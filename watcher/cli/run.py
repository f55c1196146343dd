"""`run` and `once`: the two commands that poll and send."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict

import typer

from watcher.cli.logs import configure_logs
from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, plan_to_run
from watcher.errors import UsageError
from watcher.notify.flusher import Early
from watcher.service.app import OnceReport, open_application
from watcher.service.daemon import run_daemon
from watcher.service.load import CompiledConfig
from watcher.service.memory import keep_memory_together
from watcher.service.metrics import serve


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: watcher run -c /etc/watcher/config.yaml")(run)
    app.command(epilog="Example: watcher once --all --json")(once)


def run(
    config: Config = DEFAULT_CONFIG,
    metrics: str | None = typer.Option(None, metavar="HOST:PORT", help="Serve Prometheus metrics there."),
    verbose: bool = typer.Option(False, "-v", "--verbose", help="Log more."),
) -> None:
    """The daemon. SIGTERM ends it in order, SIGHUP reads the configuration anew."""
    keep_memory_together()
    configure_logs(verbose=verbose)
    plan = plan_to_run(config)
    if metrics is not None:
        _serve_metrics(metrics)
    asyncio.run(run_daemon(config, plan, os.environ, with_metrics=metrics is not None))


def _serve_metrics(address: str) -> None:
    try:
        serve(address)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--metrics {address}: not an address; write HOST:PORT, like 127.0.0.1:9464") from error
    except OSError as error:
        raise UsageError(f"cannot serve metrics at {address}: {error.strerror}; name a free HOST:PORT") from error


def once(
    config: Config = DEFAULT_CONFIG,
    all_feeds: bool = typer.Option(
        False, "--all", help="Also feeds that are not due, but not those that back off after a failure."
    ),
    digest_now: bool = typer.Option(
        False,
        "--digest-now",
        help="Release digests before their time; those with empty: true also when there is nothing.",
    ),
    as_json: AsJson = False,
    verbose: bool = typer.Option(False, "-v", "--verbose", help="Log more."),
) -> None:
    """Polls what is due, delivers what is ripe, and ends. Exit 1: the store failed, a message died, or nothing answered."""
    configure_logs(verbose=verbose)
    early = Early.DIGESTS if digest_now else Early.GROUP_WAIT
    report = asyncio.run(_once(plan_to_run(config), all_feeds, early))
    facts = {name: value for name, value in asdict(report).items() if name != "reached"}
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        typer.echo(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()))
    if report.postponed:
        typer.echo(f"what was postponed is tried again; `watcher outbox list -c {config}` says when, and why", err=True)
    if not report.feeds:
        typer.echo(f"no feed was due; `watcher feeds list -c {config}` says when the next one is, and why", err=True)
    if report.nothing_reachable:
        typer.echo("no feed could be reached: check the network, then `watcher feeds list`", err=True)
    raise typer.Exit(1 if report.dead or report.nothing_reachable else 0)


async def _once(plan: CompiledConfig, all_feeds: bool, early: Early) -> OnceReport:
    async with open_application(plan, os.environ) as app:
        return await app.once(force=all_feeds, early=early)
