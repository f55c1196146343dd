"""What the daemon does at each tick, for tests that set the clock between two of them."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.model.notification import AcquiredNotification
from watcher.service.app import Application

AT_ONCE = 100


async def poll(app: Application, urls: Sequence[str] = (), *, force: bool = False) -> None:
    """Polls the feeds that are due, with `force` all; or these, due or not."""
    if urls:
        acquired = await app.poller.acquire_named(urls, force=True)
    else:
        acquired = await app.poller.acquire(AT_ONCE, force=force)
    for one in acquired:
        await app.poller.poll(one)


async def notify(app: Application) -> Sequence[AcquiredNotification]:
    """Routes what is new and tries to send what is due; what was tried, delivered or not."""
    await app.notifier.route_new()
    await app.notifier.freeze_ripe()
    acquired = await app.notifier.acquire(AT_ONCE)
    for one in acquired:
        await app.notifier.attempt(one)
    return acquired
