"""How fast feeds are read, as ratios to feedparser with its defaults in the same run.

    python bench/parse.py [--corpus FOLDER] [--repeat N] [--child | --again]

Prints for the whole corpus and per document: our reader in this process, through the child process (`--child`), and
lxml's bare DOM, the limit of any reader built on it. Each document is read by all of them one after another, best of N
runs. In this process CPU time is compared, through the child wall time. The bar is 13 × feedparser.

`--again` leaves feedparser out and reads each document twice as the parser child does: without its first entry, then
whole, with all other entries known. What the second reading costs is printed as a part of the first.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import re
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from operator import mul
from pathlib import Path

import feedparser
from lxml import etree

from watcher.errors import ParseError
from watcher.parse.document import parse_document
from watcher.parse.pool import ParserPool
from watcher.parse.worker import encode_feed

URL = "https://example.org/feeds/feed.xml"
FIRST_ENTRY = re.compile(rb"<(item|entry)[\s>].*?</\1>", re.DOTALL)
BARE = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)


def default_corpus() -> Path:
    return Path(os.environ.get("WATCHER_CORPUS", Path(__file__).parents[2] / "shared" / "corpus")) / "feeds"


def best(repeat: int, read: Callable[[], object]) -> tuple[float, float]:
    """The least CPU time and the least wall time of `repeat` runs."""
    cpu, wall = [], []
    for _ in range(repeat):
        cpu_started, wall_started = time.process_time(), time.perf_counter()
        read()
        cpu.append(time.process_time() - cpu_started)
        wall.append(time.perf_counter() - wall_started)
    return min(cpu), min(wall)


def by_feedparser(body: bytes) -> object:
    return feedparser.parse(io.BytesIO(body), response_headers={"content-location": URL})


def by_us(body: bytes) -> str:
    try:
        return parse_document(body, url=URL, headers={}).reader.label
    except ParseError as error:
        return str(error.reason)


async def through_child(bodies: list[bytes], repeat: int) -> list[float]:
    pool = ParserPool(workers=1)
    await pool.start()
    await pool.parse(bodies[0], url=URL, headers={})
    times = []
    for body in bodies:
        tries = []
        for _ in range(repeat):
            started = time.perf_counter()
            await pool.parse(body, url=URL, headers={})
            tries.append(time.perf_counter() - started)
        times.append(min(tries))
    await pool.aclose()
    return times


def compare_readings(bodies: list[bytes], repeat: int) -> None:
    firsts, ratios, both = [], [], [0.0, 0.0]
    for whole in bodies:
        before = FIRST_ENTRY.sub(b"", whole, count=1)
        known = set(parse_document(before, url=URL, headers={}, known_hashes=()).hashes)
        first, _ = best(repeat, partial(answer, before, set()))
        second, _ = best(repeat, partial(answer, whole, known))
        both = [both[0] + first, both[1] + second]
        if len(known) >= 20:
            firsts.append(first)
            ratios.append(second / first)
    print(f"{len(bodies)} documents: first reading {both[0]:.3f} s, second {both[1]:.3f} s: {both[1] / both[0]:.0%}")
    print(
        f"{len(ratios)} of them with 20 entries or more: {sum(map(mul, firsts, ratios)) / sum(firsts):.0%}, "
        f"median {statistics.median(ratios):.0%}, most {max(ratios):.0%}"
    )


def answer(body: bytes, known: set[str]) -> list[bytes]:
    """What the parser child does with a document."""
    return list(encode_feed(parse_document(body, url=URL, headers={}, known_hashes=known)))


def report(name: str, peer: list[float], ours: list[float]) -> None:
    ratios = [theirs / mine for theirs, mine in zip(peer, ours, strict=True)]
    print(
        f"{name:<22}{sum(ours):8.3f} s   {sum(peer) / sum(ours):6.1f} × feedparser   "
        f"median {statistics.median(ratios):6.1f}   least {min(ratios):5.1f}"
    )


def main() -> None:
    warnings.simplefilter("ignore", DeprecationWarning)
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", type=Path, default=default_corpus())
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--child", action="store_true")
    arguments.add_argument("--again", action="store_true")
    options = arguments.parse_args()
    bodies = [path.read_bytes() for path in sorted(options.corpus.iterdir())]
    by_us(bodies[0])
    if options.again:
        compare_readings(bodies, options.repeat)
        return
    by_feedparser(bodies[0])
    peer, ours, bare = [], [], []
    for body in bodies:
        peer.append(best(options.repeat, lambda body=body: by_feedparser(body)))
        ours.append(best(options.repeat, lambda body=body: by_us(body)))
        bare.append(best(options.repeat, lambda body=body: etree.fromstring(body, BARE)))
    readers = Counter(by_us(body) for body in bodies)
    print(f"{len(bodies)} documents, {sum(map(len, bodies)) / 1e6:.1f} MB, read by {dict(readers)}")
    peer_cpu, peer_wall = ([times[clock] for times in peer] for clock in (0, 1))
    print(f"{'feedparser':<22}{sum(peer_cpu):8.3f} s")
    report("watcher", peer_cpu, [cpu for cpu, _ in ours])
    report("lxml DOM alone", peer_cpu, [cpu for cpu, _ in bare])
    if options.child:
        report("watcher, child (wall)", peer_wall, asyncio.run(through_child(bodies, options.repeat)))


if __name__ == "__main__":
    main()
