"""What a configuration says happens at the next start or reload, not at the end of an old schedule."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from tests.harness.harness import Harness, Item
from tests.harness.servers import Answer
from watcher.model.feed import PollState
from watcher.service.load import load_config

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def publish(harness: Harness, **options: Any) -> str:
    """One feed with these options in the configuration."""
    harness.publish("/wire", [Item(str(n), f"Bread {n}", harness.clock.now() - MINUTE) for n in range(3)])
    url = harness.feeds.url("/wire")
    harness.feed_urls[:] = [{"url": url, **options}]  # type: ignore[list-item]
    return url


def state(harness: Harness) -> PollState:
    (one,) = harness.store().feeds.states()
    return one


def start(harness: Harness, *, reload: bool = False) -> PollState:
    """The state of the feed after a start with the configuration, or after a start and a reload."""

    async def run() -> None:
        async with harness.open() as app:
            await app.follow_configuration()
            if reload:
                await app.apply(load_config(harness.write(), {}, secrets="require", must_run=True))

    asyncio.run(run())
    return state(harness)


def test_a_shorter_interval_counts_from_the_last_poll(harness: Harness) -> None:
    publish(harness, interval="10h")
    harness.once()
    polled_at = harness.clock.now()
    assert start(harness).next_poll_at > polled_at + 8 * HOUR
    publish(harness, interval="30m")
    harness.clock.advance(MINUTE)
    assert start(harness).next_poll_at == polled_at + 30 * MINUTE


def test_a_longer_interval_postpones_nothing(harness: Harness) -> None:
    publish(harness, interval="10m")
    harness.once()
    before = state(harness).next_poll_at
    publish(harness, interval="10h")
    assert start(harness).next_poll_at == before


def test_a_shorter_interval_does_not_override_a_retry_after(harness: Harness) -> None:
    url = publish(harness, interval="10h")
    harness.once()
    harness.feeds.put("/wire", Answer(503, {"Retry-After": "7200"}))
    harness.clock.advance(11 * HOUR)
    harness.once(force=False)
    asked = state(harness).not_before
    assert asked is not None
    harness.feed_urls[:] = [{"url": url, "interval": "5m"}]  # type: ignore[list-item]
    assert start(harness, reload=True).next_poll_at >= asked


def test_a_reload_retries_a_feed_that_fails(harness: Harness) -> None:
    publish(harness)
    harness.feeds.put("/wire", Answer(401))
    harness.once()  # the first retry is due after a minute, give or take the jitter
    harness.clock.advance(MINUTE / 4)
    assert start(harness).next_poll_at > harness.clock.now()
    assert start(harness, reload=True).next_poll_at <= harness.clock.now()


def test_a_start_retries_a_feed_that_fails_if_its_headers_have_changed(harness: Harness) -> None:
    publish(harness)
    harness.feeds.put("/wire", Answer(401))
    harness.once()
    harness.clock.advance(MINUTE)
    publish(harness, headers={"X-Token": "abc"})
    assert start(harness).next_poll_at <= harness.clock.now()


def test_a_raised_limit_takes_effect_at_once(harness: Harness) -> None:
    publish(harness)
    harness.limits = "limits: {entries_per_feed: 1}"
    assert harness.once().entries_new == 1
    harness.clock.advance(MINUTE)
    harness.limits = "limits: {entries_per_feed: 10}"
    assert harness.once(force=False).entries_new == 2
