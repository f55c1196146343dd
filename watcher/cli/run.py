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
    metrics: str | None = typer.Option(None, metavar="HOST:PORT", help="Serve Prometheus metrics at this address."),
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
    if metrics is not None:
        _serve_metrics(metrics)
    asyncio.run(run_daemon(config, compiled, os.environ, with_metrics=metrics is not None))


def _serve_metrics(address: str) -> None:
    from watcher.service.metrics import serve

    try:
        serve(address)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--metrics {address}: not an address; write HOST:PORT, like 127.0.0.1:9464") from error
    except OSError as error:
        raise UsageError(f"cannot serve metrics at {address}: {error.strerror}; name a free HOST:PORT") from error
