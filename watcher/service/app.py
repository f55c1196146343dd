"""The composition root: builds everything once, swaps what a new configuration changes, takes it down.

    load_config ─▶ open_application ─▶ once.run_once | daemon.run_daemon ─▶ close

Two processes may do this on one store at once (`once` beside the daemon): leases keep them apart.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx2
import structlog

from watcher.clock import Clock, SystemClock
from watcher.deliver.registry import build_channels, http_client
from watcher.errors import StoreError
from watcher.fetch.client import Fetcher
from watcher.notify.alarm import Alarms
from watcher.notify.breakers import CircuitBreakers
from watcher.notify.notifier import Notifier, NotifyConfig
from watcher.parse.pool import ParserPool
from watcher.poll.group_commit import GroupCommit
from watcher.poll.poller import Poller
from watcher.render.user_templates import user_templates
from watcher.route.tree import routes_by_path
from watcher.service import reconcile
from watcher.service.executors import Executors, open_executors
from watcher.service.load import USER_AGENT, CompiledConfig, open_config_store, open_fetcher
from watcher.service.tasks import BoundedTasks
from watcher.store.store import Store
from watcher.story.assigner import StoryAssigner
from watcher.story.cluster import judge
from watcher.timings import Timings

log = structlog.get_logger()

POLLS_AT_ONCE = 256
"""Most of them wait for their host; the fetcher limits how many really fetch."""
SENDS_AT_ONCE = 32
"""Enough that the receivers that hang, two sends each, leave some for the others."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a configuration is built into, before any of it is in force."""

    config: CompiledConfig
    notify_config: NotifyConfig
    fetcher: Fetcher
    client: httpx2.AsyncClient

    async def aclose(self) -> None:
        await self.fetcher.aclose()
        await self.client.aclose()


@dataclass(slots=True)
class Application:
    """Everything that runs. Only `apply` changes it: it swaps the configuration in force."""

    built: Built
    env: Mapping[str, str]
    owner: str
    clock: Clock
    store: Store
    pools: Executors
    parser: ParserPool
    poller: Poller
    notifier: Notifier
    polls: BoundedTasks = field(default_factory=lambda: BoundedTasks("poll", POLLS_AT_ONCE))
    sends: BoundedTasks = field(default_factory=lambda: BoundedTasks("send", SENDS_AT_ONCE))
    retiring: BoundedTasks = field(default_factory=lambda: BoundedTasks("retire", 1_000))
    acquiring: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while feeds are acquired and while `apply` swaps: no feed is polled under another configuration."""

    @property
    def config(self) -> CompiledConfig:
        """The configuration in force."""
        return self.built.config

    async def follow_configuration(self) -> None:
        """Brings the store in line with the configuration: feeds, changed routes, removed receivers."""
        await self.pools.store(reconcile.warn_of_another_file, self.store, self.config)
        await self.pools.store(reconcile.sync_feeds, self.store, self.config, self.clock.now())
        await self.pools.store(reconcile.reroute, self.store, self.config, self.clock.now())

    async def apply(self, config: CompiledConfig) -> None:
        """Puts a new configuration in force, whole or not at all: everything is built first and swapped last.

        When it raises, nothing has changed. What is under way ends under the old configuration.
        """
        built = await build(config, self.pools)
        try:
            async with self.acquiring:
                await self.pools.store(reconcile.sync_feeds, self.store, config, self.clock.now())
                old_built, old_breakers = self.built, self.notifier.breakers
                self._swap(built)
        except BaseException:
            await built.aclose()
            raise
        self.retiring.start(self._retire(old_built, self.polls.under_way() | self.sends.under_way()))
        try:
            await old_breakers.forget_pauses()
            await self.pools.store(reconcile.reroute, self.store, config, self.clock.now())
        except StoreError as error:
            log.error("routes.not_rerouted", error=str(error), remedy="new alerts go by the new routes; reload again")

    def _swap(self, built: Built) -> None:
        breakers = CircuitBreakers(
            self.clock, self.notifier.jitter, self.store, self.pools.store, self.notifier.timings.backoff
        )
        self.built = built
        self.poller = replace(self.poller, config=built.config.poll_config, fetcher=built.fetcher)
        self.notifier = replace(self.notifier, config=built.notify_config, breakers=breakers)

    async def _retire(self, old: Built, users: frozenset[asyncio.Task[Any]]) -> None:
        if users:
            await asyncio.wait(users)
        await old.aclose()

    async def close(self, grace: timedelta = timedelta(0)) -> None:
        """Waits up to `grace` for what is under way, then closes everything but store and pools."""
        await asyncio.gather(self.polls.drained(grace), self.sends.drained(grace))
        await self.retiring.drained(timedelta(seconds=1))
        await self.built.aclose()
        await self.notifier.breakers.forget_pauses()


async def build(config: CompiledConfig, pools: Executors) -> Built:
    """Builds what depends on the configuration. Raises what a channel or the network settings raise, and leaves nothing."""
    client = http_client(USER_AGENT)
    try:
        return Built(config, await pools.cpu(notify_config_of, config, client), open_fetcher(config), client)
    except BaseException:
        await client.aclose()
        raise


def notify_config_of(config: CompiledConfig, client: httpx2.AsyncClient) -> NotifyConfig:
    """What notifying needs of a configuration; reveals the secrets of its channels."""
    settings = config.settings
    if settings.route is None:
        raise LookupError("a configuration without a route cannot notify")
    channels = build_channels(settings.receivers, settings.smtp, client)
    routes = routes_by_path(settings.route)
    return NotifyConfig(settings.route, routes, settings.receivers, channels, user_templates(settings))


@asynccontextmanager
async def open_application(
    config: CompiledConfig, env: Mapping[str, str], *, clock: Clock | None = None, grace: timedelta = timedelta(0)
) -> AsyncIterator[Application]:
    """The application for a configuration that was loaded with `must_run`; closed after the block.

    `clock` is given by tests; `grace` is how long the end waits for what is under way.
    """
    clock = clock or SystemClock()
    jitter = random.SystemRandom().random
    owner = secrets.token_hex(8)
    timings = Timings.of(env)
    async with AsyncExitStack() as stack:
        pools = stack.enter_context(open_executors())
        store = await pools.store(open_config_store, config)
        stack.push_async_callback(pools.store, store.close)
        parser = ParserPool()
        stack.push_async_callback(parser.aclose)
        await parser.start()
        built = await build(config, pools)
        commit = GroupCommit(store, pools.store, owner, clock, judge, StoryAssigner())
        poller = Poller(
            config.poll_config,
            owner,
            store,
            pools.store,
            pools.cpu,
            built.fetcher,
            parser,
            commit,
            clock,
            jitter,
            timings,
        )
        breakers = CircuitBreakers(clock, jitter, store, pools.store, timings.backoff)
        alarms = Alarms(store, pools.store, pools.render, clock, timings.send_within)
        notifier = Notifier(
            built.notify_config, owner, store, pools.store, pools.render, clock, jitter, timings, breakers, alarms
        )
        app = Application(built, env, owner, clock, store, pools, parser, poller, notifier)
        stack.push_async_callback(app.close, grace)
        yield app
