"""How long the pages, the search and the JSON API take over a large store, on SQLite and on PostgreSQL.

    python bench/pages.py [--entries 100000] [--feeds 500] [--rounds 20] [--postgres URL] [--folder DIRECTORY] [--json]

Fills a store with synthetic entries of 90 days (150 words each, frequencies by Zipf's law), a tenth of them with an
alert and a message for every ten alerts, and its index of words. Then every page is asked for in this process, without
a network. Prints the median and the 95th percentile in milliseconds of elapsed time, and CPU time of this process;
exit 1 where a 95th percentile is above 200 ms. On a machine that is shared, only the CPU times of one run compare.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import structlog

from watcher.clock import SystemClock
from watcher.errors import NotifyReason
from watcher.model.alert import Alert, AlertState, Evidence, stable_hash
from watcher.model.entry import Entry
from watcher.model.notification import AttemptResult, DeliveryState, NotificationState
from watcher.model.topic import Level
from watcher.search.fill import Filler
from watcher.search.index import open_index
from watcher.service.load import load_config
from watcher.store import documents
from watcher.store.store import Store, open_store
from watcher.store.tables import alerts, attempts, deliveries, delivery_groups, entries, feeds, notifications
from watcher.web.app import all_pages
from watcher.web.door import Door
from watcher.web.router import Router
from watcher.web.site import ServedConfig, Site

DAYS = 90
WORDS = 150
VOCABULARY = 50_000
CHUNK = 5_000
BAR_MS = 200.0
TOPICS = ("ceasefires", "detention", "harbours", "elections")


def configuration(url: str, count: int) -> str:
    listed = "\n".join(f"  - https://feed{number}.example.org/rss" for number in range(count))
    topics = "\n".join(
        f"  - {{name: {name}, title: {name.title()}, terms: {{3: [w{number + 40}, w{number + 90}]}}, focus: 5}}"
        for number, name in enumerate(TOPICS)
    )
    return (
        f"store: {url}\nfeeds:\n{listed}\ntopics:\n{topics}\n"
        'receivers: [{name: desk, webhook: {url: "http://127.0.0.1:9/x"}}]\nroute: {receiver: desk}\n'
    )


class Texts:
    """Words by Zipf's law, the same in every run."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        self._words = [f"w{number}" for number in range(VOCABULARY)]
        total, weights = 0.0, []
        for rank in range(1, VOCABULARY + 1):
            total += 1 / rank
            weights.append(total)
        self._weights = weights

    def words(self, count: int) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._weights, k=count))


def rows(count: int, feed_count: int, now: datetime) -> Iterator[list[tuple[int, str, int, datetime, Entry]]]:
    texts = Texts()
    for start in range(0, count, CHUNK):
        yield [
            (
                number + 1,
                stable_hash("bench", str(number)),
                number % feed_count + 1,
                now - timedelta(days=DAYS) * (1 - number / count),
                Entry(f"e{number}", f"https://example.org/{number}", texts.words(9), texts.words(WORDS), language="en"),
            )
            for number in range(start, min(start + CHUNK, count))
        ]


def alert_of(key: str, feed: int, seen: datetime, entry: Entry, number: int) -> Alert:
    topic, level = TOPICS[number % len(TOPICS)], Level.FOCUS if number % 3 == 0 else Level.MENTION
    return Alert(
        id=stable_hash("alert", key), topic=topic, topic_title=topic.title(), level=level, score=740, focus=500,
        evidence=(Evidence("w40", "title", 1, 740, entry.title, ((0, 2),)),), entry_key=key, entry=entry,
        feed_url=f"https://feed{feed - 1}.example.org/rss", feed_title=f"Feed {feed}", first_seen=seen,
        story=stable_hash("story", key), labels={"topic": topic, "level": level.value, "feed": f"Feed {feed}"},
        created_at=seen, state=AlertState.ROUTED,
    )  # fmt: skip


def fill(store: Store, count: int, feed_count: int, now: datetime) -> None:
    """Writes the tables themselves: saving polls one after the other would take hours."""
    store.feeds.sync({f"https://feed{number}.example.org/rss" for number in range(feed_count)}, now)
    with store._database.write("remember") as connection:
        numbers = {row.url: row.id for row in connection.execute(feeds.select())}
        group = {"key": stable_hash("group"), "route": "/", "channel": "desk/webhook/0"}
        connection.execute(delivery_groups.insert().values(**group, labels=documents.labels.write({})))
        group_id = connection.execute(delivery_groups.select()).one().id
    message = 0
    for some in rows(count, feed_count, now):
        alerted = [
            alert_of(key, feed, seen, entry, number) for number, key, feed, seen, entry in some if number % 10 == 0
        ]
        with store._database.write("remember") as connection:
            connection.execute(
                entries.insert(),
                [
                    {
                        "key": key, "feed_id": numbers[f"https://feed{feed - 1}.example.org/rss"], "first_seen": seen,
                        "document": documents.entries.write(entry),
                    }
                    for _, key, feed, seen, entry in some
                ],
            )  # fmt: skip
            connection.execute(
                alerts.insert(),
                [
                    {
                        "id": one.id, "topic": one.topic, "entry_key": one.entry_key, "story": one.story,
                        "feed_title": one.feed_title, "level": one.level, "score": one.score, "state": one.state,
                        "reason": "", "created_at": one.created_at, "routed_at": one.created_at,
                        "document": documents.alerts.write(one),
                    }
                    for one in alerted
                ],
            )  # fmt: skip
            newest = alerts.select().order_by(alerts.c.seq.desc()).limit(len(alerted))
            first = {row.id: row.seq for row in connection.execute(newest)}
            for start in range(0, len(alerted), 10):
                group_of = alerted[start : start + 10]
                message += 1
                is_dead, at = message % 50 == 0, group_of[-1].created_at
                connection.execute(
                    notifications.insert().values(
                        id=message, key=stable_hash("message", str(message)), group_id=group_id,
                        channel="desk/webhook/0", reason=NotifyReason.FIRST.value,
                        snapshot=documents.snapshots.write(tuple(group_of)), omitted=0,
                        state=NotificationState.DEAD if is_dead else NotificationState.SENT, created_at=at,
                        attempts=1, epoch=1, finished_at=at,
                    )
                )  # fmt: skip
                connection.execute(
                    attempts.insert().values(
                        notification_id=message, number=1, started_at=at, finished_at=at,
                        outcome=AttemptResult.GIVE_UP.value if is_dead else AttemptResult.DELIVERED.value, reason="gone" if is_dead else "", detail="",
                    )
                )  # fmt: skip
                state = DeliveryState.DEAD if is_dead else DeliveryState.DELIVERED
                connection.execute(
                    deliveries.insert(),
                    [
                        {
                            "alert_seq": first[one.id], "channel": "desk/webhook/0", "group_id": group_id,
                            "notification_id": message, "score": one.score, "waiting_since": at, "state": state,
                            "reason": "first", "since": at,
                        }
                        for one in group_of
                    ],
                )  # fmt: skip


def addresses(count: int) -> dict[str, str]:
    key = stable_hash("bench", str((count - 1) // 10 * 10 - 1))
    alert = stable_hash("alert", key)
    day = f"{datetime.now(UTC) - timedelta(days=30):%Y-%m-%d}"
    return {
        "today": "/", "today, 14 days": "/?days=14", "alert": f"/alerts/{alert[:8]}", "entry": f"/entries/{key[:8]}",
        "topics": "/topics", "topic": f"/topics/{TOPICS[0]}", "feeds": "/feeds", "outbox": "/outbox",
        "dead letters": "/outbox?state=dead", "silences": "/silences", "silence": f"/silences/new?alert={alert[:8]}",
        "routes": "/routes", "status": "/status",
        "search, all": "/search?q=", "search, commonest": "/search?q=w0", "search, common": "/search?q=w20",
        "search, rare": "/search?q=w49000", "search, unknown": "/search?q=zebra", "search, three": "/search?q=w5+w9+w80",
        "search, either": "/search?q=w5+OR+w30000", "search, not": "/search?q=w100+-w0", "search, phrase": '/search?q="w1+w2+w3"',
        "search, begin": "/search?q=w4999*", "search, short begin": "/search?q=w49*", "search, title": "/search?q=title:w77",
        "search, feed": "/search?q=w3&feed=feed7.example", "search, alerted": "/search?q=w2000&alerted=focus",
        "search, a day": f"/search?q=w50&from={day}&to={day}", "search, never meet": "/search?q=w9000+w12000",
        "feed, topic": f"/topics/{TOPICS[0]}.atom", "feed, route": "/routes/root.json",
        "api alerts": "/api/alerts?level=focus", "api entries": "/api/entries?q=w300", "api status": "/api/status",
    }  # fmt: skip


async def measure(door: Door, asked: dict[str, str], rounds: int) -> dict[str, dict[str, float]]:
    transport = httpx2.ASGITransport(door, client=("127.0.0.1", 1))
    found: dict[str, dict[str, float]] = {}
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        await client.get("/help")
        for name, address in asked.items():
            times, cpu = [], time.process_time()
            for _ in range(rounds):
                began = time.perf_counter()
                answer = await client.get(address)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200, (name, answer.status_code, answer.text[:300])
            found[name] = {
                "p50": statistics.median(times), "p95": sorted(times)[max(0, int(rounds * 0.95) - 1)],
                "first": times[0], "cpu": (time.process_time() - cpu) * 1000 / rounds, "kB": len(answer.content) / 1000,
            }  # fmt: skip
    return found


def run(url: str, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    now = datetime.now(UTC)
    file = folder / "config.yaml"
    file.write_text(configuration(url, arguments.feeds), encoding="utf-8")
    compiled = load_config(file, {}, secrets="defer")
    store, index = open_store(url, base=folder), open_index(url, base=folder)
    store.upgrade()
    began = time.process_time()
    if not store.entries.number_range()[1]:
        fill(store, arguments.entries, arguments.feeds, now)
        filler = Filler(store, index)
        while filler.step(now + timedelta(hours=1)).to_go:
            pass
    filled = time.process_time() - began
    site = Site(ServedConfig(compiled.settings, compiled.topics), store, SystemClock(), index)
    door = Door(site, Router(all_pages()))
    found = asyncio.run(measure(door, addresses(arguments.entries), arguments.rounds))
    sizes = {"store_mb": store.stats().bytes / 1e6, "index_mb": index.size() / 1e6, "filled_cpu_s": filled}
    door.close()
    store.close()
    index.close()
    return {"sizes": sizes, "pages": found}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--postgres", metavar="URL", help="an empty database; without it only SQLite is measured")
    parser.add_argument("--folder", type=Path, help="keep the SQLite store here, and use it again")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        engines = {"sqlite": "sqlite:///bench.db"} | ({"postgres": arguments.postgres} if arguments.postgres else {})
        found = {name: run(url, folder, arguments) for name, url in engines.items()}
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        for name, result in found.items():
            print(name, {what: round(size, 1) for what, size in result["sizes"].items()})
            for page, ms in result["pages"].items():
                mark = "  slow" if ms["p95"] > BAR_MS else ""
                print(f"  {page:22}" + "".join(f"{what} {value:8.1f}  " for what, value in ms.items()) + mark)
    return int(any(ms["p95"] > BAR_MS for result in found.values() for ms in result["pages"].values()))


if __name__ == "__main__":
    sys.exit(main())
