"""Feed issues of which the operator was notified, saved together with the alerts that do it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, select

from watcher.model.alert import Alert
from watcher.model.feed import PollState
from watcher.model.feed_report import IssueKey, ReportDecider, ReportedIssue
from watcher.store.database import StorePart, chunks, execute_many
from watcher.store.facts import fact, keep_fact
from watcher.store.feeds import poll_state, select_states, states_with_issues
from watcher.store.new_alerts import insert_alerts
from watcher.store.tables import FEED_IS_ACTIVE, feed_reports, feeds

DAILY = "feed report"
"""The fact that holds the time of the last daily report."""


class FeedReports(StorePart):
    """What was reported about feeds."""

    def last_daily(self) -> datetime | None:
        """When the last daily report was made; None before the first."""
        with self._database.read() as connection:
            return _last_daily(connection)

    def report(
        self, now: datetime, last_daily: datetime | None, only: Collection[str] | None, decide: ReportDecider
    ) -> tuple[Alert, ...]:
        """Saves what `decide` decides: its alerts, and that they were made. Returns the alerts.

        `only`: the feeds to look at; None for all, which is the daily report. Changes nothing when the time of the last
        daily report is not `last_daily` any more: another process has made it.
        """
        with self._database.write("report_feeds") as connection:
            self._database.serialise(connection, "alerts")
            if _last_daily(connection) != last_daily:
                return ()
            reported = _reported(connection)
            decision = decide(_states(connection, now, only, reported), reported)
            insert_alerts(self._database, connection, decision.alerts, now)
            rows = [
                {
                    "feed_url": one.url,
                    "kind": one.kind,
                    "since": one.since,
                    "reported_at": one.reported_at,
                    "resolved_at": one.resolved_at,
                }
                for one in decision.reported
            ]
            replaced = ("since", "reported_at", "resolved_at")
            execute_many(connection, self._database.upsert(feed_reports, ("feed_url", "kind"), replaced), rows)
            _forget(connection, decision.forgotten)
            if only is None:
                keep_fact(self._database, connection, DAILY, now.isoformat())
            return decision.alerts

    def all(self) -> list[ReportedIssue]:
        """Everything that was reported and is not forgotten yet, by feed and kind."""
        with self._database.read() as connection:
            return _reported(connection)


def _last_daily(connection: Connection) -> datetime | None:
    written = fact(connection, DAILY)
    return None if written is None else datetime.fromisoformat(written)


def _states(
    connection: Connection, now: datetime, only: Collection[str] | None, reported: Sequence[ReportedIssue]
) -> list[PollState]:
    """The states of feeds with issues, and of those whose issues were reported and have not ended."""
    wanted = [None] if only is None else chunks(only)
    found = {state.url: state for some in wanted for state in states_with_issues(connection, now, some)}
    open_ones = {one.url for one in reported if one.resolved_at is None}
    missing = open_ones - found.keys() if only is None else (open_ones & set(only)) - found.keys()
    query = select_states().where(FEED_IS_ACTIVE)
    rows = (row for some in chunks(missing) for row in connection.execute(query.where(feeds.c.url.in_(some))))
    return [*found.values(), *map(poll_state, rows)]


def _reported(connection: Connection) -> list[ReportedIssue]:
    query = select(feed_reports).order_by(feed_reports.c.feed_url, feed_reports.c.kind)
    return [
        ReportedIssue(row.feed_url, row.kind, row.since, row.reported_at, row.resolved_at)
        for row in connection.execute(query)
    ]


def _forget(connection: Connection, keys: Collection[IssueKey]) -> None:
    for url, kind in keys:
        known = and_(feed_reports.c.feed_url == url, feed_reports.c.kind == kind)
        connection.execute(delete(feed_reports).where(known))
