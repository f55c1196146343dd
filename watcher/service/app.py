"""The composition root: builds everything once, swaps what a new configuration changes, takes it down.

    load_config ─▶ open_application ─▶ once.run_once | daemon.run_daemon ─▶ close

Two processes may do this on one store at once (`once` beside the daemon): leases keep them apart.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import field, replace
from datetime import timedelta
from typing import Any

import structlog

from watcher.clock import Clock
from watcher.deliver.http_clients import HttpClients
from watcher.errors import StoreError
from watcher.fetch.client import Fetcher
from watcher.lazy_dataclass import dataclass
from watcher.notify.alarm import Alarms
from watcher.notify.breakers import CircuitBreakers
from watcher.notify.feed_reports import report_feeds
from watcher.notify.notifier import Notifier, NotifyConfig, notify_config_of
from watcher.opinion.opinions import Opinions
from watcher.parse.pool import MOST_PARSERS, ParserPool
from watcher.poll.group_commit import GroupCommit
from watcher.poll.pages import Pages
from watcher.poll.poller import PollConfig, Poller
from watcher.service import reconcile
from watcher.service.executors import Executors, open_executors
from watcher.service.load import (
    UPGRADE_PATIENCE,
    USER_AGENT,
    CompiledConfig,
    fingerprint_of,
    open_config_store,
    open_fetcher,
    open_opinions,
    open_pages,
)
from watcher.service.node import Node, clock_of
from watcher.service.tasks import BoundedTasks
from watcher.store.records import Role
from watcher.store.store import Store
from watcher.story.assign import StoryAssigner, decide_alert
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
    poll_config: PollConfig
    notify_config: NotifyConfig
    fetcher: Fetcher
    client: HttpClients
    opinions: Opinions | None = None
    pages: Pages | None = None

    async def aclose(self) -> None:
        if self.pages is not None:
            await self.pages.aclose()
        await self.fetcher.aclose()
        await self.client.aclose()
        if self.opinions is not None:
            await self.opinions.aclose()


@dataclass(slots=True)
class Application:
    """Everything that runs. Only `apply` changes it: it swaps the configuration in force."""

    built: Built
    env: Mapping[str, str]
    node: Node
    clock: Clock
    store: Store
    pools: Executors
    parser: ParserPool
    poller: Poller
    notifier: Notifier
    polls: BoundedTasks = field(default_factory=lambda: BoundedTasks("poll", POLLS_AT_ONCE))
    sends: BoundedTasks = field(default_factory=lambda: BoundedTasks("send", SENDS_AT_ONCE))
    retiring: BoundedTasks = field(default_factory=lambda: BoundedTasks("retire", 1_000))
    is_in_line: bool | None = None
    """Whether the store follows this node's configuration; None before the first look."""
    has_dropped: bool = False
    """Whether work was dropped that this node still has under lease."""
    leading: asyncio.Lock = field(default_factory=asyncio.Lock)
    acquiring: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while feeds are acquired and while `apply` swaps: no feed is polled under another configuration."""

    @property
    def config(self) -> CompiledConfig:
        """The configuration in force."""
        return self.built.config

    async def keep_alive(self) -> None:
        """Beats for this node until it is cancelled; drops all work when the node cannot trust its leases."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            group.create_task(self._watch_trust())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.poller.timings.node_beat.total_seconds())
            try:
                if not await self.node.beat():
                    log.error(
                        "node.declared_dead", node=self.node.id, remedy="it was frozen or cut off; it starts again"
                    )
                    self._drop_work()
                    await self._rejoin()
                elif self.has_dropped:
                    # Its leases would keep what was dropped from everybody until they run out.
                    self._drop_work()
                    await self.node.give_back()
                    await self._rejoin()
            except StoreError as error:
                log.warning("node.beat_failed", error=str(error), trusted=self.node.is_trusted)
            except Exception:
                log.exception("node.beat_failed", remedy="please report this; it is tried again")

    async def _watch_trust(self) -> None:
        was_trusted = True
        while True:
            await asyncio.sleep(self.poller.timings.tick.total_seconds())
            is_trusted = self.node.is_trusted
            if was_trusted and not is_trusted:
                remedy = "check the way to the store; this node does nothing until it has beaten again"
                log.warning("node.trust_lost", node=self.node.id, remedy=remedy)
            if not is_trusted:
                self._drop_work()
            was_trusted = is_trusted

    def _drop_work(self) -> None:
        """Another node may do it by now: no request may be under way, and none may begin."""
        if self.polls or self.sends:
            remedy = "it is done again once the store can be reached"
            log.warning("node.work_dropped", polls=len(self.polls), sends=len(self.sends), remedy=remedy)
            self.has_dropped = True
        self.polls.cancel()
        self.sends.cancel()

    async def _rejoin(self) -> None:
        """Goes on as another node. What was acquired before is saved under the old id, which is refused."""
        await self.node.register()
        self.has_dropped = False
        commit = GroupCommit(self.store, self.pools.store, self.node.id, self.clock, decide_alert, StoryAssigner())
        self.poller = replace(self.poller, owner=self.node.id, commit=commit)
        self.notifier = replace(self.notifier, owner=self.node.id)
        log.info("node.registered", node=self.node.id)

    async def follow_configuration(self) -> None:
        """Announces the configuration; then brings the store in line with it, unless another node has a newer one."""
        self.node.generation = await self.node.announce(await self.pools.cpu(fingerprint_of, self.config))
        await self.node.beat()
        await self.lead()

    async def lead(self) -> bool:
        """Whether this node leads; brings the store in line first, when another node led before.

        Raises `SchemaMismatch` once another version of the program has changed the store.
        """
        if self.node.refusal is not None:
            raise self.node.refusal
        async with self.leading:
            if self.node.leads and not self.is_in_line:
                await self._bring_in_line()
            elif not self.node.leads and self.is_in_line is not False:
                remedy = "give all nodes the same configuration and reload; this node still polls and sends for a while"
                generation = self.node.generation
                log.warning("configuration.superseded", node=self.node.id, generation=generation, remedy=remedy)
            self.is_in_line = self.node.leads
            return self.is_in_line

    async def report_feeds(self) -> None:
        """Makes alerts of feeds that need the operator, if this node leads: others may have other feeds."""
        if await self.lead():
            await self.pools.store(report_feeds, self.config.settings, self.store, self.clock.now())

    async def _bring_in_line(self) -> None:
        """Feeds, changed routes, removed receivers."""
        await self.pools.store(reconcile.warn_of_another_file, self.store, self.config)
        await self.pools.store(reconcile.sync_feeds, self.store, self.config, self.clock.now())
        await self.pools.store(reconcile.reroute, self.store, self.config, self.clock.now())

    async def apply(self, config: CompiledConfig) -> None:
        """Puts a new configuration in force, whole or not at all: everything is built first and swapped last.

        When it raises, nothing has changed. What is under way ends under the old configuration.
        """
        await self.pools.cpu(config.compiled_percolator)
        built = await build(config, self.pools, self.store, self.clock)
        try:
            generation = await self.node.announce(await self.pools.cpu(fingerprint_of, config), again=True)
            async with self.acquiring:
                await self.pools.store(reconcile.sync_feeds, self.store, config, self.clock.now(), reloading=True)
                old_built, old_breakers = self.built, self.notifier.breakers
                self._swap(built)
                self.node.generation, self.is_in_line = generation, True
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
        self.poller = replace(
            self.poller,
            config=built.poll_config,
            fetcher=built.fetcher,
            opinions=built.opinions,
            pages=built.pages,
        )
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


async def build(config: CompiledConfig, pools: Executors, store: Store, clock: Clock) -> Built:
    """Builds what depends on the configuration. Raises what a channel or the network settings raise."""
    client = HttpClients(config.settings.network, USER_AGENT)
    try:
        poll_config = await pools.cpu(lambda: config.poll_config)
        notify_config = await pools.cpu(notify_config_of, config.settings, client)
        opinions = open_opinions(config, clock, store, pools.store)
        fetcher = open_fetcher(config)
        return Built(config, poll_config, notify_config, fetcher, client, opinions, open_pages(config, fetcher, clock))
    except BaseException:
        await client.aclose()
        raise


@asynccontextmanager
async def open_application(
    config: CompiledConfig,
    env: Mapping[str, str],
    *,
    clock: Clock | None = None,
    parser: ParserPool | None = None,
    grace: timedelta = timedelta(0),
    name: str = "",
    roles: Collection[Role] = tuple(Role),
    expects_entries: bool = True,
) -> AsyncIterator[Application]:
    """The application for a configuration that was loaded with `must_run`; closed after the block.

    `clock` and `parser` are given by tests; `grace` is how long the end waits for what is under way; `name` and `roles`
    are those of the node. The index of the topics is compiled beside the first requests if it `expects_entries`, else
    with the first entry that is new.
    """
    timings = Timings.of(env)
    async with AsyncExitStack() as stack:
        pools = stack.enter_context(open_executors())
        if expects_entries:
            pools.cpu.executor.submit(config.compiled_percolator)
        store = await pools.store(open_config_store, config, patience=UPGRADE_PATIENCE, timings=timings)
        stack.push_async_callback(pools.store, store.close)
        clock = await pools.store(clock_of, store) if clock is None else clock
        node = Node(store, clock, timings, name, roles)
        await node.register()
        stack.push_async_callback(_leave, node)
        beats = BoundedTasks("beat", 1)
        stack.push_async_callback(beats.drained, timedelta(0))
        parser = ParserPool(workers=MOST_PARSERS) if parser is None else parser
        stack.push_async_callback(parser.aclose)
        built = await build(config, pools, store, clock)
        app = _assemble(built, env, node, clock, store, pools, parser, timings)
        beats.start(app.keep_alive())
        stack.push_async_callback(app.close, grace)
        yield app


def _assemble(
    built: Built,
    env: Mapping[str, str],
    node: Node,
    clock: Clock,
    store: Store,
    pools: Executors,
    parser: ParserPool,
    timings: Timings,
) -> Application:
    """Both pipelines over what they share."""
    jitter = random.SystemRandom().random
    commit = GroupCommit(store, pools.store, node.id, clock, decide_alert, StoryAssigner())
    poller = Poller(
        built.poll_config,
        node.id,
        store,
        pools.store,
        pools.cpu,
        built.fetcher,
        parser,
        commit,
        clock,
        jitter,
        timings,
        built.opinions,
        built.pages,
    )
    breakers = CircuitBreakers(clock, jitter, store, pools.store, timings.backoff)
    alarms = Alarms(store, pools.store, pools.render, clock, timings.send_within)
    notifier = Notifier(
        built.notify_config, node.id, store, pools.store, pools.render, clock, jitter, timings, breakers, alarms
    )
    return Application(built, env, node, clock, store, pools, parser, poller, notifier)


async def _leave(node: Node) -> None:
    try:
        await node.leave()
    except StoreError as error:
        log.warning("node.not_ended", error=str(error), remedy="other nodes wait some seconds for what it held")
