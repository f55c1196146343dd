"""`watcher receivers`: whether those who are to be told can be reached."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, Config, command_group, load_to_read
from watcher.cli.tables import show_table, span
from watcher.errors import UsageError
from watcher.model.notification import Delivered, GiveUp, Outcome, TryAgain
from watcher.model.route import Receiver

if TYPE_CHECKING:
    from watcher.service.load import CompiledConfig

app = command_group("List receivers and send test messages.")


@app.command("list", epilog="Example: watcher receivers list")
def list_receivers(config: Config = DEFAULT_CONFIG) -> None:
    """The receivers and their channels."""
    plan = load_to_read(config)
    rows = (
        (receiver.name, str(channel)) for receiver in plan.settings.receivers.values() for channel in receiver.channels
    )
    show_table(("receiver", "channel"), rows, empty="no receivers are configured")


@app.command("test", epilog="Example: watcher receivers test chat")
def try_out(
    name: Annotated[str | None, typer.Argument(help="The receiver's name.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Sends a message marked as a test through each channel of a receiver. Exit 1: one of them did not take it."""
    if name is None:
        names = load_to_read(config).settings.receivers
        raise UsageError(f"say which receiver to test: {_listed(names)}")
    import asyncio

    from watcher.dryrun.receivers import try_receiver
    from watcher.service.load import load_config

    plan = load_config(config, os.environ, secrets="require")
    outcomes = asyncio.run(try_receiver(plan, _receiver(plan, name), datetime.now(UTC)))
    rows = ((str(channel), *_told(outcome)) for channel, outcome in outcomes.items())
    show_table(("channel", "outcome", "reason", "detail"), rows, empty="this receiver has no channels")
    raise typer.Exit(0 if all(isinstance(outcome, Delivered) for outcome in outcomes.values()) else 1)


def _receiver(plan: CompiledConfig, name: str) -> Receiver:
    receivers = plan.settings.receivers
    if name not in receivers:
        raise UsageError(f"no receiver is named {name}; the configuration has {_listed(receivers)}")
    return receivers[name]


def _listed(names: Collection[str]) -> str:
    return ", ".join(names) or "none at all"


def _told(outcome: Outcome) -> tuple[str, str, str]:
    match outcome:
        case Delivered():
            return "delivered", "", outcome.detail
        case TryAgain():
            wish = outcome.retry_after
            asks = f"; it asks to wait {span(wish)}" if wish else ""
            return "not now", outcome.reason.value, f"{outcome.detail}{asks}"
        case GiveUp():
            return "never", outcome.reason.value, outcome.detail
