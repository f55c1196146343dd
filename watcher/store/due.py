"""Which due feeds a node leases: those of the hosts that are due longest, a few of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select

from watcher.lazy_dataclass import dataclass
from watcher.store.database import AnyRow, Database
from watcher.store.hosts import Place, TakenHost, take_any, take_due
from watcher.store.node_tables import feed_leases
from watcher.store.nodes import is_free, is_unleased
from watcher.store.tables import FEED_IS_ACTIVE, feeds, hosts

FEW = 8
"""So many feeds of each host come before more of any, so that one with thousands leaves the others their share."""

PAGES = 4
"""So many times as many hosts as feeds are looked at by one acquisition, when this node does not know their feeds."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What `Polls.acquire_due` is asked for."""

    owner: str
    now: datetime
    limit: int
    force: bool
    known: Collection[str] | None
    per_host: int | None

    @property
    def wanted(self) -> ColumnElement[bool]:
        """The condition for feeds that may be leased."""
        wanted: ColumnElement[bool] = feeds.c.next_poll_at <= self.now
        if self.force:
            unpolled = or_(feeds.c.last_polled_at.is_(None), feeds.c.last_polled_at < self.now)
            allowed = or_(feeds.c.not_before.is_(None), feeds.c.not_before <= self.now)
            wanted = and_(or_(wanted, and_(feeds.c.failures == 0, unpolled)), allowed)
        return and_(FEED_IS_ACTIVE, wanted, is_unleased(self.now))


class DueFeeds:
    """The search for the feeds of one acquisition. It costs what the hosts that are taken cost, however many are due.

    `taken` has the hosts, locked, and `chosen` the feeds, in order. `stale` are hosts in whose rows something is wrong:
    a lease that has lapsed, or a time at which no feed is due.
    """

    def __init__(self, database: Database, connection: Connection, asked: Acquisition) -> None:
        self.taken: dict[int, TakenHost] = {}
        self.chosen: dict[int, AnyRow] = {}
        self.stale: set[int] = set()
        self._database = database
        self._connection = connection
        self._asked = asked
        self._held: Counter[int] = Counter()
        """Feeds of each host that are under lease or chosen."""
        self._met_unknown = False

    def find(self, after: Place | None) -> Place | None:
        """Searches the hosts that are due from a place on; returns the place for the next search, None for the first.

        That is not the first one where feeds are due that this node does not know, because it has another configuration
        than some other node: their hosts stay due, and must not keep it from all hosts behind them.
        """
        start = after
        size = max(1, self._asked.limit // FEW * 2)
        for number in range(PAGES):
            page = self._take(size, after, with_held=number == 0)
            self.taken |= page
            self._choose_few(page)
            after = None if len(page) < size else list(page.values())[-1].place
            if self._left == 0 or (after is None and start is None):
                break
            if after is None:
                start = None  # the queue has ended: the hosts at its head are left
            size = self._asked.limit
        self._choose_more()
        return after if self._met_unknown else None

    @property
    def _left(self) -> int:
        return self._asked.limit - len(self.chosen)

    def _take(self, most: int, after: Place | None, *, with_held: bool) -> dict[int, TakenHost]:
        asked = self._asked
        if asked.force:
            return take_any(self._connection, asked.owner, asked.now, most, asked.wanted, after)
        return take_due(self._connection, asked.owner, asked.now, most, after, with_held=with_held)

    def _choose_few(self, page: dict[int, TakenHost]) -> None:
        self._count_held([number for number, host in page.items() if host.is_ours])
        rows = self._candidates(page, FEW, self._left)
        is_all = len(rows) < self._left
        if not all(map(self._is_known, rows)):
            self._met_unknown = is_all = True
            rows = self._candidates(page)
        self.stale.update(number for number, host in page.items() if host.has_lapsed)
        if is_all:
            self.stale.update(page.keys() - {row.host_id for row in rows})
        counts: Counter[int] = Counter()
        for row in filter(self._is_known, rows):
            if counts[row.host_id] < FEW and self._choose(row):
                counts[row.host_id] += 1

    def _choose_more(self) -> None:
        """Where there are not enough hosts: more feeds of those that have them, in rounds of a few of each."""
        chosen = Counter(row.host_id for row in self.chosen.values())
        crowded = [host for host, count in chosen.items() if count >= FEW]
        if not crowded or self._left == 0:
            return
        rows = self._candidates(crowded, None if self._met_unknown else FEW + self._left)
        more = [row for row in rows if row.id not in self.chosen and self._is_known(row)]
        rounds = {}
        for row in more:
            rounds[row.id] = chosen[row.host_id] // FEW
            chosen[row.host_id] += 1
        for row in sorted(more, key=lambda row: rounds[row.id]):
            self._choose(row)

    def _is_known(self, row: AnyRow) -> bool:
        return self._asked.known is None or row.url in self._asked.known

    def _choose(self, row: AnyRow) -> bool:
        """Takes a feed, unless there are enough, in all or of its host."""
        most = self._asked.per_host
        if self._left == 0 or row.id in self.chosen or (most is not None and self._held[row.host_id] >= most):
            return False
        self._held[row.host_id] += 1
        self.chosen[row.id] = row
        return True

    def _count_held(self, ours: Collection[int]) -> None:
        if ours and self._asked.per_host is not None:
            is_held = and_(self._database.is_in(feed_leases.c.host_id, ours), ~is_free(feed_leases, self._asked.now))
            counted = select(feed_leases.c.host_id, func.count()).where(is_held).group_by(feed_leases.c.host_id)
            self._held.update({row[0]: row[1] for row in self._connection.execute(counted)})

    def _candidates(self, of: Iterable[int], each: int | None = None, most: int | None = None) -> list[AnyRow]:
        """Feeds of these hosts, `each` of a host and `most` in all, the most overdue first, then by URL."""
        found = feeds.alias("found")
        chosen = select(feeds.c.id).where(feeds.c.host_id == hosts.c.id, self._asked.wanted)
        chosen = chosen.order_by(feeds.c.next_poll_at, feeds.c.id).limit(each).correlate(hosts)
        query = (
            select(found.c.id, found.c.host_id, found.c.url, found.c.next_poll_at)
            .select_from(hosts.join(found, self._database.is_among(found.c.id, chosen)))
            .where(self._database.is_in(hosts.c.id, list(of)))
            .order_by(found.c.next_poll_at, found.c.url)
            .limit(most)
        )
        return list(self._connection.execute(query))


def named_feeds(
    database: Database, urls: Collection[str], taken: Collection[int], now: datetime, *, force: bool
) -> Select[Any]:
    """The query for those of some feeds that may be leased at `now`, by URL."""
    allowed = literal(True) if force else or_(feeds.c.not_before.is_(None), feeds.c.not_before <= now)
    may_be_asked = and_(database.is_in(feeds.c.url, urls), database.is_in(feeds.c.host_id, list(taken)))
    return (
        select(feeds.c.id, feeds.c.host_id)
        .where(FEED_IS_ACTIVE, may_be_asked, allowed, is_unleased(now))
        .order_by(feeds.c.url)
    )
