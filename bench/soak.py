"""Steady load for a long time: flat memory, flat latency, a write-ahead log that does not grow.

`python bench/soak.py --minutes 42 --entries 105000`. No faults, the program's own waits but for a shorter tick. The last
line is the summary; the exit code is 1 when a bar is missed: memory in the last quarter within 5 % of the second, median
latency within 25 % of the second's, the log's greatest size no more than 5 % greater, every entry read, nothing lost,
nothing doubled. What was published last is waited for, and how long that took is part of the summary.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.crash.daemon_process import Deployment, Run
from tests.crash.driver import until
from tests.crash.ledger import Ledger, Line, read
from tests.crash.published_log import CHANNELS, Author
from tests.crash.publisher import Publisher
from tests.crash.sinks import Mood, open_sinks
from tests.crash.stores import SqliteStore

FEEDS = 60
WINDOW = 200
"""Entries in a feed's document; polls are so frequent that none leaves unseen."""

TIMINGS = {"tick": 0.25, "upkeep": 60.0}
SAMPLE_EVERY = 5.0
DRAIN_WITHIN = 600.0
"""Seconds that what was published last may take to arrive: a minute where nothing else runs, longer on a busy machine."""

KIB = 1024

CONFIG = """
store: {store}
polling: {{interval: {interval}, min: 0s, timeout: 10s, per_host: {{concurrency: 16, spacing: 0s}}}}
limits: {{alerts_per_feed: 1000000, entries_per_feed: 1000000, bytes_per_feed: 100GB}}
network: {{allow: [127.0.0.0/8]}}
feeds: {feeds}
topics:
  - {{name: alpha, title: Alpha, terms: {{3: [ceasefire*]}}, focus: 5, languages: [en]}}
  - {{name: beta, title: Beta, terms: {{3: [detainee*]}}, focus: 5, languages: [en]}}
  - {{name: gamma, title: Gamma, terms: {{3: [earthquake*]}}, focus: 5, languages: [en]}}
  - {{name: delta, title: Delta, terms: {{3: [flood*]}}, focus: 5, languages: [en]}}
  - {{name: echo, title: Echo, terms: {{3: [drought*]}}, focus: 5, languages: [en]}}
smtp: {{host: 127.0.0.1, port: {smtp}, tls: none, from: {run}@example.org}}
receivers:
  - {{name: hook, webhook: {{url: "{hook}"}}}}
  - {{name: desk, email: {{to: [desk@example.org]}}}}
  - {{name: pair, email: {{to: [pair@example.org]}}, webhook: {{url: "{pair}"}}}}
  - {{name: quiet, webhook: {{url: "{quiet}"}}}}
route:
  receiver: pair
  group_by: [topic, feed]
  group_wait: 5s
  group_interval: 60s
  routes:
    - {{matchers: ['topic="alpha"'], receiver: hook, continue: true}}
    - {{matchers: ['topic=~"alpha|beta"'], receiver: desk}}
    - {{matchers: ['topic=~"delta|echo"'], receiver: quiet}}
"""


def memory(pid: int) -> tuple[int, int]:
    """Resident KiB of a process, and of its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _resident(pid), sum(_resident(int(child)) for child in children)


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


async def sample(run: Run, store: SqliteStore, log: Ledger) -> None:
    """Writes down sizes until it is cancelled."""
    wal = store.file.with_name(store.file.name + "-wal")
    while True:
        own, children = memory(run.pid)
        log.write(
            {
                "own": own,
                "children": children,
                "wal": wal.stat().st_size if wal.exists() else 0,
                "db": store.file.stat().st_size,
                "waiting": sum(store.unfinished().values()),
            }
        )
        await asyncio.sleep(SAMPLE_EVERY)


async def soak(folder: Path, entries: int, seconds: float) -> float:
    """Publishes `entries` in `seconds`; returns how long what was published last took to arrive."""
    store, samples = SqliteStore(folder / "watcher.db"), Ledger(folder / "samples.jsonl")
    publisher = Publisher(folder, Author(1, FEEDS), FEEDS, WINDOW)
    hook, mail, tries = open_sinks(folder, Mood(1, 0.0, 0.0), lambda _: {"owner": None, "until": None})
    for part in (publisher, hook, mail):
        await part.start()
    deployment = Deployment(folder, store.url, publisher, hook, mail, interval="20s", timings=TIMINGS, config=CONFIG)
    run = await deployment.start(deployment.write("soak"), "run")
    await run.ready.wait()
    sampling = asyncio.create_task(sample(run, store, samples))
    started = time.monotonic()
    await publisher.publish_steadily(entries, lambda: (time.monotonic() - started) / seconds)
    sampling.cancel()
    drained = await _quiet(store, entries)
    run.process.send_signal(signal.SIGTERM)
    print("exit code", await run.end(), flush=True)
    for part in (publisher, hook, mail):
        part.stop()
    tries.close()
    return drained


async def _quiet(store: SqliteStore, entries: int) -> float:
    """Waits until everything is read and delivered, or `DRAIN_WITHIN`; returns the seconds. Prints what is left then."""
    started = time.monotonic()
    await until(lambda: not any(_left(store, entries).values()), DRAIN_WITHIN)
    if any((left := _left(store, entries)).values()):
        print("not drained:", json.dumps(left), flush=True)
    return time.monotonic() - started


def _left(store: SqliteStore, entries: int) -> dict[str, int]:
    return {"unread": entries - store.number("SELECT count(*) FROM seen"), **store.unfinished()}


def quarters(values: list[tuple[float, float]], begin: float, seconds: float) -> list[list[float]]:
    """Values with their time, in four equal parts of the soak."""
    parts: list[list[float]] = [[], [], [], []]
    for moment, value in values:
        parts[min(3, max(0, int(4 * (moment - begin) / seconds)))].append(value)
    return parts


def undelivered(truth: list[Line], accepted: Counter[tuple[str, str]]) -> list[str]:
    """Stories that a channel of theirs has nothing of."""
    stories = {line["story"]: line["topic"] for line in truth if line["topic"]}
    told = {line["token"]: line["story"] for line in truth}
    reached = {(told[token], channel) for token, channel in accepted}
    return [
        story for story, topic in stories.items() if any((story, channel) not in reached for channel in CHANNELS[topic])
    ]


def first_seen(tries: list[Line]) -> dict[str, float]:
    """By token, when a sink first heard of it."""
    first: dict[str, float] = {}
    for line in tries:
        for token in line["tokens"]:
            first.setdefault(token, line["t"])
    return first


def report(folder: Path, seconds: float, drained: float) -> int:
    truth, samples = list(read(folder / "truth.jsonl")), list(read(folder / "samples.jsonl"))
    tries = list(read(folder / "tries.jsonl"))
    published, begin = {line["token"]: line["t"] for line in truth}, truth[0]["t"]
    accepted = Counter((token, line["channel"]) for line in tries for token in line["tokens"] if line["accepted"])
    waits = [(published[token], at - published[token]) for token, at in first_seen(tries).items()]
    latency = quarters(waits, begin, seconds)
    own, children, wal = (
        quarters([(line["t"], line[name] / KIB) for line in samples], begin, seconds)
        for name in ("own", "children", "wal")
    )
    memories = [statistics.median(part) for part in own]
    medians = [statistics.median(part) for part in latency]
    unread = len(truth) - SqliteStore(folder / "watcher.db").number("SELECT count(*) FROM seen")
    lost = undelivered(truth, accepted)
    summary = {
        "entries": len(truth),
        "minutes": round(seconds / 60, 1),
        "memory_mib": [round(value, 1) for value in memories],
        "children_mib": [round(statistics.median(part), 1) for part in children],
        "latency_median_s": [round(value, 2) for value in medians],
        "latency_p95_s": [round(statistics.quantiles(part, n=20)[-1], 2) for part in latency],
        "wal_max_mib": [round(max(part) / KIB, 2) for part in wal],
        "db_mib": round(samples[-1]["db"] / KIB / KIB, 1),
        "drained_s": round(drained),
        "unread": unread,
        "lost": len(lost),
        "copies": sum(count - 1 for count in accepted.values()),
    }
    flat = {
        "memory": abs(memories[3] / memories[1] - 1) <= 0.05,
        "latency": medians[3] <= medians[1] * 1.25,
        "log": max(wal[3]) <= max(wal[1]) * 1.05,
        "complete": not unread and not lost and summary["copies"] == 0,
    }
    print(json.dumps({**summary, "bars": flat}))
    return 0 if all(flat.values()) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=42)
    parser.add_argument("--entries", type=int, default=105_000)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="watcher-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    drained = asyncio.run(soak(folder, given.entries, given.minutes * 60))
    return report(folder, given.minutes * 60, drained)


if __name__ == "__main__":
    sys.exit(main())
