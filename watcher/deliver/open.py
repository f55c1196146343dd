"""Builds the channels that the configuration names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from watcher.clock import Clock, SystemClock
from watcher.deliver.apprise import AppriseChannel
from watcher.deliver.channel import Channel
from watcher.deliver.chat import ChatChannel, Receipts, Shape
from watcher.deliver.discord import discord
from watcher.deliver.email import EmailChannel
from watcher.deliver.matrix import EVENT_ID, judge_matrix, matrix
from watcher.deliver.mattermost import POST_ID, mattermost
from watcher.deliver.ntfy import ntfy
from watcher.deliver.post import Judgement, http_client, judge_answer
from watcher.deliver.slack import TIMESTAMP, judge_slack, slack
from watcher.deliver.teams import judge_teams, teams
from watcher.deliver.telegram import MESSAGE_ID, judge_telegram, telegram
from watcher.deliver.webhook import WebhookChannel
from watcher.model.route import (
    Apprise,
    ChannelOptions,
    ChannelRef,
    Discord,
    Email,
    Matrix,
    Mattermost,
    Ntfy,
    Receiver,
    Slack,
    Teams,
    Telegram,
    Webhook,
)
from watcher.model.settings import Smtp

__all__ = ["build_channels", "http_client"]


@dataclass(frozen=True, slots=True)
class Service:
    """A chat: from the options to the shape, what its answers mean and, if it can reply, how its messages are named."""

    shape: Callable[[Any], Shape]
    judge: Judgement = judge_answer
    receipts: Callable[[Any], Receipts] | None = None


SERVICES: Mapping[type[ChannelOptions], Service] = {
    Slack: Service(slack, judge_slack, lambda options: Receipts(TIMESTAMP, options.channel or "")),
    Discord: Service(discord),
    Ntfy: Service(ntfy),
    Mattermost: Service(mattermost, receipts=lambda options: Receipts(POST_ID, options.channel or "")),
    Teams: Service(teams, judge_teams),
    Telegram: Service(telegram, judge_telegram, lambda options: Receipts(MESSAGE_ID, options.chat)),
    Matrix: Service(matrix, judge_matrix, lambda options: Receipts(EVENT_ID, options.room)),
}
"""Every service that is one HTTP request; docs/channels.md says how to add another."""


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
            service = SERVICES[type(options)]
            receipts = service.receipts(options) if service.receipts else None
            return ChatChannel(service.shape(options), client, service.judge, receipts)


def _required(smtp: Smtp | None) -> Smtp:
    if smtp is None:
        raise ValueError("a receiver has an email channel, but no smtp section says how to send: add one")
    return smtp
