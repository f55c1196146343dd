"""Routing: which channels an alert goes to, as deliveries that wait in groups.

A folded alert is *unexamined* until it is decided for each of its channels whether the story covers it there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, delete, exists, select, update

from watcher.model.alert import Alert, AlertState, rank_of
from watcher.model.notification import CoverDecider, DeliveryState, GroupKey, Routed, StoryDelivery, WaitingGroup
from watcher.model.trust import Trust
from watcher.store import documents
from watcher.store.alerts import read_alerts
from watcher.store.database import AnyRow, Database, StorePart, chunks, execute_many
from watcher.store.groups import waiting_group
from watcher.store.tables import (
    ALERT_IS_UNEXAMINED,
    ALERT_IS_UNROUTED,
    alerts,
    deliveries,
    delivery_groups,
)

UNFROZEN = (DeliveryState.WAITING, DeliveryState.HELD)


class Routing(StorePart):
    """Alerts that are to be routed, for the notify pipeline."""

    def unrouted(self, limit: int) -> list[Alert]:
        """Alerts that are not routed yet, oldest first."""
        with self._database.read() as connection:
            return read_alerts(connection, unrouted(limit))

    def save(self, routed: Sequence[Routed], now: datetime) -> None:
        """Stores deliveries as waiting. Where an alert already has a delivery on a channel, that one stays as it is."""
        with self._database.write("save_routing") as connection:
            self._database.serialise(connection, "routing")
            unrouted_rows = _unrouted_rows(connection, [decision.alert_id for decision in routed])
            fresh = [decision for decision in routed if decision.alert_id in unrouted_rows]
            keys = {one.group.id: one.group for decision in fresh for one in decision.deliveries}
            groups = group_ids(self._database, connection, keys)
            rows = [
                _waiting(unrouted_rows[decision.alert_id], one.group, groups[one.group.id], now)
                for decision in fresh
                for one in decision.deliveries
            ]
            execute_many(connection, self._database.insert_missing(deliveries, ("alert_seq", "channel")), rows)
            _mark_routed(connection, fresh, unrouted_rows, now)

    def unexamined_copies(self, limit: int) -> list[Alert]:
        """Alerts folded into a story for which routing was not decided yet, oldest first."""
        with self._database.read() as connection:
            return read_alerts(connection, unexamined(limit))

    def save_copies(self, routed: Sequence[Routed], now: datetime, is_covered: CoverDecider) -> int:
        """Stores that folded alerts were examined, and their deliveries on channels that the story does not cover.

        `is_covered` is given the deliveries of the same topic and story on a channel. An alert that gets a delivery is
        ROUTED from then on, still folded into another alert of its story. Returns how many got one. When an alert of
        the story is held, silenced or dead later, its copies are unexamined again.
        """
        count = 0
        with self._database.write("save_routing") as connection:
            self._database.serialise(connection, "routing")
            copies = _unexamined_rows(connection, [decision.alert_id for decision in routed])
            decided = [decision for decision in routed if decision.alert_id in copies]
            keys = {one.group.id: one.group for decision in decided for one in decision.deliveries}
            groups = group_ids(self._database, connection, keys)
            for decision in decided:
                alert = copies.pop(decision.alert_id, None)
                count += alert is not None and self._save_copy(connection, alert, decision, groups, now, is_covered)
            return count

    def _save_copy(
        self,
        connection: Connection,
        alert: AnyRow,
        decision: Routed,
        groups: Mapping[str, int],
        now: datetime,
        is_covered: CoverDecider,
    ) -> bool:
        uncovered = [
            one
            for one in decision.deliveries
            if not is_covered(
                _with_copy(connection, groups[one.group.id], one.group, alert, now),
                Trust(alert.trust),
                _of_story(connection, alert, str(one.group.channel)),
            )
        ]
        rows = [_waiting(alert, one.group, groups[one.group.id], now) for one in uncovered]
        execute_many(connection, self._database.insert_missing(deliveries, ("alert_seq", "channel")), rows)
        becomes: dict[str, Any] = {"routed_at": now}
        if uncovered:
            becomes |= {"state": AlertState.ROUTED, "reason": "a copy of a story that the channel does not have"}
        connection.execute(update(alerts).where(alerts.c.seq == alert.seq).values(**becomes))
        return bool(uncovered)

    def withdraw(self, now: datetime) -> int:
        """After a change of configuration: withdraws unfrozen deliveries; their alerts are unrouted again.

        Returns how many alerts. What waited keeps the time since when it waits.
        """
        unfrozen = deliveries.c.state.in_(UNFROZEN)
        with self._database.write("reroute_waiting") as connection:
            self._database.serialise(connection, "routing")
            withdrawn = update(alerts).where(alerts.c.seq.in_(select(deliveries.c.alert_seq).where(unfrozen)))
            returned = connection.execute(
                withdrawn.where(alerts.c.folded_into.is_(None)).values(state=AlertState.UNROUTED, reason="")
            )
            reexamine_copies(connection, unfrozen)
            copies = withdrawn.where(alerts.c.folded_into.is_not(None))
            connection.execute(copies.values(state=AlertState.FOLDED, reason="", routed_at=None))
            connection.execute(delete(deliveries).where(unfrozen))
            return returned.rowcount


def unrouted(limit: int) -> Select[Any]:
    """The query for alerts that no route has seen, oldest first."""
    return select(alerts).where(ALERT_IS_UNROUTED).order_by(alerts.c.seq).limit(limit)


def unexamined(limit: int) -> Select[Any]:
    """The query for folded alerts that no route has been asked about, oldest first.

    A poll may save an alert and its copy after the unrouted alerts were read: the copy waits until the alert is routed,
    else no channel has its story and both are sent.
    """
    first = alerts.alias("first")
    awaits_first = exists().where(first.c.id == alerts.c.folded_into, first.c.state == AlertState.UNROUTED)
    return select(alerts).where(ALERT_IS_UNEXAMINED, ~awaits_first).order_by(alerts.c.seq).limit(limit)


def reexamine_copies(connection: Connection, moved: ColumnElement[bool]) -> None:
    """Copies that stayed silent behind the alerts of some deliveries are to be examined again."""
    copies = alerts.alias("copies")
    of_same_story = and_(copies.c.topic == alerts.c.topic, copies.c.story == alerts.c.story, alerts.c.story != "")
    silent = and_(copies.c.state == AlertState.FOLDED, copies.c.routed_at.is_not(None))
    behind = (
        select(copies.c.seq)
        .select_from(deliveries.join(alerts, alerts.c.seq == deliveries.c.alert_seq).join(copies, of_same_story))
        .where(moved, silent)
    )
    for some in chunks(set(connection.scalars(behind))):
        connection.execute(update(alerts).where(alerts.c.seq.in_(some)).values(routed_at=None))


def _of_story(connection: Connection, copy: AnyRow, channel: str) -> list[StoryDelivery]:
    """The deliveries of the copy's topic and story on a channel, locked: none of them ends before this is decided."""
    given = {"topic": copy.topic, "story": copy.story, "seq": copy.seq, "channel": channel}
    return [
        StoryDelivery(
            row.state,
            Trust(row.trust),
            waiting_group(connection, row.group_id) if row.state is DeliveryState.WAITING else None,
            documents.alerts.read(row.document) if row.state is DeliveryState.WAITING else None,
        )
        for row in connection.execute(_deliveries_of_story(), given).all()
    ]


@cache
def _deliveries_of_story() -> Select[Any]:
    """Built once: that takes longer than running it."""
    others = and_(alerts.c.topic == bindparam("topic"), alerts.c.story == bindparam("story"))
    return (
        select(deliveries.c.state, deliveries.c.group_id, alerts.c.trust, alerts.c.document)
        .join(alerts, alerts.c.seq == deliveries.c.alert_seq)
        .where(others, alerts.c.seq != bindparam("seq"), deliveries.c.channel == bindparam("channel"))
        .order_by(deliveries.c.id)
        .with_for_update(of=deliveries)
    )


def _with_copy(connection: Connection, group_id: int, key: GroupKey, alert: AnyRow, now: datetime) -> WaitingGroup:
    """The group as it would be with the copy in it."""
    waiting_since = alert.routed_at or now
    group = waiting_group(connection, group_id)
    if group is not None:
        first = min(group.first_waiting_at, waiting_since)
        return replace(group, first_waiting_at=first, count=group.count + 1)
    flushed = connection.scalar(select(delivery_groups.c.last_flush_at).where(delivery_groups.c.id == group_id))
    return WaitingGroup(key, waiting_since, flushed, 1, _rank(alert), has_unfinished=False)


def _unrouted_rows(connection: Connection, ids: Collection[str]) -> dict[str, AnyRow]:
    query = select(alerts.c.id, alerts.c.seq, alerts.c.topic, alerts.c.level, alerts.c.score, alerts.c.routed_at)
    return {
        row.id: row
        for some in chunks(set(ids))
        for row in connection.execute(query.where(ALERT_IS_UNROUTED, alerts.c.id.in_(some)).with_for_update())
    }


def _unexamined_rows(connection: Connection, ids: Collection[str]) -> dict[str, AnyRow]:
    return {
        row.id: row
        for some in chunks(set(ids))
        for row in connection.execute(select(alerts).where(ALERT_IS_UNEXAMINED, alerts.c.id.in_(some)))
    }


def group_ids(database: Database, connection: Connection, keys: Mapping[str, GroupKey]) -> dict[str, int]:
    """Row ids of groups by the id of their key; groups that are new are made."""
    rows = [
        {"key": name, "route": key.route, "channel": str(key.channel), "labels": documents.labels.write(key.labels)}
        for name, key in sorted(keys.items())
    ]
    execute_many(connection, database.insert_missing(delivery_groups, ("key",)), rows)
    query = select(delivery_groups.c.key, delivery_groups.c.id)
    return {
        row.key: row.id
        for some in chunks(keys)
        for row in connection.execute(query.where(delivery_groups.c.key.in_(some)))
    }


def _waiting(alert: AnyRow, group: GroupKey, group_id: int, now: datetime) -> dict[str, Any]:
    return {
        "alert_seq": alert.seq,
        "channel": str(group.channel),
        "group_id": group_id,
        "score": _rank(alert),
        "waiting_since": alert.routed_at or now,
        "state": DeliveryState.WAITING,
        "reason": "routed",
        "since": now,
    }


def _rank(alert: AnyRow) -> int:
    return rank_of(alert.topic, alert.level, alert.score)


def _mark_routed(connection: Connection, routed: Sequence[Routed], rows: dict[str, AnyRow], now: datetime) -> None:
    statement = (
        update(alerts)
        .where(alerts.c.seq == bindparam("row_seq"))
        .values(state=AlertState.ROUTED, reason=bindparam("why"), routed_at=bindparam("first_routed_at"))
    )
    decided = [
        {
            "row_seq": rows[decision.alert_id].seq,
            "why": decision.reason,
            "first_routed_at": rows[decision.alert_id].routed_at or now,
        }
        for decision in routed
    ]
    execute_many(connection, statement, decided)
