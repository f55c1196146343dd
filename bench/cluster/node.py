"""One node of `bench/nodes.py`: a real `watcher run` in a folder of its own, and its log.

Run as a program, `python bench/cluster/node.py NAME SECONDS run …`, it is that node: the hosts see its name in the
User-Agent, which no configuration may differ in, and its clock is ahead by so many seconds (behind, when negative).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]

CONFIG = """
store: {store}
polling: {{interval: 5s, min: 1s, timeout: 10s, per_host: {{concurrency: {concurrency}, spacing: {spacing}s}}}}
network: {{allow: [127.0.0.0/8]}}
feeds: {feeds}
topics: [{{name: ceasefires, title: Ceasefires, terms: {{3: [ceasefire*]}}, focus: 3}}]
receivers: {receivers}
route:
  receiver: {first}
  group_by: [feed]
  group_wait: 1s
  group_interval: 1s
  routes: {routes}
"""


def config_text(
    store: str, feeds: Sequence[str], sink: int, receivers: Sequence[str], concurrency: int, spacing: int
) -> str:
    """A configuration that sends everything to each receiver."""
    channels = [{"name": name, "webhook": {"url": f"http://127.0.0.1:{sink}/{name}"}} for name in receivers]
    routes = [{"receiver": name, "continue": True} for name in receivers]
    return CONFIG.format(
        store=json.dumps(store),
        feeds=json.dumps(list(feeds)),
        receivers=json.dumps(channels),
        first=receivers[0],
        routes=json.dumps(routes),
        concurrency=concurrency,
        spacing=spacing,
    )


@dataclass
class NodeProcess:
    """A `watcher run`."""

    name: str
    folder: Path
    config: str
    seconds_ahead: int = 0
    process: subprocess.Popen[bytes] = field(init=False)
    log: Path = field(init=False)
    marked: int = 0

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.log = self.folder / f"{time.monotonic_ns()}.log"
        (self.folder / "config.yaml").write_text(self.config, encoding="utf-8")
        program = [str(Path(__file__)), self.name, str(self.seconds_ahead)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, "run", "--node-name", self.name],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stderr=log,
                stdout=log,
            )

    def mark(self) -> None:
        """From here on the log counts."""
        self.marked = self.log.stat().st_size

    def says(self, event: str) -> bool:
        """Whether an event is in the log, after the last mark."""
        return event.encode() in self.log.read_bytes()[self.marked :]

    def wait_for(self, event: str, seconds: float = 180.0) -> bool:
        """Whether the event came into the log in time."""
        until = time.monotonic() + seconds
        while not self.says(event) and self.process.poll() is None and time.monotonic() < until:
            time.sleep(0.2)
        return self.says(event)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends the process; its exit code."""
        self.process.send_signal(number)
        self.process.send_signal(signal.SIGCONT)
        return self.process.wait(60)


def main() -> None:
    """Runs `watcher` as the node of this name, with a clock that is so many seconds ahead."""
    name, ahead = sys.argv[1], float(sys.argv[2])
    true_time = time.time
    time.time = lambda: true_time() + ahead

    from watcher import clock
    from watcher.service import load

    true_now = clock.SystemClock.now
    shift = timedelta(seconds=ahead)

    def now(self: clock.SystemClock) -> datetime:
        return true_now(self) + shift

    clock.SystemClock.now = now  # type: ignore[method-assign]
    load.USER_AGENT += f" (node {name})"
    from watcher.cli.main import main as watcher

    watcher(sys.argv[3:])


if __name__ == "__main__":
    main()
