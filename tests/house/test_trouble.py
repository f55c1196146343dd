"""Bad input, a locked store, a full disk: recorded, repeated, never half-written."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

from houses import House, Item, environment
from servers import Answer

from watcher.app import OnceReport
from watcher.errors import PollReason

MINUTE = timedelta(minutes=1)
XML = {"Content-Type": "application/rss+xml"}


def publish_good(house: House) -> None:
    house.publish("/good", [Item("a", "Ceasefire agreed", house.clock.now() - MINUTE, "Officials said so.")])


def test_each_bad_feed_has_its_reason_and_disturbs_nobody(house: House) -> None:
    publish_good(house)
    endless = itertools.repeat(b"<item><title>again</title></item>" * 1000)
    bad = {
        "/html": (
            Answer(headers={"Content-Type": "text/html"}, body=b"<html><body>hello</body></html>"),
            PollReason.HTML,
        ),
        "/empty": (Answer(headers=XML, body=b""), PollReason.EMPTY),
        "/bomb": (
            Answer(headers=XML | {"Content-Encoding": "gzip"}, body=gzip.compress(b" " * 50_000_000)),
            PollReason.TOO_LARGE,
        ),
        "/endless": (Answer(headers=XML, body=endless), PollReason.TOO_LARGE),
        "/gone": (Answer(410), PollReason.HTTP_GONE),
        "/down": (Answer(500), PollReason.HTTP_SERVER_ERROR),
    }
    reasons = {house.feeds.put(path, answer): reason for path, (answer, reason) in bad.items()}
    reasons[house.feeds.redirect("/loop", "/loop")] = PollReason.TOO_MANY_REDIRECTS
    house.feed_urls += list(reasons)
    report = house.once()
    assert (report.feeds, report.fetched, report.failed, report.alerts) == (8, 1, 7, 1)
    states = {state.url: state for state in house.store().feed_states()}
    assert {url: states[url].reason for url in reasons} == reasons
    assert all(states[url].next_poll_at > house.clock.now() for url in reasons)
    assert house.told() == ["Ceasefire agreed"]


def test_a_truncated_feed_gives_what_stands_in_it(house: House) -> None:
    publish_good(house)
    whole = b"".join(
        [b"<rss version='2.0'><channel><title>t</title>", b"<item><guid>x</guid><title>Truce holds</title></item>"]
    )
    house.feed_urls.append(house.feeds.put("/cut", Answer(headers=XML, body=whole)))
    report = house.once()
    assert (report.fetched, report.failed) == (2, 0)


def test_a_locked_store_keeps_nothing_of_the_poll_and_the_next_round_has_it_all(house: House) -> None:
    publish_good(house)

    async def run() -> OnceReport:
        async with house.open() as app:
            await app.follow_configuration()
            (acquired,) = await app.poller.acquire(10)
            with closing(sqlite3.connect(house.folder / "watcher.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                report = asyncio.create_task(app.poller.poll(acquired))
                await asyncio.sleep(0)
                assert app.store.alerts() == []
                other.execute("ROLLBACK")
            await report
            return await app.once(force=True)

    asyncio.run(run())
    assert house.told() == ["Ceasefire agreed"]


def test_a_full_disk_is_a_clear_error_and_costs_a_delay(house: House) -> None:
    before = Item("old", "A recipe for bread", house.clock.now() - MINUTE)
    house.publish("/good", [before])
    house.once()
    house.clock.advance(MINUTE)
    text = "Officials said so. " * 5_000
    many = [Item(f"{number}", f"Ceasefire agreed {number}", house.clock.now() - MINUTE, text) for number in range(8)]
    house.publish("/good", [*many, before])
    house.write()
    with_little_space = subprocess.run(
        [sys.executable, "-m", "watcher", "once", "--all"],
        cwd=house.folder,
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room_left(house), room_left(house))),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert with_little_space.returncode == 1
    assert "space" in with_little_space.stderr
    assert [alert.entry.title for alert in house.store().alerts()] == []

    house.clock.set(datetime.now(UTC) + timedelta(hours=1))
    assert house.once().entries_new == len(many)


def room_left(house: House) -> int:
    """A limit on the size of files that leaves the store room for a lease, but not for the poll's texts."""
    return (house.folder / "watcher.db").stat().st_size + 40_000


def test_failed_and_empty_polls_forget_nothing(house: House) -> None:
    publish_good(house)
    assert house.once().alerts == 1
    for broken in (
        Answer(500),
        Answer(headers=XML, body=b""),
        Answer(headers={"Content-Type": "text/html"}, body=b"<html>down for maintenance</html>"),
        Answer(headers=XML, body=b"<rss version='2.0'><channel><title>good</title></channel></rss>"),
    ):
        house.feeds.put("/good", broken)
        house.clock.advance(timedelta(days=2))
        house.once()
    publish_good(house)
    house.clock.advance(timedelta(days=2))
    assert house.once().entries_new == 0
    assert house.told() == ["Ceasefire agreed"]


def test_a_feed_whose_address_is_allowed_now_is_tried_at_once(house: House) -> None:
    publish_good(house)
    mended = house.network
    house.network = "network: {allow: []}"
    assert house.once().failed == 1
    house.network = mended
    assert house.once(force=False).alerts == 1
    assert house.once(force=False).feeds == 0


def test_another_file_on_the_same_store_is_told_of(house: House) -> None:
    publish_good(house)
    house.once()
    other = house.folder / "other.yaml"
    other.write_text(house.config.read_text())
    for name, expected in (("other.yaml", True), ("other.yaml", False)):
        ended = house.command("once", "-c", name)
        assert ended.returncode == 0, ended.stderr
        assert ("store.of_another_configuration" in ended.stderr) is expected
