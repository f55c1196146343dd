"""`watcher run`: the daemon."""

from __future__ import annotations

import os

import typer

from watcher.cli.options import DEFAULT_CONFIG, Config, LogFormat, LogFormatOption, Verbose, load_to_run, single_command
from watcher.errors import UsageError

app = single_command()


@app.command(epilog="Example: watcher run -c /etc/watcher/config.yaml")
def run(
    config: Config = DEFAULT_CONFIG,
    metrics: str | None = typer.Option(None, metavar="HOST:PORT", help="Serve /metrics, /livez and /readyz here."),
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
    from watcher.service.memory import limit_arenas

    hide_from_children()
    limit_arenas()
    configure_logs(verbose=verbose, log_format=log_format)
    compiled = load_to_run(config)
    asyncio.run(run_daemon(config, compiled, os.environ, listen=_address(metrics)))


def _address(text: str | None) -> tuple[str, int] | None:
    from watcher.service.http_listener import read_address

    try:
        return None if text is None else read_address(text)
    except ValueError as error:
        raise UsageError(f"--metrics {text}: not an address; write HOST:PORT, like 127.0.0.1:9464") from error
