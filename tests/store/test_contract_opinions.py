"""Values and budgets of opinions: what every engine must do."""

from __future__ import annotations

from datetime import datetime

from tests.harness.store_samples import DAY, HOUR, NOW, kept
from watcher.model.alert import stable_hash
from watcher.store.opinions import USES_KEPT, VALUES_KEPT
from watcher.store.store import Store

FIRST, SECOND = stable_hash("first"), stable_hash("second")


def purge(store: Store, now: datetime) -> int:
    return store.purge(now, kept(400 * DAY), 100)


def test_values_are_found_again_and_the_first_one_stays(store: Store) -> None:
    store.opinions.keep({FIRST: b"\x00one", SECOND: b"two"}, NOW)
    store.opinions.keep({FIRST: b"other"}, NOW)
    assert store.opinions.values([FIRST, SECOND, stable_hash("third")], NOW) == {FIRST: b"\x00one", SECOND: b"two"}
    assert store.opinions.values([], NOW) == {}


def test_values_that_are_used_stay_and_the_others_go(store: Store) -> None:
    store.opinions.keep({FIRST: b"1", SECOND: b"2"}, NOW)
    store.opinions.values([FIRST], NOW + VALUES_KEPT - HOUR)
    assert purge(store, NOW + VALUES_KEPT + HOUR) == 1
    assert store.opinions.values([FIRST, SECOND], NOW + VALUES_KEPT + HOUR) == {FIRST: b"1"}


def test_a_budget_ends_and_begins_again_a_day_later(store: Store) -> None:
    taken = [store.opinions.take("meaning/truces", stable_hash(str(number)), 2, NOW) for number in range(3)]
    assert taken == [True, True, False]
    assert store.opinions.take("meaning/prisons", stable_hash("2"), 2, NOW)
    assert store.opinions.used("meaning/truces", NOW + HOUR) == 2
    assert store.opinions.take("meaning/truces", stable_hash("2"), 2, NOW + DAY)
    assert store.opinions.used("meaning/truces", NOW + DAY) == 1


def test_the_same_entry_again_costs_nothing(store: Store) -> None:
    assert all(store.opinions.take("meaning/truces", FIRST, 1, NOW + hour * HOUR) for hour in range(3))
    assert not store.opinions.take("meaning/truces", SECOND, 1, NOW)


def test_uses_of_other_days_are_forgotten(store: Store) -> None:
    store.opinions.take("meaning/truces", FIRST, 1, NOW)
    assert purge(store, NOW + USES_KEPT + HOUR) == 1
