"""A whole poll cycle beside other readers, in one run on one loopback server: feeds a second, CPU, memory, requests.

    python bench/cycle.py [--urls 200] [--corpus FOLDER] [--peers FOLDER] [--only NAME…] [--matching]

Each program reads the same URLs three times: cold, with nothing known; warm, when every document is unchanged; and
changed, when every document has one entry more. What counts: wall time and CPU time of the process tree, process start
included, the peak memory of the whole tree, and what the server saw: requests and full answers (the others are 304).
The last column is the CPU time as a multiple of watcher's in the same round. newsboat and sfeed are Debian's packages;
`--peers` names a virtual environment with rss2email and reader from PyPI. What is not installed is left out.
`--matching` opens the backfill wide, so that in the cold round all entries are new to watcher and scored, and those that
match make stories, alerts and deliveries.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

ENTRY = re.compile(rb"<(item|entry)[\s>].*?</\1>", re.DOTALL)
PHASES = ("cold", "warm", "changed")
TIMEOUT = 900
SAMPLED_EVERY = 0.1
TOPICS = """
topics:
  - name: conflict
    title: Conflict
    terms: {3: [ceasefire*, truce*, airstrike*], 1: [army, police, attack*, war]}
    focus: 5
    languages: [en]
  - {name: weather, title: Weather, terms: {3: [earthquake*, flood*], 1: [storm*, rain]}, focus: 5, languages: [en]}
  - {name: technology, title: Technology, terms: {3: [software, computer*], 1: [data, code]}, focus: 5, languages: [en]}
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--urls", type=int, default=200)
    default = Path(os.environ.get("WATCHER_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
    parser.add_argument("--corpus", type=Path, default=default)
    parser.add_argument("--peers", type=Path, help="a virtual environment with rss2email and reader")
    parser.add_argument("--only", nargs="*", help="names of the programs to run")
    parser.add_argument("--matching", action="store_true", help="old entries count as new and match")
    return parser.parse_args()


@dataclass(frozen=True, slots=True)
class Counters:
    """What the server saw since the last `reset`, and what it serves."""

    requests: Synchronized[int]
    full: Synchronized[int]
    edition: Synchronized[int]
    """0 for documents without their first entry, 1 for whole ones."""

    def reset(self) -> None:
        for counter in (self.requests, self.full):
            counter.value = 0


def serve(documents: Sequence[bytes], counters: Counters, ready: multiprocessing.connection.Connection) -> None:
    """Serves document `N % len` at `/N`, with an ETag; keeps connections open."""
    editions = [[ENTRY.sub(b"", document, count=1) for document in documents], documents]
    etags = [[f'"{hashlib.sha256(document).hexdigest()[:16]}"' for document in edition] for edition in editions]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            number = int(self.path.strip("/").split(".")[0]) % len(documents)
            edition = counters.edition.value
            etag = etags[edition][number]
            unchanged = self.headers.get("If-None-Match") == etag
            with counters.requests:
                counters.requests.value += 1
                counters.full.value += not unchanged
            body = b"" if unchanged else editions[edition][number]
            self.send_response(304 if unchanged else 200)
            self.send_header("ETag", etag)
            if not unchanged:
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """The counters say what came."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 1_024
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    ready.send(server.server_address[1])
    server.serve_forever()


@contextmanager
def server(documents: Sequence[bytes]) -> Iterator[tuple[int, Counters]]:
    """The server in a process of its own: its port and its counters."""
    context = multiprocessing.get_context("fork")
    counters = Counters(*(context.Value("q", 0) for _ in range(3)))
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(documents, counters, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv(), counters
    finally:
        process.kill()
        process.join()


@dataclass(frozen=True, slots=True)
class Reader:
    """A program: `prepare` writes its files into a folder and returns the command of one round."""

    name: str
    prepare: Callable[[Path, Sequence[str], argparse.Namespace], list[str]]
    available: Callable[[argparse.Namespace], bool]


def watcher(folder: Path, urls: Sequence[str], options: argparse.Namespace) -> list[str]:
    backfill = "3650d" if options.matching else "24h"
    (folder / "config.yaml").write_text(
        f"polling: {{min: 0s, backfill: {backfill}, per_host: {{concurrency: 32, spacing: 0s}}}}\n"
        "network: {allow: [127.0.0.0/8]}\n"
        f"feeds: {json.dumps(urls)}\n{TOPICS}"
        "receivers: [{name: hook, webhook: {url: 'http://127.0.0.1:9/'}}]\n"
        "route: {receiver: hook, digest: {at: ['07:00'], zone: UTC}}\n"
    )
    return [str(Path(sys.executable).with_name("watcher")), "once", "--all", "-c", str(folder / "config.yaml")]


def newsboat(folder: Path, urls: Sequence[str], _: argparse.Namespace) -> list[str]:
    (folder / "urls").write_text("\n".join(urls) + "\n")
    (folder / "config").write_text("reload-threads 20\nsuppress-first-reload yes\n")
    files = ["-u", str(folder / "urls"), "-C", str(folder / "config"), "-c", str(folder / "cache.db")]
    return ["newsboat", *files, "-x", "reload"]


def sfeed(folder: Path, urls: Sequence[str], _: argparse.Namespace) -> list[str]:
    lines = "\n".join(f"  feed 'feed{number}' '{url}'" for number, url in enumerate(urls))
    (folder / "sfeedrc").write_text(f"sfeedpath='{folder}/feeds'\nmaxjobs=20\nfeeds() {{\n{lines}\n}}\n")
    return ["sfeed_update", str(folder / "sfeedrc")]


def rss2email(folder: Path, urls: Sequence[str], options: argparse.Namespace) -> list[str]:
    base = [str(options.peers / "bin" / "r2e"), "-c", str(folder / "r2e.cfg"), "-d", str(folder / "r2e.json")]
    feeds = "\n".join(f"[feed.f{number}]\nurl = {url}\n" for number, url in enumerate(urls))
    (folder / "r2e.cfg").write_text(f"[DEFAULT]\nfrom = a@example.org\nto = b@example.org\n{feeds}")
    return [*base, "run", "--no-send"]


def lemon_reader(folder: Path, urls: Sequence[str], options: argparse.Namespace) -> list[str]:
    (folder / "round.py").write_text(
        "import sys\nfrom reader import make_reader\n"
        f"reader = make_reader({str(folder / 'reader.db')!r})\n"
        f"for url in {list(urls)!r}:\n    reader.add_feed(url, exist_ok=True)\n"
        "reader.update_feeds(workers=20, scheduled=False)\n"
    )
    return [str(options.peers / "bin" / "python"), str(folder / "round.py")]


def _has(*programs: str) -> Callable[[argparse.Namespace], bool]:
    return lambda _: all(shutil.which(program) for program in programs)


def _has_peer(program: str) -> Callable[[argparse.Namespace], bool]:
    return lambda options: options.peers is not None and any((options.peers / "bin").glob(program))


READERS = [
    Reader("watcher", watcher, lambda _: True),
    Reader("newsboat", newsboat, _has("newsboat")),
    Reader("sfeed", sfeed, _has("sfeed_update")),
    Reader("rss2email", rss2email, _has_peer("r2e")),
    Reader("reader", lemon_reader, _has_peer("../lib/python*/site-packages/reader")),
]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round cost: seconds of wall and CPU time, and the peak of the tree's memory in MB."""

    wall: float
    cpu: float
    peak: float
    exit_code: int


def round_of(command: list[str], folder: Path) -> Round:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "TERM": "dumb"}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    peak = 0.0
    with (folder / "output").open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        while process.poll() is None:
            peak = max(peak, memory_of_tree(process.pid))
            with suppress(subprocess.TimeoutExpired):
                process.wait(SAMPLED_EVERY)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Round(wall, cpu, peak, process.returncode)


def memory_of_tree(root: int) -> float:
    """MB in memory of a process and its descendants; pages that several of them share count several times."""
    parents, pages = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)], pages[int(stat.parent.name)] = int(fields[1]), int(fields[21])
    tree = {root}
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(pages.get(pid, 0) for pid in tree) * resource.getpagesize() / 1e6


def main() -> None:
    options = arguments()
    documents = [path.read_bytes() for path in sorted((options.corpus / "feeds").iterdir())]
    chosen = [one for one in READERS if one.available(options) and (not options.only or one.name in options.only)]
    print(f"{options.urls} URLs, {len(documents)} different documents, {os.cpu_count()} cores")
    print(
        f"{'program':<11}{'round':<9}{'feeds/s':>8}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}{'asked':>7}{'full':>7}  × CPU"
    )
    ours: dict[str, float] = {}
    with server(documents) as (port, counters):
        urls = [f"http://127.0.0.1:{port}/{number}.xml" for number in range(options.urls)]
        for one in chosen:
            with tempfile.TemporaryDirectory(prefix=f"cycle-{one.name}-") as name:
                folder = Path(name)
                command = one.prepare(folder, urls, options)
                for phase in PHASES:
                    counters.reset()
                    counters.edition.value = phase == "changed"
                    cost = round_of(command, folder)
                    if one.name == "watcher":
                        ours[phase] = cost.cpu
                    ratio = f"{cost.cpu / ours[phase]:.2f}" if phase in ours else ""
                    failed = f"  exit {cost.exit_code}" if cost.exit_code else ""
                    print(
                        f"{one.name:<11}{phase:<9}{options.urls / cost.wall:>8.1f}{cost.wall:>8.2f}{cost.cpu:>8.2f}"
                        f"{cost.peak:>9.0f}{counters.requests.value:>7}{counters.full.value:>7}{ratio:>7}{failed}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
