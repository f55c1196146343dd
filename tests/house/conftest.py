"""Fixtures of the house tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from houses import House
from servers import FakeClock, FeedServer, ScriptedMailSink, WebhookSink


@pytest.fixture
def house(
    tmp_path: Path, feed_server: FeedServer, mail_sink: ScriptedMailSink, webhook_sink: WebhookSink, clock: FakeClock
) -> House:
    return House(tmp_path, feed_server, mail_sink, webhook_sink, clock)
