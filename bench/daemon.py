"""What a running daemon costs and how soon it notifies: `python bench/daemon.py [--only MODE…] [--feeds N] [--seconds N]`.

Real daemons on SQLite, beside one server on loopback that is all publishers and the receiver.

* idle: 1,000 feeds, none of them due;
* steady: `--feeds` (100,000) feeds with an interval of five minutes, in which nothing changes (304);
* alerts: 500 feeds with an interval of 5 s, so 100 polls a second; entries that match are published at random, 5 a second.
  Their latency: from the first byte of the answer that has the entry to the first byte of the webhook's request.

Prints CPU time of the daemon and its children as a share of one core, memory, what the server saw, and latencies. The
promises are in `BARS`; exit 1 when one is broken, which on a machine with other work says little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from tests.crash.daemon_process import Run
from watcher.model.feed import Validators
from watcher.store.records import PollRecord
from watcher.store.store import open_store
from watcher.story.assign import StoryAssigner, decide_alert

ADDRESSES = [f"127.0.1.{number}" for number in range(1, 201)]
INTERVAL = timedelta(minutes=5)
SETTLE = 20.0
"""Seconds after the start that are not measured."""

PUBLISHED_A_SECOND = 5
KNOWN = '"0"'
TOKEN = re.compile(r"x[0-9a-f]{16}")
WORDS = [f"{random.Random(number).getrandbits(32):x}" for number in range(5_000)]
BARS = {
    "idle": {"core": 0.01, "memory": 120.0},
    "steady": {"core": 0.60, "memory": 400.0},
    "alerts": {"p99": 2.0},
}


@dataclass(slots=True)
class World:
    """What is published and received. Times are those of one monotonic clock, in seconds."""

    requests: int = 0
    unchanged: int = 0
    entries: dict[str, list[str]] = field(default_factory=dict)
    served: dict[str, float] = field(default_factory=dict)
    received: dict[str, float] = field(default_factory=dict)

    def publish(self, path: str) -> None:
        self.entries.setdefault(path, []).append(f"x{random.getrandbits(64):016x}")

    def answer(self, path: str, etag: str) -> bytes:
        """The feed at `path`: 304 for who knows it, else the document with its latest entries."""
        self.requests += 1
        entries = self.entries.get(path, ())
        if etag == f'"{len(entries)}"':
            self.unchanged += 1
            return b'HTTP/1.1 304 Not Modified\r\nETag: "%d"\r\n\r\n' % len(entries)
        now = time.monotonic()
        for token in entries[-20:]:
            self.served.setdefault(token, now)
        items = "".join(_item(token) for token in entries[-20:])
        body = f'<rss version="2.0"><channel><title>{path}</title>{items}</channel></rss>'.encode()
        head = f'HTTP/1.1 200 OK\r\nETag: "{len(entries)}"\r\nContent-Type: application/rss+xml\r\n'
        return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def receive(self, body: bytes) -> bytes:
        now = time.monotonic()
        for token in TOKEN.findall(body.decode()):
            self.received.setdefault(token, now)
        return b"HTTP/1.1 204 No Content\r\n\r\n"


def _item(token: str) -> str:
    words = " ".join(random.Random(token).choices(WORDS, k=12))
    return (
        f"<item><guid isPermaLink='false'>{token}</guid><title>Ceasefire near {words} {token} </title>"
        f"<pubDate>{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
    )


class Protocol(asyncio.Protocol):
    """Just enough of HTTP/1.1: requests one after the other, bodies with a length."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            method, path, _ = lines[0].split(" ")
            self._buffer = rest[length:]
            answer = (
                self._world.receive(rest[:length])
                if method == "POST"
                else self._world.answer(path, headers.get("if-none-match", ""))
            )
            assert self._transport is not None
            self._transport.write(answer)


async def _serve(port: int, control: Connection) -> None:
    """Serves until it is asked for what it saw; a number of feeds as a request starts to publish in them."""
    world, loop = World(), asyncio.get_running_loop()
    for address in ADDRESSES:
        await loop.create_server(lambda: Protocol(world), address, port, backlog=1024)
    control.send("ready")
    publishing: list[asyncio.Task[None]] = []
    while True:
        asked = await asyncio.to_thread(control.recv)
        if isinstance(asked, int):
            publishing = [asyncio.create_task(_publish(world, asked))]
        elif asked == "stop":
            for task in publishing:
                task.cancel()
        else:
            control.send(world)


async def _publish(world: World, feeds: int) -> None:
    while True:
        world.publish(f"/{random.randrange(feeds)}.xml")
        await asyncio.sleep(random.expovariate(PUBLISHED_A_SECOND))


def serve(port: int, control: Connection) -> None:
    asyncio.run(_serve(port, control))


@contextmanager
def server(port: int) -> Iterator[Connection]:
    """The server in a process of its own, and the pipe to it."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(port, theirs), daemon=True)
    process.start()
    theirs.close()  # so that the end of the server is noticed here
    assert ours.recv() == "ready"
    try:
        yield ours
    finally:
        process.kill()
        process.join()


def configure(folder: Path, port: int, urls: Sequence[str], interval: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(
        "store: sqlite:///watcher.db\n"
        f"polling: {{interval: {interval}, min: 0s, per_host: {{concurrency: 16, spacing: 0s}}}}\n"
        "network: {allow: [127.0.0.0/8]}\n"
        "limits: {alerts_per_feed: 1000000, entries_per_feed: 1000000}\n"
        f"feeds: {json.dumps(urls)}\n"
        "topics: [{name: truces, title: Truces, terms: {3: [ceasefire*]}, focus: 3, languages: [en]}]\n"
        f"receivers: [{{name: hook, webhook: {{url: 'http://{ADDRESSES[0]}:{port}/hook'}}}}]\n"
        "route: {receiver: hook, group_by: [feed], group_wait: 0s, group_interval: 1s}\n"
    )
    return path


def fill(folder: Path, urls: Sequence[str], over: timedelta, wait: timedelta) -> None:
    """A store in which every feed was read before; they are due evenly over `over`, the first after `wait`."""
    store, now = open_store("sqlite:///watcher.db", base=folder), datetime.now(UTC)
    store.upgrade()
    store.feeds.sync(urls, now)
    done = 0
    while acquired := store.polls.acquire_due("bench", now + timedelta(seconds=1), now + timedelta(hours=1), 500):
        records = []
        for feed in acquired:
            state = replace(
                feed.state,
                next_poll_at=now + wait + over * (done / len(urls)),
                validators=Validators(etag=KNOWN),
                baseline_at=now,
                last_polled_at=now,
                last_success_at=now,
                last_changed_at=now,
                last_unconditional_at=now,
            )
            records.append(PollRecord(feed.epoch, state, state.url))
            done += 1
        store.polls.save("bench", records, now, decide_alert, StoryAssigner())
    store.close()


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of a process and its children, and the megabytes that they occupy together."""

    cpu: float
    memory: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        ticks, pages = 0, 0
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (str(pid), *children):
            with suppress(OSError):  # a child that has just ended
                fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12]) + (int(fields[13]) + int(fields[14])) * (one == str(pid))
                pages += int(fields[21])
        return cls(ticks / os.sysconf("SC_CLK_TCK"), pages * resource.getpagesize() / 1e6)


async def watch(folder: Path, config: Path, control: Connection, seconds: float, publish: int) -> dict[str, float]:
    """Runs the daemon and measures it for `seconds` after it has settled; what is still on its way then is awaited."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "watcher", "run", "-c", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**22,
    )
    run = Run(process, "bench", folder / "log")
    await asyncio.wait_for(run.ready.wait(), 300)
    await asyncio.sleep(SETTLE)
    before, seen, started = Usage.of(run.pid), _ask(control), time.monotonic()
    if publish:
        control.send(publish)
    await asyncio.sleep(seconds)
    after, elapsed, then = Usage.of(run.pid), time.monotonic() - started, _ask(control)
    control.send("stop")
    await asyncio.sleep(SETTLE if publish else 0)
    latencies = _latencies(_ask(control))
    run.process.send_signal(signal.SIGTERM)
    await run.end()
    return {
        "core": (after.cpu - before.cpu) / elapsed,
        "memory": after.memory,
        "polls a second": (then.requests - seen.requests) / elapsed,
        "answers 304": (then.unchanged - seen.unchanged) / max(1, then.requests - seen.requests),
        **latencies,
    }


def _ask(control: Connection) -> World:
    control.send("world")
    world = control.recv()
    assert isinstance(world, World)
    return world


def _latencies(world: World) -> dict[str, float]:
    waits = sorted(world.received[token] - served for token, served in world.served.items() if token in world.received)
    if not waits:
        return {}
    return {
        "alerts": len(waits),
        "not received": len(world.served) - len(waits),
        "p50": waits[len(waits) // 2],
        "p99": waits[int(len(waits) * 0.99)],
        "worst": waits[-1],
    }


def measure(mode: str, feeds: int, port: int, seconds: float) -> bool:
    urls = [f"http://{ADDRESSES[number % len(ADDRESSES)]}:{port}/{number}.xml" for number in range(feeds)]
    with tempfile.TemporaryDirectory(prefix="watcher-daemon-") as name, server(port) as control:
        folder = Path(name)
        config = configure(folder, port, urls, "5s" if mode == "alerts" else "5m")
        wait = timedelta(hours=1) if mode == "idle" else timedelta(seconds=15)
        fill(folder, urls, timedelta(seconds=5) if mode == "alerts" else INTERVAL, wait)
        figures = asyncio.run(watch(folder, config, control, seconds, feeds if mode == "alerts" else 0))
    broken = [name for name, most in BARS[mode].items() if figures.get(name, most + 1) > most]
    shown = "   ".join(f"{name} {value:.3g}" for name, value in figures.items())
    print(f"{mode:<8}{feeds:>8,} feeds   {shown}" + (f"   BROKEN: {', '.join(broken)}" if broken else ""), flush=True)
    return not broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(BARS), default=list(BARS))
    parser.add_argument("--feeds", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--port", type=int, default=18_431)
    options = parser.parse_args()
    feeds = {"idle": 1_000, "steady": options.feeds, "alerts": 500}
    kept = [measure(mode, feeds[mode], options.port, options.seconds) for mode in options.only]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
