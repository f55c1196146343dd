"""What one feed may use: it cannot drown the alerts of the others, nor fill the disk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness.harness import Harness, Item
from watcher.model.feed import FeedIssueKind
from watcher.model.notification import DeliveryState
from watcher.schedule.health import feed_issues

MINUTE = timedelta(minutes=1)
MANY = 60
AGENCY = "Ceasefire agreed in the north, says the agency"
EACH_STORY_ALONE = "\nreceiver: chat\ngroup_by: [topic, story]\ngroup_wait: 0s\ngroup_interval: 0s\n"
EACH_TOPIC = "\nreceiver: chat\ngroup_by: [topic]\ngroup_wait: 0s\ngroup_interval: 0s\n"
WORDS = [
    "alpha",
    "bravo",
    "delta",
    "echo",
    "golf",
    "hotel",
    "india",
    "juliet",
    "kilo",
    "lima",
    "mike",
    "oscar",
    "papa",
    "quebec",
    "romeo",
    "sierra",
]


def flood(harness: Harness, count: int = MANY) -> None:
    """A feed with many alerts of high scores, and one of an agency."""
    at = harness.clock.now() - MINUTE
    titles = [f"Ceasefire truce talks {WORDS[n % 16]} {WORDS[n // 16 % 16]} {n}" for n in range(count)]
    harness.publish("/flood", [Item(title, title, at, f"{title} ceasefire truce " * 3) for title in titles])
    harness.publish("/agency", [Item("agency", AGENCY, at)])


@pytest.mark.parametrize("route", [EACH_STORY_ALONE, EACH_TOPIC])
def test_a_flood_holds_up_only_itself(harness: Harness, route: str) -> None:
    harness.route = route
    harness.limits = "limits: {alerts_per_feed: 10}"
    flood(harness)
    harness.once()
    titles = harness.alerted_titles()
    assert AGENCY in titles
    assert len(titles) == 10 + 1
    states = harness.store().stats().deliveries
    assert states[DeliveryState.HELD] == MANY - 10

    harness.clock.advance(timedelta(minutes=30))
    harness.publish("/agency", [Item("second", "Truce collapses in the south", harness.clock.now() - MINUTE)])
    harness.once()
    assert harness.alerted_titles()[11:] == ["Truce collapses in the south"]

    harness.clock.advance(timedelta(minutes=31))
    harness.once(force=False)
    (*_, rest) = harness.messages()
    assert rest["data"]["reason"] == "feed_share"  # type: ignore[index]
    assert DeliveryState.HELD not in harness.store().stats().deliveries


def test_an_hour_of_flood_does_not_postpone_what_is_held(harness: Harness) -> None:
    harness.route = EACH_TOPIC
    harness.limits = "limits: {alerts_per_feed: 2}"
    items: list[Item] = []
    for round_number in range(8):
        now = harness.clock.now()
        names = [f"Ceasefire {WORDS[round_number]} {WORDS[n]}" for n in range(6)]
        items = [*(Item(name, name, now - MINUTE, f"{name} truce") for name in names), *items]
        harness.publish("/flood", items)
        harness.once()
        harness.clock.advance(timedelta(minutes=10))
    reasons = [message["data"]["reason"] for message in harness.messages()]  # type: ignore[index]
    assert "feed_share" in reasons


def test_the_lines_of_a_digest_alternate_between_feeds(harness: Harness) -> None:
    harness.route = '\nreceiver: desk\ndigest: {at: ["07:00"], zone: UTC}\n'
    flood(harness)
    harness.once()
    harness.clock.advance(timedelta(days=1))
    harness.once(force=False)
    (mail,) = harness.mail.mails
    assert mail.text.index(AGENCY) < len(mail.text) / 10


def test_a_quota_leaves_entries_for_the_next_day_and_says_so(harness: Harness) -> None:
    harness.route = EACH_TOPIC
    harness.limits = "limits: {entries_per_feed: 25, alerts_per_feed: 1000}"
    flood(harness)
    report = harness.once()
    assert report.entries_new == 25 + 1
    store = harness.store()
    now = harness.clock.now()
    kinds = {(issue.url, issue.kind) for issue in feed_issues(store.feeds.with_issues(now), now)}
    assert (harness.feeds.url("/flood"), FeedIssueKind.OVER_QUOTA) in kinds

    harness.clock.advance(10 * MINUTE)
    assert harness.once().entries_new == 0
    harness.clock.advance(timedelta(days=1))
    assert harness.once().entries_new == 25
    harness.clock.advance(timedelta(days=1))
    assert harness.once().entries_new == MANY - 50
    now = harness.clock.now()
    assert FeedIssueKind.OVER_QUOTA not in {one.kind for one in feed_issues(store.feeds.with_issues(now), now)}


def test_a_quota_of_bytes(harness: Harness) -> None:
    harness.route = EACH_TOPIC
    harness.limits = "limits: {bytes_per_feed: 10kB}"
    harness.publish(
        "/large", [Item(str(n), f"Bread {n}", harness.clock.now() - MINUTE, "a recipe " * 400) for n in range(9)]
    )
    assert harness.once().entries_new == 2
