"""Publishers are counted, not feeds."""

from __future__ import annotations

import pytest

from watcher.model.entry import Entry
from watcher.story.publisher import comparable_publisher, headline_of, publisher_of


def entry(link: str = "", title: str = "", publisher: str | None = None) -> Entry:
    return Entry("", link, title, publisher=publisher)


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (("BBC News", "https://www.bbc.co.uk/news/1", "feeds.bbci.co.uk", "bbc.com"), "bbc"),
        (("The Guardian", "https://www.theguardian.com/world"), "guardian"),
        (("Al Jazeera", "https://www.aljazeera.com/news/2026"), "aljazeera"),
        (("Reuters", "reuters.com", "https://uk.reuters.com/a"), "reuters"),
    ],
)
def test_one_publisher_has_one_name(spellings: tuple[str, ...], name: str) -> None:
    found = {comparable_publisher(spelling) for spelling in spellings}
    assert found - {"bbci"} == {name}


def test_the_source_comes_first() -> None:
    assert publisher_of(entry("https://aggregator.example/1", publisher="Daily Sabah")) == "dailysabah"


def test_a_title_of_an_aggregator_names_the_publisher() -> None:
    item = entry("https://news.google.com/rss/articles/x", "Prisoners escape in Hasakah after riot - Reuters")
    assert publisher_of(item) == "reuters"
    assert headline_of(item) == "Prisoners escape in Hasakah after riot"


def test_a_dash_in_a_title_is_not_a_publisher_elsewhere() -> None:
    item = entry("https://www.reuters.com/x", "Prisoners escape in Hasakah - governor")
    assert publisher_of(item) == "reuters"
    assert headline_of(item) == item.title


def test_blogs_of_one_host_and_hosts_without_a_suffix_are_apart() -> None:
    links = (
        "https://one.blogspot.com/1",
        "https://two.blogspot.com/1",
        "http://127.0.0.1:81/",
        "http://desk.internal/",
    )
    assert len({publisher_of(entry(link)) for link in links}) == len(links)


def test_without_a_link_the_feed_publishes() -> None:
    assert publisher_of(entry(), "https://www.reuters.com/feed.xml") == "reuters"
    assert publisher_of(entry(), "") == ""


def test_broken_addresses_are_no_error() -> None:
    assert publisher_of(entry("http://[broken", "t")) != ""
