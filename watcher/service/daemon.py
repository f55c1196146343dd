"""`watcher run`: the application under a ticker, with signals, reload, readiness and a watchdog."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path

import structlog

from watcher.errors import ConfigError, SchemaMismatch, StoreBusy, StoreCorrupt, StoreError, UsageError
from watcher.model.feed import AcquiredFeed
from watcher.model.notification import AcquiredNotification
from watcher.model.route import ChannelRef
from watcher.poll.poller import Poller
from watcher.service import metrics, reconcile
from watcher.service.app import Application, open_application
from watcher.service.heartbeat import HeartbeatSender
from watcher.service.http_listener import HttpListener
from watcher.service.load import CompiledConfig, load_config
from watcher.service.memory import trim_memory
from watcher.service.metrics import ReloadResult
from watcher.service.monitoring import Monitoring
from watcher.service.pages_process import PagesProcess, serving_pages
from watcher.service.rests import Rests
from watcher.service.systemd import SystemdNotifier
from watcher.service.tasks import BoundedTasks
from watcher.service.ticker import Ticker
from watcher.service.watchdog import Heartbeats
from watcher.store.records import Role

log = structlog.get_logger()

METRICS = timedelta(minutes=1)
ALARMS = timedelta(minutes=1)
FEED_REPORTS = timedelta(minutes=1)
HEARTBEAT = timedelta(seconds=5)
"""How often it is looked whether one is due."""
SOON = timedelta(seconds=0.2)
"""How long a stage waits for more to do, when the one before it has made work for it."""
GRACE = timedelta(seconds=8)
LAST_TICKS = timedelta(seconds=2)
"""How long ticks under way are waited for at the end: one cut short after leasing would leave its leases to run out."""
SENDS_PER_CHANNEL = 2
PURGE_CHUNK = 500
OLD_STAYS = "the old configuration stays in force"


async def run_daemon(
    path: Path,
    config: CompiledConfig,
    env: Mapping[str, str],
    *,
    listen: tuple[str, int] | None = None,
    name: str = "",
    roles: Collection[Role] = tuple(Role),
    web: str | None = None,
) -> None:
    """Runs until SIGTERM or SIGINT, then completes what is under way (at most ten seconds).

    `listen` is where monitoring is served, `web` where a child process serves the pages; `name` and `roles` are those
    of this node. Raises `UsageError` when that address is not available, and `StoreError` when the store cannot be
    opened, or is damaged or changed by another version while running; anything else that the store refuses is logged
    and tried again with the next tick.
    """
    manager = SystemdNotifier(env)
    async with open_application(config, env, grace=GRACE, name=name, roles=roles) as app:
        await app.parser.start()
        await follow_when_free(app)
        await app.pools.store(reconcile.warn_of_other_nodes, app.store, app.config, app.node.id, app.clock.now())
        async with serving_pages(path, web) as pages:
            await Daemon(path, app, manager, listen, pages).run()


async def follow_when_free(app: Application) -> None:
    """Follows the configuration. While another node keeps the feeds busy, as with its first sync of very many, that is
    left to the ticks: nodes that are started together must not end for it.
    """
    try:
        await app.follow_configuration()
    except StoreBusy as error:
        if app.node.generation is None:
            raise
        await app.node.beat()
        remedy = "another node is changing them; it is tried again every second, and nothing is polled before"
        log.warning("feeds.not_synced", error=str(error), remedy=remedy)


class Daemon:
    """The ticks of both pipelines and of maintenance, and the answers to signals."""

    def __init__(
        self,
        path: Path,
        app: Application,
        manager: SystemdNotifier,
        listen: tuple[str, int] | None,
        pages: PagesProcess | None = None,
    ) -> None:
        self._pages = pages
        self._path = path
        self._listen = listen
        self._app = app
        self._manager = manager
        roles = app.node.roles
        self._ticks = (*(["poll"] if Role.POLL in roles else []), *(["flush", "send"] if Role.NOTIFY in roles else []))
        self._progress = Heartbeats(self._ticks)
        self._monitoring = Monitoring(app, self._progress)
        self._heartbeat = HeartbeatSender(app)
        self._ended = asyncio.Event()
        self._fatal: StoreError | None = None
        self._reloading = asyncio.Lock()
        self._reloads = BoundedTasks("reload", 1)
        self._sending: Counter[ChannelRef] = Counter()
        self._ticker = Ticker()
        self._rests = Rests()
        self._more_due = False
        """Whether the last tick acquired as many feeds as it could: it is not waited a whole tick for the others."""

    async def run(self) -> None:
        """Ticks until a signal, or until the store can no longer be used. Raises `StoreCorrupt`, `SchemaMismatch`."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._reloads.start(self.reload()))
        listener = await self._start_monitoring()
        self._start_ticker()
        self._manager.ready(self._status())
        config = self._app.config
        log.info("daemon.started", node=self._app.node.id, feeds=len(config.settings.feeds), topics=len(config.topics))
        await self._ended.wait()
        log.info("daemon.stopping", polls=len(self._app.polls), sends=len(self._app.sends))
        self._manager.stopping()
        await self._ticker.stop(LAST_TICKS)
        if listener is not None:
            listener.close()
        if self._fatal is not None:
            raise self._fatal

    async def _start_monitoring(self) -> HttpListener | None:
        if self._listen is None:
            return None
        metrics.show_start()
        await self._guarded("metrics", self._monitoring.update)()
        try:
            return await self._monitoring.listen(*self._listen)
        except OSError as error:
            host, port = self._listen
            problem = f"cannot serve metrics at {host}:{port}: {error.strerror}; name a free HOST:PORT"
            raise UsageError(problem) from error

    def _status(self, reloaded: ReloadResult = ReloadResult.SUCCESS) -> str:
        count = len(self._app.config.settings.feeds)
        old = "" if reloaded is ReloadResult.SUCCESS else "; the last reload failed, see the log"
        return f"watching {count} feed{'' if count == 1 else 's'}{old}"

    def _start_ticker(self) -> None:
        ticker, timings = self._ticker, self._app.poller.timings
        ticks = {"poll": self.poll_tick, "flush": self.flush_tick, "send": self.send_tick}
        for name in self._ticks:
            ticker.every(timings.tick, name, self._guarded(name, ticks[name]))
        ticker.every(timings.upkeep, "purge", self._guarded("purge", self.purge_tick))
        ticker.every(ALARMS, "alarms", self._guarded("alarms", self.alarm_tick))
        ticker.every(HEARTBEAT, "heartbeat", self._guarded("heartbeat", self.heartbeat_tick))
        ticker.every(min(FEED_REPORTS, timings.upkeep), "feed_reports", self._guarded("feed_reports", self.report_tick))
        if self._listen is not None:
            ticker.every(METRICS, "metrics", self._guarded("metrics", self._monitoring.update))
        if (interval := self._manager.alive_interval) is not None:
            ticker.every(interval, "watchdog", self._feed_watchdog)
        ticker.start()

    def _guarded(self, name: str, tick: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """A store that fails, or a defect, costs a tick; one that is damaged or of another version ends the daemon."""

        async def guarded() -> None:
            try:
                await tick()
            except (StoreCorrupt, SchemaMismatch) as error:
                self._fatal = error
                self._ended.set()
            except StoreError as error:
                log.error("store.failed", during=name, error=str(error), remedy="it is tried again every second")
            except Exception:
                log.exception("tick.failed", during=name, remedy="please report this; it is tried again every second")
                return  # without a beat: a job that only fails is stalled, and systemd restarts the daemon
            self._progress.beat(name)

        return guarded

    async def poll_tick(self) -> None:
        """Leases as many due feeds as may be polled at once, and starts their polls."""
        app = self._app
        await app.lead()
        mark, now = await self._mark(), app.clock.now()
        if (free := app.polls.free) and app.node.may_work and not self._rests.goes_on("poll", mark, now):
            async with app.acquiring:
                poller = app.poller
                feeds = await poller.acquire(free)
                self._more_due = len(feeds) == free
                for acquired in feeds:
                    app.polls.start(self._poll(poller, acquired)).add_done_callback(self._poll_more)
            if not feeds and mark is not None:
                lag = await app.pools.store(app.store.lag)
                self._rests.begin("poll", mark, now, lag.due_since)

    async def _mark(self) -> object | None:
        """Taken before a stage looks, so that nothing which is written meanwhile is overlooked."""
        return await self._app.pools.store(self._app.store.mark)

    async def _poll(self, poller: Poller, acquired: AcquiredFeed) -> None:
        report = await poller.poll(acquired)
        metrics.count_poll(report)
        if report.alerts or report.folded:
            self._ticker.soon("flush", SOON)

    def _poll_more(self, _: asyncio.Task[None]) -> None:
        if self._more_due and self._app.polls.mostly_free:
            self._ticker.soon("poll", SOON)

    async def flush_tick(self) -> None:
        """Routes new alerts and freezes what is ripe, if this node leads; many groups take a while: no send waits."""
        mark, now, notifier = await self._mark(), self._app.clock.now(), self._app.notifier
        if await self._app.lead() and not self._rests.goes_on("flush", mark, now):
            routed, frozen = await notifier.route_new(), await notifier.freeze_ripe()
            if frozen:
                self._ticker.soon("send", SOON)
            elif not routed and mark is not None:
                self._rests.begin("flush", mark, now, await notifier.next_ripe_at())

    async def send_tick(self) -> None:
        """Starts as many sends as may run at once, few at once to one channel."""
        app = self._app
        busy = [ref for ref in app.config.channel_refs if self._sending[ref] >= SENDS_PER_CHANNEL]
        mark, now = await self._mark(), app.clock.now()
        if app.sends.free and app.node.may_work and not self._rests.goes_on("send", mark, now):
            notifications = await app.notifier.acquire(app.sends.free, busy)
            for acquired in notifications:
                app.sends.start(self._attempt(acquired))
            if not notifications and mark is not None:
                lag = await app.pools.store(app.store.lag)
                self._rests.begin("send", mark, now, lag.attempt_at)

    async def _attempt(self, acquired: AcquiredNotification) -> None:
        channel = acquired.notification.group.channel
        self._sending[channel] += 1
        try:
            report = await self._app.notifier.attempt(acquired)
            metrics.count_attempt(channel.kind, report)
        except StoreError as error:
            remedy = "it is sent again, under the same id, when its lease ends"
            log.error("notification.not_recorded", error=str(error), remedy=remedy)
        finally:
            self._sending[channel] -= 1

    async def alarm_tick(self) -> None:
        """Sends alarms about channels that no channel has taken so far."""
        await self._app.notifier.send_pending_alarms()

    async def heartbeat_tick(self) -> None:
        """Asks the monitor while watcher does its work."""
        if not self._progress.stalled():
            await self._heartbeat.tick()

    async def report_tick(self) -> None:
        """Makes alerts of feeds that need the operator."""
        await self._app.report_feeds()

    async def purge_tick(self) -> None:
        """Deletes what is past its time, in small chunks that let others write between them; returns free memory."""
        more, retention = True, self._app.config.settings.retention
        while more and not self._ended.is_set():
            now = self._app.clock.now()
            more = await self._app.pools.store(self._app.store.purge, now, retention, PURGE_CHUNK) > 0
        await self._warn_of_size(retention.max_bytes)
        await self._app.pools.cpu(trim_memory)

    async def _warn_of_size(self, limit: int | None) -> None:
        if limit is not None and (used := await self._app.pools.store(self._app.store.bytes_used)) > limit:
            remedy = "no entry without an alert is left: shorten retention.messages or raise retention.max_bytes"
            log.warning("store.too_large", bytes=used, limit=limit, remedy=remedy)

    async def _feed_watchdog(self) -> None:
        if stalled := self._progress.stalled():
            log.error("daemon.stalled", parts=stalled, remedy="the service manager restarts the daemon")
        else:
            self._manager.alive()

    async def reload(self) -> ReloadResult:
        """Reads the configuration again and puts it in force whole, or logs why not and keeps the old one (I9)."""
        async with self._reloading:
            self._manager.reloading()
            result = ReloadResult.FAILED
            try:
                result = await self._reload()
            except Exception:
                log.exception("reload.failed", remedy=f"please report this; {OLD_STAYS}")
            finally:
                self._manager.ready(self._status(result))
            metrics.count_reload(result)
            return result

    async def _reload(self) -> ReloadResult:
        app, old = self._app, self._app.config
        try:
            config = await app.pools.cpu(load_config, self._path, app.env, secrets="require", must_run=True)
            await app.apply(config)
            self._rests.end()
        except ConfigError as error:
            for problem in error.problems:
                log.error("reload.refused", problem=str(problem), remedy=f"correct it and reload; {OLD_STAYS}")
            return ReloadResult.REFUSED
        except (UsageError, ValueError, LookupError, OSError) as error:
            log.error("reload.refused", problem=str(error), remedy=f"correct it and reload; {OLD_STAYS}")
            return ReloadResult.REFUSED
        except StoreError as error:
            log.error("reload.failed", problem=str(error), remedy=f"reload again when the store answers; {OLD_STAYS}")
            return ReloadResult.FAILED
        if config.settings.store != old.settings.store:
            log.warning("reload.store_kept", remedy="a new store needs a restart")
        if self._pages is not None:
            self._pages.reload()
        log.info("reload.completed", feeds=len(config.settings.feeds), topics=len(config.topics))
        return ReloadResult.SUCCESS
