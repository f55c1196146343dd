"""Alerts as stored: lists, one alert, and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    case,
    exists,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
)

from watcher.model.alert import Alert, AlertState, FoldedReport
from watcher.model.notification import DeliveryState
from watcher.model.route import ChannelRef
from watcher.store import documents
from watcher.store.columns import EPOCH, MICROSECOND
from watcher.store.database import AnyRow, StorePart, chunks
from watcher.store.entries import contains
from watcher.store.page_tables import marks
from watcher.store.prefix import begins_with
from watcher.store.records import AlertFilter, AlertVolume, DeliveryLife, MarkState
from watcher.store.tables import (
    ALERT_IS_FOLDED,
    ALERT_IS_UNROUTED,
    RARE_STATES,
    alerts,
    deliveries,
    delivery_groups,
    entries,
    feeds,
    notifications,
)
from watcher.text.fold import fold

_QUARTER = timedelta(minutes=15) // MICROSECOND
ROWS_AT_ONCE = 1_000
FEW = 200
"""Parameters of one statement: SQLite keeps it, and one with a thousand takes much."""


class Alerts(StorePart):
    """Stored alerts and what became of them; reading only."""

    def newest(self, *, limit: int = 50, topic: str | None = None, since: datetime | None = None) -> list[Alert]:
        """Alerts, newest first."""
        return self.matching(AlertFilter(topic=topic, since=since), limit)

    def matching(self, wanted: AlertFilter, limit: int) -> list[Alert]:
        """The alerts that meet all conditions, newest first."""
        query = select(alerts).where(*_conditions(wanted)).order_by(alerts.c.created_at.desc(), alerts.c.seq.desc())
        with self._database.read() as connection:
            if wanted.feed is not None:
                query = query.where(alerts.c.seq.in_(_of_feed(connection, wanted, limit)))
            return read_alerts(connection, query.limit(limit))

    def outlines(self, *, limit: int, since: datetime) -> Iterator[Alert]:
        """Alerts, newest first, without evidence, reports and the texts of their entries. One by one: a thousand take 3
        MB. To be read on without a pause.
        """
        query = select(alerts).where(*_conditions(AlertFilter(since=since)))
        query = query.order_by(alerts.c.created_at.desc(), alerts.c.seq.desc()).limit(limit)
        with self._database.read() as connection:
            yield from map(_outline, connection.execute(query))

    def of_entries(self, entry_keys: Collection[str]) -> dict[str, list[Alert]]:
        """The alerts of these entries by entry key, in order of creation; entries without an alert are left out."""
        found: dict[str, list[Alert]] = {}
        query = select(alerts).order_by(alerts.c.seq)
        with self._database.read() as connection:
            for some in chunks(entry_keys):
                for alert in read_alerts(connection, query.where(alerts.c.entry_key.in_(some))):
                    found.setdefault(alert.entry_key, []).append(alert)
        return found

    def volume(self, since: datetime, until: datetime, topic: str | None = None) -> list[AlertVolume]:
        """How many alerts were made in [since, until], of one topic or of all, that were not folded into another."""
        quarter = type_coerce(alerts.c.created_at, BigInteger) // _QUARTER
        counted = select(alerts.c.topic, alerts.c.level, quarter.label("quarter"), func.count().label("number"))
        counted = counted.where(alerts.c.created_at.between(since, until), ~ALERT_IS_FOLDED)
        if topic is not None:
            counted = counted.where(alerts.c.topic == topic)
        counted = counted.group_by(alerts.c.topic, alerts.c.level, quarter).order_by(quarter, alerts.c.topic)
        with self._database.read() as connection:
            return [
                AlertVolume(row.topic, EPOCH + row.quarter * _QUARTER * MICROSECOND, row.level, row.number)
                for row in connection.execute(counted)
            ]

    def last_joined(self, alert_ids: Collection[str]) -> dict[str, datetime]:
        """When an alert was last folded into each of these; those into which none was are left out."""
        latest = select(alerts.c.folded_into, func.max(alerts.c.created_at).label("at")).group_by(alerts.c.folded_into)
        with self._database.read() as connection:
            return {
                row.folded_into: row.at
                for some in chunks(alert_ids)
                for row in connection.execute(latest.where(ALERT_IS_FOLDED, alerts.c.folded_into.in_(some)))
            }

    def find(self, id_prefix: str) -> Alert | None:
        """The one alert whose id begins with `id_prefix`; None when none or several do."""
        with self._database.read() as connection:
            found = read_alerts(connection, select(alerts).where(begins_with(alerts.c.id, id_prefix)).limit(2))
        return found[0] if len(found) == 1 else None

    def copies_of(self, alert_id: str) -> list[Alert]:
        """The alerts folded into this one, in order of creation."""
        query = select(alerts).where(alerts.c.folded_into == alert_id).order_by(alerts.c.seq)
        with self._database.read() as connection:
            return read_alerts(connection, query)

    def delivery_states(self, alert_ids: Collection[str]) -> dict[str, dict[DeliveryState, int]]:
        """How many deliveries of each alert are in which state; alerts without a delivery are left out."""
        counts = select(alerts.c.id, deliveries.c.state, func.count().label("number"))
        counts = counts.join(deliveries, deliveries.c.alert_seq == alerts.c.seq).group_by(
            alerts.c.id, deliveries.c.state
        )
        fates: dict[str, dict[DeliveryState, int]] = {}
        with self._database.read() as connection:
            for some in chunks(alert_ids, FEW):
                for row in connection.execute(counts.where(alerts.c.id.in_(some))):
                    fates.setdefault(row.id, {})[row.state] = row.number
        return fates

    def deliveries(self, alert_id: str) -> list[DeliveryLife]:
        """Every delivery of the alert, in order of channel."""
        query = (
            select(deliveries, delivery_groups.c.route, notifications.c.key.label("notification_key"))
            .join(alerts, alerts.c.seq == deliveries.c.alert_seq)
            .join(delivery_groups, delivery_groups.c.id == deliveries.c.group_id)
            .outerjoin(notifications, notifications.c.id == deliveries.c.notification_id)
            .where(alerts.c.id == alert_id)
            .order_by(deliveries.c.channel)
        )
        with self._database.read() as connection:
            return [_life(row) for row in connection.execute(query)]


def _conditions(wanted: AlertFilter) -> list[ColumnElement[bool]]:
    """What the columns of an alert can answer: everything but the feed."""
    columns = ((alerts.c.topic, wanted.topic), (alerts.c.level, wanted.level), (alerts.c.story, wanted.story))
    asked = [column == value for column, value in columns if value is not None]
    if wanted.since is not None:
        asked.append(alerts.c.created_at >= wanted.since)
    if wanted.until is not None:
        asked.append(alerts.c.created_at < wanted.until)
    if wanted.is_folded:
        asked.append(ALERT_IS_FOLDED)
    if wanted.state is not None:
        asked.append(_is_in_state(wanted.state))
    if wanted.folded is not None:
        asked.append(ALERT_IS_FOLDED if wanted.folded else ~ALERT_IS_FOLDED)
    if wanted.before is not None:
        last = alerts.alias("last")
        place = select(last.c.created_at, last.c.seq).where(last.c.id == wanted.before)
        asked.append(tuple_(alerts.c.created_at, alerts.c.seq) < place.scalar_subquery())
    if wanted.marked is MarkState.UNMARKED:
        asked.append(~exists().where(marks.c.alert_id == alerts.c.id))
    elif wanted.marked is not None:
        is_relevant = marks.c.is_relevant.is_(wanted.marked is MarkState.RELEVANT)
        asked.append(alerts.c.id.in_(select(marks.c.alert_id).where(is_relevant)))
    return asked


def _is_in_state(state: AlertState | DeliveryState) -> ColumnElement[bool]:
    """The condition for an alert in this state, or with a delivery in it. Rare ones are found by their own index."""
    if state is AlertState.UNROUTED:
        return ALERT_IS_UNROUTED
    if isinstance(state, AlertState):
        return alerts.c.state == state
    if state in RARE_STATES:
        return alerts.c.seq.in_(select(deliveries.c.alert_seq).where(RARE_STATES[state]))
    return exists().where(deliveries.c.alert_seq == alerts.c.seq, deliveries.c.state == state)


def _of_feed(connection: Connection, wanted: AlertFilter, limit: int) -> list[int]:
    """The newest alerts that meet all conditions, the feed's included: no engine folds text as we do."""
    query = (
        select(alerts.c.seq, alerts.c.feed_title, feeds.c.url, feeds.c.title)
        .outerjoin(entries, entries.c.key == alerts.c.entry_key)
        .outerjoin(feeds, feeds.c.id == entries.c.feed_id)
        .where(*_conditions(wanted))
        .order_by(alerts.c.created_at.desc(), alerts.c.seq.desc())
    )
    part = fold(wanted.feed or "")
    known: dict[tuple[str | None, ...], bool] = {}
    found: list[int] = []
    for row in connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        names = tuple(row[1:])
        if (is_like := known.get(names)) is None:
            is_like = known[names] = any(contains(part, text) for text in names)
        found += [row.seq] if is_like else []
        if len(found) == limit:
            break
    return found


def read_alerts(connection: Connection, query: Select[Any]) -> list[Alert]:
    """The alerts that a query on whole rows finds, with the reports folded into them so far."""
    return read_with_copies(connection, query)[0]


def read_with_copies(connection: Connection, query: Select[Any]) -> tuple[list[Alert], set[int]]:
    """The same; and the rows of the alerts that are folded into them, as far as these show their reports."""
    rows = connection.execute(query).all()
    reports, copies = _reports(connection, {row.folded_into or row.id for row in rows})
    return [_alert(row, reports.get(row.folded_into or row.id, ())) for row in rows], copies


def _alert(row: AnyRow, reports: Sequence[FoldedReport]) -> Alert:
    alert = documents.alerts.read(row.document)
    own_title = alert.entry.title.casefold()
    by_title = {report.title.casefold(): report for report in reversed(reports) if report.title}
    return replace(
        alert,
        sources=tuple(name for name in dict.fromkeys(one.source for one in reports) if name != row.feed_title),
        reports=tuple(one for title, one in reversed(by_title.items()) if title != own_title),
        state=row.state,
        reason=row.reason,
        folded_into=row.folded_into,
        created_at=row.created_at,
    )


def _outline(row: AnyRow) -> Alert:
    alert = _alert(row, ())
    return replace(alert, evidence=(), entry=replace(alert.entry, summary="", content=""))


def _reports(connection: Connection, ids: Collection[str]) -> tuple[dict[str, list[FoldedReport]], set[int]]:
    """These alerts and those folded into them, by alert id, in order of creation; and the rows of the latter."""
    found: dict[str, list[FoldedReport]] = {}
    copies: set[int] = set()
    folded = case((alerts.c.folded_into.is_not(None), alerts.c.document))
    columns = (alerts.c.seq, alerts.c.id, alerts.c.folded_into, alerts.c.feed_title, folded.label("folded_document"))
    reports = select(*columns).order_by(alerts.c.seq)
    for some in chunks(ids):
        for row in connection.execute(reports.where(or_(alerts.c.id.in_(some), alerts.c.folded_into.in_(some)))):
            title, link = documents.headline(row.folded_document) if row.folded_document else ("", "")
            report = FoldedReport(row.feed_title, title, link)
            found.setdefault(row.folded_into or row.id, []).append(report)
            copies.update([row.seq] if row.folded_into else ())
    return found, copies


def _life(row: AnyRow) -> DeliveryLife:
    return DeliveryLife(
        ChannelRef.parse(row.channel),
        row.route,
        row.state,
        row.reason,
        row.since,
        row.notification_key,
        row.waiting_since,
        row.held_until,
    )
