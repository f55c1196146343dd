"""The program under test: its configuration, and starts of it as a child."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.crash.publisher import Publisher
from tests.crash.sinks import MailSink, WebhookSink
from tests.crash.timeouts import TIMINGS

CHECKOUT = Path(__file__).parents[2]
HOURS = 6
"""How long digests go out with every minute, from the hour in which the deployment was made."""

CONFIG = """
store: {store}
polling: {{interval: {interval}, min: 0s, timeout: 2s, per_host: {{concurrency: 16, spacing: 0s}}}}
limits: {{alerts_per_feed: 1000000, entries_per_feed: 1000000, bytes_per_feed: 100GB}}
network: {{allow: [127.0.0.0/8]}}
feed_reports: {{kinds: [failing]}}
feeds: {feeds}
topics:
  - {{name: alpha, title: Alpha, terms: {{3: [ceasefire*]}}, focus: 5, languages: [en]}}
  - {{name: beta, title: Beta, terms: {{3: [detainee*]}}, focus: 5, languages: [en]}}
  - {{name: gamma, title: Gamma, terms: {{3: [earthquake*]}}, focus: 5, languages: [en]}}
  - {{name: delta, title: Delta, terms: {{3: [flood*]}}, focus: 5, languages: [en]}}
  - {{name: echo, title: Echo, terms: {{3: [drought*]}}, focus: 5, languages: [en]}}
smtp: {{host: 127.0.0.1, port: {smtp}, tls: none, from: watcher@example.org, username: watcher, password: {{env: CRASH_RUN}}}}
receivers:
  - {{name: hook, webhook: {{url: {{env: CRASH_HOOK}}}}}}
  - {{name: desk, email: {{to: [desk@example.org]}}}}
  - {{name: pair, email: {{to: [pair@example.org]}}, webhook: {{url: {{env: CRASH_PAIR}}}}}}
  - {{name: quiet, webhook: {{url: {{env: CRASH_QUIET}}}}}}
  - {{name: nothing, webhook: {{url: {{env: CRASH_QUIET}}}}}}
route:
  receiver: pair
  group_by: [topic, feed]
  group_wait: 1s
  group_interval: 2s
  routes:
    - {{matchers: ['topic="alpha"'], receiver: hook, group_by: [feed], group_wait: 0s, group_interval: 1s, continue: true}}
    - {{matchers: ['topic="beta"'], receiver: desk, digest: {{at: {minutes}, zone: UTC}}, group_by: [feed]}}
    - {{matchers: ['topic="delta"'], receiver: quiet, group_by: [feed], group_wait: 0s, group_interval: 1s, {hold}budget: {{max: 1, per: 20s}}}}
    - {{matchers: ['topic="echo"'], receiver: quiet, group_by: [feed], group_wait: 0s, group_interval: 1s}}
    - {{matchers: ['topic="alpha"'], receiver: desk, group_by: [topic, feed], group_wait: 1s, group_interval: 2s}}
    - {{matchers: ['topic="none"'], receiver: nothing, digest: {{at: {minutes}, zone: UTC, empty: true}}}}
"""
"""Which start it is shows only in secrets: all starts have one configuration, so that all nodes lead."""


class Deployment:
    """One store with its configuration, its feeds and its receivers."""

    def __init__(
        self,
        folder: Path,
        store: str,
        publisher: Publisher,
        hook: WebhookSink,
        mail: MailSink,
        *,
        interval: str = "2s",
        mutant: str | None = None,
        timings: dict[str, float] | None = None,
        config: str = CONFIG,
    ) -> None:
        self.folder = folder
        self._store = store
        self._publisher = publisher
        self._hook = hook
        self._mail = mail
        self._interval = interval
        self._mutant = mutant
        self._timings = TIMINGS if timings is None else timings
        self._config = config
        self._hold = ""
        self._minutes = _minutes_from(datetime.now(UTC).hour)

    def write(self, run: str, *, rerouted: bool = False) -> Path:
        """The configuration of one start; `rerouted` changes the routes: quiet hours begin or are taken back."""
        if rerouted:
            self._hold = "" if self._hold else _quiet_hours()
        path = self.folder / f"{run}.yaml"
        path.write_text(
            self._config.format(
                store=json.dumps(self._store),
                interval=self._interval,
                feeds=json.dumps(self._publisher.urls()),
                smtp=self._mail.port,
                run=run,
                hook=self._hook.url("hook", run),
                hold=self._hold,
                minutes=json.dumps(self._minutes),
            )
        )
        return path

    async def start(
        self, config: Path, *words: str, failpoint: str | None = None, variables: Mapping[str, str] | None = None
    ) -> Run:
        """Starts `watcher WORDS -c CONFIG`, with further variables in its environment."""
        given = {
            **os.environ,
            **(variables or {}),
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONUNBUFFERED": "1",
            "CRASH_RUN": config.stem,
        }
        for name in ("hook", "pair", "quiet"):
            given[f"CRASH_{name.upper()}"] = self._hook.url(name, config.stem)
        for name in ("NOTIFY_SOCKET", "STATE_DIRECTORY", "WATCHER_FAILPOINT"):
            given.pop(name, None)
        given["WATCHER_TIMINGS"] = ",".join(f"{name}={value}" for name, value in self._timings.items())
        if failpoint is not None:
            given["WATCHER_FAILPOINT"] = failpoint
        program = ["-m", "watcher"] if self._mutant is None else ["-m", "tests.crash.mutants", self._mutant]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *program, *words, "-c", str(config), env=given, stdout=PIPE, stderr=PIPE, limit=2**22
        )
        return Run(process, config.stem, self.folder / f"{config.stem}.log")


def _minutes_from(hour: int) -> list[str]:
    return [f"{(hour + number // 60) % 24:02d}:{number % 60:02d}" for number in range(HOURS * 60)]


def _quiet_hours() -> str:
    """From this minute to the one after the next."""
    now = datetime.now(UTC)
    return f'hold: {{between: "{now:%H:%M}-{now + timedelta(minutes=2):%H:%M}", zone: UTC}}, '


class Run:
    """A child. Its log goes through a pipe, so that a full disk of its own does not silence it."""

    def __init__(self, process: Process, name: str, log: Path) -> None:
        self.process = process
        self.name = name
        self.failpoint: str | None = None
        self.killed = False
        self.ready = asyncio.Event()
        self.reached = asyncio.Event()
        self._log = log
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    async def _read(self) -> None:
        assert self.process.stderr is not None
        assert self.process.stdout is not None
        with self._log.open("ab") as log:
            while line := await self.process.stderr.readline():
                log.write(line)
                log.flush()
                if b'"daemon.started"' in line:
                    self.ready.set()
                if line.startswith(b'{"event": "failpoint"'):
                    self.failpoint = json.loads(line)["name"]
                    self.reached.set()
            log.write(await self.process.stdout.read())

    async def end(self) -> int:
        """Waits for the end of the child and of its log."""
        code = await self.process.wait()
        await self._reading
        return code
