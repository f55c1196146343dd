"""What pages ask of the store: every engine must answer alike."""

from __future__ import annotations

import pytest

from tests.harness.store_samples import (
    DIGEST,
    FEED,
    HOUR,
    MINUTE,
    NOW,
    acquire_one,
    alert,
    identified,
    notify_all,
    poll,
    route_to,
    save_alerts,
)
from watcher.model.entry import EntryDecision
from watcher.model.topic import Level
from watcher.store import maintenance
from watcher.store.records import AlertVolume, MarkCounts
from watcher.store.store import Store
from watcher.story.assign import StoryAssigner

OTHER = "https://feeds.example.org/b.xml"


def read(store: Store, url: str, *names: str, hours: int = 0) -> list[str]:
    """Saves entries of a feed; their keys."""
    now = NOW + hours * HOUR
    found = [identified(name, url=url) for name in names]
    record = poll(acquire_one(store, url, now), now, decision=EntryDecision(new=tuple(found)))
    store.polls.save("me", [record], now, notify_all, StoryAssigner())
    return [one.key for one in found]


def test_the_newest_entries_of_one_feed(store: Store) -> None:
    (old,) = read(store, FEED, "old")
    read(store, OTHER, "of another feed", hours=1)
    (new,) = read(store, FEED, "new", hours=2)
    assert [one.key for one in store.entries.of_feed(FEED, 10)] == [new, old]
    assert [one.key for one in store.entries.of_feed(FEED, 1)] == [new]
    assert store.entries.of_feed("https://feeds.example.org/", 10) == []


def test_the_state_of_one_feed(store: Store) -> None:
    read(store, FEED, "one")
    state = store.feeds.state(FEED)
    assert (state.url if state else None, store.feeds.state(OTHER)) == (FEED, None)


def test_for_which_topics_an_entry_is_missed(store: Store) -> None:
    first, second = read(store, FEED, "first", "second")
    for topic in ("b", "a"):
        store.marks.add_missed(topic, first, NOW)
    assert (store.marks.missed_by(first), store.marks.missed_by(second)) == (["a", "b"], [])


def test_the_volume_of_topics_is_counted_by_quarters_of_an_hour(store: Store) -> None:
    save_alerts(store, alert("one"), alert("two", level=Level.MENTION), alert("other", topic="prisons"), now=NOW)
    save_alerts(store, alert("three"), now=NOW + 14 * MINUTE)
    save_alerts(store, alert("four"), now=NOW + 15 * MINUTE)
    later, quarter = NOW + HOUR, NOW.replace(microsecond=0)
    assert store.alerts.volume(NOW - HOUR, later, "ceasefires") == [
        AlertVolume("ceasefires", quarter, Level.FOCUS, 2),
        AlertVolume("ceasefires", quarter, Level.MENTION, 1),
        AlertVolume("ceasefires", quarter + 15 * MINUTE, Level.FOCUS, 1),
    ]
    assert AlertVolume("prisons", quarter, Level.FOCUS, 1) in store.alerts.volume(NOW - HOUR, later)
    assert store.alerts.volume(NOW + 16 * MINUTE, later) == []


def test_what_users_said_of_topics_is_counted(store: Store) -> None:
    save_alerts(store, alert("one"), alert("two"), alert("other", topic="prisons"))
    (missed,) = read(store, FEED, "missed", hours=1)
    store.marks.mark(alert("one").id, True, NOW)
    store.marks.mark(alert("two").id, False, NOW + HOUR)
    store.marks.add_missed("prisons", missed, NOW)
    assert store.marks.counts(["ceasefires", "prisons", "none"]) == {
        "ceasefires": MarkCounts(1, 1, 0, NOW + HOUR),
        "prisons": MarkCounts(missed=1),
        "none": MarkCounts(),
    }
    assert [one.is_relevant for one in store.marks.alerts("ceasefires", 1)] == [False]


def test_the_states_of_some_feeds(store: Store) -> None:
    read(store, FEED, "one")
    read(store, OTHER, "two")
    assert [one.url for one in store.feeds.states_of([OTHER, "https://none.example/"])] == [OTHER]


def test_counts_of_a_page_are_those_of_the_whole_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save_alerts(store, *(alert(str(number)) for number in range(6)))
    store.routing.save(route_to(DIGEST, alerts=[alert(str(number)) for number in range(6)]), NOW)
    whole, counts = store.stats(), store.counts()
    assert (counts.entries, counts.most_entries, counts.newest) == (whole.entries, whole.entries, None)
    assert counts.deliveries == whole.deliveries != {}
    monkeypatch.setattr(maintenance, "COUNTED_ENTRIES", 2)
    monkeypatch.setattr(maintenance, "COUNTED_DELIVERIES", 2)
    read(store, FEED, "a", "b", "c", hours=1)
    some = store.counts()
    assert (some.entries, some.newest, some.deliveries) == (2, 2, whole.deliveries)
    assert some.most_entries >= 3


def test_a_poll_on_request_keeps_to_what_the_server_asked(store: Store) -> None:
    read(store, FEED, "one")
    assert store.feeds.ask_for_poll(FEED, NOW) == NOW
    assert store.feeds.ask_for_poll("https://feeds.example.org/none.xml", NOW) is None
