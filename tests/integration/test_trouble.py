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

import pytest

from tests.harness.harness import Harness, Item, environment, rss
from tests.harness.servers import Answer, Document
from watcher.errors import PollReason
from watcher.model.feed import FeedIssueKind
from watcher.schedule.health import feed_issues
from watcher.service.once import run_once
from watcher.service.once_report import OnceReport

MINUTE = timedelta(minutes=1)
XML = {"Content-Type": "application/rss+xml"}


def publish_good(harness: Harness) -> None:
    harness.publish("/good", [Item("a", "Ceasefire agreed", harness.clock.now() - MINUTE, "Officials said so.")])


def test_each_bad_feed_has_its_reason_and_disturbs_nobody(harness: Harness) -> None:
    publish_good(harness)
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
    reasons = {harness.feeds.put(path, answer): reason for path, (answer, reason) in bad.items()}
    reasons[harness.feeds.redirect("/loop", "/loop")] = PollReason.TOO_MANY_REDIRECTS
    harness.feed_urls += list(reasons)
    report = harness.once()
    assert (report.feeds, report.fetched, report.failed, report.alerts) == (8, 1, 7, 1)
    states = {state.url: state for state in harness.store().feeds.states()}
    assert {url: states[url].reason for url in reasons} == reasons
    assert all(states[url].next_poll_at > harness.clock.now() for url in reasons)
    assert harness.alerted_titles() == ["Ceasefire agreed"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_round_ends_although_a_host_asks_to_wait(status: int, harness: Harness) -> None:
    """The other feeds of the host are counted once each, as busy, and are not asked again in the same round."""
    harness.feed_urls += [harness.feeds.put("/a", Answer(status, {"Retry-After": "3600"}))]
    harness.feed_urls += [harness.feeds.put(f"/b{number}", Answer(404)) for number in range(3)]
    harness.polling = "polling: {per_host: {concurrency: 1, spacing: 0s}}"
    report = harness.once()
    assert (report.feeds, report.failed) == (4, 4)
    assert harness.feeds.paths() == ["/a"]
    assert harness.once().feeds == 0
    busy = [state for state in harness.store().feeds.states() if state.busy_since]
    assert len(busy) == 3
    assert {state.failures for state in busy} == {0}


def test_a_round_polls_each_feed_once_although_it_is_due_again_at_once(harness: Harness) -> None:
    now = harness.clock.now()
    harness.publish("/good", [Item("a", "Ceasefire agreed", now), Item("b", "Talks go on", now)])
    report = harness.once()
    assert (report.feeds, report.fetched, harness.feeds.paths()) == (1, 1, ["/good"])


def test_a_truncated_feed_gives_what_stands_in_it(harness: Harness) -> None:
    publish_good(harness)
    whole = b"".join(
        [b"<rss version='2.0'><channel><title>t</title>", b"<item><guid>x</guid><title>Truce holds</title></item>"]
    )
    harness.feed_urls.append(harness.feeds.put("/cut", Answer(headers=XML, body=whole)))
    report = harness.once()
    assert (report.fetched, report.failed) == (2, 0)


@pytest.mark.sqlite_only
def test_a_locked_store_keeps_nothing_of_the_poll_and_the_next_round_has_it_all(harness: Harness) -> None:
    publish_good(harness)

    async def run() -> OnceReport:
        async with harness.open() as app:
            await app.follow_configuration()
            (acquired,) = await app.poller.acquire(10)
            with closing(sqlite3.connect(harness.folder / "watcher.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                report = asyncio.create_task(app.poller.poll(acquired))
                await asyncio.sleep(0)
                assert app.store.alerts.newest() == []
                other.execute("ROLLBACK")
            await report
            return await run_once(app, force=True)

    asyncio.run(run())
    assert harness.alerted_titles() == ["Ceasefire agreed"]


@pytest.mark.sqlite_only
def test_a_full_disk_is_a_clear_error_and_costs_a_delay(harness: Harness) -> None:
    before = Item("old", "A recipe for bread", harness.clock.now() - MINUTE)
    harness.publish("/good", [before])
    harness.once()
    harness.clock.advance(MINUTE)
    text = "Officials said so. " * 5_000
    many = [Item(f"{number}", f"Ceasefire agreed {number}", harness.clock.now() - MINUTE, text) for number in range(8)]
    harness.publish("/good", [*many, before])
    harness.write()
    with_little_space = subprocess.run(
        [sys.executable, "-m", "watcher", "once", "--all"],
        cwd=harness.folder,
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room_left(harness), room_left(harness))),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert with_little_space.returncode == 1
    assert "space" in with_little_space.stderr
    assert {alert.topic for alert in harness.store().alerts.newest()} <= {"watcher"}, "the report that it was silent"

    harness.clock.set(datetime.now(UTC) + timedelta(hours=1))
    assert harness.once().entries_new == len(many)


def room_left(harness: Harness) -> int:
    """A limit on the size of files that leaves the store room for a lease, but not for the poll's texts."""
    return (harness.folder / "watcher.db").stat().st_size + 40_000


def test_failed_and_empty_polls_forget_nothing(harness: Harness) -> None:
    publish_good(harness)
    assert harness.once().alerts == 1
    for broken in (
        Answer(500),
        Answer(headers=XML, body=b""),
        Answer(headers={"Content-Type": "text/html"}, body=b"<html>down for maintenance</html>"),
        Answer(headers=XML, body=b"<rss version='2.0'><channel><title>good</title></channel></rss>"),
    ):
        harness.feeds.put("/good", broken)
        harness.clock.advance(timedelta(days=2))
        harness.once()
    publish_good(harness)
    harness.clock.advance(timedelta(days=2))
    assert harness.once().entries_new == 0
    assert harness.alerted_titles() == ["Ceasefire agreed"]


def test_a_feed_whose_address_is_allowed_now_is_tried_at_once(harness: Harness) -> None:
    publish_good(harness)
    mended = harness.network
    harness.network = "network: {allow: []}"
    assert harness.once().failed == 1
    harness.network = mended
    assert harness.once(force=False).alerts == 1
    assert harness.once(force=False).feeds == 0


def test_another_file_on_the_same_store_is_reported(harness: Harness) -> None:
    publish_good(harness)
    harness.once()
    other = harness.folder / "other.yaml"
    other.write_text(harness.config.read_text())
    for name, expected in (("other.yaml", True), ("other.yaml", False)):
        ended = harness.command("once", "-c", name)
        assert ended.returncode == 0, ended.stderr
        assert ("store.configuration_changed" in ended.stderr) is expected


def issues_of(harness: Harness) -> dict[FeedIssueKind, str]:
    return {issue.kind: issue.detail for issue in feed_issues(harness.store().feeds.states(), harness.clock.now())}


def test_what_was_wrong_with_a_document_is_a_fact_until_it_is_whole(harness: Harness) -> None:
    """A connection that breaks off is read as far as it goes, reported, and read again as a whole."""
    now = harness.clock.now()
    whole = rss("cut", [Item(str(number), f"Truce {number}", now - MINUTE) for number in range(3)])
    head = b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nETag: "a"\r\nContent-Length: %d\r\n\r\n' % len(whole)
    half = whole[: whole.index(b"<item>", whole.index(b"<item>") + 1) + 20]
    harness.feed_urls += [harness.feeds.put("/cut", Answer(body=head + half, raw=True))]
    harness.once()
    found = issues_of(harness)
    assert set(found) == {FeedIssueKind.TRUNCATED, FeedIssueKind.REPAIRED}
    assert "cut off" in found[FeedIssueKind.REPAIRED]
    assert harness.alerted_titles() == ["Truce 0"]
    harness.clock.advance(timedelta(hours=1))
    harness.feeds.put("/cut", Document(whole, etag='"a"'))
    harness.once()
    assert issues_of(harness) == {}
    assert sorted(set(harness.alerted_titles())) == ["Truce 0", "Truce 1", "Truce 2"]
    assert "if-none-match" not in harness.feeds.requests[-1].headers


def test_the_configured_address_is_asked_again_once_a_day_and_may_be_dead(harness: Harness) -> None:
    now = harness.clock.now()
    new = harness.feeds.put("/new", rss("new", [Item("a", "Truce holds", now - MINUTE)]))
    harness.feed_urls += [harness.feeds.redirect("/old", new, 301)]
    for _ in range(3):
        harness.once()
        harness.clock.advance(timedelta(hours=2))
    harness.feeds.requests.clear()
    harness.once()
    assert harness.feeds.paths() == ["/new"], "the redirect is kept"
    harness.feeds.put("/old", Answer(500))
    harness.clock.advance(timedelta(days=1, hours=2))
    harness.feeds.requests.clear()
    report = harness.once()
    assert (report.failed, harness.feeds.paths()) == (0, ["/old", "/new"])
    harness.feeds.put("/old", rss("old", [Item("b", "Truce is back", now - MINUTE)]))
    harness.clock.advance(timedelta(days=1, hours=2))
    harness.once()
    harness.clock.advance(timedelta(hours=2))
    harness.feeds.requests.clear()
    harness.once()
    assert harness.feeds.paths() == ["/old"], "the original answers again for itself"
