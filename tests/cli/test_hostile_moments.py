"""Every command prints what a hostile feed dated: stores of earlier versions hold years that no zone can show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.hostile_items import MOMENTS, TITLE
from watcher.model.entry import ENTRY_HASH, ParsedFeed
from watcher.model.feed import ParseFailed
from watcher.notify.flusher import Early
from watcher.parse.pool import ParserPool

COMMANDS = [
    ("alerts", "list"),
    ("alerts", "list", "--json"),
    ("alerts", "show", "ALERT"),
    ("alerts", "show", "ALERT", "--json"),
    ("entries", "list"),
    ("entries", "list", "--json"),
    ("entries", "show", "ENTRY"),
    ("entries", "show", "ENTRY", "--json"),
    ("entries", "search", "ceasefire"),
    ("explain", "--entry", "ENTRY"),
    ("feeds", "list"),
    ("feeds", "list", "--json"),
    ("feeds", "show", "FEED"),
    ("feeds", "show", "FEED", "--json"),
    ("feeds", "health"),
    ("feeds", "health", "--json"),
    ("outbox", "list"),
    ("status",),
    ("preview",),
    ("backtest", "--topic", "ceasefires", "--since", "7d"),
    ("db", "stats"),
]
"""ALERT and ENTRY stand for each one in turn, FEED for the hostile feed."""


@pytest.fixture
def dated(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> Harness:
    """A store with an alert for each kind of moment, as the publication and as the update, past the parser's care."""
    parse = ParserPool.parse

    async def parsed(
        self: ParserPool, body: bytes, *, url: str, headers: Mapping[str, str], **more: Any
    ) -> ParsedFeed | ParseFailed:
        read = await parse(self, body, url=url, headers=headers)
        assert isinstance(read, ParsedFeed)
        plain = read.entries[0]
        odd = [
            replace(plain, id=f"{name} {field}", title=f"{TITLE} {name} {field}", **{field: moment})
            for name, moment in MOMENTS.items()
            for field in ("published", "updated")
        ]
        return replace(
            read,
            entries=(*read.entries, *odd),
            hashes=tuple(f"{number:032x}"[-ENTRY_HASH:] for number in range(1 + len(odd))),
        )

    harness.publish("/hostile", [Item("0", "Bread", harness.clock.now() - timedelta(minutes=5))])
    harness.once()
    harness.clock.advance(timedelta(minutes=10))
    harness.publish("/hostile", [Item("1", TITLE, harness.clock.now() - timedelta(minutes=1), "Ceasefire. " * 20)])
    monkeypatch.setattr(ParserPool, "parse", parsed)
    harness.once(early=Early.DIGESTS)
    return harness


@pytest.mark.sqlite_only
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_no_command_stops_at_a_moment(dated: Harness, zone: str) -> None:
    store = dated.store()
    alerts = [one.id for one in store.alerts.newest(limit=100)]
    entries = [one.key for one in store.entries.since(dated.clock.now() - timedelta(days=1))]
    store.close()
    assert len(alerts) >= len(MOMENTS)
    for words in COMMANDS:
        names = alerts if "ALERT" in words else entries if "ENTRY" in words else [""]
        for name in names:
            given = [
                {"ALERT": name, "ENTRY": name, "FEED": dated.feeds.url("/hostile")}.get(word, word) for word in words
            ]
            done = dated.command(*given, TZ=zone)
            no_daemon_runs = words == ("status",)
            assert (done.returncode, "Traceback" in done.stderr) == (int(no_daemon_runs), False), (given, done.stderr)
