"""A whole harness for a test: a configuration written to disk, read by the real reader, run by the real application."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from textwrap import dedent, indent
from xml.sax.saxutils import escape

import pytest
import structlog

from tests.harness import stores
from tests.harness.parsers import shared_parser
from tests.harness.servers import FakeClock, FeedServer, ScriptedMailSink, WebhookSink
from watcher import timings
from watcher.cli.main import main
from watcher.notify.flusher import Early
from watcher.service.app import Application, open_application
from watcher.service.load import load_config
from watcher.service.once import run_once
from watcher.service.once_report import OnceReport
from watcher.store.store import Store, open_store

NOT_INHERITED = ("NOTIFY_SOCKET", "STATE_DIRECTORY")
DIGEST_AT_SEVEN = """
receiver: desk
digest: {at: ["07:00"], zone: Europe/Istanbul}
"""
CHAT_AND_DIGEST = """
receiver: desk
digest: {at: ["18:00"], zone: UTC}
routes:
  - {receiver: chat, group_by: [story], group_wait: 30s, group_interval: 5m, continue: true}
  - {receiver: desk}
"""
"""Each story at once in the chat, and all of them in a mail in the evening."""

PROMPT_CHAT = """
receiver: chat
group_wait: 30s
group_interval: 5m
"""
TOPICS = """
topics:
  - name: ceasefires
    title: Ceasefires
    terms: {3: [ceasefire*, truce*], 1: [talks]}
    focus: 5
    languages: [en]
  - name: detention-facilities
    title: Detention facilities
    terms: {3: [detention facilit*, detention cent*], 2: [detainee*], 1.5: [prison*]}
    focus: 5
    languages: [en]
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a sample feed."""

    guid: str
    title: str
    published: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command came to, named as in `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


def rss(title: str, items: Sequence[Item]) -> bytes:
    """An RSS 2.0 document."""
    body = "".join(
        f"<item><guid isPermaLink='false'>{escape(item.guid)}</guid><title>{escape(item.title)}</title>"
        f"<link>https://{title}.example/{escape(item.guid)}</link><description>{escape(item.text)}</description>"
        f"<pubDate>{format_datetime(item.published)}</pubDate></item>"
        for item in items
    )
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{title}</title>{body}</channel></rss>".encode()


@dataclass(slots=True)
class Harness:
    """Where everything of one test is. `write` makes the configuration anew from its parts."""

    folder: Path
    feeds: FeedServer
    mail: ScriptedMailSink
    chat: WebhookSink
    clock: FakeClock
    feed_urls: list[str] = field(default_factory=list)
    route: str = PROMPT_CHAT
    topics: str = TOPICS
    polling: str = "polling: {min: 0s, timeout: 60s, per_host: {concurrency: 8, spacing: 0s}}"
    network: str = "network: {allow: [127.0.0.0/8]}"
    limits: str = ""
    store_url: str = stores.SQLITE_URL
    timings: str = ""
    """What `open` sets WATCHER_TIMINGS to."""
    wire: list[Item] = field(default_factory=list)
    more_receivers: list[str] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def write(self) -> Path:
        parts = [
            f"store: {json.dumps(self.store_url)}",
            self.polling,
            self.network,
            self.limits,
            "feeds: " + json.dumps(self.feed_urls),
            self.topics,
            f"smtp: {{host: 127.0.0.1, port: {self.mail.port}, tls: none, from: watcher@example.org}}",
            "receivers:",
            "  - {name: desk, email: {to: [desk@example.org]}}",
            f"  - {{name: chat, webhook: {{url: {json.dumps(self.chat.url('/hook'))}}}}}",
            *self.more_receivers,
            "route:" + indent(dedent(self.route), "  "),
        ]
        self.config.write_text("\n".join(parts) + "\n", encoding="utf-8")
        return self.config

    def publish(self, path: str, items: Sequence[Item]) -> None:
        """Serves a feed at `path` and names it in the configuration."""
        url = self.feeds.put(path, rss(path.strip("/"), items))
        if url not in self.feed_urls:
            self.feed_urls.append(url)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Application]:
        """The application on this harness's clock."""
        if self.store_url == stores.SQLITE_URL and not (self.folder / "watcher.db").exists():
            stores.put_sqlite_store(self.folder)
        config = load_config(self.write(), {}, secrets="require", must_run=True)
        env = {timings.VARIABLE: self.timings}
        async with open_application(config, env, clock=self.clock, parser=shared_parser()) as app:
            yield app

    def once(self, *, force: bool = True, early: Early = Early.GROUP_WAIT) -> OnceReport:
        """One round, as `watcher once --all` makes it, at this harness's hour."""

        async def run() -> OnceReport:
            async with self.open() as app:
                return await run_once(app, force=force, early=early)

        return asyncio.run(run())

    def store(self) -> Store:
        return open_store(self.store_url, base=self.folder)

    def command(self, *words: str, stdin: str = "", **variables: str) -> Done:
        """Runs `watcher` to its end as `child` does, but in this process, which spares the start of another."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in NOT_INHERITED:
                patch.delenv(name, raising=False)
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", StringIO(stdin))
            out, err = TextIOWrapper(BytesIO(), "utf-8"), StringIO()
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
                main(words)
            structlog.reset_defaults()
            out.seek(0)
            return Done(int(ended.value.code or 0), out.read(), err.getvalue())

    def child(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs `watcher` as a person would, in the harness's folder, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "watcher", *words],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def daemon(self, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        """Starts `watcher run`; its log goes to daemon.log."""
        with (self.folder / "daemon.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "watcher", "run", *options],
                cwd=self.folder,
                env=environment() | variables,
                stderr=log,
            )

    def messages(self) -> list[dict[str, object]]:
        """Bodies of the generic webhook, in order."""
        return [json.loads(body) for body in self.chat.bodies()]

    def alerted_titles(self) -> list[str]:
        """Titles that the webhook was sent, in order, without reports on feeds."""
        alerts = [alert for message in self.messages() for alert in message["data"]["alerts"]]  # type: ignore[index]
        return [alert["entry"]["title"] for alert in alerts if alert["topic"] != "watcher"]


def environment() -> dict[str, str]:
    """The environment of a child: ours, with the checkout importable and nothing of a service manager."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[2])}
