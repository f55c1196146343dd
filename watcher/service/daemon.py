"""`watcher run`: the application under a ticker, with signals, reload, readiness and a watchdog."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import structlog

from watcher.errors import ConfigError, StoreCorrupt, StoreError
from watcher.model.feed import AcquiredFeed
from watcher.model.notification import AcquiredNotification, DeliveryState
from watcher.model.route import ChannelRef
from watcher.schedule.health import feed_issues
from watcher.service import metrics
from watcher.service.app import Application, open_application
from watcher.service.load import CompiledConfig, load_config
from watcher.service.memory import give_back_free_memory
from watcher.service.systemd import Heartbeats, SystemdNotifier
from watcher.service.ticker import Ticker

log = structlog.get_logger()

METRICS = timedelta(minutes=1)
GRACE = timedelta(seconds=8)
LAST_TICKS = timedelta(seconds=2)
"""How long ticks under way are waited for at the end: one cut short after leasing would leave its leases to run out."""
SENDS_PER_CHANNEL = 2
SEEN_FOR = timedelta(days=400)
ENTRIES_FOR = timedelta(days=90)
FINISHED_FOR = timedelta(days=90)
PURGE_CHUNK = 500


async def run_daemon(path: Path, plan: CompiledConfig, env: Mapping[str, str], *, with_metrics: bool = False) -> None:
    """Runs until SIGTERM or SIGINT, then finishes what is in flight (at most ten seconds).

    Raises `StoreError` when the store cannot be opened, or is damaged while running; anything else that
    the store refuses is logged and tried again with the next tick.
    """
    manager = SystemdNotifier(env)
    async with open_application(plan, env, grace=GRACE) as app:
        daemon = Daemon(path, app, manager, with_metrics)
        await app.follow_configuration()
        await daemon.run()


class Daemon:
    """The ticks of the two trips and of upkeep, and what the outside may ask of them."""

    def __init__(self, path: Path, app: Application, manager: SystemdNotifier, with_metrics: bool) -> None:
        self._path = path
        self._with_metrics = with_metrics
        self._app = app
        self._manager = manager
        self._progress = Heartbeats(("poll", "flush", "send"))
        self._ended = asyncio.Event()
        self._fatal: StoreCorrupt | None = None
        self._reloading = asyncio.Lock()
        self._sending: Counter[ChannelRef] = Counter()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        reloads: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(signal.SIGHUP, lambda: reloads.add(asyncio.create_task(self.reload())))
        if self._with_metrics:
            await self._guarded("metrics", self.metrics_tick)()
        ticker = self._start_ticker()
        self._manager.ready(self._watching())
        log.info(
            "daemon.ready",
            owner=self._app.owner,
            feeds=len(self._app.plan.settings.feeds),
            topics=len(self._app.plan.topics),
        )
        await self._ended.wait()
        log.info("daemon.stopping", polls=len(self._app.polls), sends=len(self._app.sends))
        self._manager.stopping()
        await ticker.stop(LAST_TICKS)
        if self._fatal is not None:
            raise self._fatal

    def _watching(self) -> str:
        count = len(self._app.plan.settings.feeds)
        return f"watching {count} feed{'' if count == 1 else 's'}"

    def _start_ticker(self) -> Ticker:
        ticker, timings = Ticker(), self._app.poller.timings
        ticker.every(timings.tick, "poll", self._guarded("poll", self.poll_tick))
        ticker.every(timings.tick, "flush", self._guarded("flush", self.flush_tick))
        ticker.every(timings.tick, "send", self._guarded("send", self.send_tick))
        ticker.every(timings.upkeep, "upkeep", self._guarded("upkeep", self.upkeep_tick))
        if self._with_metrics:
            ticker.every(METRICS, "metrics", self._guarded("metrics", self.metrics_tick))
        if (every := self._manager.watchdog_every) is not None:
            ticker.every(every, "watchdog", self._feed_watchdog)
        ticker.start()
        return ticker

    def _guarded(self, name: str, tick: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """A store that fails costs a tick, not the daemon; one that is damaged ends it loudly."""

        async def guarded() -> None:
            try:
                await tick()
            except StoreCorrupt as error:
                self._fatal = error
                self._ended.set()
            except StoreError as error:
                log.error("store.failed", during=name, error=str(error), remedy="it is tried again every second")
            self._progress.beat(name)

        return guarded

    async def poll_tick(self) -> None:
        """Leases as many due feeds as there is room for, and starts their polls."""
        app = self._app
        if app.polls.free:
            for acquired in await app.poller.acquire(app.polls.free):
                app.polls.start(self._poll(acquired))

    async def _poll(self, acquired: AcquiredFeed) -> None:
        report = await self._app.poller.poll(acquired)
        metrics.count_poll(report.result.value, report.reason, report.entries_new, report.alerts)

    async def flush_tick(self) -> None:
        """Routes new alerts and freezes what is ripe; many groups take their time, and no send waits for them."""
        await asyncio.to_thread(self._app.notifier.route_new)
        await asyncio.to_thread(self._app.notifier.freeze_ripe)

    async def send_tick(self) -> None:
        """Starts as many sends as there is room for, few at once to one channel."""
        app = self._app
        busy = [ref for ref in app.plan.channel_refs if self._sending[ref] >= SENDS_PER_CHANNEL]
        if app.sends.free:
            for acquired in await asyncio.to_thread(app.notifier.acquire, app.sends.free, busy):
                app.sends.start(self._attempt(acquired))

    async def _attempt(self, acquired: AcquiredNotification) -> None:
        channel = acquired.notification.group.channel
        self._sending[channel] += 1
        try:
            result = await self._app.notifier.attempt(acquired)
            metrics.count_attempt(channel.kind, result.value)
        except StoreError as error:
            log.error(
                "notify.unrecorded", error=str(error), remedy="it is sent again, under the same id, after its lease"
            )
        finally:
            self._sending[channel] -= 1

    async def metrics_tick(self) -> None:
        """Counts what the store holds, for who watches us."""
        stats = await asyncio.to_thread(self._app.store.stats)
        now = self._app.clock.now()
        states = await asyncio.to_thread(self._app.store.feeds_with_issues, now)
        counts = dict.fromkeys(DeliveryState, 0) | dict(stats.deliveries)
        metrics.show_state(counts)
        metrics.show_feed_issues(feed_issues(states, now))

    async def upkeep_tick(self) -> None:
        """Deletes what is past its time, in small chunks that let others write between them; gives back free memory."""
        more = True
        while more and not self._ended.is_set():
            gone = await asyncio.to_thread(
                self._app.store.purge,
                self._app.clock.now(),
                seen_for=SEEN_FOR,
                entries_for=ENTRIES_FOR,
                finished_for=FINISHED_FOR,
                chunk=PURGE_CHUNK,
            )
            more = gone > 0
            self._progress.beat("upkeep")
        await asyncio.to_thread(give_back_free_memory)

    async def _feed_watchdog(self) -> None:
        if stalled := self._progress.stalled():
            log.error("daemon.stalled", parts=stalled, remedy="the service manager restarts us")
        else:
            self._manager.alive()

    async def reload(self) -> None:
        """Reads the configuration anew, off the loop; a bad one is reported whole and the old one stays in force (I9)."""
        async with self._reloading:
            self._manager.reloading()
            try:
                plan = await asyncio.to_thread(load_config, self._path, self._app.env, secrets="require", must_run=True)
            except ConfigError as error:
                for problem in error.problems:
                    log.error("reload.refused", problem=str(problem), remedy="the old configuration stays in force")
            else:
                await self._put_in_force(plan)
            self._manager.ready(self._watching())

    async def _put_in_force(self, plan: CompiledConfig) -> None:
        if plan.settings.store != self._app.plan.settings.store:
            log.warning("reload.store_kept", remedy="a new store needs a restart")
        await self._app.apply(plan)
        log.info("reload.done", feeds=len(plan.settings.feeds), topics=len(plan.topics))
