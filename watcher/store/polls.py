"""What polls bring, saved together with the state of their feeds (I1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, delete, select

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert
from watcher.model.entry import Seen, SeenProbe
from watcher.model.feed import AcquiredFeed
from watcher.model.story import AlertDecider, AlertDecision, AssignsStories, Verdict
from watcher.store import documents
from watcher.store.columns import EPOCH
from watcher.store.database import Database, StorePart, chunks
from watcher.store.due import Acquisition, DueFeeds, named_feeds
from watcher.store.entries import save_entries
from watcher.store.feeds import poll_state, select_states
from watcher.store.hosts import Place, TakenHost, add_hosts, held_elsewhere, pause_hosts, settle, take_named
from watcher.store.new_alerts import save_alerts
from watcher.store.node_tables import feed_leases
from watcher.store.nodes import is_free, is_unleased, may_acquire, may_write
from watcher.store.poll_counts import PollTally
from watcher.store.records import PollRecord, PollSaved
from watcher.store.seen import REFRESH_KEYS_AFTER, refresh_keys, remember_keys, seen_entries
from watcher.store.stories import place_alerts
from watcher.store.tables import FEED_IS_ACTIVE, feed_states, feeds, hosts


@dataclass(frozen=True, slots=True)
class Lease:
    """The row of a feed whose poll is to be saved."""

    feed_id: int
    owner: str | None
    epoch: int
    keys_refreshed_at: datetime | None
    title: str
    labels: str | None
    host_id: int
    host: str

    def refresh_is_due(self, now: datetime) -> bool:
        return self.keys_refreshed_at is None or self.keys_refreshed_at <= now - REFRESH_KEYS_AFTER


class Polls(StorePart):
    """Feeds under lease: what the poll pipeline needs."""

    def __init__(self, database: Database, tally: PollTally) -> None:
        super().__init__(database)
        self._search_after: Place | None = None
        self._tally = tally

    def acquire_due(
        self,
        owner: str,
        now: datetime,
        until: datetime,
        limit: int,
        *,
        force: bool = False,
        known: Collection[str] | None = None,
        per_host: int | None = None,
    ) -> list[AcquiredFeed]:
        """Leases up to `limit` feeds with `next_poll_at <= now`, the most overdue first, then by URL.

        Their hosts are leased with them: of a host that another node has, no feed. At most `per_host` feeds of a host
        are under lease at once; of hosts with many due feeds, a few at a time.

        With `force` also feeds that are not due and were not polled since `now` (`last_polled_at < now` or never); but
        none whose `not_before` is in the future, none in failure backoff (`failures > 0`) that is not due, and none
        that is leased already. Of these `limit`, only those whose URL is in `known` are leased; the others are left to
        nodes with another configuration.
        """
        asked = Acquisition(owner, now, limit, force, known, per_host)
        with self._database.write("acquire_due_feeds") as connection:
            if not may_acquire(self._database, connection, owner, now):
                return []
            search = DueFeeds(self._database, connection, asked)
            self._search_after = search.find(self._search_after)
            return self._lease(connection, search.taken, list(search.chosen), owner, now, until, search.stale)

    def acquire_named(
        self, owner: str, urls: Collection[str], now: datetime, until: datetime, *, force: bool = False
    ) -> list[AcquiredFeed]:
        """Leases these feeds, due or not, failing or not; but none that is leased already, or whose host another node
        has.

        Nor one whose `not_before` is in the future, unless with `force`; pauses of hosts are then not named, either.
        """
        with self._database.write("acquire_named_feeds") as connection:
            if not may_acquire(self._database, connection, owner, now):
                return []
            taken = take_named(self._database, connection, owner, urls, now)
            ids = [
                row.id
                for some in chunks(urls)
                for row in connection.execute(named_feeds(self._database, some, taken, now, force=force))
            ]
            leased = self._lease(connection, taken, ids, owner, now, until, taken)
            return [replace(feed, host_paused_until=None) for feed in leased] if force else leased

    def held_elsewhere(self, owner: str, urls: Collection[str], now: datetime) -> int:
        """How many of these feeds have a host that another node has under lease."""
        with self._database.read() as connection:
            return held_elsewhere(self._database, connection, owner, urls, now)

    def _lease(
        self,
        connection: Connection,
        taken: Mapping[int, TakenHost],
        ids: Sequence[int],
        owner: str,
        now: datetime,
        until: datetime,
        stale: Collection[int],
    ) -> list[AcquiredFeed]:
        """Leases feeds of hosts that were taken, and brings the rows of these hosts and of stale ones in line."""
        lapsed = feed_leases.c.epoch.label("lapsed")
        query = select_states(feeds.c.id, feeds.c.host_id, feeds.c.epoch, lapsed)
        query = query.outerjoin(feed_leases, feed_leases.c.feed_id == feeds.c.id)
        rows = {
            row.id: row
            for some in chunks(ids)
            for row in connection.execute(query.where(self._database.is_in(feeds.c.id, some)))
        }
        epochs = {row.id: max(row.epoch, row.lapsed or 0) + 1 for row in rows.values()}
        whose = {"lease_owner": owner, "lease_until": until}
        leases = [
            {"feed_id": row.id, "host_id": row.host_id, "epoch": epochs[row.id], **whose} for row in rows.values()
        ]
        replaced = ("host_id", "epoch", *whose)
        self._database.insert_rows(connection, feed_leases, leases, ("feed_id",), replaced)
        touched = {row.host_id for row in rows.values()}.union(stale)
        settle(self._database, connection, touched, now, owner=owner, until=until)
        of_hosts = [(rows[number], taken[rows[number].host_id]) for number in ids]
        return [
            AcquiredFeed(poll_state(row), epochs[row.id], until, host.asked_at, host.paused_until)
            for row, host in of_hosts
        ]

    def has_due(self, now: datetime) -> bool:
        """Whether `acquire_due` would lease a feed now."""
        is_due = and_(hosts.c.due_at <= now, feeds.c.next_poll_at <= now, FEED_IS_ACTIVE, is_unleased(now))
        due = select(feeds.c.id).join(hosts, hosts.c.id == feeds.c.host_id).where(is_due, is_free(hosts, now)).limit(1)
        with self._database.read() as connection:
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
            leases = self._leases(connection, [poll.state.url for poll in polls])
            ours = [poll for poll in polls if _is_ours(leases.get(poll.state.url), owner, poll.epoch)]
            whole = [poll for poll in ours if poll.is_last]
            self._save_states(connection, [(leases[poll.state.url], poll) for poll in whole], now)
            _save_entries(self._database, connection, ours, leases, now)
            if any(poll.alerts for poll in ours):
                self._database.serialise(connection, "alerts")
            saved = {one.url: one for one in _save_alerts(self._database, connection, ours, now, decide, assigner)}
        if whole:
            self._tally.add(owner, whole, now)
        return [saved.get(poll.state.url, PollSaved(poll.state.url, False)) for poll in polls]

    def _leases(self, connection: Connection, urls: Sequence[str]) -> dict[str, Lease]:
        """The rows of those of these feeds that are under lease; their leases and hosts are locked."""
        query = _leases_query(type(self._database))
        return {
            row.url: Lease(*row[1:]) for some in chunks(set(urls)) for row in connection.execute(query, {"urls": some})
        }

    def _save_states(self, connection: Connection, polls: Sequence[tuple[Lease, PollRecord]], now: datetime) -> None:
        """Writes the states and gives the leases back, those of hosts that no other feed needs, too."""
        self._database.update_rows(connection, feeds, ("id",), [_feed_row(lease, poll, now) for lease, poll in polls])
        states = [
            {"feed_id": lease.feed_id, "document": documents.write_poll_state(poll.state)} for lease, poll in polls
        ]
        self._database.insert_rows(connection, feed_states, states, ("feed_id",), ("document",))
        returned = self._database.is_given(feed_leases.c.feed_id, "ids")
        if polls:
            connection.execute(delete(feed_leases).where(returned), {"ids": [lease.feed_id for lease, _ in polls]})
        pauses: dict[str, datetime] = {}
        for _, poll in polls:
            for name, until in poll.pauses.items():
                pauses[name] = max(until, pauses.get(name, until))
        pause_hosts(connection, pauses)
        moved = self._move_to_hosts(connection, [one for one in polls if one[1].host not in {"", one[0].host}])
        touched = {lease.host_id for lease, _ in polls}
        settle(self._database, connection, touched | moved, now)

    def _move_to_hosts(self, connection: Connection, polls: Sequence[tuple[Lease, PollRecord]]) -> set[int]:
        """Feeds that moved for good are polled under the lease of their new host from now on."""
        if not polls:
            return set()
        ids = add_hosts(self._database, connection, {poll.host for _, poll in polls})
        rows = [{"id": lease.feed_id, "host_id": ids[poll.host]} for lease, poll in polls]
        self._database.update_rows(connection, feeds, ("id",), rows)
        return set(ids.values())


@cache
def _leases_query(engine: type[Database]) -> Any:
    """Built once: that takes longer than running it for a few feeds."""
    lease = (feed_leases.c.lease_owner, feed_leases.c.epoch)
    feed = (feeds.c.keys_refreshed_at, feeds.c.title, feeds.c.labels, feeds.c.host_id)
    return (
        select(feeds.c.url, feeds.c.id, *lease, *feed, hosts.c.name.label("host"))
        .join(hosts, hosts.c.id == feeds.c.host_id)
        .join(feed_leases, feed_leases.c.feed_id == feeds.c.id)
        .where(engine.is_given(feeds.c.url, "urls"))
        .order_by(hosts.c.id, feeds.c.id)
        .with_for_update(of=(hosts, feed_leases))
    )


def _save_alerts(
    database: Database,
    connection: Connection,
    polls: Sequence[PollRecord],
    now: datetime,
    decide: AlertDecider,
    assigner: AssignsStories,
) -> list[PollSaved]:
    """Saves the alerts of all polls together, in order: statements cost more than alerts."""
    candidates = [alert for poll in polls for alert in poll.alerts]
    if not candidates:
        return [_saved(poll, ()) for poll in polls]
    sketches = {key: sketch for poll in polls for key, sketch in poll.sketches.items()}
    placed = place_alerts(database, connection, candidates, sketches, assigner, now)
    decisions = save_alerts(database, connection, placed, now, decide)
    decided = zip(candidates, decisions, strict=True)
    return [_saved(poll, list(islice(decided, len(poll.alerts)))) for poll in polls]


def _saved(poll: PollRecord, decided: Sequence[tuple[Alert, AlertDecision]]) -> PollSaved:
    new, folded = (
        tuple(alert.id for alert, decision in decided if decision.verdict is verdict)
        for verdict in (Verdict.NOTIFY, Verdict.FOLD)
    )
    return PollSaved(poll.state.url, True, new, folded)


def _is_ours(lease: Lease | None, owner: str, epoch: int) -> bool:
    return lease is not None and lease.owner == owner and lease.epoch == epoch


def _feed_row(lease: Lease, poll: PollRecord, now: datetime) -> dict[str, Any]:
    """The row of a feed after a poll. Title and labels change with a document only."""
    state, is_described = poll.state, _has_document(poll)
    return {
        "id": lease.feed_id,
        "next_poll_at": state.next_poll_at,
        "not_before": state.not_before,
        "last_polled_at": state.last_polled_at,
        "failures": state.failures,
        "epoch": poll.epoch,
        "issues_from": poll.issues_from or EPOCH,
        "keys_refreshed_at": now if _refreshes_keys(lease, poll, now) else lease.keys_refreshed_at,
        "title": poll.feed_title if is_described else lease.title,
        "labels": documents.labels.write(poll.labels or {}) if is_described else lease.labels,
    }


def _save_entries(
    database: Database, connection: Connection, polls: Sequence[PollRecord], leases: dict[str, Lease], now: datetime
) -> None:
    documented = [(leases[poll.state.url], poll) for poll in polls if _has_document(poll)]
    if not documented:
        return
    found = [(lease.feed_id, poll) for lease, poll in documented]
    remember_keys(database, connection, found, now)
    refreshed = [(lease.feed_id, poll) for lease, poll in documented if _refreshes_keys(lease, poll, now)]
    refresh_keys(database, connection, refreshed, now)
    save_entries(database, connection, found, now)


def _refreshes_keys(lease: Lease, poll: PollRecord, now: datetime) -> bool:
    is_whole = _has_document(poll) and poll.is_last and not poll.decision.unchanged
    return is_whole and lease.refresh_is_due(now)


def _has_document(poll: PollRecord) -> bool:
    decision = poll.decision
    return bool(decision.new or decision.updated or decision.quiet or decision.known or decision.unchanged)
