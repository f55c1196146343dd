"""What users do is written down in the transaction that does it, and forgotten after its time."""

from __future__ import annotations

from datetime import timedelta

from tests.harness.store_samples import DAY, FEED, MINUTE, NOW, alert, frozen, kept, save_alerts
from watcher.errors import AttemptReason
from watcher.model.act import Actor, Deed, WayIn
from watcher.model.notification import GiveUp
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.store.store import Store

ADA = Actor("ada", WayIn.PASSWORD)
SILENCE = Silence("5" * 32, (Matcher("topic", "=", "ceasefires"),), "ada", "why", NOW, NOW + DAY, NOW)


def deeds(store: Store) -> list[tuple[Deed, str, str]]:
    assert all(act.by == ADA for act in store.acts.newest(100))
    return [(act.deed, act.subject, act.detail) for act in reversed(store.acts.newest(100))]


def test_every_deed_is_written_down_once(store: Store) -> None:
    one = alert("one")
    message = frozen(store, one)
    (leased,) = store.outbox.acquire("me", NOW, NOW + MINUTE, 10)
    store.outbox.begin_attempt("me", message.key, leased.epoch, NOW)
    store.outbox.record("me", message.key, leased.epoch, GiveUp(AttemptReason.GONE, "550"), NOW, None)
    topic, entry = "other", one.entry_key
    for _ in range(2):  # the second time, drop and expire change nothing
        store.marks.mark(one.id, True, NOW, ADA)
        store.marks.mark(one.id, False, NOW, ADA)
    for _ in range(2):
        store.marks.unmark(one.id, NOW, ADA)
    store.marks.add_missed(topic, entry, NOW, ADA)
    store.silences.add(SILENCE, ADA)
    for _ in range(2):
        store.marks.remove_missed(topic, entry, NOW, ADA)
        store.silences.expire(SILENCE.id, NOW + MINUTE, ADA)
        store.outbox.drop(message.key, NOW + MINUTE, ADA)
    store.outbox.retry(message.key, NOW + MINUTE, ADA)
    store.feeds.ask_for_poll(FEED, NOW, ADA)
    store.feeds.ask_for_poll("https://nowhere.example/", NOW, ADA)
    marks = [(Deed.MARK_RELEVANT, one.id, one.topic), (Deed.MARK_IRRELEVANT, one.id, one.topic)]
    assert deeds(store) == [
        *marks,
        *marks,
        (Deed.UNMARK, one.id, one.topic),
        (Deed.MARK_MISSED, entry, topic),
        (Deed.SILENCE, SILENCE.id, 'topic="ceasefires"'),
        (Deed.UNMARK_MISSED, entry, topic),
        (Deed.EXPIRE_SILENCE, SILENCE.id, 'topic="ceasefires"'),
        (Deed.DROP_MESSAGE, message.key, ""),
        (Deed.RETRY_MESSAGE, message.key, ""),
        (Deed.POLL_FEED, FEED, ""),
    ]


def test_acts_are_listed_by_parts_and_forgotten_after_their_time(store: Store) -> None:
    for hour in range(5):
        store.silences.add(Silence(f"{hour:032x}", (), "ada", "", NOW, NOW, NOW + timedelta(hours=hour)), ADA)
    first = store.acts.newest(3)
    rest = store.acts.newest(3, before=first[-1].number)
    assert [act.at.hour for act in (*first, *rest)] == [(NOW + timedelta(hours=hour)).hour for hour in (4, 3, 2, 1, 0)]
    store.purge(NOW + DAY + timedelta(hours=2), kept(DAY), 10)
    assert [act.at for act in store.acts.newest(9)] == [NOW + timedelta(hours=hour) for hour in (4, 3, 2)]


def test_who_is_not_known_leaves_no_act(store: Store) -> None:
    store.silences.add(SILENCE)
    assert store.acts.newest(9) == []


def test_what_was_done_with_one_thing(store: Store) -> None:
    one, two = alert("one"), alert("two")
    save_alerts(store, one, two)
    ada = Actor("ada", WayIn.LOCAL)
    for is_relevant in (True, False):
        store.marks.mark(one.id, is_relevant, NOW, ada)
    store.marks.mark(two.id, True, NOW, ada)
    assert [act.deed for act in store.acts.about(one.id, 5)] == [Deed.MARK_IRRELEVANT, Deed.MARK_RELEVANT]
    assert [act.deed for act in store.acts.about(one.id, 1)] == [Deed.MARK_IRRELEVANT]
    assert store.acts.about("none", 5) == []
