"""The stories of alerts: found by sketches in the store, open to copies until their window ends."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from tests.harness import stores
from tests.harness.store_samples import (
    ASSIGNER,
    DAY,
    DIGEST,
    HOUR,
    MINUTE,
    NOW,
    acquire_one,
    alert,
    identified,
    kept,
    poll,
    route_to,
)
from watcher.errors import NotifyReason
from watcher.model.alert import Alert, AlertState
from watcher.model.entry import EntryDecision
from watcher.model.feed import Feed
from watcher.model.trust import Trust
from watcher.store.records import PollSaved
from watcher.store.store import Store, open_store
from watcher.story.assign import decide_alert
from watcher.story.sketch import sketch_of

TEXT = (
    "The foreign minister said on Saturday that his country could not be left alone with the costs of holding "
    "thousands of detainees, and asked other states to take their citizens back before the end of the year. Most of the "
    "detainees have waited for a trial for years, and the prisons in which they are held were built for a tenth of them. "
    "Judges from three countries visited the region in spring and left without a word about what they had seen there."
)
OTHER = (
    "Rain fell over the whole of the coast for the third day in a row while villages in the hills were without "
    "power, and the office for civil protection asked people to stay away from rivers and from bridges."
)


def report(
    store: Store,
    name: str,
    text: str,
    now: datetime,
    publisher: str = "",
    *,
    feed: str = "",
    trust: Trust = Trust.NORMAL,
    is_aggregator: bool = False,
) -> tuple[PollSaved, Alert]:
    """A poll brings one entry with this text, which has an alert; how it was saved."""
    url = f"https://{feed or publisher or name}.example/feed".replace(" ", "-")
    one = identified(name, url=url, text=text)
    title = "Minister on the costs of detention" if text is not OTHER else "Rain for the third day"
    entry = replace(one.entry, title=title, content=text, publisher=publisher or name, published=now)
    one = replace(one, entry=entry)
    found = replace(alert(name, url=url, title=f"Feed {name}"), entry=entry, trust=trust)
    record = poll(
        acquire_one(store, url, now=now),
        now,
        decision=EntryDecision(new=(one,)),
        alerts=(found,),
        sketches={one.key: sketch_of(one, Feed(url, trust=trust, is_aggregator=is_aggregator))},
    )
    (saved,) = store.polls.save("me", [record], now, decide_alert, ASSIGNER)
    kept = store.alerts.find(found.id)
    assert kept is not None
    return saved, kept


def test_a_copy_folds_into_the_story_and_counts_its_publisher(store: Store) -> None:
    _, first = report(store, "one", TEXT, NOW)
    _, copy = report(store, "two", f"{TEXT} Read more on our site.", NOW + HOUR)
    _, again = report(store, "three", TEXT, NOW + 2 * HOUR, publisher="two")
    assert (first.state, first.labels["publishers"]) == (AlertState.UNROUTED, "1")
    assert (copy.state, copy.folded_into, copy.labels["publishers"]) == (AlertState.FOLDED, first.id, "2")
    assert (again.folded_into, again.labels["publishers"]) == (first.id, "2")
    assert first.story == copy.story == again.story == copy.labels["story"]
    assert [one.id for one in store.alerts.copies_of(first.id)] == [copy.id, again.id]
    assert store.alerts.copies_of(copy.id) == []


def test_a_message_counts_the_publishers_that_report_the_story_when_it_is_made(store: Store) -> None:
    _, first = report(store, "one", TEXT, NOW)
    store.routing.save(route_to(DIGEST, alerts=[first]), NOW)
    for hours, publisher in enumerate(["two", "three", "two"], start=1):
        report(store, f"{publisher} {hours}", TEXT, NOW + hours * HOUR, publisher=publisher)
    (waiting,) = store.groups.waiting_alerts(DIGEST, 10)
    frozen = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW + 4 * HOUR, 10)
    assert frozen is not None
    assert (waiting.publishers, frozen.alerts[0].publishers, frozen.alerts[0].labels["publishers"]) == (3, 3, "1")


@pytest.mark.parametrize(("is_aggregator", "publishers"), [(False, "1"), (True, "3")])
def test_a_feed_counts_as_one_publisher_unless_it_is_an_aggregator(
    store: Store, is_aggregator: bool, publishers: str
) -> None:
    for number, publisher in enumerate(["Reuters", "AFP", "BBC"]):
        _, last = report(
            store, str(number), TEXT, NOW + number * HOUR, publisher, feed="planet", is_aggregator=is_aggregator
        )
    assert last.labels["publishers"] == publishers


def test_publishers_are_counted_without_those_that_are_trusted_little(store: Store) -> None:
    report(store, "one", TEXT, NOW)
    _, rumour = report(store, "two", TEXT, NOW + HOUR, trust=Trust.LOW)
    assert (rumour.state, rumour.labels["publishers"]) == (AlertState.FOLDED, "1")


def test_nothing_is_folded_behind_a_feed_that_is_trusted_less(store: Store) -> None:
    report(store, "rumour", TEXT, NOW, trust=Trust.LOW)
    _, official = report(store, "official", TEXT, NOW + HOUR)
    _, copy = report(store, "copy", TEXT, NOW + 2 * HOUR)
    assert official.state is AlertState.UNROUTED
    assert copy.folded_into == official.id


def test_who_passes_on_the_same_publisher_is_not_another_source(store: Store) -> None:
    _, first = report(store, "one", TEXT, NOW, publisher="Reuters")
    report(store, "two", TEXT, NOW + HOUR, publisher="AFP")
    report(store, "three", TEXT, NOW + 2 * HOUR, publisher="AFP")
    report(store, "four", TEXT, NOW + 3 * HOUR, publisher="Reuters")
    shown = store.alerts.find(first.id)
    assert shown is not None
    assert shown.sources == ("AFP",)


def test_another_event_is_another_story(store: Store) -> None:
    _, first = report(store, "one", TEXT, NOW)
    _, other = report(store, "two", OTHER, NOW + HOUR)
    assert other.state is AlertState.UNROUTED
    assert other.story != first.story


@pytest.mark.parametrize(("hours", "state"), [(71, AlertState.FOLDED), (73, AlertState.UNROUTED)])
def test_a_story_takes_in_copies_for_three_days_after_its_first_entry(
    store: Store, hours: int, state: AlertState
) -> None:
    report(store, "one", TEXT, NOW)
    _, copy = report(store, "two", TEXT, NOW + 40 * HOUR)
    _, late = report(store, "three", TEXT, NOW + hours * HOUR)
    assert (copy.state, late.state) == (AlertState.FOLDED, state)


def test_what_a_publisher_of_a_copy_says_again_is_news(store: Store) -> None:
    report(store, "bait", TEXT, NOW)
    report(store, "first", TEXT, NOW + HOUR, publisher="official")
    _, again = report(store, "second", TEXT, NOW + 30 * HOUR, publisher="official")
    assert again.state is AlertState.UNROUTED


def test_an_entry_stays_in_its_story_when_its_text_changes(store: Store) -> None:
    _, first = report(store, "one", TEXT, NOW)
    url = "https://one.example/feed"
    one = identified("one", url=url, text=OTHER)
    one = replace(one, entry=replace(one.entry, content=OTHER))
    record = poll(
        acquire_one(store, url, now=NOW + HOUR),
        NOW + HOUR,
        decision=EntryDecision(updated=(one,)),
        alerts=(replace(alert("one", url=url), entry=one.entry),),
        sketches={one.key: sketch_of(one, Feed(url))},
    )
    (saved,) = store.polls.save("me", [record], NOW + HOUR, decide_alert, ASSIGNER)
    assert (saved.alerts_new, saved.alerts_folded) == ((), ())
    _, copy = report(store, "two", TEXT, NOW + 2 * HOUR)
    assert copy.folded_into == first.id


def test_stories_are_purged_with_the_entries(store: Store) -> None:
    _, first = report(store, "one", TEXT, NOW)
    later = NOW + 40 * DAY
    while store.purge(later, kept(30 * DAY, 90 * DAY), 1):
        pass
    _, again = report(store, "two", TEXT, later + MINUTE)
    assert again.state is AlertState.UNROUTED
    assert again.labels["publishers"] == "1"
    assert first.id != again.id


WORDS = (TEXT + " " + OTHER).split()


def versions(seed: int) -> list[str]:
    """Texts that are copies of each other, shortened, edited, or have nothing to do with each other."""
    random = Random(seed)
    found: list[str] = []
    for _ in range(24):
        text = random.choice([TEXT, OTHER, f"{TEXT} {OTHER}", " ".join(random.choices(WORDS, k=60))])
        words = text.split()
        for _ in range(random.choice([0, 0, 0, 1])):
            words[random.randrange(len(words))] = random.choice(["Aleppo", "not", "17", "grain", "harbour"])
        found.append(" ".join(words[: random.choice([20, 40, 200])]))
    return found


def placed(store: Store, texts: list[str], size: int, is_aggregator: bool) -> list[tuple[object, ...]]:
    """What becomes of entries with these texts, of which `size` are saved together, by two feeds in turn."""
    ids = {}
    store.feeds.sync([f"https://{number}.example/feed" for number in range(2)], NOW)
    for start in range(0, len(texts), size):
        url = f"https://{start // 12 % 2}.example/feed"
        feed = Feed(url, is_aggregator=is_aggregator)
        entries, alerts = [], []
        for number, text in enumerate(texts[start : start + size], start):
            one = identified(str(number), url=url, text=text)
            one = replace(one, entry=replace(one.entry, title="What is known so far", publisher=f"P{number % 5}"))
            entries.append(one)
            alerts.append(replace(alert(str(number), url=url), entry=one.entry))
            ids[alerts[-1].id] = str(number)
        (acquired,) = store.polls.acquire_named("me", [url], NOW, NOW + HOUR, force=True)
        record = poll(
            acquired,
            decision=EntryDecision(new=tuple(entries)),
            alerts=tuple(alerts),
            sketches={one.key: sketch_of(one, feed) for one in entries},
        )
        store.polls.save("me", [record], NOW, decide_alert, ASSIGNER)
    kept = {one.id: one for one in store.alerts.newest(limit=100)}
    stories = {story: number for number, story in enumerate(dict.fromkeys(kept[one].story for one in ids))}
    return [(stories[kept[one].story], kept[one].state, ids.get(kept[one].folded_into or "")) for one in ids]


@functools.cache
def placed_one_by_one(seed: int, is_aggregator: bool) -> list[tuple[object, ...]]:
    """What becomes of them, as a store of its own decides for each; for both engines once."""
    with tempfile.TemporaryDirectory() as folder:
        stores.put_sqlite_store(Path(folder))
        other = open_store(stores.SQLITE_URL, base=Path(folder))
        found = placed(other, versions(seed), 1, is_aggregator)
        other.close()
    return found


@pytest.mark.parametrize("is_aggregator", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_entries_that_are_saved_together_are_placed_as_one_after_the_other(
    store: Store, seed: int, *, is_aggregator: bool
) -> None:
    texts, one_by_one = versions(seed), placed_one_by_one(seed, is_aggregator)
    assert placed(store, texts, 12, is_aggregator) == one_by_one
    assert 2 < len({story for story, _, _ in one_by_one}) < len(texts) - 4
