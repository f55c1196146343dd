"""Builds the channels that the configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import httpx2

from watcher.clock import Clock, SystemClock
from watcher.deliver.apprise import AppriseChannel
from watcher.deliver.channel import Channel
from watcher.deliver.chat import Service
from watcher.deliver.email import EmailChannel
from watcher.deliver.http import http_client
from watcher.deliver.webhook import WebhookChannel
from watcher.model.route import Apprise, ChannelOptions, ChannelRef, Email, Receiver, Webhook
from watcher.model.settings import Smtp

__all__ = ["build_channels", "http_client"]


def build_channels(
    receivers: Mapping[str, Receiver], smtp: Smtp | None, client: httpx2.AsyncClient, clock: Clock | None = None
) -> Mapping[ChannelRef, Channel]:
    """One channel for each that a receiver names. Their secrets must be resolved.

    `client` comes from `http_client` and outlives the channels; `clock` gives webhooks their timestamp.
    """
    return {
        name: _build(options, smtp, client, clock or SystemClock())
        for receiver in receivers.values()
        for name, options in receiver.channels.items()
    }


def _build(options: ChannelOptions, smtp: Smtp | None, client: httpx2.AsyncClient, clock: Clock) -> Channel:
    match options:
        case Email():
            return EmailChannel(options, _required(smtp))
        case Webhook():
            return WebhookChannel(options, client, clock)
        case Apprise():
            return AppriseChannel(options)
        case _:
            return service_of(type(options)).open(options, client)


def service_of(kind: type[ChannelOptions]) -> Service:
    """The service of a chat, from the module of its name; docs/channels.md says how to add another."""
    service = import_module(f"watcher.deliver.{kind.__name__.lower()}").SERVICE
    assert isinstance(service, Service)
    return service


def _required(smtp: Smtp | None) -> Smtp:
    if smtp is None:
        raise ValueError("a receiver has an email channel, but no smtp section says how to send: add one")
    return smtp
