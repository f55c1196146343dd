"""What a store of `bench/page_store.py` also has: silences with what they kept back, messages that failed or wait, acts,
entries that were missed. Made at each run, which also takes back what an earlier one changed by pressing buttons.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from page_requests import CHANNEL
from page_store import TOPICS, insert
from sqlalchemy import Connection, case, delete, func, select, update

from watcher.errors import AttemptReason
from watcher.model.act import Deed, WayIn
from watcher.model.alert import stable_hash
from watcher.model.notification import AttemptResult, DeliveryState, NotificationState
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.store import documents
from watcher.store.columns import MICROSECOND
from watcher.store.page_tables import acts, missed_entries
from watcher.store.silences import reason_of
from watcher.store.store import Store
from watcher.store.tables import (
    DELIVERY_IS_SILENCED,
    alerts,
    attempts,
    deliveries,
    delivery_groups,
    entries,
    feeds,
    notifications,
    pauses,
    silences,
)

SILENCES, IN_FORCE = 100, 45
ACTS = 20_000
MISSED = 600
TRIES = 6
"""Attempts of a message that was given up."""
HOUR = timedelta(hours=1)
IS_DEAD = notifications.c.id % 200 == 7


def extend(store: Store, now: datetime) -> None:
    """Brings a store to what the requests expect at `now`."""
    with store._database.write("remember") as connection:
        ids = list(connection.scalars(select(alerts.c.id).order_by(alerts.c.seq.desc()).limit(ACTS // 10)))
        _keep_silences(connection, now)
        _give_up_messages(connection)
        _delay_messages(connection, now)
        _miss_entries(connection, now)
        _act(connection, ids, now)
        connection.exec_driver_sql(
            f"UPDATE feeds SET next_poll_at = last_polled_at + {HOUR // MICROSECOND}, not_before = NULL"
        )


def silence_ids() -> list[str]:
    """The silences, those in force first."""
    return [stable_hash("bench silence", str(number)) for number in range(SILENCES)]


def _keep_silences(connection: Connection, now: datetime) -> None:
    """Nearly half of them are in force; the first has kept back half of what was silenced."""
    ids, stories = silence_ids(), list(connection.scalars(select(alerts.c.story).distinct().limit(SILENCES)))
    connection.execute(delete(silences))
    for number, (name, story) in enumerate(zip(ids, stories, strict=False)):
        ends = now + (number + 1) * HOUR if number < IN_FORCE else now - (number - IN_FORCE) * 8 * HOUR
        matcher = Matcher("story", "=", story) if number % 3 else Matcher("topic", "=", TOPICS[number % len(TOPICS)])
        one = Silence(name, (matcher,), "ada", "known already", ends - 200 * HOUR, ends, ends - 200 * HOUR)
        insert(connection, silences, [{"id": name, "ends_at": ends, "document": documents.silences.write(one)}])
    share = (deliveries.c.alert_seq - 3) // 50 % (2 * IN_FORCE)
    by_share = {number: reason_of(ids[number]) for number in range(1, IN_FORCE)}
    quiet = update(deliveries).where(DELIVERY_IS_SILENCED, deliveries.c.channel == CHANNEL)
    connection.execute(quiet.values(reason=case(by_share, value=share, else_=reason_of(ids[0]))))


def _give_up_messages(connection: Connection) -> None:
    """Each was tried six times; one in ten went to the second channel."""
    dead = list(connection.execute(select(notifications.c.id, notifications.c.created_at).where(IS_DEAD)))
    ids = [row.id for row in dead]
    channel = case((notifications.c.id % 2_000 == 7, "night/webhook/0"), else_=CHANNEL)
    connection.execute(
        update(notifications).where(IS_DEAD).values(
            state=NotificationState.DEAD, channel=channel, finished_at=notifications.c.created_at, attempts=TRIES,
            next_attempt_at=None, retry_wanted_at=None, retried_at=None, lease_owner=None, lease_until=None,
        )
    )  # fmt: skip
    states = update(deliveries).where(deliveries.c.notification_id.in_(ids))
    connection.execute(states.values(state=DeliveryState.DEAD, reason=AttemptReason.GONE.value))
    connection.execute(delete(attempts).where(attempts.c.notification_id.in_(ids)))
    for row in dead:
        _log(connection, row.id, row.created_at, TRIES, AttemptReason.GONE)


def _log(connection: Connection, notification: int, at: datetime, count: int, last: AttemptReason) -> None:
    """So many failures, an hour apart; the last one for this reason."""
    insert(connection, attempts, [
        {"notification_id": notification, "number": number, "started_at": at + number * HOUR,
         "finished_at": at + number * HOUR,
         "outcome": (AttemptResult.GIVE_UP if number == TRIES else AttemptResult.TRY_AGAIN).value,
         "reason": (last if number == count else AttemptReason.TIMEOUT).value, "detail": "no answer in 20 s " * 3}
        for number in range(1, count + 1)
    ])  # fmt: skip


def _delay_messages(connection: Connection, now: datetime) -> None:
    """A message for each topic waits for a channel that is paused."""
    keys = {topic: stable_hash("bench group", topic) for topic in TOPICS}
    ours = select(delivery_groups.c.id).where(delivery_groups.c.key.in_(keys.values()))
    waiting = select(notifications.c.id).where(notifications.c.group_id.in_(ours))
    connection.execute(delete(attempts).where(attempts.c.notification_id.in_(waiting)))
    connection.execute(delete(notifications).where(notifications.c.group_id.in_(ours)))
    connection.execute(delete(delivery_groups).where(delivery_groups.c.key.in_(keys.values())))
    connection.execute(delete(pauses))
    insert(connection, pauses, [{"channel": CHANNEL, "until": now + HOUR}])
    insert(connection, delivery_groups, [
        {"key": key, "route": "/", "channel": CHANNEL, "labels": documents.labels.write({"topic": topic})}
        for topic, key in keys.items()
    ])  # fmt: skip
    groups = {row.key: row.id for row in connection.execute(select(delivery_groups.c.key, delivery_groups.c.id))}
    for topic, key in keys.items():
        newest = select(alerts.c.document).where(alerts.c.topic == topic).order_by(alerts.c.seq.desc()).limit(5)
        snapshot = documents.snapshots.write(tuple(map(documents.alerts.read, connection.scalars(newest))))
        message = {
            "key": stable_hash("bench message", topic), "group_id": groups[key], "channel": CHANNEL, "reason": "first",
            "snapshot": snapshot, "omitted": 0, "state": NotificationState.READY, "created_at": now - 4 * HOUR,
            "attempts": 3, "epoch": 3, "next_attempt_at": now + HOUR,
        }  # fmt: skip
        insert(connection, notifications, [message])
        number = connection.scalar(select(notifications.c.id).where(notifications.c.key == message["key"]))
        _log(connection, number or 0, now - 4 * HOUR, 3, AttemptReason.TIMEOUT)


def _miss_entries(connection: Connection, now: datetime) -> None:
    """The newest entries of some feeds, each for one topic."""
    connection.execute(delete(missed_entries))
    query = select(entries.c.id, entries.c.key, entries.c.document, feeds.c.url).join(feeds)
    rows = connection.execute(query.order_by(entries.c.id.desc()).limit(MISSED)).all()
    insert(connection, missed_entries, [
        {"topic": TOPICS[row.id % len(TOPICS)], "entry_key": row.key, "feed_url": row.url, "marked_at": now,
         "document": row.document}
        for row in rows
    ])  # fmt: skip


def _act(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Marks, most of all; ten of each of the newest alerts."""
    if (connection.scalar(select(func.count()).select_from(acts)) or 0) < ACTS:
        insert(connection, acts, [
            {"at": now - timedelta(minutes=ACTS - number), "author": f"analyst {number % 9}",
             "way": WayIn.PASSWORD.value, "deed": Deed.MARK_RELEVANT.value, "subject": ids[number % len(ids)],
             "detail": TOPICS[number % len(TOPICS)]}
            for number in range(ACTS)
        ])  # fmt: skip
