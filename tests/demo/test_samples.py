"""The sample feeds are real feeds, dated relative to now, and served with conditional requests."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import yaml

from watcher.demo.samples import SampleFeed, load_samples, parse_age, render_feed
from watcher.demo.stage import open_stage
from watcher.errors import ParseError
from watcher.parse.document import parse_document

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAMPLES = load_samples()
FEEDS = [feed for feed in SAMPLES if feed.format != "web page"]


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.title)
def test_a_sample_feed_says_what_its_yaml_says(feed: SampleFeed) -> None:
    body, media_type = render_feed(feed, NOW)
    parsed = parse_document(body, url="http://127.0.0.1/feed", headers={"content-type": media_type})
    assert (parsed.title, parsed.language) == (feed.title, feed.language)
    sent = [(entry.id, entry.title, entry.link, entry.summary or entry.content) for entry in parsed.entries]
    assert sent == [(entry.id, entry.title, feed.site + entry.path, entry.text) for entry in feed.entries]
    dates = [entry.published for entry in parsed.entries]
    assert dates == [None if entry.age is None else NOW - entry.age for entry in feed.entries]


def test_the_web_page_is_not_a_feed() -> None:
    (page,) = (feed for feed in SAMPLES if feed.format == "web page")
    body, media_type = render_feed(page, NOW)
    with pytest.raises(ParseError):
        parse_document(body, url="http://127.0.0.1/feed", headers={"content-type": media_type})


def test_one_wire_story_stands_in_three_feeds_under_different_names() -> None:
    texts = Counter((entry.title, entry.text) for feed in FEEDS for entry in feed.entries)
    assert [count for _, count in texts.most_common(2)] == [3, 1]
    ids = [entry.id for feed in FEEDS for entry in feed.entries]
    links = [feed.site + entry.path for feed in FEEDS for entry in feed.entries]
    assert len(set(ids)) == len(set(links)) == len(ids)


def test_three_languages_and_both_formats_are_there() -> None:
    assert {feed.language for feed in FEEDS} == {"en", "ar", "tr"}
    assert {feed.format for feed in FEEDS} == {"rss", "atom"}


@pytest.mark.parametrize(
    ("text", "age"), [("40m", timedelta(minutes=40)), ("3h", timedelta(hours=3)), ("5d", timedelta(days=5))]
)
def test_ages(text: str, age: timedelta) -> None:
    assert parse_age(text) == age


def test_the_stage_serves_each_feed_once_and_then_says_not_modified() -> None:
    with open_stage(SAMPLES, NOW) as stage:
        url = stage.feeds.url(SAMPLES[0].path)
        first = httpx2.get(url)
        second = httpx2.get(url, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, second.status_code) == (200, 304)
        assert httpx2.get(stage.feeds.url("/nothing")).status_code == 404


def test_the_configuration_of_the_stage_names_its_feeds_and_servers() -> None:
    with open_stage(SAMPLES, NOW) as stage:
        settings = yaml.safe_load(stage.configuration(SAMPLES))
        assert [feed["url"] for feed in settings["feeds"]] == [stage.feeds.url(feed.path) for feed in SAMPLES]
        assert settings["smtp"]["port"] == stage.mail.port
        assert settings["receivers"][1]["webhook"]["secret"] == stage.secret
