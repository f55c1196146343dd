"""Every kind of channel, and the channels that a configuration names. A new kind is added to `_KINDS`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from watcher.clock import Clock, SystemClock
from watcher.deliver.apprise import APPRISE
from watcher.deliver.channel import Channel, ChannelKind, MailServer, Transport
from watcher.deliver.discord import DISCORD
from watcher.deliver.mail_message import EMAIL
from watcher.deliver.matrix import MATRIX
from watcher.deliver.mattermost import MATTERMOST
from watcher.deliver.ntfy import NTFY
from watcher.deliver.slack import SLACK
from watcher.deliver.teams import TEAMS
from watcher.deliver.telegram import TELEGRAM
from watcher.deliver.webhook import WEBHOOK
from watcher.errors import Problem, UsageError
from watcher.model.route import ChannelOptions, ChannelRef, Receiver
from watcher.model.settings import Settings, Smtp

if TYPE_CHECKING:
    from watcher.deliver.http_clients import HttpClients

_KINDS: tuple[ChannelKind[Any], ...] = (
    EMAIL, WEBHOOK, SLACK, DISCORD, NTFY, TEAMS, MATTERMOST, TELEGRAM, MATRIX, APPRISE,
)  # fmt: skip

CHANNEL_KINDS: Mapping[str, ChannelKind[Any]] = {kind.name: kind for kind in _KINDS}
"""By the key that a receiver has for it in the configuration."""

_BY_OPTIONS: Mapping[type[ChannelOptions], ChannelKind[Any]] = {kind.options: kind for kind in _KINDS}


def build_channels(
    receivers: Mapping[str, Receiver], smtp: Smtp | None, clients: HttpClients, clock: Clock | None = None
) -> Mapping[ChannelRef, Channel]:
    """One channel for each that a receiver names. Their secrets must be resolved.

    `clients` outlive the channels; `clock` gives webhooks their timestamp. No network is touched. Raises `ValueError`
    or `UsageError` for options that no channel can be built from; `failed_channels` says which.
    """
    return {
        ref: _build(options, _transport(receiver, smtp, clients, clock or SystemClock()))
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
                _build(options, _transport(receiver, settings.smtp, clients, SystemClock()))
            except LookupError:
                continue
            except (ValueError, UsageError, OSError) as error:
                yield Problem(settings.file, position, path, str(error))


def _build(options: ChannelOptions, transport: Transport) -> Channel:
    channel: Channel = _BY_OPTIONS[type(options)].build(options, transport)
    return channel


def _transport(receiver: Receiver, smtp: Smtp | None, clients: HttpClients, clock: Clock) -> Transport:
    via = clients.via(receiver)
    if via.ca_file is not None:
        via.trust()  # a file that holds no certificates is refused at once
    mail = None if smtp is None else MailServer(smtp, via.proxy, via.trust)
    return Transport(lambda: clients.client(via), mail, clock)
