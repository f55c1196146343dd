"""What people said of alerts: what every engine must do."""

from __future__ import annotations

from dataclasses import replace

from tests.harness.store_samples import DAY, HOUR, NOW, alert, kept, save_alerts
from watcher.model.alert import Alert, entry_of_alert
from watcher.model.entry import Entry
from watcher.model.notification import Routed
from watcher.store.store import Store


def saved(store: Store, *alerts: Alert) -> tuple[Alert, ...]:
    save_alerts(store, *alerts)
    return alerts


def test_the_last_word_on_an_alert_counts(store: Store) -> None:
    first, second = saved(store, alert("a"), alert("b"))
    assert store.marks.mark(first.id, True, NOW)
    assert store.marks.mark(second.id, False, NOW + HOUR)
    assert store.marks.mark(first.id, False, NOW + 2 * HOUR)
    marked = [(one.alert.id, one.is_relevant, one.marked_at) for one in store.marks.alerts()]
    assert marked == [(second.id, False, NOW + HOUR), (first.id, False, NOW + 2 * HOUR)]


def test_a_mark_is_taken_back(store: Store) -> None:
    first, second = saved(store, alert("a"), alert("b"))
    for one in (first, second):
        store.marks.mark(one.id, True, NOW)
    assert store.marks.unmark(first.id, NOW + HOUR)
    assert not store.marks.unmark(first.id, NOW + HOUR)
    assert store.marks.of_alerts([first.id, second.id]) == {second.id: True}
    assert store.marks.mark(first.id, False, NOW + HOUR)


def test_only_the_marks_of_a_topic(store: Store) -> None:
    here, there = saved(store, alert("a"), alert("b", topic="prisons"))
    for one in (here, there):
        store.marks.mark(one.id, True, NOW)
    assert [one.alert.id for one in store.marks.alerts("prisons")] == [there.id]


def test_an_unknown_alert_cannot_be_marked(store: Store) -> None:
    assert not store.marks.mark(alert("nobody").id, True, NOW)
    assert store.marks.alerts() == []


def test_a_mark_keeps_the_whole_text_and_outlives_alert_and_entry(store: Store) -> None:
    (one,) = saved(store, alert("a"))
    (whole,) = store.entries.since(NOW)
    store.marks.mark(one.id, True, NOW)
    store.routing.save([Routed(one.id, (), "no route")], NOW)
    later = NOW + 1000 * DAY
    store.purge(later, kept(DAY, seen=DAY), 100)
    assert (store.entries.since(NOW), store.alerts.newest()) == ([], [])
    (mark,) = store.marks.alerts()
    assert mark.alert.entry == whole.entry


def test_without_the_entry_the_alerts_own_text_is_kept(store: Store) -> None:
    long = Entry("a", "https://example.org/a", "Title", content="word " * 2_000)
    shortened = replace(alert("a"), entry_key="0" * 31 + "1", entry=entry_of_alert(long))
    save_alerts(store, shortened)
    store.marks.mark(shortened.id, True, NOW)
    assert store.marks.alerts()[0].alert.entry == shortened.entry
