"""Fixtures for all rooms: real servers on loopback, a clock that obeys, the corpus."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.harness.corpus import Corpus, find_corpus
from tests.harness.harness import Harness
from tests.harness.servers import FakeClock, FeedServer, ScriptedMailSink, WebhookSink

# A busy machine is no failure, and what CI says depends on the change alone: new examples are sought where people work.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture
def feed_server() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def webhook_sink() -> Iterator[WebhookSink]:
    with WebhookSink() as sink:
        yield sink


@pytest.fixture
def mail_sink() -> Iterator[ScriptedMailSink]:
    with ScriptedMailSink() as sink:
        yield sink


@pytest.fixture
def clock() -> FakeClock:
    """Stands at noon UTC of a Saturday."""
    return FakeClock(datetime(2026, 1, 24, 12, tzinfo=UTC))


@pytest.fixture
def harness(
    tmp_path: Path, feed_server: FeedServer, mail_sink: ScriptedMailSink, webhook_sink: WebhookSink, clock: FakeClock
) -> Harness:
    return Harness(tmp_path, feed_server, mail_sink, webhook_sink, clock)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return find_corpus()
