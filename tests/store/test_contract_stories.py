"""The stories of alerts: found by traces in the store, alive for as long as somebody tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.harness.store_samples import (
    DIGEST,
    HOUR,
    MINUTE,
    NOW,
    TELLER,
    acquire_one,
    alert,
    identified,
    poll,
    route_to,
)
from watcher.errors import NotifyReason
from watcher.model.alert import Alert, AlertState
from watcher.model.entry import EntryDecision
from watcher.model.story import Placement, StoryMember, Trace
from watcher.store.records import PollSaved
from watcher.store.store import Store
from watcher.story.assigner import trace_of
from watcher.story.cluster import judge

TEXT = (
    "The foreign minister said on Saturday that his country could not be left alone with the costs of holding "
    "thousands of detainees, and asked other states to take their citizens back before the end of the year."
)
OTHER = (
    "Rain fell over the whole of the coast for the third day in a row while villages in the hills were without "
    "power, and the office for civil protection asked people to stay away from rivers and from bridges."
)


def tell(store: Store, name: str, text: str, now: datetime, publisher: str = "") -> tuple[PollSaved, Alert]:
    """A poll brings one entry with this text, which has an alert; how it was saved."""
    one = identified(name, text=text)
    entry = replace(one.entry, content=text, publisher=publisher or name)
    one = replace(one, entry=entry)
    found = replace(alert(name, title=f"Feed {name}"), entry=entry)
    record = poll(
        acquire_one(store, now=now),
        now,
        decision=EntryDecision(new=(one,)),
        alerts=(found,),
        traces={one.key: trace_of(one, "")},
    )
    (saved,) = store.polls.save("me", [record], now, judge, TELLER)
    kept = store.alerts.find(found.id)
    assert kept is not None
    return saved, kept


def test_a_copy_folds_into_the_story_and_counts_its_publisher(store: Store) -> None:
    _, first = tell(store, "one", TEXT, NOW)
    _, copy = tell(store, "two", f"{TEXT} Read more on our site.", NOW + HOUR)
    _, again = tell(store, "three", TEXT, NOW + 2 * HOUR, publisher="two")
    assert (first.state, first.labels["publishers"]) == (AlertState.UNROUTED, "1")
    assert (copy.state, copy.folded_into, copy.labels["publishers"]) == (AlertState.FOLDED, first.id, "2")
    assert (again.folded_into, again.labels["publishers"]) == (first.id, "2")
    assert first.story == copy.story == again.story == copy.labels["story"]
    assert [one.id for one in store.alerts.copies_of(first.id)] == [copy.id, again.id]
    assert store.alerts.copies_of(copy.id) == []


def test_a_message_counts_the_publishers_that_tell_the_story_when_it_is_made(store: Store) -> None:
    _, first = tell(store, "one", TEXT, NOW)
    store.routing.save(route_to(DIGEST, alerts=[first]), NOW)
    for hours, publisher in enumerate(["two", "three", "two"], start=1):
        tell(store, f"{publisher} {hours}", TEXT, NOW + hours * HOUR, publisher=publisher)
    (waiting,) = store.groups.waiting_alerts(DIGEST, 10)
    told = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW + 4 * HOUR, 10)
    assert told is not None
    assert (waiting.publishers, told.alerts[0].publishers, told.alerts[0].labels["publishers"]) == (3, 3, "1")


def test_who_passes_on_the_same_publisher_is_not_another_source(store: Store) -> None:
    _, first = tell(store, "one", TEXT, NOW, publisher="Reuters")
    tell(store, "two", TEXT, NOW + HOUR, publisher="AFP")
    tell(store, "three", TEXT, NOW + 2 * HOUR, publisher="AFP")
    tell(store, "four", TEXT, NOW + 3 * HOUR, publisher="Reuters")
    told = store.alerts.find(first.id)
    assert told is not None
    assert told.sources == ("AFP",)


def test_another_event_is_another_story(store: Store) -> None:
    _, first = tell(store, "one", TEXT, NOW)
    _, other = tell(store, "two", OTHER, NOW + HOUR)
    assert other.state is AlertState.UNROUTED
    assert other.story != first.story


@pytest.mark.parametrize(("hours", "state"), [(71, AlertState.FOLDED), (73, AlertState.UNROUTED)])
def test_a_story_lives_three_days_after_it_was_last_told(store: Store, hours: int, state: AlertState) -> None:
    tell(store, "one", TEXT, NOW)
    _, copy = tell(store, "two", TEXT, NOW + 71 * HOUR)
    _, late = tell(store, "three", TEXT, NOW + (71 + hours) * HOUR)
    assert (copy.state, late.state) == (AlertState.FOLDED, state)


def test_an_entry_stays_in_its_story_when_its_text_changes(store: Store) -> None:
    _, first = tell(store, "one", TEXT, NOW)
    one = identified("one", text=OTHER)
    one = replace(one, entry=replace(one.entry, content=OTHER))
    record = poll(
        acquire_one(store, now=NOW + HOUR),
        NOW + HOUR,
        decision=EntryDecision(updated=(one,)),
        alerts=(replace(alert("one"), entry=one.entry),),
        traces={one.key: trace_of(one, "")},
    )
    (saved,) = store.polls.save("me", [record], NOW + HOUR, judge, TELLER)
    assert (saved.alerts_new, saved.alerts_folded) == ((), ())
    _, copy = tell(store, "two", TEXT, NOW + 2 * HOUR)
    assert copy.folded_into == first.id


def test_sketches_that_an_earlier_version_left_are_compared_with_nothing(store: Store) -> None:
    first = identified("one", text=TEXT)
    first = replace(first, entry=replace(first.entry, content=TEXT))
    ours = trace_of(first, "")
    left = replace(ours, sketch=bytes([1]) + ours.sketch[1:])
    record = poll(
        acquire_one(store),
        NOW,
        decision=EntryDecision(new=(first,)),
        alerts=(replace(alert("one"), entry=first.entry),),
        traces={first.key: left},
    )
    store.polls.save("me", [record], NOW, judge, TellerBefore())
    _, copy = tell(store, "two", TEXT, NOW + HOUR)
    assert copy.state is AlertState.UNROUTED


class TellerBefore:
    """Puts every entry into a story of its own."""

    window = timedelta(days=3)

    def candidates(self, trace: Trace, postings: Mapping[int, Sequence[int]]) -> list[int]:
        return []

    def place(self, trace: Trace, members: Sequence[StoryMember]) -> Placement:
        return Placement(trace.entry_key, continues=False)


def test_stories_nobody_tells_any_more_are_purged(store: Store) -> None:
    _, first = tell(store, "one", TEXT, NOW)
    day = timedelta(days=1)
    later = NOW + 40 * day
    while store.purge(later, seen_for=400 * day, entries_for=30 * day, finished_for=90 * day, chunk=1):
        pass
    _, again = tell(store, "two", TEXT, later + MINUTE)
    assert again.state is AlertState.UNROUTED
    assert again.labels["publishers"] == "1"
    assert first.id != again.id
