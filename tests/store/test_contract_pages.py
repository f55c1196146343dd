"""What pages ask of the store: every engine must answer alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.harness.store_samples import (
    DAY,
    DIGEST,
    FEED,
    HOUR,
    MINUTE,
    NOW,
    PROMPT,
    acquire_one,
    alert,
    fold_copies,
    frozen,
    identified,
    notify_all,
    poll,
    route_to,
    save_alerts,
)
from watcher.errors import AttemptReason
from watcher.model.alert import stable_hash
from watcher.model.entry import EntryDecision
from watcher.model.notification import GiveUp, TryAgain
from watcher.model.settings import Retention
from watcher.model.topic import Level
from watcher.store import maintenance
from watcher.store.page_questions import nearest_names
from watcher.store.records import AlertVolume, MarkCounts, PollCounts, PollRecord
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


def test_outlines_of_alerts_have_labels_and_no_texts(store: Store) -> None:
    save_alerts(store, alert("old"), now=NOW)
    save_alerts(store, alert("one"), alert("two"), now=NOW + DAY)
    whole = store.alerts.newest(since=NOW + HOUR)
    assert whole[0].evidence
    found = list(store.alerts.outlines(limit=10, since=NOW + HOUR))
    assert found == [
        replace(one, evidence=(), reports=(), sources=(), entry=replace(one.entry, summary="", content=""))
        for one in whole
    ]
    assert list(store.alerts.outlines(limit=1, since=NOW)) == found[:1]


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


def test_what_a_silence_has_kept_back(store: Store) -> None:
    one, two, three = (alert(name) for name in "123")
    save_alerts(store, one, two, three)
    store.routing.save(route_to(DIGEST, PROMPT, alerts=[one, two, three]), NOW)
    first, second, none = (stable_hash(name) for name in ("first", "second", "none"))
    store.silences.apply([DIGEST, PROMPT], {one.id: first, three.id: second}, NOW)
    store.silences.apply([DIGEST], {two.id: first}, NOW + MINUTE)
    assert [kept.id for kept in store.pages.kept_back(first, 10)] == [two.id, one.id]
    assert [kept.id for kept in store.pages.kept_back(first, 1)] == [two.id]
    assert store.pages.kept_back(none, 10) == []
    assert store.pages.count_kept_back([first, second, none]) == {first: 2, second: 1, none: 0}


def test_how_messages_ended_last(store: Store) -> None:
    busy, sent, new = frozen(store, alert("1")), frozen(store, alert("2"), group=PROMPT, now=NOW + DAY), "0" * 32
    for at, outcome in (
        (NOW, TryAgain(AttemptReason.TIMEOUT, "30 s")),
        (NOW + HOUR, GiveUp(AttemptReason.GONE, "410")),
    ):
        (leased,) = store.outbox.acquire("me", at, at + MINUTE, 10, channels=[DIGEST.channel])
        store.outbox.begin_attempt("me", busy.key, leased.epoch, at)
        store.outbox.record("me", busy.key, leased.epoch, outcome, at, at + MINUTE)
    (leased,) = store.outbox.acquire("me", NOW + DAY, NOW + DAY + MINUTE, 10, channels=[PROMPT.channel])
    store.outbox.begin_attempt("me", sent.key, leased.epoch, NOW + DAY)
    last = store.pages.last_attempts([busy.key, sent.key, new])
    assert {key: (one.reason, one.detail) for key, one in last.items()} == {busy.key: ("gone", "410")}


def test_alerts_of_each_feed_without_copies(store: Store) -> None:
    save_alerts(store, alert("1"), alert("2"), alert("old"))
    story = alert("1").story
    save_alerts(store, alert("copy", story=story), now=NOW + 2 * HOUR, decide=fold_copies)
    save_alerts(store, alert("3"), now=NOW + 4 * HOUR)
    assert store.pages.alerts_by_feed(NOW) == {FEED: 4}
    assert store.pages.alerts_by_feed(NOW + HOUR) == {FEED: 1}
    assert store.pages.alerts_by_feed(NOW + 5 * HOUR) == {}
    found = store.pages.alerts_of([alert("1").id, alert("3").id, "0" * 32])
    assert [one.id for one in found] == [alert("3").id, alert("1").id]


def test_the_ids_that_begin_most_like_one(store: Store) -> None:
    save_alerts(store, *(alert(str(number)) for number in range(40)))
    ids = sorted(alert(str(number)).id for number in range(40))
    wrong = ids[7][:6] + ("0" if ids[7][6] != "0" else "1") + "9"
    assert store.pages.nearest_alerts(wrong, 3)[0] == ids[7]
    assert store.pages.nearest_alerts(f"{ids[7][:6]}…", 3)[0] == ids[7]
    for beginning in ("", "zz", "'", "\u0661", ids[7] * 9):
        assert set(store.pages.nearest_alerts(beginning, 3)) <= set(ids)
    keys = {key[:7]: key for key in read(store, FEED, "a", "b", hours=2)}
    assert {beginning: store.pages.nearest_entries(beginning, 5)[0] for beginning in keys} == keys
    message = frozen(store, alert("in a message"), now=NOW + 4 * HOUR)
    assert store.pages.nearest_messages(message.key[:5].upper(), 5) == [message.key]


def test_ids_are_alike_by_their_beginnings() -> None:
    assert nearest_names("abcd", ["abff", "abcf", "a000", "0bcd", "abcc"]) == ["abcc", "abcf", "abff"]


def test_polls_are_counted_by_the_hour_for_all_nodes(store: Store) -> None:
    """Those that failed, too; a poll in parts once, and none whose lease was lost."""
    first = acquire_one(store)
    failed = replace(poll(first), state=replace(first.state, failures=1))
    assert saved(store, "me", replace(poll(first), is_last=False), NOW)
    assert saved(store, "me", failed, NOW)
    store.nodes.beat("me", NOW, MINUTE)
    again = acquire_one(store, now=NOW + HOUR, owner="other")
    assert not saved(store, "me", poll(again, NOW + HOUR), NOW + HOUR)
    fine = poll(again, NOW + HOUR)
    assert saved(store, "other", replace(fine, state=replace(fine.state, failures=0)), NOW + HOUR)
    for _ in range(2):
        store.nodes.leave("other", NOW + HOUR)
    assert store.feeds.polls_since(NOW) == PollCounts(2, 1)
    assert store.feeds.polls_since(NOW + HOUR) == PollCounts(1, 0)
    store.purge(NOW + 3 * DAY, Retention(), 100)
    assert store.feeds.polls_since(NOW) == PollCounts(0, 0)


def test_polls_are_counted_when_the_heartbeat_is_committed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert saved(store, "me", poll(acquire_one(store)), NOW)
    with monkeypatch.context() as changed:
        changed.setattr("watcher.store.nodes.newest_generation", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            store.nodes.beat("me", NOW, MINUTE)
    assert store.feeds.polls_since(NOW) == PollCounts(0, 0)
    store.nodes.beat("me", NOW + 2 * HOUR, MINUTE)
    assert store.feeds.polls_since(NOW) == PollCounts(1, 0)


def saved(store: Store, owner: str, record: PollRecord, now: datetime) -> bool:
    return store.polls.save(owner, [record], now, notify_all, StoryAssigner())[0].saved


def test_the_last_entry_is_the_newest(store: Store) -> None:
    assert store.entries.last_seen() is None
    read(store, FEED, "one")
    read(store, FEED, "two", hours=1)
    assert store.entries.last_seen() == NOW + HOUR
