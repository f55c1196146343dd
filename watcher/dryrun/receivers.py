"""Trying a receiver: a message marked as a test through each of its channels, without store and outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from watcher.deliver.channel import Channel
from watcher.deliver.http_clients import HttpClients
from watcher.deliver.registry import build_channels
from watcher.model.notification import Message, Notification, Outcome
from watcher.model.route import ChannelRef, Receiver
from watcher.render.message import render_message
from watcher.render.sample import sample_notification
from watcher.render.user_templates import user_templates
from watcher.route.tree import routes_by_path, zone_of
from watcher.service.load import CompiledConfig
from watcher.timings import Timings


async def try_receiver(config: CompiledConfig, receiver: Receiver, now: datetime) -> Mapping[ChannelRef, Outcome]:
    """Sends one test message through each channel, all at once; what each came to, in their order.

    The secrets of the configuration must be resolved. Nothing is tried again, and nothing is remembered.
    """
    async with HttpClients(config.settings.network) as clients:
        channels = build_channels({receiver.name: receiver}, config.settings.smtp, clients)
        outcomes = await asyncio.gather(*(_try(config, ref, channel, now) for ref, channel in channels.items()))
        return dict(zip(channels, outcomes, strict=True))


async def _try(config: CompiledConfig, ref: ChannelRef, channel: Channel, now: datetime) -> Outcome:
    notification = sample_notification(ref, now)
    message = await asyncio.to_thread(_render, config, notification)
    return await channel.send(notification, message, Timings().send_within)


def _render(config: CompiledConfig, notification: Notification) -> Message:
    root = config.settings.route
    zone = "UTC" if root is None else zone_of(routes_by_path(root), root.path)
    return render_message(notification, zone=zone, templates=user_templates(config.settings))
