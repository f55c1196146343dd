"""`watcher receivers`: the receivers with their channels, and test messages."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, command_group, load_to_read
from watcher.cli.tables import show_json, show_table, span
from watcher.errors import UsageError
from watcher.model.notification import Delivered, GiveUp, Outcome, TryAgain
from watcher.model.route import Receiver

if TYPE_CHECKING:
    from watcher.service.load import CompiledConfig

app = command_group("List receivers and send test messages.")


@app.command("list", epilog="Example: watcher receivers list")
def list_receivers(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the receivers, their channels, and to whom these go where that is no secret."""
    receivers = load_to_read(config).settings.receivers.values()
    channels = [
        (receiver.name, str(ref), options.recipients)
        for receiver in receivers
        for ref, options in receiver.channels.items()
    ]
    if as_json:
        show_json([{"receiver": name, "channel": ref, "to": list(to)} for name, ref, to in channels])
        return
    rows = ((name, ref, ", ".join(to)) for name, ref, to in channels)
    show_table(("receiver", "channel", "to"), rows, empty="no receivers are configured")


@app.command("test", epilog="Example: watcher receivers test chat")
def send_test(
    name: Annotated[str, typer.Argument(help="The receiver's name.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Send a marked test message through each channel of a receiver. Exit 1 if one of them does not take it."""
    import asyncio

    from watcher.dryrun.receivers import try_receiver
    from watcher.service.load import load_config

    compiled = load_config(config, os.environ, secrets="require")
    outcomes = asyncio.run(try_receiver(compiled, _receiver(compiled, name), datetime.now(UTC)))
    rows = ((str(channel), *_row(outcome)) for channel, outcome in outcomes.items())
    show_table(("channel", "outcome", "reason", "detail"), rows, empty="this receiver has no channels")
    raise typer.Exit(0 if all(isinstance(outcome, Delivered) for outcome in outcomes.values()) else 1)


def _receiver(compiled: CompiledConfig, name: str) -> Receiver:
    receivers = compiled.settings.receivers
    if name not in receivers:
        known = ", ".join(receivers) or "none at all"
        raise UsageError(f"no receiver is named {name}; the configuration has {known}")
    return receivers[name]


def _row(outcome: Outcome) -> tuple[str, str, str]:
    match outcome:
        case Delivered():
            return "delivered", "", outcome.detail
        case TryAgain():
            wait = f"; it asks to wait {span(outcome.retry_after)}" if outcome.retry_after else ""
            return "not now", outcome.reason.value, f"{outcome.detail}{wait}"
        case GiveUp():
            return "never", outcome.reason.value, outcome.detail
