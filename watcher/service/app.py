"""The composition root: builds everything once, swaps what a new configuration changes, takes it down.

    read_plan ─▶ open_application ─▶ Application.once | .run (ticks) ─▶ close

Two processes may do this on one store at once (`once` beside the daemon): leases keep them apart.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx2
import structlog

from watcher import __version__
from watcher.clock import Clock, SystemClock
from watcher.deliver.registry import build_channels, http_client
from watcher.errors import PollReason, SchemaMismatch, UsageError
from watcher.fetch.client import Fetcher
from watcher.model.secret import Secret, reveal
from watcher.model.settings import Settings
from watcher.notify.breakers import CircuitBreakers, forget_pauses
from watcher.notify.flusher import Early
from watcher.notify.notifier import Notifier, NotifyConfig, SendResult
from watcher.notify.template_check import user_templates
from watcher.parse.pool import ParserPool
from watcher.poll.group_commit import GroupCommit
from watcher.poll.poller import Poller, PollReport, PollResult
from watcher.route.tree import routes_by_path
from watcher.service.load import CompiledConfig
from watcher.service.tasks import BoundedTasks
from watcher.store.interface import Store
from watcher.store.open import open_store
from watcher.story.assigner import StoryAssigner
from watcher.story.cluster import judge
from watcher.timings import Timings

log = structlog.get_logger()

USER_AGENT = f"watcher/{__version__}"
POLLS_AT_ONCE = 256
"""Most of them wait for their host's turn; how many really fetch is the fetcher's business."""
SENDS_AT_ONCE = 16
NOTIFICATIONS_A_ROUND = 64
ROUTES_FACT = "routes"
NETWORK_FACT = "network"
CONFIGURATION_FACT = "configuration"


@dataclass(frozen=True, slots=True)
class OnceReport:
    """What one `once` did. `delivered` and `dead` count deliveries: one alert on one channel.

    `folded` are copies of a story, which `alerts` does not count. `postponed` were tried and will be tried again.
    `waiting` and `held` are the deliveries that it left in the store: not ripe yet, or held back.
    """

    feeds: int = 0
    fetched: int = 0
    not_modified: int = 0
    failed: int = 0
    entries_new: int = 0
    alerts: int = 0
    folded: int = 0
    delivered: int = 0
    dead: int = 0
    postponed: int = 0
    waiting: int = 0
    held: int = 0
    reached: int = 0

    @property
    def nothing_reachable(self) -> bool:
        return self.feeds > 0 and self.reached == 0


@dataclass(slots=True)
class Application:
    """Everything that runs, held together. Only this class changes: `apply` swaps the configuration in force."""

    plan: CompiledConfig
    env: Mapping[str, str]
    owner: str
    clock: Clock
    store: Store
    parser: ParserPool
    fetcher: Fetcher
    client: httpx2.AsyncClient
    poller: Poller
    notifier: Notifier
    polls: BoundedTasks = field(default_factory=lambda: BoundedTasks("poll", POLLS_AT_ONCE))
    sends: BoundedTasks = field(default_factory=lambda: BoundedTasks("notify", SENDS_AT_ONCE))
    retiring: BoundedTasks = field(default_factory=lambda: BoundedTasks("reload", 1_000))

    async def follow_configuration(self) -> None:
        """Brings the store in line with the configuration: feeds, removed receivers, changed routes."""
        await asyncio.to_thread(self._follow_configuration)

    def _follow_configuration(self) -> None:
        now = self.clock.now()
        self._warn_of_another_configuration()
        network, routing = self.plan.network_fingerprint, self.plan.routing_fingerprint
        feeds = [feed.url for feed in self.plan.settings.feeds]
        self.store.sync_feeds(feeds, now, retry_failing=self._is_other(NETWORK_FACT, network))
        self.store.remember(NETWORK_FACT, network)
        if self._is_other(ROUTES_FACT, routing):
            withdrawn = self.store.reroute_waiting(now)
            buried = self.store.bury_removed(self.plan.channel_refs, now)
            log.info("routes.changed", rerouted=withdrawn, receiver_removed=buried)
        self.store.remember(ROUTES_FACT, routing)

    def _is_other(self, fact: str, value: str) -> bool:
        """Whether the store was last used with another value of a fact."""
        return self.store.recall(fact) not in {None, value}

    def _warn_of_another_configuration(self) -> None:
        file = str(self.plan.settings.file.resolve())
        if self._is_other(CONFIGURATION_FACT, file):
            log.warning(
                "store.of_another_configuration",
                before=self.store.recall(CONFIGURATION_FACT),
                now=file,
                remedy="what waits is routed by this file now; if both are in use, give each a `store` of its own",
            )
        self.store.remember(CONFIGURATION_FACT, file)

    async def apply(self, plan: CompiledConfig) -> None:
        """Puts a new configuration in force; what is under way ends under the old one."""
        old_fetcher, old_client = self.fetcher, self.client
        self.plan = plan
        self.fetcher, self.client = open_fetcher(plan), http_client(USER_AGENT)
        self.poller = replace(self.poller, plan=plan.poll_plan, fetcher=self.fetcher)
        await asyncio.to_thread(forget_pauses, self.store, self.notifier.circuits)
        circuits = CircuitBreakers(self.clock, self.notifier.jitter, self.notifier.timings.backoff)
        self.notifier = replace(self.notifier, plan=notify_plan(plan, self.client), circuits=circuits)
        await self.follow_configuration()
        self.retiring.start(self._retire(old_fetcher, old_client, self.polls.under_way() | self.sends.under_way()))

    async def _retire(self, fetcher: Fetcher, client: httpx2.AsyncClient, users: frozenset[asyncio.Task[Any]]) -> None:
        if users:
            await asyncio.wait(users)
        await fetcher.aclose()
        await client.aclose()

    async def once(self, *, force: bool = False, early: Early = Early.GROUP_WAIT) -> OnceReport:
        """Polls what is due (`force`: also what is not), then delivers what is ripe. Raises `StoreError`."""
        await self.follow_configuration()
        polled = await self._poll_all(force)
        sent = await self._deliver_all(early)
        waiting, held = await asyncio.to_thread(self._left)
        count = {result: sum(report.result is result for report in polled) for result in PollResult}
        return OnceReport(
            feeds=len(polled),
            fetched=count[PollResult.FETCHED],
            not_modified=count[PollResult.NOT_MODIFIED],
            failed=count[PollResult.FAILED] + count[PollResult.UNSAVED],
            entries_new=sum(report.entries_new for report in polled),
            alerts=sum(report.alerts for report in polled),
            folded=sum(report.folded for report in polled),
            delivered=sent[SendResult.DELIVERED],
            dead=sent[SendResult.DEAD],
            postponed=sent[SendResult.POSTPONED],
            waiting=waiting,
            held=held,
            reached=sum(report.reached for report in polled),
        )

    def _left(self) -> tuple[int, int]:
        """Deliveries that wait and that are held."""
        waiting = sum(group.count for group in self.store.waiting_groups())
        return waiting, sum(group.count for group in self.store.held_groups())

    async def _poll_all(self, force: bool) -> list[PollReport]:
        """One report for each feed. Ends at the first round that finishes no further feed: those left are busy."""
        started = self.clock.now()
        reports: dict[str, PollReport] = {}
        finished: set[str] = set()
        while acquired := await self.poller.acquire(POLLS_AT_ONCE, now=started, force=force):
            unfinished = [feed for feed in acquired if feed.state.url not in finished]
            before = len(finished)
            for report in await asyncio.gather(*(self.poller.poll(feed) for feed in unfinished)):
                reports[report.url] = report
                if report.reason != PollReason.HOST_BUSY:
                    finished.add(report.url)
            if len(finished) == before:
                break
        return list(reports.values())

    async def _deliver_all(self, early: Early) -> dict[SendResult, int]:
        await asyncio.to_thread(self.notifier.route_new)
        await asyncio.to_thread(self.notifier.freeze_ripe, early)
        sent = dict.fromkeys(SendResult, 0)
        while acquired := await asyncio.to_thread(self.notifier.acquire, NOTIFICATIONS_A_ROUND):
            results = await asyncio.gather(*(self.notifier.attempt(one) for one in acquired))
            for one, result in zip(acquired, results, strict=True):
                sent[result] += len(one.notification.alerts)
        return sent

    async def close(self, grace: timedelta = timedelta(0)) -> None:
        """Lets what is under way finish for `grace`, then lets go of everything. Leases left over run out."""
        await asyncio.gather(self.polls.drained(grace), self.sends.drained(grace))
        await self.retiring.drained(timedelta(seconds=1))
        await self.parser.aclose()
        await self.fetcher.aclose()
        await self.client.aclose()
        await asyncio.to_thread(forget_pauses, self.store, self.notifier.circuits)
        await asyncio.to_thread(self.store.close)


def open_config_store(plan: CompiledConfig) -> Store:
    """Opens the store of a configuration, bringing an older or new database to this version's schema."""
    store = settings_store(plan.settings)
    try:
        store.check_schema()
    except SchemaMismatch:
        store.upgrade()
    return store


def settings_store(settings: Settings) -> Store:
    """The store of a configuration, whatever its schema. Raises `UsageError` when its address is a secret that is missing."""
    if isinstance(settings.store, Secret) and settings.store.value is None:
        raise UsageError(f"where the store is stands in {settings.store.origin}, which is missing: set it first")
    return open_store(reveal(settings.store), base=settings.file.parent)


def notify_plan(plan: CompiledConfig, client: httpx2.AsyncClient) -> NotifyConfig:
    """What notifying needs of a plan; resolves the secrets of its channels."""
    settings = plan.settings
    if settings.route is None:
        raise LookupError("a configuration without a route cannot notify")
    channels = build_channels(settings.receivers, settings.smtp, client)
    routes = routes_by_path(settings.route)
    return NotifyConfig(settings.route, routes, settings.receivers, channels, user_templates(settings))


@asynccontextmanager
async def open_application(
    plan: CompiledConfig, env: Mapping[str, str], *, clock: Clock | None = None, grace: timedelta = timedelta(0)
) -> AsyncIterator[Application]:
    """Builds the application for a plan made with `must_run`; closes it after the block.

    `clock` is given by tests; `grace` is how long the end waits for what is under way.
    """
    clock = clock or SystemClock()
    jitter = random.SystemRandom().random
    owner = secrets.token_hex(8)
    timings = Timings.of(env)
    store = await asyncio.to_thread(open_config_store, plan)
    parser, fetcher, client = ParserPool(), open_fetcher(plan), http_client(USER_AGENT)
    await parser.start()
    saver = GroupCommit(store, owner, clock, judge, StoryAssigner())
    poller = Poller(plan.poll_plan, owner, store, fetcher, parser, saver, clock, jitter, timings)
    notifier = Notifier(
        notify_plan(plan, client), owner, store, clock, jitter, timings, CircuitBreakers(clock, jitter, timings.backoff)
    )
    app = Application(plan, env, owner, clock, store, parser, fetcher, client, poller, notifier)
    try:
        yield app
    finally:
        await app.close(grace)


def open_fetcher(plan: CompiledConfig) -> Fetcher:
    """A fetcher under the configuration's rules, with an honest name and the contact it gives."""
    contact = plan.settings.polling.contact
    agent = USER_AGENT + (f" (contact: {contact})" if contact else "")
    return Fetcher(plan.settings.polling, plan.settings.network, user_agent=agent)
