"""From a feed that fails to a message, through ordinary routes, on the fake clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.servers import Answer
from watcher.service.load import load_config
from watcher.service.route_check import route_warnings
from watcher.store.store import Store

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OPERATORS = """
receiver: chat
group_wait: 0s
group_interval: 0s
routes:
  - {matchers: ['topic="watcher"'], receiver: desk, group_by: [topic, story], group_wait: 0s, group_interval: 0s}
"""


def publish(harness: Harness, *paths: str, **options: object) -> None:
    harness.route = OPERATORS
    for path in paths:
        harness.publish(path, [Item("a", "A recipe for bread", harness.clock.now() - MINUTE)])
    urls = [harness.feeds.url(path) for path in paths]
    harness.feed_urls[:] = [{"url": url, "name": path, **options} for url, path in zip(urls, paths, strict=True)]  # type: ignore[misc]


def rounds(harness: Harness, count: int, every: timedelta) -> None:
    for _ in range(count):
        harness.clock.advance(every)
        harness.once(force=False)


def mails(harness: Harness) -> list[str]:
    return [str(mail.message["Subject"]) for mail in harness.mail.mails]


def test_all_that_lasts_is_one_message_a_day_and_recovery_another(harness: Harness) -> None:
    publish(harness, "/one", "/two", "/three")
    harness.once()
    for path in ("/one", "/two"):
        harness.feeds.put(path, Answer(404))
    rounds(harness, 20, 3 * HOUR)
    (subject,) = mails(harness)
    assert "failing" in subject
    assert "+1 more" in subject
    text = harness.mail.mails[0].data.decode()
    assert "http_not_found" in text
    assert "why:" not in text, "no points, no reasons"
    publish(harness, "/one", "/two", "/three")
    rounds(harness, 20, 6 * HOUR)
    _, *recovered = mails(harness)
    assert 1 <= len(recovered) <= 2, "one for both, or one each when they were polled again on different days"
    assert all("resolved (failing)" in subject for subject in recovered)
    assert harness.messages() == [], "the route of the topics did not get them"


def test_a_critical_feed_is_reported_when_a_second_poll_fails(harness: Harness) -> None:
    publish(harness, "/one", critical=True)
    harness.once()
    harness.feeds.put("/one", Answer(500))
    rounds(harness, 1, DAY / 2)
    assert mails(harness) == []
    rounds(harness, 2, HOUR)
    (subject,) = mails(harness)
    assert "/one: failing" in subject
    publish(harness, "/one", critical=True)
    rounds(harness, 3, HOUR)
    assert [subject for subject in mails(harness) if "resolved" in subject] == mails(harness)[1:]
    assert len(mails(harness)) == 2


@pytest.mark.parametrize(("limit", "sent_at_night"), [(", break_through: 99", True), ("", False)])
def test_a_critical_feed_breaks_through_quiet_hours_that_let_anything_through(
    harness: Harness, limit: str, sent_at_night: bool
) -> None:
    publish(harness, "/one", "/two", critical=True)
    harness.feed_urls[1] = {"url": harness.feeds.url("/two"), "name": "/two"}  # type: ignore[call-overload]
    quiet = "hold: {between: '00:00-24:00', zone: UTC" + limit + "}}"
    harness.route = OPERATORS.replace("group_interval: 0s}", f"group_interval: 0s, {quiet}")
    harness.once()
    for path in ("/one", "/two"):
        harness.feeds.put(path, Answer(404))
    rounds(harness, 4, 9 * HOUR)
    assert [subject for subject in mails(harness) if "/one: " in subject] == mails(harness)
    assert bool(mails(harness)) is sent_at_night


def test_a_silence_applies_to_reports(harness: Harness) -> None:
    publish(harness, "/one", "/two")
    harness.once()
    silenced = harness.command("silence", "add", 'topic="watcher"', 'feed="/one"', "--for", "30d", "--comment", "known")
    assert silenced.returncode == 0
    assert "warning" not in silenced.stderr
    for path in ("/one", "/two"):
        harness.feeds.put(path, Answer(404))
    harness.clock.set(now_of(harness.store()))
    rounds(harness, 20, 3 * HOUR)
    assert len(mails(harness)) == 1
    assert "/two: failing" in mails(harness)[0]


def now_of(store: Store) -> object:
    """When the silence began: commands live on the machine's clock."""
    from datetime import UTC, datetime

    (silence,) = store.silences.ending_after(datetime(2020, 1, 1, tzinfo=UTC))
    return silence.starts_at


def test_a_route_for_reports_is_no_mistake(harness: Harness) -> None:
    publish(harness, "/one")
    settings = load_config(harness.write(), {}, secrets="require", must_run=True).settings
    assert [warning for warning in settings.warnings if "no topic is named" in warning] == []
    assert route_warnings(settings) == []
    tested = harness.command("routes", "test", "topic=watcher", "level=focus")
    assert "warning" not in tested.stderr
    assert "desk" in tested.stdout


def test_a_report_is_listed_like_any_alert(harness: Harness) -> None:
    publish(harness, "/one")
    harness.once()
    harness.feeds.put("/one", Answer(404))
    rounds(harness, 20, 3 * HOUR)
    (alert,) = harness.store().alerts.newest()
    for words in ("alerts list", "alerts list --json", f"alerts show {alert.id[:8]}"):
        done = harness.command(*words.split())
        assert done.returncode == 0, done.stderr
        assert "/one: failing" in done.stdout
