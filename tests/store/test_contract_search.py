"""What every engine must do: lists of alerts and entries by conditions, and marks of what was missed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.harness.store_samples import (
    ASSIGNER,
    DAY,
    DIGEST,
    HOUR,
    NOW,
    acquire_one,
    alert,
    fold_copies,
    frozen,
    identified,
    kept,
    notify_all,
    poll,
    route_to,
    save_alerts,
)
from watcher.model.alert import Alert, AlertState
from watcher.model.entry import EntryDecision
from watcher.model.notification import Delivered, DeliveryState
from watcher.model.topic import Level
from watcher.store.records import AlertFilter, EntryFilter, MarkState
from watcher.store.store import Store

ARABIC = "https://arabic.example/feed"
TURKISH = "https://turkish.example/feed"


def titles(store: Store, wanted: EntryFilter, limit: int = 100) -> list[str]:
    return [record.entry.title for record in store.entries.matching(wanted, limit)]


def ids(alerts: list[Alert]) -> list[str]:
    return [one.entry.id for one in alerts]


@pytest.fixture
def library(store: Store) -> Store:
    """Three feeds with one entry each, an hour apart."""
    feeds = (
        ("https://example.org/feed", "World news", "Ceasefire holds in the north", NOW),
        (ARABIC, "أخبار", "وقف إطلاق النار في الحسكة", NOW + HOUR),
        (TURKISH, "Haberler", "İstanbul'da ateşkes görüşmesi", NOW + 2 * HOUR),
    )
    for url, feed_title, title, now in feeds:
        one = identified(title, url=url)
        named = replace(one, entry=replace(one.entry, title=title, link=f"{url}/1"))
        record = replace(poll(acquire_one(store, url, now), now), feed_title=feed_title)
        store.polls.save("me", [replace(record, decision=EntryDecision(new=(named,)))], now, notify_all, ASSIGNER)
    return store


class TestEntries:
    def test_newest_first_up_to_the_limit(self, library: Store) -> None:
        assert len(titles(library, EntryFilter())) == 3
        assert titles(library, EntryFilter(), limit=1) == ["İstanbul'da ateşkes görüşmesi"]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("CEASEFIRE", ["Ceasefire holds in the north"]),
            ("istanbul", ["İstanbul'da ateşkes görüşmesi"]),
            ("ateskes", ["İstanbul'da ateşkes görüşmesi"]),
            ("اطلاق النار", ["وقف إطلاق النار في الحسكة"]),
            ("https://arabic.example/feed/1", ["وقف إطلاق النار في الحسكة"]),
            ("arabic.example", []),
            ("nothing of this kind", []),
        ],
    )
    def test_text_in_the_title_whatever_its_case_accents_and_letter_forms(
        self, library: Store, text: str, found: list[str]
    ) -> None:
        assert titles(library, EntryFilter(text=text)) == found

    @pytest.mark.parametrize("part", ["world", "EXAMPLE.org/feed", "World News"])
    def test_a_part_of_the_feeds_title_or_address(self, library: Store, part: str) -> None:
        assert titles(library, EntryFilter(feed=part)) == ["Ceasefire holds in the north"]

    def test_a_span_of_time_includes_its_beginning_and_not_its_end(self, library: Store) -> None:
        assert titles(library, EntryFilter(since=NOW + HOUR, until=NOW + 2 * HOUR)) == ["وقف إطلاق النار في الحسكة"]
        assert library.entries.count(NOW + HOUR) == 2

    def test_all_conditions_hold(self, library: Store) -> None:
        assert titles(library, EntryFilter(feed="turkish", text="ceasefire")) == []


class TestAlerts:
    @pytest.fixture
    def alerts(self, store: Store) -> dict[str, Alert]:
        """One alert delivered, one omitted, one folded, one that no route saw."""
        best, counted = alert("best", score=900), alert("counted", score=600, level=Level.MENTION)
        notification = frozen(store, best, counted)
        store.outbox.acquire("me", NOW, NOW + HOUR, 10)
        store.outbox.record("me", notification.key, 1, Delivered(shown=frozenset({best.id})), NOW, None)
        later = NOW + 2 * HOUR
        first, copy = alert("first", story="s", title="Relief notes"), alert("copy", story="s", title="Relief notes")
        save_alerts(store, first, now=later)
        save_alerts(store, copy, now=later + HOUR, decide=fold_copies)
        return {"best": best, "counted": counted, "first": first, "copy": copy}

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (AlertFilter(), ["copy", "first", "best", "counted"]),
            (AlertFilter(state=DeliveryState.DELIVERED), ["best"]),
            (AlertFilter(state=DeliveryState.OMITTED), ["counted"]),
            (AlertFilter(state=AlertState.FOLDED), ["copy"]),
            (AlertFilter(state=AlertState.UNROUTED), ["first"]),
            (AlertFilter(state=DeliveryState.DEAD), []),
            (AlertFilter(level=Level.MENTION), ["counted"]),
            (AlertFilter(story="s"), ["copy", "first"]),
            (AlertFilter(since=NOW + HOUR), ["copy", "first"]),
            (AlertFilter(until=NOW + 3 * HOUR), ["first", "best", "counted"]),
            (AlertFilter(feed="RELIEF"), ["copy", "first"]),
            (AlertFilter(feed="relief", state=AlertState.FOLDED), ["copy"]),
            (AlertFilter(topic="prisons"), []),
        ],
    )
    def test_every_condition(
        self, store: Store, alerts: dict[str, Alert], wanted: AlertFilter, found: list[str]
    ) -> None:
        assert sorted(ids(store.alerts.matching(wanted, 100))) == sorted(found)

    def test_the_limit_counts_what_meets_the_conditions(self, store: Store, alerts: dict[str, Alert]) -> None:
        assert ids(store.alerts.matching(AlertFilter(feed="relief"), 1)) == ["copy"]
        assert ids(store.alerts.matching(AlertFilter(state=DeliveryState.DELIVERED), 1)) == ["best"]

    def test_marks_are_a_condition_and_can_be_looked_up(self, store: Store, alerts: dict[str, Alert]) -> None:
        store.marks.mark(alerts["best"].id, True, NOW)
        store.marks.mark(alerts["first"].id, False, NOW)
        assert store.marks.of_alerts([one.id for one in alerts.values()]) == {
            alerts["best"].id: True,
            alerts["first"].id: False,
        }
        found = {
            state: sorted(ids(store.alerts.matching(AlertFilter(marked=state), 100)))
            for state in (MarkState.RELEVANT, MarkState.IRRELEVANT, MarkState.UNMARKED)
        }
        assert found == {"relevant": ["best"], "irrelevant": ["first"], "unmarked": ["copy", "counted"]}

    def test_the_alerts_of_entries(self, store: Store, alerts: dict[str, Alert]) -> None:
        keys = [alerts["best"].entry_key, alerts["copy"].entry_key, identified("silent").key]
        found = store.alerts.of_entries(keys)
        assert {key: ids(some) for key, some in found.items()} == {keys[0]: ["best"], keys[1]: ["copy"]}

    def test_a_delivery_says_since_when_it_waits(self, store: Store) -> None:
        one = alert("1")
        save_alerts(store, one)
        store.routing.save(route_to(DIGEST, alerts=[one]), NOW + HOUR)
        (life,) = store.alerts.deliveries(one.id)
        assert (life.waiting_since, life.held_until) == (NOW + HOUR, None)


class TestMissedEntries:
    def test_an_entry_is_missed_by_a_topic_until_that_is_taken_back(self, library: Store) -> None:
        (record,) = library.entries.matching(EntryFilter(text="ceasefire"), 1)
        assert library.marks.add_missed("ceasefires", record.key, NOW)
        assert library.marks.add_missed("ceasefires", record.key, NOW + HOUR)
        assert library.marks.add_missed("prisons", record.key, NOW + DAY)
        (missed,) = library.marks.missed("ceasefires")
        assert (missed.topic, missed.key, missed.entry) == ("ceasefires", record.key, record.entry)
        assert (missed.feed_url, missed.marked_at) == (record.feed_url, NOW + HOUR)
        assert [one.topic for one in library.marks.missed()] == ["ceasefires", "prisons"]
        assert library.marks.remove_missed("ceasefires", record.key, NOW)
        assert not library.marks.remove_missed("ceasefires", record.key, NOW)
        assert [one.topic for one in library.marks.missed()] == ["prisons"]

    def test_an_unknown_entry_cannot_be_missed(self, store: Store) -> None:
        assert not store.marks.add_missed("ceasefires", identified("nobody").key, NOW)
        assert store.marks.missed() == []

    def test_it_outlives_the_entry(self, library: Store) -> None:
        (record,) = library.entries.matching(EntryFilter(text="ceasefire"), 1)
        library.marks.add_missed("ceasefires", record.key, NOW)
        library.purge(NOW + 1_000 * DAY, kept(DAY, seen=DAY), 100)
        assert library.entries.find(record.key) is None
        assert library.marks.missed()[0].entry == record.entry
