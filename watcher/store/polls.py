"""What polls bring, saved together with the state of their feeds (I1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, literal, or_, select, update

from watcher.model.alert import Alert
from watcher.model.entry import Seen, SeenProbe
from watcher.model.feed import AcquiredFeed
from watcher.model.story import AlertDecider, AlertDecision, AssignsStories, Verdict
from watcher.store import documents
from watcher.store.columns import EPOCH
from watcher.store.database import AnyRow, Database, StorePart, chunks, execute_many
from watcher.store.entries import save_entries
from watcher.store.feeds import POLL_STATE, poll_state
from watcher.store.new_alerts import save_alerts
from watcher.store.nodes import declare_dead, is_free, may_write
from watcher.store.records import PollRecord, PollSaved
from watcher.store.seen import REFRESH_KEYS_AFTER, refresh_keys, remember_keys, seen_entries
from watcher.store.stories import place_alerts
from watcher.store.tables import FEED_IS_ACTIVE, feeds


@dataclass(frozen=True, slots=True)
class Lease:
    """The row of a feed whose poll is to be saved."""

    feed_id: int
    owner: str | None
    epoch: int
    keys_refreshed_at: datetime | None

    def refresh_is_due(self, now: datetime) -> bool:
        return self.keys_refreshed_at is None or self.keys_refreshed_at <= now - REFRESH_KEYS_AFTER


class Polls(StorePart):
    """Feeds under lease: what the poll pipeline needs."""

    def acquire_due(
        self,
        owner: str,
        now: datetime,
        until: datetime,
        limit: int,
        *,
        force: bool = False,
        known: Collection[str] | None = None,
    ) -> list[AcquiredFeed]:
        """Leases up to `limit` feeds with `next_poll_at <= now`, the most overdue first, then by URL.

        With `force` also feeds that are not due and were not polled since `now` (`last_polled_at < now` or never); but
        none whose `not_before` is in the future, none in failure backoff (`failures > 0`) that is not due, and none
        that is leased already. Of these `limit`, only those whose URL is in `known` are leased; the others are left to
        nodes with another configuration.
        """
        with self._database.write("acquire_due_feeds") as connection:
            if not may_write(connection, owner):
                return []
            declare_dead(self._database, connection, now, spared=owner)
            rows = connection.execute(due_feeds(now, limit, force=force)).all()
            if known is not None:
                rows = [row for row in rows if row.url in known]
            return _lease(connection, rows, owner, until)

    def acquire_named(
        self, owner: str, urls: Collection[str], now: datetime, until: datetime, *, force: bool = False
    ) -> list[AcquiredFeed]:
        """Leases these feeds, due or not, failing or not; but none that is leased already.

        Nor one whose `not_before` is in the future, unless with `force`.
        """
        with self._database.write("acquire_named_feeds") as connection:
            if not may_write(connection, owner):
                return []
            declare_dead(self._database, connection, now, spared=owner)
            rows = [row for some in chunks(urls) for row in connection.execute(named_feeds(some, now, force=force))]
            return _lease(connection, rows, owner, until)

    def has_due(self, now: datetime) -> bool:
        """Whether `acquire_due` would lease a feed now."""
        with self._database.read() as connection:
            due = select(feeds.c.id).where(FEED_IS_ACTIVE, feeds.c.next_poll_at <= now, is_free(feeds, now)).limit(1)
            return connection.scalar(due) is not None

    def seen(self, feed_url: str, probe: SeenProbe) -> list[Seen]:
        """What is remembered of this feed that shares a key, link hash or fingerprint with the probe, by key.

        Every key is found. Of a link or fingerprint that very many entries share, more than the document has are found,
        but not all.
        """
        with self._database.read() as connection:
            return seen_entries(connection, feed_url, probe)

    def save(
        self, owner: str, polls: Sequence[PollRecord], now: datetime, decide: AlertDecider, assigner: AssignsStories
    ) -> list[PollSaved]:
        """Commits polls whose lease is still ours: entries, seen keys, alerts and state in one transaction (I1).

        A large poll is saved in parts, each with some entries, their seen keys and their alerts. Only the last part
        writes the state, with the validators, and releases the lease: after a crash between parts, the document is read
        again, and what was saved is known. One call takes one part of a poll at most.

        Inside the transaction `assigner` finds the story of each entry that has alerts and a sketch. Then `decide` is
        called for each candidate alert. In order of creation, including what this call saved so far, it is given

        * every earlier alert of the same topic and entry, folded ones too;
        * for a copy, the alerts of the same topic and story that were not folded.

        An alert whose id exists is a REPEAT whatever `decide` says. A lease that has run out but was taken by nobody
        still counts. Of `quiet` entries only those of a baseline are kept whole; of the others only the seen keys.
        """
        with self._database.write("save_polls") as connection:
            if not may_write(connection, owner):
                return [PollSaved(poll.state.url, False) for poll in polls]
            leases = _leases(connection, [poll.state.url for poll in polls])
            ours = [poll for poll in polls if _is_ours(leases.get(poll.state.url), owner, poll.epoch)]
            _save_states(connection, [poll for poll in ours if poll.is_last])
            _save_entries(self._database, connection, ours, leases, now)
            if any(poll.alerts for poll in ours):
                self._database.serialise(connection, "alerts")
            saved = {one.url: one for one in _save_alerts(connection, ours, now, decide, assigner)}
        return [saved.get(poll.state.url, PollSaved(poll.state.url, False)) for poll in polls]


# Statements that every poll needs are built once: that takes longer than running them.
_LEASES = (
    select(feeds.c.url, feeds.c.id, feeds.c.lease_owner, feeds.c.epoch, feeds.c.keys_refreshed_at)
    .where(feeds.c.url.in_(bindparam("urls", expanding=True)))
    .order_by(feeds.c.url)
    .with_for_update()
)
_SAVE_STATE = (
    update(feeds)
    .where(feeds.c.url == bindparam("row_url"))
    .values(
        next_poll_at=bindparam("due"),
        not_before=bindparam("earliest"),
        last_polled_at=bindparam("polled"),
        failures=bindparam("failed"),
        issues_from=bindparam("issues"),
        document=bindparam("state"),
        lease_owner=None,
        lease_until=None,
    )
)
_DESCRIBE = (
    update(feeds)
    .where(feeds.c.id == bindparam("row_id"))
    .values(title=bindparam("its_title"), labels=bindparam("its_labels"))
)


def due_feeds(now: datetime, limit: int, *, force: bool = False) -> Any:
    """The query for feeds that may be leased at `now`, most overdue first, then by URL."""
    wanted: ColumnElement[bool] = feeds.c.next_poll_at <= now
    if force:
        unpolled = or_(feeds.c.last_polled_at.is_(None), feeds.c.last_polled_at < now)
        allowed = or_(feeds.c.not_before.is_(None), feeds.c.not_before <= now)
        wanted = and_(or_(wanted, and_(feeds.c.failures == 0, unpolled)), allowed)
    return (
        select(feeds.c.id, feeds.c.epoch, *POLL_STATE)
        .where(FEED_IS_ACTIVE, wanted, is_free(feeds, now))
        .order_by(feeds.c.next_poll_at, feeds.c.url)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def named_feeds(urls: Collection[str], now: datetime, *, force: bool) -> Any:
    """The query for those of some feeds that may be leased at `now`, by URL."""
    allowed = literal(True) if force else or_(feeds.c.not_before.is_(None), feeds.c.not_before <= now)
    return (
        select(feeds.c.id, feeds.c.epoch, *POLL_STATE)
        .where(FEED_IS_ACTIVE, feeds.c.url.in_(urls), allowed, is_free(feeds, now))
        .order_by(feeds.c.url)
        .with_for_update(skip_locked=True)
    )


def _lease(connection: Connection, rows: Sequence[AnyRow], owner: str, until: datetime) -> list[AcquiredFeed]:
    lease = (
        update(feeds)
        .where(feeds.c.id == bindparam("row_id"))
        .values(lease_owner=owner, lease_until=until, epoch=feeds.c.epoch + 1)
    )
    execute_many(connection, lease, [{"row_id": row.id} for row in rows])
    return [AcquiredFeed(poll_state(row), row.epoch + 1, until) for row in rows]


def _save_alerts(
    connection: Connection, polls: Sequence[PollRecord], now: datetime, decide: AlertDecider, assigner: AssignsStories
) -> list[PollSaved]:
    """Saves the alerts of all polls together, in order: statements cost more than alerts."""
    candidates = [alert for poll in polls for alert in poll.alerts]
    if not candidates:
        return [_saved(poll, ()) for poll in polls]
    sketches = {key: sketch for poll in polls for key, sketch in poll.sketches.items()}
    decisions = save_alerts(connection, place_alerts(connection, candidates, sketches, assigner, now), now, decide)
    decided = zip(candidates, decisions, strict=True)
    return [_saved(poll, list(islice(decided, len(poll.alerts)))) for poll in polls]


def _saved(poll: PollRecord, decided: Sequence[tuple[Alert, AlertDecision]]) -> PollSaved:
    new, folded = (
        tuple(alert.id for alert, decision in decided if decision.verdict is verdict)
        for verdict in (Verdict.NOTIFY, Verdict.FOLD)
    )
    return PollSaved(poll.state.url, True, new, folded)


def _leases(connection: Connection, urls: Sequence[str]) -> dict[str, Lease]:
    return {
        row.url: Lease(row.id, row.lease_owner, row.epoch, row.keys_refreshed_at)
        for some in chunks(set(urls))
        for row in connection.execute(_LEASES, {"urls": some})
    }


def _is_ours(lease: Lease | None, owner: str, epoch: int) -> bool:
    return lease is not None and lease.owner == owner and lease.epoch == epoch


def _save_states(connection: Connection, polls: Sequence[PollRecord]) -> None:
    """Writes the states and gives the leases back."""
    execute_many(connection, _SAVE_STATE, [_state_row(poll) for poll in polls])


def _state_row(poll: PollRecord) -> dict[str, Any]:
    state = poll.state
    return {
        "row_url": state.url,
        "due": state.next_poll_at,
        "earliest": state.not_before,
        "polled": state.last_polled_at,
        "failed": state.failures,
        "issues": poll.issues_from or EPOCH,
        "state": documents.write_poll_state(state),
    }


def _save_entries(
    database: Database, connection: Connection, polls: Sequence[PollRecord], leases: dict[str, Lease], now: datetime
) -> None:
    documented = [(leases[poll.state.url], poll) for poll in polls if _has_document(poll)]
    if not documented:
        return
    execute_many(
        connection,
        _DESCRIBE,
        [
            {
                "row_id": lease.feed_id,
                "its_title": poll.feed_title,
                "its_labels": documents.labels.write(poll.labels or {}),
            }
            for lease, poll in documented
        ],
    )
    found = [(lease.feed_id, poll) for lease, poll in documented]
    remember_keys(database, connection, found, now)
    whole = [(lease, poll) for lease, poll in documented if poll.is_last and not poll.decision.unchanged]
    refresh_keys(connection, [(lease.feed_id, poll) for lease, poll in whole if lease.refresh_is_due(now)], now)
    save_entries(database, connection, found, now)


def _has_document(poll: PollRecord) -> bool:
    decision = poll.decision
    return bool(decision.new or decision.updated or decision.quiet or decision.known or decision.unchanged)
