"""One seed: a world, a program that is tormented in it, quiet at the end, and the verdict."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

from crashing.driver import Driver
from crashing.episodes import Episode
from crashing.house import House
from crashing.invariants import broken_invariants
from crashing.judge import Judge, Verdict
from crashing.ledger import Ledger
from crashing.promises import LATE
from crashing.publisher import Publisher
from crashing.sinks import Mood, open_sinks
from crashing.stores import SqliteStore, Store, store_at
from crashing.truth import Author

ENTRIES_A_FEED = 50
FAULTY = 0.25


@dataclass(frozen=True, slots=True)
class Setting:
    """What a seed is run with. Entries are published as the episodes go on, so that none is played in silence."""

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
    entries_a_feed: int = ENTRIES_A_FEED


async def run_seed(setting: Setting) -> Verdict:
    """Plays the episodes while entries are published, drains, judges."""
    folder = setting.folder
    folder.mkdir(parents=True, exist_ok=True)
    store = store_at(setting.store or f"sqlite:///{folder}/watcher.db", f"crash_{setting.seed}")
    events = Ledger(folder / "events.jsonl")
    publisher = Publisher(
        folder, Author(setting.seed, feeds := max(4, setting.entries // setting.entries_a_feed)), feeds, 10**6
    )
    mood = Mood(setting.seed, setting.faulty, LATE)
    hook, mail, tries = open_sinks(folder, mood, store.lease_of)
    for part in (publisher, hook, mail):
        await part.start()
    house = House(folder, store.url, publisher, hook, mail, mutant=setting.mutant)
    drivers = [Driver(f"node{number}", house, store, events, tries, setting.seed) for number in range(setting.nodes)]
    await drivers[0].play(setting.first)
    if setting.hushed:
        await drivers[0].silence()
    weight = max(1, sum(episode.weight for episode in setting.episodes))
    publishing = asyncio.create_task(
        publisher.publish_steadily(setting.entries, lambda: sum(driver.progress() for driver in drivers) / weight)
    )
    shares = [setting.episodes[number :: setting.nodes] for number in range(setting.nodes)]
    await asyncio.gather(*(driver.play(share) for driver, share in zip(drivers, shares, strict=True)))
    await publishing
    mood.share = 0.0
    left = await drivers[0].drain(setting.entries, setting.patience)
    if any(left.values()):
        print(f"seed {setting.seed}: not drained: {left}", file=sys.stderr)
    for part in (publisher, hook, mail, tries, events):
        part.close() if isinstance(part, Ledger) else part.stop()
    return await asyncio.to_thread(verdict_of, folder, store, setting.seed)


def verdict_of(folder: Path, store: Store, seed: int) -> Verdict:
    """The judge's verdict on the logs, the store and its backups."""
    verdict = Judge(folder, store, seed).judge()
    verdict.integrity += [
        f"{backup.name}: {problem}"
        for backup in sorted(folder.glob("*.backup"))
        for problem in broken_invariants(SqliteStore(backup))
    ]
    return verdict
