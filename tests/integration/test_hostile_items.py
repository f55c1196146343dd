"""Whatever one feed publishes, the agency's alert beside it arrives in time: in the same message, on every channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.hostile_items import hostile_entries
from watcher.model.entry import ParsedFeed
from watcher.model.feed import ParseFailed
from watcher.model.notification import NotificationState
from watcher.notify.flusher import Early
from watcher.parse.pool import ParserPool
from watcher.service.once import OnceReport

AGENCY = "Ceasefire agreed, says the agency"
KINDS = dict(hostile_entries())
ROUTE = """
receiver: desk
digest: {at: ["07:00"], zone: "%s"}
routes:
  - {receiver: chat, group_wait: 0s, group_by: [topic], hold: {between: "01:00-01:01", zone: "%s"}, continue: true}
  - receiver: desk
"""


def publish(harness: Harness) -> None:
    harness.publish("/agency", [Item("agency", AGENCY, harness.clock.now() - timedelta(minutes=1), "Officials said.")])
    harness.publish("/hostile", [Item("x", "replaced", harness.clock.now() - timedelta(minutes=1))])


@pytest.fixture
def entries_of_hostile_feed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the kinds that /hostile brings, past the parser: later stages must not rely on its care."""
    names: list[str] = []
    parse = ParserPool.parse

    async def parsed(
        self: ParserPool, body: bytes, *, url: str, headers: Mapping[str, str], **more: Any
    ) -> ParsedFeed | ParseFailed:
        read = await parse(self, body, url=url, headers=headers, **more)
        if url.endswith("/hostile") and isinstance(read, ParsedFeed):
            recent = read.entries[0].published
            entries = tuple(KINDS[name] for name in names)
            dated = tuple(one if one.published or one.updated else replace(one, published=recent) for one in entries)
            return replace(read, entries=dated)
        return read

    monkeypatch.setattr(ParserPool, "parse", parsed)
    return names


def everything_sent(harness: Harness) -> OnceReport:
    report = harness.once(early=Early.DIGESTS)
    for state in (NotificationState.READY, NotificationState.LEASED, NotificationState.DEAD):
        assert harness.store().outbox.newest(state=state) == []
    return report


def arrived(harness: Harness) -> tuple[bool, bool]:
    """Whether the agency's alert is in a chat message and in a mail."""
    return AGENCY in harness.alerted_titles(), any(AGENCY in mail.text for mail in harness.mail.mails)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", pytest.param("Etc/GMT+12", marks=pytest.mark.sqlite_only)])
def test_all_kinds_together_stop_nothing(harness: Harness, entries_of_hostile_feed: list[str], zone: str) -> None:
    entries_of_hostile_feed += KINDS
    harness.route = ROUTE % (zone, zone)
    publish(harness)
    everything_sent(harness)
    assert arrived(harness) == (True, True)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", [name for name in KINDS if name.startswith("published")])
def test_no_kind_by_itself_stops_anything(harness: Harness, entries_of_hostile_feed: list[str], kind: str) -> None:
    entries_of_hostile_feed.append(kind)
    harness.route = ROUTE % ("America/New_York", "Asia/Tokyo")
    publish(harness)
    everything_sent(harness)
    assert arrived(harness) == (True, True)
