"""One seed: a world, a program that is tormented in it, quiet at the end, and the verdict."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.daemon_process import Deployment
from tests.crash.driver import Driver, Stage
from tests.crash.faults import Episode
from tests.crash.invariants import broken_invariants
from tests.crash.judge import Judge, Verdict
from tests.crash.ledger import Ledger
from tests.crash.published_log import Author
from tests.crash.publisher import Publisher
from tests.crash.sinks import Mood, open_sinks
from tests.crash.stores import SqliteStore, Store, store_at
from tests.crash.timeouts import LATE

ENTRIES_A_FEED = 50
HOSTS_A_NODE = 2
"""A host is polled by one node at a time: each node must find some."""

FAULTY = 0.25


@dataclass(frozen=True, slots=True)
class Setting:
    """What a seed is run with. Entries are published as the episodes go on, so that none is played in silence.

    No episode begins after `seconds`, and what is not at its end then is waited for with `patience`.
    """

    folder: Path
    seed: int
    entries: int
    episodes: list[Episode]
    first: list[Episode] = field(default_factory=list)
    faulty: float = FAULTY
    nodes: int = 1
    store: str | None = None
    mutant: str | None = None
    migration: bool = False
    hushed: bool = False
    patience: float = 400.0
    seconds: float = math.inf
    entries_a_feed: int = ENTRIES_A_FEED


@dataclass(frozen=True, slots=True)
class World:
    """What is around the program: its store, who publishes and who receives, and who torments it."""

    store: Store
    publisher: Publisher
    mood: Mood
    drivers: list[Driver]


@asynccontextmanager
async def opened(setting: Setting, store: Store, node: str = "node") -> AsyncIterator[World]:
    """The world of a seed; its logs go on where they ended."""
    folder, feeds = setting.folder, max(4, setting.entries // setting.entries_a_feed)
    events = Ledger(folder / "events.jsonl")
    publisher = Publisher(folder, Author(setting.seed, feeds), feeds, 10**6, HOSTS_A_NODE * setting.nodes)
    mood = Mood(setting.seed, setting.faulty, LATE)
    hook, mail, tries = open_sinks(folder, mood, store.lease_of)
    for part in (publisher, hook, mail):
        await part.start()
    deployment = Deployment(folder, store.url, publisher, hook, mail, mutant=setting.mutant)
    names, stage = [f"{node}{number}" for number in range(setting.nodes)], Stage()
    drivers = [Driver(name, deployment, store, events, tries, setting.seed, stage) for name in names]
    yield World(store, publisher, mood, drivers)
    for part in (publisher, hook, mail):
        part.stop()
    for log in (tries, events):
        log.close()


async def run_seed(setting: Setting) -> Verdict:
    """Plays the episodes while entries are published, drains, judges."""
    setting.folder.mkdir(parents=True, exist_ok=True)
    store = store_at(setting.store, setting.folder, f"crash_{setting.seed}", on_server=setting.nodes > 1)
    try:
        await _play(setting, store)
        return await asyncio.to_thread(verdict_of, setting.folder, store, setting.seed)
    finally:
        store.close()


async def _play(setting: Setting, store: Store) -> None:
    async with opened(setting, store) as world:
        drivers = world.drivers
        await drivers[0].play(setting.first)
        if setting.hushed:
            await drivers[0].silence()
        weight = max(1, sum(episode.weight for episode in setting.episodes))
        publishing = asyncio.create_task(
            world.publisher.publish_steadily(
                setting.entries, lambda: sum(driver.progress() for driver in drivers) / weight
            )
        )
        shares = [setting.episodes[number :: setting.nodes] for number in range(setting.nodes)]
        await asyncio.gather(
            *(driver.play(share, setting.seconds) for driver, share in zip(drivers, shares, strict=True))
        )
        await publishing
        await _drain(setting, world)


async def finish_seed(setting: Setting) -> Verdict:
    """Judges again what is kept of a seed on SQLite; what was still waiting for its time is waited for first."""
    store = SqliteStore(setting.folder / "watcher.db")
    if any(store.unfinished().values()):
        async with opened(setting, store, "later") as world:
            await _drain(setting, world)
    return await asyncio.to_thread(verdict_of, setting.folder, store, setting.seed)


async def _drain(setting: Setting, world: World) -> None:
    world.mood.share = 0.0
    left = await world.drivers[0].drain(setting.entries, setting.patience)
    if any(left.values()):
        print(f"seed {setting.seed}: not drained: {left}", file=sys.stderr)


def verdict_of(folder: Path, store: Store, seed: int) -> Verdict:
    """The judge's verdict on the logs, the store and its backups."""
    verdict = Judge(folder, store, seed).judge()
    verdict.integrity += [
        f"{backup.name}: {problem}"
        for backup in sorted(folder.glob("*.backup"))
        for problem in broken_invariants(SqliteStore(backup))
    ]
    return verdict
