"""What the daemon does at each tick, for tests that set the clock between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from watcher.model.notification import AcquiredNotification
from watcher.service.app import Application

AT_ONCE = 100


def looked_at(
    start: datetime, until: datetime, exactly: Iterable[datetime], *, step: timedelta, fine: timedelta
) -> list[datetime]:
    """The moments at which a test of hours or days looks what has left.

    They are every `step`, and `exactly` these, with the moments that are `fine` before and after each: what leaves too
    early or too late is seen, without a thousand looks at a store in which nothing changes.
    """
    found = {start + number * step for number in range((until - start) // step + 1)}
    found |= {moment + near for moment in exactly for near in (-fine, timedelta(), fine)}
    return sorted(moment for moment in found if start <= moment <= until)


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
