"""What a digest tells besides its alerts, and messages about the program itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.harness.factories import NOW
from watcher.errors import NotifyReason, PollReason
from watcher.model.feed import FeedIssue, FeedIssueKind
from watcher.model.route import ChannelRef, OwnTemplate
from watcher.model.topic import Level
from watcher.render.channel_failure import trouble_message, trouble_notification
from watcher.render.digest_context import daily_counts, feed_notes
from watcher.render.user_templates import UserTemplates
from watcher.store.records import AlertVolume


def test_days_are_the_readers_days() -> None:
    late = datetime(2026, 1, 23, 21, 30, tzinfo=UTC)
    at = [("a", NOW - timedelta(days=days)) for days in (0, 13, 14)] + [("a", late), ("b", NOW)]
    told = [AlertVolume(topic, moment, Level.FOCUS, 1) for topic, moment in at]
    assert daily_counts(told, "Europe/Istanbul", NOW) == {"a": (1, *[0] * 12, 2), "b": (*[0] * 13, 1)}
    assert daily_counts(told, "UTC", NOW)["a"][-2:] == (1, 1)


BROKEN = FeedIssue(
    "https://a.example/feed",
    "Beta",
    FeedIssueKind.FAILING,
    NOW - timedelta(days=3),
    "not_a_feed: a page",
    PollReason.NOT_A_FEED,
    failures=9,
)
SILENT = FeedIssue("https://a.example/feed", "Gamma", FeedIssueKind.SILENT, NOW - timedelta(days=40), "nothing new")


def test_issues_become_lines_in_their_order() -> None:
    gap = replace(SILENT, kind=FeedIssueKind.POSSIBLE_GAP, since=None, title="")
    assert feed_notes([], "UTC") == ()
    assert feed_notes([BROKEN, SILENT, gap], "UTC") == (
        "Beta: not a feed since Wed 21 Jan, 04:00",
        "Gamma: nothing new since 15 December 2025",
        "https://a.example/feed: possible gap",
    )


def test_a_name_from_right_to_left_leaves_the_english_around_it_in_its_place() -> None:
    arabic = replace(BROKEN, title="الجزيرة (SDF)")
    assert feed_notes([arabic], "UTC") == ("\u2068الجزيرة (SDF)\u2069: not a feed since Wed 21 Jan, 04:00",)


def test_many_are_counted() -> None:
    notes = feed_notes([BROKEN] * 25, "UTC")
    assert len(notes) == 11
    assert notes[-1].startswith("and 15 more")
    assert len(feed_notes([BROKEN] * 10, "UTC")) == 10


def test_trouble_says_what_is_wrong_and_what_to_do() -> None:
    desk = ChannelRef("desk", "email")
    message = trouble_message(desk, "cannot log in to <chat/slack/0>\r\n", "check its token", NOW)
    assert message.subject == "cannot log in to <chat/slack/0>"
    assert "&lt;chat/slack/0&gt;" in message.html
    assert message.items[0].title == "check its token"
    told = trouble_notification(desk, message.subject, NOW)
    assert told.reason is NotifyReason.TROUBLE
    assert told.key == trouble_notification(desk, message.subject, NOW).key
    assert told.key != trouble_notification(desk, message.subject, NOW + timedelta(hours=1)).key


def test_an_alarm_uses_the_template_of_a_webhook_and_of_nobody_else(tmp_path: Path) -> None:
    hook, mail = ChannelRef("desk", "webhook"), ChannelRef("desk", "email")
    own = OwnTemplate('{"say": {{ digest.subject | tojson }}}', "card.json.j2")
    templates = UserTemplates(tmp_path, {hook: own})
    (tmp_path / "subject.txt.j2").write_text("the news of today")
    told = trouble_message(hook, "chat is down", "mend it", NOW, templates)
    assert (told.payload, told.problems) == ({"say": "chat is down"}, ())
    assert trouble_message(mail, "chat is down", "mend it", NOW, templates).subject == "chat is down"
