"""`watcher demo`: the whole flow through the code of `watcher once`, on this machine alone."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from rich.console import Console

from watcher.clock import SystemClock
from watcher.deliver.webhook import signature
from watcher.demo.http_server import Request
from watcher.demo.mail_sink import Mail
from watcher.demo.report import show_result
from watcher.demo.result import DemoResult, Polled, SentAlert, sent_alerts, unsent_entries
from watcher.demo.samples import load_samples
from watcher.demo.stage import CHAT, DemoFiles, open_stage
from watcher.match.backtest import labels_of
from watcher.match.explain import Explainer
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.notify.flusher import Early
from watcher.service.app import Application, open_application
from watcher.service.load import CompiledConfig, load_config
from watcher.service.once import run_once
from watcher.service.once_report import OnceReport
from watcher.views.entries import why_no_alert

SAMPLE_LIMIT = 1_000
"""More entries and alerts than the samples can make."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def run_demo(output: Path | None, console: Console) -> int:
    """Runs the demo and prints its result; the exit code is 0 when everything arrived.

    Writes demo.yaml, demo.db, demo.log, digest.html, digest.eml and webhook.json into `output`, or into
    a new temporary folder.
    """
    files = DemoFiles(output or Path(tempfile.mkdtemp(prefix="watcher-demo-")))
    files.clear()
    with _logging_to(files.log), console.status("polling sample feeds on this machine …"):
        result = perform(files)
    show_result(result, console, program_name(sys.argv[0], shutil.which("watcher")))
    return 0 if result.complete else 1


def perform(files: DemoFiles) -> DemoResult:
    """Starts the servers, polls twice, delivers, and writes what arrived to files."""
    clock = SystemClock()
    began = clock.now()
    samples = load_samples()
    with open_stage(samples, began) as stage:
        files.config.write_text(stage.configuration(samples), encoding="utf-8")
        compiled = load_config(files.config, {}, secrets="require", must_run=True)
        polled = asyncio.run(_poll_twice(compiled))
    sent = sent_alerts(polled.alerts)
    webhooks = tuple(request for request in stage.chat.requests if request.path == CHAT)
    result = DemoResult(
        began=began,
        took=clock.now() - began,
        polled=polled,
        sent=sent,
        unsent=unsent_entries(samples, polled),
        webhooks=webhooks,
        webhooks_verified=all(is_signed(request, stage.secret) for request in webhooks),
        mails=tuple(mail for mail in stage.mail.mails if _is_digest(mail, sent)),
        files=files,
    )
    _keep_what_arrived(result)
    return result


def _is_digest(mail: Mail, sent: tuple[SentAlert, ...]) -> bool:
    """Whether a mail shows alerts: the other one is the alarm about the pager."""
    return any(one.alert.entry.link in mail.html for one in sent)


async def _poll_twice(compiled: CompiledConfig) -> Polled:
    async with open_application(compiled, {}) as app:
        await app.pools.store(app.store.silences.add, _silence(app.clock.now()))
        first = await run_once(app, force=True, early=Early.DIGESTS)
        again = await run_once(app, force=True, early=Early.DIGESTS)
        return await app.pools.store(_look_up, app, first, again)


def _silence(now: datetime) -> Silence:
    """A silence to look at; it meets nothing of what the samples bring."""
    matchers = (Matcher("topic", "=", "ceasefires"), Matcher("feed", "=~", ".*football.*"))
    comment = "derby week: the word ceasefire is about fans"
    return Silence(secrets.token_hex(16), matchers, "demo", comment, now, now + timedelta(days=1), now)


def _look_up(app: Application, first: OnceReport, again: OnceReport) -> Polled:
    alerts = tuple(app.store.alerts.newest(limit=SAMPLE_LIMIT))
    states = app.store.feeds.states()
    alerted = {alert.entry_key for alert in alerts}
    baselines = {state.url: state.baseline_at for state in states}
    explainers = [Explainer(topic) for topic in app.config.topics]
    return Polled(
        first=first,
        again=again,
        alerts=alerts,
        failing=tuple(state for state in states if state.failures),
        why_not={
            record.entry.link: why_no_alert(
                record,
                [explainer.explain(record.entry, labels_of(record)) for explainer in explainers],
                baselines.get(record.feed_url),
                app.config.settings.polling.backfill,
            )
            for record in app.store.entries.since(since=_LONG_AGO, limit=SAMPLE_LIMIT)
            if record.key not in alerted
        },
    )


def is_signed(request: Request, secret: str) -> bool:
    """Whether a webhook carries the right signature for its body, id and time (Standard Webhooks)."""
    name, timestamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    expected = signature(secret, name, int(timestamp or 0), request.body)
    return hmac.compare_digest(expected, request.headers.get("webhook-signature", ""))


def program_name(started_as: str, on_path: str | None) -> str:
    """How to call the program again: by name if the shell finds it, else by the path it was started with."""
    path = Path(started_as)
    return path.name if path.name == "watcher" and on_path else started_as


def _keep_what_arrived(result: DemoResult) -> None:
    for mail in result.mails:
        result.files.eml.write_bytes(mail.data)
        result.files.html.write_text(mail.html, encoding="utf-8")
    for request in result.webhooks:
        body = json.dumps(json.loads(request.body), ensure_ascii=False, indent=2)
        result.files.webhook.write_text(body + "\n", encoding="utf-8")


@contextmanager
def _logging_to(file: Path) -> Iterator[None]:
    """Writes the log to a file while the demo runs, so that only the result is shown."""
    with file.open("w", encoding="utf-8") as lines:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
            ],
            logger_factory=structlog.WriteLoggerFactory(lines),
        )
        yield
        structlog.reset_defaults()
