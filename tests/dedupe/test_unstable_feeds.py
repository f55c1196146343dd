"""Feeds in which nothing but link and title is stable, and feeds with one entry that is replaced in its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.mutation.polled_feed import PolledFeed
from watcher.model.entry import Entry

HOUR = timedelta(hours=1)
PLACES = ("Rotterdam", "Hamburg", "Antwerp", "Genoa", "Gdansk")
Round = Callable[[int, PolledFeed], list[Entry]]


def entry(number: int, **changes: object) -> Entry:
    place = PLACES[number % len(PLACES)]
    given = {
        "id": "",
        "link": f"https://example.org/{number}",
        "title": f"Strike closes the terminal of {place}, district {number}",
        "summary": f"Dockers of {place} number {number} walked out over pay and the length of shifts, a union said.",
    }
    return Entry(**{**given, **changes})  # type: ignore[arg-type]


def counted(number: int, poll: int) -> str:
    return f"{entry(number).summary} Read by {poll * 7919 + number} people, {poll * 7 + number} minutes ago."


def several(count: int, **made: Callable[[int, int, PolledFeed], object]) -> Round:
    """Entries that are all the same at every poll but for what `made` gives them: by number, poll and feed."""
    return lambda poll, feed: [
        entry(number, **{name: make(number, poll, feed) for name, make in made.items()}) for number in range(count)
    ]


def at_poll(number: int, poll: int, feed: PolledFeed) -> object:
    return feed.now + HOUR


def random_id(number: int, poll: int, feed: PolledFeed) -> object:
    return f"{poll}-{number * 7}-x"


def counter(number: int, poll: int, feed: PolledFeed) -> object:
    return counted(number, poll)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "made",
    [
        {"published": at_poll},
        {"published": at_poll, "summary": counter},
        {"summary": counter},
        {"published": at_poll, "id": random_id},
        {"id": random_id, "summary": counter},
    ],
    ids=" and ".join,
)
def test_entries_with_stable_link_and_title_are_not_new_at_every_poll(
    feed: PolledFeed, made: dict[str, Callable[[int, int, PolledFeed], object]], count: int
) -> None:
    document = several(count, **made)
    feed.poll(document(0, feed))
    assert [len(feed.poll(document(poll, feed)).new) for poll in range(1, 5)] == [0, 0, 0, 0]


@pytest.mark.parametrize("count", [3, 5])
def test_nothing_but_link_and_title_is_stable(feed: PolledFeed, count: int) -> None:
    document = several(count, published=at_poll, id=random_id, summary=counter)
    feed.poll(document(0, feed))
    assert [len(feed.poll(document(poll, feed)).new) for poll in range(1, 5)] == [0, 0, 0, 0]


def test_a_new_entry_among_them_is_new_once(feed: PolledFeed) -> None:
    made = {"published": at_poll, "id": random_id, "summary": counter}
    feed.poll(several(5, **made)(0, feed))
    news = [len(feed.poll(several(6, **made)(poll, feed)).new) for poll in range(1, 4)]
    assert news == [1, 0, 0]


@pytest.mark.parametrize("dated", [True, False], ids=["dated", "undated"])
@pytest.mark.parametrize("text", [True, False], ids=["with a text", "without a text"])
def test_the_latest_bulletin_in_one_place_is_new_when_its_title_changes(
    feed: PolledFeed, dated: bool, text: bool
) -> None:
    def bulletin(number: int) -> Entry:
        published = feed.now + HOUR if dated else None
        told = {} if text else {"summary": ""}
        return entry(number, id="latest", link="https://example.org/now", published=published, **told)

    feed.poll([bulletin(1)])
    keys = [[item.entry_key for item in feed.poll([bulletin(number)]).new] for number in (2, 2, 3, 3, 4)]
    assert [len(new) for new in keys] == [1, 0, 1, 0, 1]
    assert len({key for new in keys for key in new}) == 3


def test_an_edited_headline_in_a_feed_of_several_entries_is_an_update(feed: PolledFeed) -> None:
    def document(poll: int) -> list[Entry]:
        titles = [f"UPDATE {poll}: {entry(number).title}" if poll else entry(number).title for number in range(5)]
        return [entry(n, id=f"id-{n}", title=titles[n], published=feed.now + HOUR) for n in range(5)]

    feed.poll(document(0))
    for poll in range(1, 4):
        decision = feed.poll(document(poll))
        assert (len(decision.new), len(decision.updated)) == (0, 5)


def test_a_headline_that_is_corrected_in_a_feed_of_one_entry_is_an_update(feed: PolledFeed) -> None:
    one = entry(1, id="latest", link="https://example.org/now", published=feed.now)
    feed.poll([one])
    edited = entry(
        1, id="latest", link="https://example.org/now", published=feed.now - HOUR, title="Strike in district 1"
    )
    decision = feed.poll([edited])
    assert (len(decision.new), len(decision.updated)) == (0, 1)
