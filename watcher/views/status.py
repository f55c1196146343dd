"""One screen on how watcher is doing, and what needs the operator."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from watcher.lazy_dataclass import dataclass
from watcher.model.feed import FeedIssue
from watcher.model.notification import DeliveryState, HeldGroup, Notification, NotificationState, WaitingGroup
from watcher.model.route import ChannelRef
from watcher.store.records import FeedCounts, NodeRecord, NodeState, PollCounts, Role, StoreCounts

LATE = timedelta(minutes=10)
"""A feed that is due for longer shows that a running daemon does not keep up."""
LATE_WITHOUT_DAEMON = timedelta(days=1)
"""`watcher once` may be run by a timer, and need not run often."""


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What the store knows, read by the caller. `entries_day`: entries first seen in the last 24 hours.

    `dropped` are keys of dead messages that the operator has given up. `last_entry_at`: when the newest entry was first
    seen; None where there is none. `polls_day`: of the last 24 hours.
    """

    counts: StoreCounts
    feeds: FeedCounts
    issues: Sequence[FeedIssue]
    nodes: Sequence[NodeRecord]
    waiting: Sequence[WaitingGroup]
    held: Sequence[HeldGroup]
    ready: Sequence[Notification]
    dead: Sequence[Notification]
    dropped: Collection[str]
    last_digest: Notification | None
    pauses: Mapping[ChannelRef, datetime]
    entries_day: int
    last_entry_at: datetime | None
    polls_day: PollCounts


@dataclass(frozen=True, slots=True)
class Status:
    """`attention`: what needs the operator, each with the command that helps; empty when all is well."""

    now: datetime
    facts: StatusFacts
    attention: tuple[str, ...] = field(default=())

    @property
    def lag(self) -> timedelta:
        """For how long the most overdue feed is due."""
        oldest = self.facts.feeds.oldest_due_at
        return timedelta(0) if oldest is None else max(self.now - oldest, timedelta(0))

    @property
    def alive(self) -> tuple[NodeRecord, ...]:
        """The processes that poll and send now."""
        return tuple(node for node in self.facts.nodes if node.state(self.now) is NodeState.ALIVE)

    def facts_for_json(self) -> dict[str, object]:
        """The status for JSON; times are aware."""
        facts = self.facts
        return {
            "ok": not self.attention,
            "attention": list(self.attention),
            "nodes": [{"name": node.name, "started_at": node.started_at} for node in self.alive],
            "feeds": {
                "polled": facts.feeds.feeds,
                "due": facts.feeds.due,
                "failing": facts.feeds.failing,
                "with_issues": len(facts.issues),
                "polls_last_day": facts.polls_day.polls,
                "failed_last_day": facts.polls_day.failed,
                "lag_seconds": int(self.lag.total_seconds()),
            },
            "deliveries": dict(facts.counts.deliveries),
            "deliveries_of_newest": facts.counts.newest,
            "waiting_since": min((group.first_waiting_at for group in facts.waiting), default=None),
            "messages": {"ready": len(facts.ready), "dead": len(self.undecided)},
            "paused_channels": {str(channel): until for channel, until in facts.pauses.items()},
            "last_digest_at": facts.last_digest.created_at if facts.last_digest else None,
            "store": {
                "bytes": facts.counts.bytes,
                "schema": facts.counts.schema,
                "entries": facts.counts.entries,
                "entries_at_most": facts.counts.most_entries,
                "entries_last_day": facts.entries_day,
                "last_entry_at": facts.last_entry_at,
            },
        }

    @property
    def undecided(self) -> tuple[Notification, ...]:
        """Dead letters that the operator has not given up."""
        return tuple(one for one in self.facts.dead if one.key not in self.facts.dropped)


def status_of(facts: StatusFacts, now: datetime) -> Status:
    """The status, with what needs the operator."""
    return Status(now, facts, tuple(_attention(Status(now, facts))))


def _attention(status: Status) -> list[str]:
    facts, found = status.facts, []
    if dead := status.undecided:
        number = "1 message could" if len(dead) == 1 else f"{len(dead):,} messages could"
        found.append(f"{number} not be delivered: `watcher outbox list --state {NotificationState.DEAD.value}`")
    for channel, until in sorted(facts.pauses.items(), key=str):
        found.append(f"{channel} is paused until {until:%Y-%m-%d %H:%M}Z after failures: `watcher outbox list`")
    if status.lag > (LATE if status.alive else LATE_WITHOUT_DAEMON):
        where = "polling does not keep up" if status.alive else "no daemon is running"
        minutes = int(status.lag.total_seconds() // 60)
        found.append(f"feeds are due for {minutes:,} minutes, {where}: `journalctl -u watcher`, or `watcher once`")
    found += [_nobody(role) for role in Role if status.alive and not any(node.does(role) for node in status.alive)]
    crashed = [node for node in facts.nodes if node.state(status.now) is NodeState.SILENT]
    found += [f"{node.name} has not been heard of since {node.alive_until:%Y-%m-%d %H:%M}Z" for node in crashed]
    lasting = [issue for issue in facts.issues if issue.failures]
    if lasting and len(lasting) == facts.feeds.feeds:
        found.append("every feed fails: check the network, then `watcher feeds health`")
    return found


def _nobody(role: Role) -> str:
    missing = {Role.POLL: "reads feeds", Role.NOTIFY: "routes and sends"}[role]
    return f"no running daemon {missing}: start one with `watcher run --role {role.value}`"


def entries_in_words(counts: StoreCounts) -> str:
    """`312`, or `more than 100,000, at most 1,003,211` where counting them all would take long."""
    if counts.entries == counts.most_entries:
        return f"{counts.entries:,}"
    return f"more than {counts.entries:,}, at most {counts.most_entries:,}"


def count_of(counts: StoreCounts, *states: DeliveryState) -> int:
    """Deliveries in any of these states."""
    return sum(counts.deliveries.get(state.value, 0) for state in states)
