"""Silences, and the deliveries that they take out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import product

from sqlalchemy import ColumnElement, and_, select, update

from watcher.model.act import Actor, Deed
from watcher.model.notification import DeliveryState, GroupKey
from watcher.model.silence import Silence
from watcher.store import documents
from watcher.store.acts import note_act
from watcher.store.database import StorePart, chunks
from watcher.store.prefix import PREFIX_SHOWN, begins_with
from watcher.store.routing import reexamine_copies
from watcher.store.tables import (
    DELIVERY_IS_WAITING,
    alerts,
    deliveries,
    delivery_groups,
    silences,
)


class Silences(StorePart):
    """Silences, and the deliveries that they take out."""

    def add(self, silence: Silence, by: Actor | None = None) -> None:
        """Keeps a silence."""
        row = {"id": silence.id, "ends_at": silence.ends_at, "document": documents.silences.write(silence)}
        with self._database.write("add_silence") as connection:
            connection.execute(silences.insert(), [row])
            note_act(connection, by, Deed.SILENCE, silence.id, silence.created_at, _matchers(silence))

    def ending_after(self, ending_after: datetime) -> list[Silence]:
        """Silences that end after this moment, in order of their end; also those that have not begun."""
        query = select(silences.c.document).where(silences.c.ends_at > ending_after)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(silences.c.ends_at, silences.c.id))
            return [documents.silences.read(row.document) for row in rows]

    def expire(self, silence_id: str, now: datetime, by: Actor | None = None) -> bool:
        """Ends a silence now; False when no silence that has not ended yet has this id (or one beginning of it)."""
        query = select(silences).where(begins_with(silences.c.id, silence_id), silences.c.ends_at > now).limit(2)
        with self._database.write("expire_silence") as connection:
            found = connection.execute(query).all()
            if len(found) != 1:
                return False
            ended = replace(documents.silences.read(found[0].document), ends_at=now)
            connection.execute(
                update(silences)
                .where(silences.c.id == ended.id)
                .values(ends_at=now, document=documents.silences.write(ended))
            )
            note_act(connection, by, Deed.EXPIRE_SILENCE, ended.id, now, _matchers(ended))
            return True

    def apply(self, groups: Collection[GroupKey], silenced: Mapping[str, str], now: datetime) -> int:
        """Makes waiting deliveries of these alerts in these groups SILENCED, for good; returns how many.

        `silenced` maps alert ids to silence ids. Copies that were silent behind them are unexamined again.
        """
        by_silence: dict[str, list[str]] = {}
        for alert_id, silence_id in silenced.items():
            by_silence.setdefault(silence_id, []).append(alert_id)
        if not by_silence:
            return 0
        with self._database.write("silence_waiting") as connection:
            self._database.serialise(connection, "routing")
            count = 0
            in_groups = [_in_groups(keys) for keys in chunks([group.id for group in groups])]
            for silence_id, alert_ids in sorted(by_silence.items()):
                quiet = update(deliveries).values(state=DeliveryState.SILENCED, reason=reason_of(silence_id), since=now)
                for some, of_groups in product(chunks(alert_ids), in_groups):
                    of_alerts = deliveries.c.alert_seq.in_(select(alerts.c.seq).where(alerts.c.id.in_(some)))
                    count += connection.execute(quiet.where(DELIVERY_IS_WAITING, of_alerts, of_groups)).rowcount
            for of_groups in in_groups:
                moved = and_(deliveries.c.state == DeliveryState.SILENCED, deliveries.c.since == now, of_groups)
                reexamine_copies(connection, moved)
            return count


def reason_of(silence_id: str) -> str:
    """The reason of deliveries that a silence took out."""
    return f"silence {silence_id[:PREFIX_SHOWN]}"


def _matchers(silence: Silence) -> str:
    return " ".join(map(str, silence.matchers))


def _in_groups(keys: Collection[str]) -> ColumnElement[bool]:
    return deliveries.c.group_id.in_(select(delivery_groups.c.id).where(delivery_groups.c.key.in_(keys)))
