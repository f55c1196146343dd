"""Every kind of channel, and the channels that a configuration names. A new kind is added to `CHANNEL_KINDS`.

The module of a kind is imported when a configuration uses it: every command reads the configuration, and ten modules
are a twelfth of the start of `watcher check`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from watcher.clock import Clock, SystemClock
from watcher.deliver.channel import Channel, ChannelKind, MailServer, Transport
from watcher.errors import Problem, UsageError
from watcher.model.route import ChannelOptions, ChannelRef, Receiver
from watcher.model.settings import Settings, Smtp

if TYPE_CHECKING:
    from watcher.deliver.http_clients import HttpClients

CHANNEL_KINDS = {
    "email": "watcher.deliver.mail_message",
    "webhook": "watcher.deliver.webhook",
    "slack": "watcher.deliver.slack",
    "discord": "watcher.deliver.discord",
    "ntfy": "watcher.deliver.ntfy",
    "teams": "watcher.deliver.teams",
    "mattermost": "watcher.deliver.mattermost",
    "telegram": "watcher.deliver.telegram",
    "matrix": "watcher.deliver.matrix",
    "apprise": "watcher.deliver.apprise",
}
"""The module of each kind, by the key that a receiver has for it in the configuration."""


def channel_kind(name: str) -> ChannelKind[Any]:
    """The kind with this key: the constant of its module that is named like it, in capitals."""
    kind: ChannelKind[Any] = getattr(import_module(CHANNEL_KINDS[name]), name.upper())
    return kind


def build_channels(
    receivers: Mapping[str, Receiver], smtp: Smtp | None, clients: HttpClients, clock: Clock | None = None
) -> Mapping[ChannelRef, Channel]:
    """One channel for each that a receiver names. Their secrets must be resolved.

    `clients` outlive the channels; `clock` gives webhooks their timestamp. No network is touched. Raises `ValueError`
    or `UsageError` for options that no channel can be built from; `failed_channels` says which.
    """
    return {
        ref: _build(ref, options, _transport(receiver, smtp, clients, clock or SystemClock()))
        for receiver in receivers.values()
        for ref, options in receiver.channels.items()
    }


def failed_channels(settings: Settings) -> Iterator[Problem]:
    """Channels that cannot be built, with cause and remedy: what `run` would fail at is refused before.

    Touches no network. Channels with a secret that could not be found are passed over: that is said elsewhere.
    """
    from watcher.deliver.http_clients import HttpClients

    clients = HttpClients(settings.network)
    for index, receiver in enumerate(settings.receivers.values()):
        for ref, options in receiver.channels.items():
            path = f"receivers.{index}.{ref.kind}"
            position = settings.positions.get(f"{path}.{ref.position}") or settings.positions.get(path)
            try:
                _build(ref, options, _transport(receiver, settings.smtp, clients, SystemClock()))
            except LookupError:
                continue
            except (ValueError, UsageError, OSError) as error:
                yield Problem(settings.file, position, path, str(error))


def _build(ref: ChannelRef, options: ChannelOptions, transport: Transport) -> Channel:
    channel: Channel = channel_kind(ref.kind).build(options, transport)
    return channel


def _transport(receiver: Receiver, smtp: Smtp | None, clients: HttpClients, clock: Clock) -> Transport:
    via = clients.via(receiver)
    if via.ca_file is not None:
        via.trust()  # a file that holds no certificates is refused at once
    mail = None if smtp is None else MailServer(smtp, via.proxy, via.trust)
    return Transport(lambda: clients.client(via), mail, clock)
