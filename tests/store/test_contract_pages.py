"""What pages ask of the store: every engine must answer alike."""

from __future__ import annotations

from datetime import timedelta

from tests.harness.store_samples import FEED, HOUR, NOW, acquire_one, alert, identified, notify_all, poll, save_alerts
from watcher.model.entry import EntryDecision
from watcher.model.topic import Level
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


def test_the_volume_of_a_topic(store: Store) -> None:
    save_alerts(store, alert("one"), alert("two", level=Level.MENTION), alert("other", topic="prisons"))
    found = store.alerts.volume("ceasefires", NOW - HOUR)
    assert sorted((at, level.value) for at, level in found) == [(NOW, "focus"), (NOW, "mention")]
    assert store.alerts.volume("ceasefires", NOW + timedelta(seconds=1)) == []


def test_a_poll_on_request_keeps_to_what_the_server_asked(store: Store) -> None:
    read(store, FEED, "one")
    assert store.feeds.ask_for_poll(FEED, NOW) == NOW
    assert store.feeds.ask_for_poll("https://feeds.example.org/none.xml", NOW) is None
