"""What the process of the pages takes: after its start, and after every page was asked for, twice round.

    python bench/web_memory.py --folder DIRECTORY [--postgres URL] [--each 4] [--growth]

DIRECTORY has the store that `bench/pages.py --folder DIRECTORY` made. RSS counts pages of libraries that other processes
share, PSS its part of them, and private is what ends with the process. `--growth` prints every page after which the
process had grown by more than 300 kB. Exit 1 where RSS is above the bar.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from page_extras import extend
from page_requests import Request, asked_pages
from pages import LONG_ONES, configuration, known_of, now_of

from watcher.service.load import load_config
from watcher.store.store import open_store

BAR_MB = 60.0
GROWTH_MB = 0.3


@contextmanager
def serving(config: Path) -> Iterator[tuple[int, str, int]]:
    """The number of a process that serves the pages, and where it listens."""
    command = [sys.executable, "-m", "watcher", "web", "--config", str(config), "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = urlsplit(json.loads(process.stderr.readline())["address"])
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield process.pid, address.hostname or "", address.port or 0
        finally:
            process.terminate()


def taken(pid: int) -> dict[str, float]:
    """Megabytes by kind (proc(5), smaps_rollup)."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    sizes = {words[0]: int(words[1]) / 1000 for words in lines}
    private = sizes["Private_Clean:"] + sizes["Private_Dirty:"]
    return {"RSS": sizes["Rss:"], "PSS": sizes["Pss:"], "private": private}


def show(when: str, sizes: dict[str, float]) -> None:
    print(f"  {when:24}" + "  ".join(f"{name} {size:5.1f} MB" for name, size in sizes.items()), flush=True)


def walk(url: str, folder: Path, arguments: argparse.Namespace) -> float:
    """The most that the process took."""
    config = folder / "config.yaml"
    config.write_text(configuration(url, arguments.feeds), encoding="utf-8")
    store = open_store(url, base=folder)
    extend(store, now_of(store))
    pages = asked_pages(
        known_of(store, load_config(config, {}, secrets="defer").settings, arguments.feeds, arguments.each)
    )
    store.close()
    most = 0.0
    with serving(config) as (pid, host, port):
        time.sleep(arguments.settle)  # the index of words is looked at once
        sizes = taken(pid)
        show("after the start", sizes)
        for round_number in (1, 2):
            for name, requests in pages.items():
                before = taken(pid)["RSS"] if arguments.growth else 0.0
                for request in requests[: 1 if name in LONG_ONES else arguments.each]:
                    ask(host, port, request)
                if arguments.growth and (grown := taken(pid)["RSS"] - before) > GROWTH_MB:
                    print(f"    {name:28} +{grown:4.1f} MB", flush=True)
            sizes = taken(pid)
            show(f"after round {round_number} of pages", sizes)
            most = max(most, sizes["RSS"])
        time.sleep(arguments.rest)  # free memory is given back
        show("at rest", taken(pid))
    return most


def ask(host: str, port: int, request: Request) -> None:
    connection = http.client.HTTPConnection(host, port, timeout=60)
    kind, body = request.body()
    headers = {"Host": "127.0.0.1:8080", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-User": "?1"}
    headers |= {"Content-Type": kind} if body else {}
    connection.request(request.method, quote(request.address, safe="/?&=%+:.-*"), body or None, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != request.status:
        print(f"{request.method} {request.address}: {answer.status}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="of the SQLite store, bench.db")
    parser.add_argument("--feeds", type=int, default=2_000)
    parser.add_argument("--postgres", metavar="URL", help="a database that bench/pages.py filled")
    parser.add_argument("--each", type=int, default=4, help="requests of each page")
    parser.add_argument("--settle", type=float, default=8.0, help="seconds after the start")
    parser.add_argument("--rest", type=float, default=35.0, help="seconds after the last page")
    parser.add_argument("--growth", action="store_true")
    arguments = parser.parse_args()
    engines = {"postgres": arguments.postgres} if arguments.postgres else {"sqlite": "sqlite:///bench.db"}
    most = 0.0
    for name, url in engines.items():
        print(name)
        most = max(most, walk(url, arguments.folder, arguments))
    return int(most > BAR_MB)


if __name__ == "__main__":
    sys.exit(main())
