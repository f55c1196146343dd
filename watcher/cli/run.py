"""`watcher run`: the daemon."""

from __future__ import annotations

import os

import typer

from watcher.cli.options import DEFAULT_CONFIG, Config, LogFormat, LogFormatOption, Verbose, load_to_run, single_command
from watcher.errors import UsageError

app = single_command()

ROLES = ("poll", "notify")
"""The values of `store.records.Role`; importing that would load the store."""


@app.command(epilog="Example: watcher run -c /etc/watcher/config.yaml")
def run(
    config: Config = DEFAULT_CONFIG,
    metrics: str | None = typer.Option(None, metavar="HOST:PORT", help="Serve /metrics, /livez and /readyz here."),
    role: str = typer.Option(
        ",".join(ROLES), metavar="ROLE,…", help=f"Do only this part of the work: {' or '.join(ROLES)}."
    ),
    node_name: str = typer.Option(
        "", metavar="NAME", help="Call this node so in `watcher nodes`.", show_default="the machine's name"
    ),
    web: str | None = typer.Option(
        None, metavar="HOST:PORT", help="Serve the pages here, as `watcher web` does, in a process of their own."
    ),
    verbose: Verbose = False,
    log_format: LogFormatOption = LogFormat.AUTO,
) -> None:
    """Run the daemon.

    SIGTERM stops it after what is under way (at most 10 seconds), SIGHUP reloads the configuration.
    """
    import asyncio

    from watcher.cli.logs import configure_logs
    from watcher.sandbox.limits import hide_from_children
    from watcher.service.daemon import run_daemon
    from watcher.service.memory import freeze_objects, limit_arenas
    from watcher.store.records import Role

    roles = _roles(role)
    hide_from_children()
    limit_arenas()
    configure_logs(verbose=verbose, as_text=log_format.as_text)
    compiled = load_to_run(config)
    freeze_objects()
    daemon = run_daemon(
        config,
        compiled,
        os.environ,
        listen=_address(metrics),
        name=node_name,
        roles=[Role(name) for name in roles],
        web=_pages(web),
    )
    asyncio.run(daemon)


def _pages(text: str | None) -> str | None:
    from watcher.config.web import read_listen

    try:
        return None if text is None else str(read_listen(text))
    except ValueError as error:
        raise UsageError(f"--web {text}: {error}") from error


def _roles(text: str) -> list[str]:
    roles = [part.strip() for part in text.split(",")]
    if unknown := [name for name in roles if name not in ROLES]:
        raise UsageError(f"--role {text}: {unknown[0]!r} is not a role; name one or both of {', '.join(ROLES)}")
    return roles


def _address(text: str | None) -> tuple[str, int] | None:
    from watcher.service.http_listener import read_address

    try:
        return None if text is None else read_address(text)
    except ValueError as error:
        raise UsageError(f"--metrics {text}: not an address; write HOST:PORT, like 127.0.0.1:9464") from error
