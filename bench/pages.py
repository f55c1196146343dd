"""What the pages, the search and the JSON API cost over a large store, on SQLite and on PostgreSQL.

    python bench/pages.py --folder DIRECTORY [--postgres URL] [--entries 1000000] [--rounds 50] [--only NAME] [--plans]

Uses the stores that `bench/page_store.py` or an earlier run left in DIRECTORY and in the database, or makes them there. Every page is asked for in this process, without a
network, so many times with different parameters. Prints, in milliseconds, CPU time of the page's thread and of the
server's processes (median, 95th percentile, highest), elapsed time (median), and what the first request of all costs after the
files of the store have left the memory (`cold`); exit 1 where a 95th percentile of CPU time is above 200 ms. `bench/web_memory.py`
shows the memory. `--plans` prints each statement that reads a whole
table, with its plan.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import structlog
from page_store import TOPICS, Target, Texts, build, feed_url, term
from sqlalchemy import Engine, event, make_url, select, text

from watcher.clock import SystemClock
from watcher.model.feed import FeedIssueKind
from watcher.search.index import open_index
from watcher.service.load import load_config
from watcher.store.store import Store, open_store
from watcher.store.tables import alerts, entries, notifications
from watcher.views.feeds import feed_id
from watcher.web.app import CACHE_KIB, all_pages
from watcher.web.door import Door
from watcher.web.handover import ServedConfig
from watcher.web.router import Router
from watcher.web.site import Site

BAR_MS = 200.0


def configuration(url: str, count: int) -> str:
    listed = "\n".join(f"  - {feed_url(number)}" for number in range(count))
    topics = "\n".join(
        f"  - {{name: {name}, title: {name.title()}, languages: [en, ar, tr], focus: 7,\n"
        f"     terms: {{3: [{term(number, 0)}, {term(number, 1)}, {term(number, 2)}], "
        f"2: [{term(number, 3)}, {term(number, 4)}], 1: [{term(number, 5)}*]}}}}"
        for number, name in enumerate(TOPICS)
    )
    return (
        f"store: {url}\nfeeds:\n{listed}\ntopics:\n{topics}\n"
        'receivers: [{name: desk, webhook: {url: "http://127.0.0.1:9/x"}},\n'
        '  {name: night, webhook: {url: "http://127.0.0.1:9/y"}}]\n'
        'route: {receiver: desk, routes: [{matchers: [\'level="mention"\'], receiver: night, digest: {at: ["07:00"], zone: UTC}}]}\n'
    )


def asked_pages(store: Store, feed_count: int, rounds: int) -> dict[str, list[str]]:
    """Addresses by the name of their page, `rounds` different ones where there are parameters."""
    chance = random.Random(3)
    texts = Texts()
    with store._database.read() as connection:
        low, high = connection.execute(text("SELECT min(id), max(id) FROM entries")).one()
        wanted = {chance.randint(low, high) for _ in range(rounds)}
        keys = list(connection.scalars(select(entries.c.key).where(entries.c.id.in_(wanted))))
        found = list(connection.scalars(select(alerts.c.id).order_by(alerts.c.seq)))
        messages = list(connection.scalars(select(notifications.c.key).order_by(notifications.c.id)))
    ids = chance.sample(found, min(rounds, len(found)))
    letters = chance.sample(messages, min(rounds, len(messages)))
    fids = [feed_id(feed_url(chance.randrange(feed_count)))[:8] for _ in range(rounds)]
    sentences = {code: chance.sample(some, rounds) for code, some in texts._sentences.items()}
    words = [one.split()[-1].rstrip(".") for one in sentences["en"]]
    arabic = [one.split()[2] for one in sentences["ar"]]
    days = [f"{datetime.now(UTC) - timedelta(days=chance.randrange(1, 89)):%Y-%m-%d}" for _ in range(rounds)]
    topics = [TOPICS[number % len(TOPICS)] for number in range(rounds)]

    def search(queries: Sequence[str], more: str = "") -> list[str]:
        return [f"/search?q={quote_plus(one)}{more}" for one in queries]

    kinds = [kind.value for kind in FeedIssueKind]
    return {
        "today": ["/"], "today, days": [f"/?days={(2, 7, 14)[n % 3]}" for n in range(rounds)],
        "today, topic": [f"/?topic={one}&days=14" for one in topics], "today, unmarked": ["/?judged=no&days=14"],
        "today, word": [f"/?q={quote_plus(one)}&days=14" for one in words],
        "today, nothing": [f"/?q=zebra{n}&days=14" for n in range(rounds)],
        "now": [f"/now?since={int(time.time()) - 3600}"],
        "alert": [f"/alerts/{one[:8]}" for one in ids], "entry": [f"/entries/{one[:8]}" for one in keys],
        "topics": ["/topics"], "topic": [f"/topics/{one}" for one in topics],
        "near misses": [f"/topics/{one}?near=1" for one in topics], "badge": [f"/topics/{one}.svg" for one in topics],
        "feeds": ["/feeds"], "feeds, text": [f"/feeds?q=feed{n}" for n in range(rounds)],
        "feeds, state": [f"/feeds?state={kinds[n % len(kinds)]}" for n in range(rounds)],
        "feed": [f"/feeds/{one}" for one in fids],
        "outbox": ["/outbox"], "outbox, dead": ["/outbox?state=dead"], "outbox, ready": ["/outbox?state=ready"],
        "outbox, sent": ["/outbox?state=sent"], "message": [f"/outbox/{one[:8]}" for one in letters],
        "silences": ["/silences"], "judged": [f"/topics/{one}/judged.jsonl" for one in topics],
        "explain": ["/explain"], "api": ["/api"], "silence": [f"/silences/new?alert={one[:8]}" for one in ids],
        "silence, all": ["/silences/new?more=" + quote_plus('level="focus"') + "&for=1h"],
        "routes": ["/routes"], "status": ["/status"], "help": ["/help"],
        "search, form": ["/search"], "search, all": ["/search?q="], "search, commonest": search(texts_common(texts)),
        "search, word": search(words), "search, arabic": search(arabic),
        "search, rare": search([f"{n * 10:07d}" for n in range(rounds)]),
        "search, unknown": search([f"zebra{n}" for n in range(rounds)]),
        "search, two": search([f"{one} {two}" for one, two in zip(words, reversed(words), strict=True)]),
        "search, either": search([f"{one} OR {two}" for one, two in zip(words, arabic, strict=True)]),
        "search, not": search([f"{one} -{two}" for one, two in zip(words, reversed(words), strict=True)]),
        "search, phrase": search([f'"{" ".join(one.split()[1:4])}"' for one in sentences["en"]]),
        "search, begin": search([f"{one[:3]}*" for one in words]), "search, title": search([f"title:{w}" for w in words]),
        "search, feed": search(words, "&feed=feed7.example"), "search, a feed": search(["feed:feed1999.example.org"]),
        "search, alerted": search(words, "&alerted=focus"), "search, topic": search([f"alerted:{t}" for t in topics]),
        "search, a day": [f"/search?q={quote_plus(w)}&from={d}&to={d}" for w, d in zip(words, days, strict=True)],
        "search, zh": search([one[:2] for one in sentences["zh"]]),
        "search, ja": search([one[2:5] for one in sentences["ja"]]),
        "search, th": search([one[2:5] for one in sentences["th"]]),
        "search, deep": [f"/search?q={quote_plus(one)}&before={low + (high - low) // 3}" for one in words],
        "feed of all": ["/feeds/all.atom"], "feed of a topic": [f"/topics/{one}.json" for one in topics],
        "feed of a route": ["/routes/root.json"], "feed of a route, quiet": ["/routes/0.json"],
        "api alerts": [f"/api/alerts?level=focus&before={one}" for one in ids],
        "api alerts, feed": [f"/api/alerts?feed=publisher%20{n}" for n in range(rounds)],
        "api alerts, dead": ["/api/alerts?state=dead"], "api alerts, waiting": ["/api/alerts?state=waiting"],
        "api alerts, marked": ["/api/alerts?marked=relevant"],
        "api alerts, topic": [f"/api/alerts?topic={one}&folded=no" for one in topics],
        "api alerts, unknown topic": ["/api/alerts?topic=none"],
        "api alert": [f"/api/alerts/{one}" for one in ids], "api entries": ["/api/entries"],
        "api entries, word": [f"/api/entries?q={one}" for one in words],
        "api entry": [f"/api/entries/{one}" for one in keys],
        "api explain": [f"/api/entries/{one}/explain" for one in keys], "api topics": ["/api/topics"],
        "api volume": [f"/api/topics/{one}/volume" for one in topics], "api feeds": ["/api/feeds"],
        "api outbox": ["/api/outbox?limit=200"], "api message": [f"/api/outbox/{one}" for one in letters],
        "api silences": ["/api/silences?all=yes"], "api walk": ["/api/routes/walk?topic=topic-1"],
        "api status": ["/api/status"],
    }  # fmt: skip


def texts_common(texts: Texts) -> list[str]:
    """The words that most English sentences have."""
    counts: dict[str, int] = {}
    for one in texts._sentences["en"][:2_000]:
        for word in one.lower().rstrip(".").split():
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts, key=lambda word: -counts[word])[:20]


class Meter:
    """CPU seconds of this thread, in which a page is made, and of a server's processes."""

    def __init__(self, url: str) -> None:
        self._is_server = not url.startswith("sqlite")
        self._name = f"postgres: {make_url(url).username} {make_url(url).database} ".encode()

    def now(self) -> float:
        return time.thread_time() + (self._of_server() if self._is_server else 0.0)

    def _of_server(self) -> float:
        spent = 0
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    if self._name in (folder / "cmdline").read_bytes():
                        spent += int((folder / "schedstat").read_text().split()[0])
                except OSError:
                    continue
        return spent / 1e9


def ask(door: Door, address: str) -> tuple[int, int, str]:
    """Status, bytes and beginning of the answer."""
    path, _, query = address.partition("?")
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1:8080")], "client": ("127.0.0.1", 1), "scheme": "http",
    }  # fmt: skip
    reply = door._reply(scope, b"")
    return reply.status, len(reply.body), reply.body[:300].decode("utf-8", "replace")


def measure(door: Door, meter: Meter, name: str, addresses: Sequence[str], rounds: int) -> dict[str, float]:
    cpu, elapsed, size = [], [], 0
    for number in range(rounds):
        began, spent = time.perf_counter(), meter.now()
        status, size, beginning = ask(door, addresses[number % len(addresses)])
        cpu.append((meter.now() - spent) * 1000)
        elapsed.append((time.perf_counter() - began) * 1000)
        if status != 200:
            print(f"{name}: {addresses[number % len(addresses)]}: {status}: {beginning}", file=sys.stderr)
    rank = sorted(cpu)
    return {
        "p50": statistics.median(cpu), "p95": rank[max(0, round(rounds * 0.95) - 1)], "most": rank[-1],
        "elapsed": statistics.median(elapsed), "kB": size / 1000,
    }  # fmt: skip


@contextmanager
def whole_reads(store: Store) -> Iterator[dict[str, str]]:
    """Statements that read all of a large table, by their text; with the plan."""
    found: dict[str, str] = {}
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")) and not many:
            heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
        with store._database.read() as connection:
            driver: Any = connection.connection.driver_connection
            is_sqlite = connection.dialect.name == "sqlite"
            for statement, parameters in heard:
                lines = driver.execute(("EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN ") + statement, parameters)
                plan = [str(row[-1]) for row in lines]
                if statement not in found and any(
                    ("SCAN" in one or "Seq Scan" in one or "TEMP B-TREE" in one) for one in plan
                ):
                    found[statement] = "\n    ".join(plan)


def forget_files(folder: Path) -> None:
    """Asks the kernel to drop what it keeps of the store's files."""
    for file in folder.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def run(url: str, folder: Path, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    file = folder / "config.yaml"
    file.write_text(configuration(url, arguments.feeds), encoding="utf-8")
    compiled = load_config(file, {}, secrets="defer")
    store = open_store(url, base=folder, cache_kib=CACHE_KIB)
    index = open_index(url, base=folder, cache_kib=CACHE_KIB)
    store.upgrade()
    if not store.entries.number_range()[1]:
        build([Target(url, folder)], arguments.entries, arguments.feeds, datetime.now(UTC))
    meter = Meter(url)
    pages = {
        name: addresses
        for name, addresses in asked_pages(store, arguments.feeds, arguments.rounds).items()
        if not arguments.only or name.startswith(arguments.only)
    }
    found: dict[str, dict[str, float]] = {}

    def door() -> Door:
        site = Site(ServedConfig(compiled.settings, compiled.topics), store, SystemClock(), index)
        site.templates.prepare()
        return Door(site, Router(all_pages()))

    def all_of_them() -> None:
        for name, addresses in pages.items():
            forget_files(folder)
            cold = measure(door(), meter, name, addresses, 1)
            opened = door()
            ask(opened, "/help")
            found[name] = measure(opened, meter, name, addresses, arguments.rounds)
            found[name] |= {"cold": cold["p50"], "cold elapsed": cold["elapsed"]}
            opened.close()
            show(name, found[name])

    if arguments.plans:
        for name, addresses in pages.items():
            with whole_reads(store) as statements:
                ask(door(), addresses[0])
            for statement, plan in statements.items():
                print(f"{name}: {' '.join(statement.split())[:700]}\n    {plan}")
    else:
        all_of_them()
    store.close()
    index.close()
    return found


def show(page: str, ms: dict[str, float]) -> None:
    mark = "  slow" if ms["p95"] > BAR_MS else ""
    print(f"  {page:26}" + "".join(f"{what} {value:7.1f}  " for what, value in ms.items()) + mark, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--feeds", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--postgres", metavar="URL", help="an empty database, or one that was filled before")
    parser.add_argument("--only-postgres", action="store_true")
    parser.add_argument("--only", metavar="NAME", default="", help="pages whose name begins so")
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--folder", type=Path, help="of the SQLite store, bench.db; without it a new one is made")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    slow = False
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        engines = {} if arguments.only_postgres else {"sqlite": "sqlite:///bench.db"}
        engines |= {"postgres": arguments.postgres} if arguments.postgres else {}
        for name, url in engines.items():
            print(name)
            slow |= any(ms["p95"] > BAR_MS for ms in run(url, folder, arguments).values())
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
