"""What the pages, the search and the JSON API cost over a large store, on SQLite and on PostgreSQL.

    python bench/pages.py --folder DIRECTORY [--postgres URL] [--entries 1000000] [--rounds 50] [--only NAME] [--plans]

Uses the stores that `bench/page_store.py` or an earlier run left in DIRECTORY and in the database, or makes them there.
Every page of `bench/page_requests.py` is asked for in this process, without a network, so many times with different
parameters. Prints, in milliseconds, CPU time of this process, its children and the server's processes (median, 95th
percentile, highest) and elapsed time (median, longest); with `--cold` also what the first request costs after the files
of the store have left the memory. Exit 1 where a 95th percentile of CPU time is above 200 ms, or a try takes longer than
ten seconds. `bench/web_memory.py` shows the memory. `--plans` prints each statement that reads a whole table, with its
plan.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from page_extras import extend, silence_ids
from page_requests import KEY, Known, Request, asked_pages
from page_store import TOPICS, Target, Texts, build, feed_url, term
from sqlalchemy import Engine, event, func, make_url, select, text

from watcher.config.topic_text import written_topics
from watcher.model.notification import NotificationState
from watcher.model.settings import Settings
from watcher.search.index import open_index
from watcher.service.load import load_config
from watcher.store.store import Store, open_store
from watcher.store.tables import NOTIFICATION_IS_DEAD, alerts, entries, notifications
from watcher.views.feeds import feed_id
from watcher.web.app import CACHE_KIB, all_pages
from watcher.web.door import Door
from watcher.web.handover import ServedConfig
from watcher.web.rendering import assets
from watcher.web.router import Router
from watcher.web.site import Site

BAR_MS = 200.0
BESIDE_SUGGESTIONS = ("topic", "near misses")
LONG_ONES = ("try", "api try")
"""Read and score as many entries as they can within a time, and say how far they came."""
LONG_BAR_MS, FEW = 10_000.0, 3


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
        f"web: {{url: 'http://127.0.0.1:8080', key: {KEY}, links: act, embed_in: ['https://intranet.example.org']}}\n"
        'route: {receiver: desk, routes: [{matchers: [\'level="mention"\'], receiver: night, digest: {at: ["07:00"], zone: UTC}}]}\n'
    )


def known_of(store: Store, settings: Settings, feed_count: int, rounds: int) -> Known:
    """Names of `rounds` of each kind; the same in each run over one store."""
    chance, texts = random.Random(3), Texts()
    with store._database.read() as connection:
        low, high = connection.execute(text("SELECT min(id), max(id) FROM entries")).one()
        wanted = {chance.randint(low, high) for _ in range(rounds)}
        keys = list(connection.scalars(select(entries.c.key).where(entries.c.id.in_(wanted))))
        found = list(connection.scalars(select(alerts.c.id).order_by(alerts.c.seq)))
        messages = select(notifications.c.key).order_by(notifications.c.id)
        sent = list(connection.scalars(messages.where(notifications.c.state == NotificationState.SENT)))
        dead = list(connection.scalars(messages.where(NOTIFICATION_IS_DEAD)))
    numbers = [number for number in chance.sample(range(feed_count), feed_count) if 10 < number % 55 < 50]
    sentences = {code: chance.sample(some, rounds) for code, some in texts._sentences.items()}
    written, _ = written_topics(settings.file)
    definitions = [written[name].replace("focus: 7", "focus: 5") for name in TOPICS]
    return Known(
        now=now_of(store), topics=TOPICS, definitions=definitions, alerts=chance.sample(found, rounds), entries=keys,
        messages=chance.sample(sent, rounds), dead=chance.sample(dead, 2 * rounds), silences=silence_ids()[: 2 * rounds],
        feeds=[feed_id(feed_url(number)) for number in numbers[: 2 * rounds]], assets=[one.name for one in assets().values()],
        sentences=sentences, common=texts_common(texts), numbers=(low, high),
    )  # fmt: skip


def now_of(store: Store) -> datetime:
    """A minute after the newest entry: what is shown of the last days is the same on every day."""
    with store._database.read() as connection:
        newest: datetime | None = connection.scalar(select(func.max(entries.c.first_seen)))
    assert newest is not None
    return newest + timedelta(minutes=1)


def texts_common(texts: Texts) -> list[str]:
    """The words that most English sentences have."""
    counts: dict[str, int] = {}
    for one in texts._sentences["en"][:2_000]:
        for word in one.lower().rstrip(".").split():
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts, key=lambda word: -counts[word])[:20]


class Meter:
    """CPU seconds of this process, of children that have ended, and of a server's processes."""

    def __init__(self, url: str) -> None:
        self._is_server = not url.startswith("sqlite")
        self._name = f"postgres: {make_url(url).username} {make_url(url).database} ".encode()

    def now(self) -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        ours = time.process_time() + children.ru_utime + children.ru_stime
        return ours + (self._of_server() if self._is_server else 0.0)

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


class Clock:
    """Goes as fast as the real one, from the store's own time."""

    def __init__(self, now: datetime) -> None:
        self._ahead = now - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def steady(self) -> float:
        return time.monotonic()


def ask(door: Door, request: Request) -> tuple[int, int, str]:
    """Status, bytes and beginning of the answer."""
    _, _, query = request.address.partition("?")
    kind, body = request.body()
    headers = {"host": "127.0.0.1:8080", "sec-fetch-site": "same-origin", "sec-fetch-user": "?1", "content-type": kind}
    scope = {
        "type": "http", "method": request.method, "path": request.path, "raw_path": request.path.encode(),
        "query_string": query.encode(), "client": ("127.0.0.1", 1), "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
    }  # fmt: skip
    reply = door._reply(scope, body)
    return reply.status, len(reply.body), reply.body[:300].decode("utf-8", "replace")


def measure(door: Door, meter: Meter, name: str, requests: Sequence[Request], rounds: int) -> dict[str, float]:
    cpu, elapsed, size = [], [], 0
    for number in range(rounds):
        request = requests[number % len(requests)]
        began, spent = time.perf_counter(), meter.now()
        status, size, beginning = ask(door, request)
        cpu.append((meter.now() - spent) * 1000)
        elapsed.append((time.perf_counter() - began) * 1000)
        if status != request.status:
            print(f"{name}: {request.address}: {status}: {beginning}", file=sys.stderr)
    rank = sorted(cpu)
    return {
        "p50": statistics.median(cpu), "p95": rank[max(0, round(rounds * 0.95) - 1)], "most": rank[-1],
        "elapsed": statistics.median(elapsed), "longest": max(elapsed), "kB": size / 1000,
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


def run(url: str, folder: Path, arguments: argparse.Namespace) -> bool:
    """Whether a page was slow."""
    file = folder / "config.yaml"
    file.write_text(configuration(url, arguments.feeds), encoding="utf-8")
    compiled = load_config(file, {}, secrets="defer")
    store = open_store(url, base=folder, cache_kib=CACHE_KIB)
    index = open_index(url, base=folder, cache_kib=CACHE_KIB)
    store.upgrade()
    if not store.entries.number_range()[1]:
        build([Target(url, folder)], arguments.entries, arguments.feeds, datetime.now(UTC))
    extend(store, now_of(store))
    known = known_of(store, compiled.settings, arguments.feeds, arguments.rounds)
    pages = {name: some for name, some in asked_pages(known).items() if name.startswith(arguments.only)}
    meter, slow = Meter(url), False

    def door() -> Door:
        served = ServedConfig(compiled.settings, compiled.topics, 0, *written_topics(compiled.settings.file))
        site = Site(served, store, Clock(known.now), index)
        site.templates.prepare()
        return Door(site, Router(all_pages()))

    for name, requests in pages.items():
        if arguments.plans:
            show_plans(store, door(), name, requests[0])
            continue
        cold = {}
        if arguments.cold:
            forget_files(folder)
            found = measure(door(), meter, name, requests, 1)
            cold = {"cold": found["p50"], "cold elapsed": found["elapsed"]}
        opened = door()
        ask(opened, Request("/help"))
        if name in BESIDE_SUGGESTIONS:
            wait_for_suggestions(opened)
        found = measure(opened, meter, name, requests, FEW if name in LONG_ONES else arguments.rounds) | cold
        opened.close()
        is_slow = found["longest"] > LONG_BAR_MS if name in LONG_ONES else found["p95"] > BAR_MS
        show(name, found, is_slow)
        slow |= is_slow
    store.close()
    index.close()
    return slow


def wait_for_suggestions(door: Door) -> None:
    """What the marks of a topic suggest is made once after a new mark, in a child for which no page waits."""
    for topic in TOPICS:
        ask(door, Request(f"/topics/{topic}"))
    door._site.remembered._thread.submit(int).result()


def show_plans(store: Store, door: Door, name: str, request: Request) -> None:
    with whole_reads(store) as statements:
        ask(door, request)
    for statement, plan in statements.items():
        print(f"{name}: {' '.join(statement.split())[:700]}\n    {plan}")


def show(page: str, ms: dict[str, float], is_slow: bool) -> None:
    mark = "  slow" if is_slow else ""
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
    parser.add_argument("--cold", action="store_true", help="also the first request when no file is in memory")
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
            slow |= run(url, folder, arguments)
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
