"""What the rest of the house may ask of a store; every engine passes tests/store/test_contract.py.

Rules for all methods:

* Each method is one transaction: all of it or nothing. It takes `now`, returns model values, keeps no
  connection, does no network beyond the database itself.
* Synchronous; called from worker threads. Thread-safe. Raises only `StoreError` and its children.
* Leases: `acquire_*` gives each thing to at most one owner until `until`, adding one to its epoch. The
  holder may save or record only while its epoch is still the stored one *and* the row is still leased to
  it; a method that finds otherwise changes nothing and says so in its result. An expired lease may be
  acquired by anybody. Nothing clears leases at start: a dead owner's simply run out.
* Times are aware UTC in, aware UTC out. Order is by the due time, then by name, so that it is the same
  in every engine.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from watcher.errors import NotifyReason
from watcher.model.alert import Alert, MarkedAlert
from watcher.model.entry import EntryDecision, EntryRecord, Seen, SeenProbe
from watcher.model.feed import AcquiredFeed, PollState
from watcher.model.notification import (
    AcquiredNotification,
    Attempt,
    BudgetUse,
    DeliveryState,
    EmptySlot,
    GroupKey,
    HeldGroup,
    HoldReason,
    Notification,
    NotificationState,
    Outcome,
    Routed,
    WaitingGroup,
)
from watcher.model.route import ChannelRef
from watcher.model.silence import Silence
from watcher.model.story import AssignsStories, Judge, Trace


@dataclass(frozen=True, slots=True)
class PollRecord:
    """All that one poll brings, saved together (I1). `alerts` are candidates: the judge has the last word.

    `traces` of the entries that have alerts, by entry key: by them the storyteller finds the stories of the alerts.
    `issues_from` is the first moment at which the state may have an issue; None when that is not known.
    """

    epoch: int
    state: PollState
    feed_title: str = ""
    labels: Mapping[str, str] | None = None
    decision: EntryDecision = field(default_factory=EntryDecision)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    issues_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class PollSaved:
    """`saved` False: the lease was no longer ours, nothing of this poll was kept; it will be polled again."""

    url: str
    saved: bool
    alerts_told: tuple[str, ...] = ()
    alerts_folded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryLife:
    """The fate of one alert on one channel, for `alerts show`."""

    channel: ChannelRef
    route: str
    state: DeliveryState
    reason: str
    since: datetime
    notification: str | None


@dataclass(frozen=True, slots=True)
class StoreStats:
    """Counts for `db stats` and the metrics. `deliveries` and `alerts` are counted by state (I5)."""

    feeds: int
    entries: int
    seen: int
    alerts: Mapping[str, int]
    deliveries: Mapping[str, int]
    notifications: Mapping[str, int]
    bytes: int
    schema: str


class FeedStore(Protocol):
    """Feeds, polls and entries."""

    def sync_feeds(self, urls: Collection[str], now: datetime, *, retry_failing: bool = False) -> None:
        """Makes the stored set of feeds follow the configuration.

        New feeds are due at `now`. Feeds no longer configured are paused: state and seen keys stay, they are never
        acquired. Paused feeds that return are resumed, due at the earlier of their old time and `now`, but not before
        their `not_before`; with `retry_failing` feeds whose last poll failed become due in the same way.
        """

    def acquire_due_feeds(
        self, owner: str, now: datetime, until: datetime, limit: int, *, force: bool = False
    ) -> list[AcquiredFeed]:
        """Leases up to `limit` feeds with `next_poll_at <= now`, most overdue first.

        With `force` also those not yet due and not polled since `now` (`last_polled_at < now` or never), but never one
        whose `not_before` is in the future, nor one in failure backoff (`failures > 0`) that is not due, nor one
        leased to somebody.
        """

    def seen(self, feed_url: str, probe: SeenProbe) -> list[Seen]:
        """What is remembered of this feed that shares a key, link hash or fingerprint with the probe.

        Every key is found. Of a link or fingerprint that very many entries share, more than the document has are, not all.
        """

    def save_polls(
        self, owner: str, polls: Sequence[PollRecord], now: datetime, judge: Judge, teller: AssignsStories
    ) -> list[PollSaved]:
        """Commits polls whose lease is still ours: state, entries, seen keys and alerts in one transaction.

        Inside it, `teller` finds the story of each entry that has alerts and a trace; then, for each candidate alert, `judge` is given the earlier alerts on the same topic and entry (folded ones
        too), and those told of the same story while it is alive, in order of creation, including what this call saved. An
        alert whose id exists is a REPEAT whatever the judge says. Releases the leases. A lease that ran out but was
        taken by nobody still counts. Of `quiet` entries only those of a baseline are kept whole, the rest are only
        remembered.
        """

    def feed_states(self, *, include_paused: bool = False) -> list[PollState]:
        """Every feed's state, by URL."""

    def feeds_with_issues(self, now: datetime) -> list[PollState]:
        """The states of unpaused feeds that may have an issue at `now`, by URL: all that have one, and few others."""

    def next_poll_at(self) -> datetime | None:
        """When the next unpaused feed is due; one under a lease, when that runs out."""

    def entry(self, key_prefix: str) -> EntryRecord | None:
        """One stored entry by its key or an unambiguous beginning of it (8 or more digits)."""

    def entries(self, since: datetime, limit: int = 100_000) -> list[EntryRecord]:
        """Stored entries first seen at or after `since`, oldest first."""


class AlertStore(Protocol):
    """Alerts and their deliveries, until they are frozen into a notification."""

    def unrouted_alerts(self, limit: int) -> list[Alert]:
        """Alerts that no route has seen yet, oldest first."""

    def save_routing(self, routed: Sequence[Routed], now: datetime) -> None:
        """Stores deliveries as waiting; an alert already delivered or waiting on a channel is left as it is."""

    def unexamined_copies(self, limit: int) -> list[Alert]:
        """Alerts folded into a story that no route has been asked about, oldest first."""

    def save_corroboration(self, routed: Sequence[Routed], now: datetime) -> None:
        """Notes that folded alerts were examined, and stores those deliveries whose channel has none of the same topic
        and story yet; an alert that gets one is ROUTED from then on, still folded into the one that was told first.
        """

    def reroute_waiting(self, now: datetime) -> int:
        """After a change of configuration: unfrozen deliveries are withdrawn, their alerts unrouted again; returns how
        many alerts. What waited keeps the time since when it waits.
        """

    def waiting_groups(self) -> list[WaitingGroup]:
        """Groups with waiting deliveries, by first waiting alert."""

    def nth_waiting_at(self, group: GroupKey, number: int) -> datetime | None:
        """Since when `number` alerts have been waiting in a group; None when there are fewer."""

    def waiting_alerts(self, group: GroupKey, limit: int) -> list[Alert]:
        """What `freeze` would take of a group now, in the same order and with the same sources; changes nothing."""

    def freeze(self, group: GroupKey, reason: NotifyReason, now: datetime, limit: int) -> Notification | None:
        """Turns the group's waiting deliveries into one READY notification, in one transaction (I2).

        None when nothing waits any more or an unfinished notification of the group exists. The snapshot
        holds the `limit` best alerts (score, then age); those beyond belong to it as well, counted as `omitted`. Fills each alert's `sources` with the titles of the
        other feeds folded into it so far. Sets the group's last flush to `now`.
        """

    def freeze_empty(self, slot: EmptySlot, now: datetime) -> Notification | None:
        """Makes a READY notification without alerts for a slot for which nothing has gathered; `omitted` says how many
        were silenced there.

        None when anything has: alerts that no route has seen, deliveries of these routes and this channel held, or
        waiting since before `due`, a notification made since the slot or not finished yet, or this very one.
        """

    def alerts(self, *, limit: int = 50, topic: str | None = None, since: datetime | None = None) -> list[Alert]:
        """Alerts, newest first."""

    def told_alerts(self, since: datetime, until: datetime) -> list[tuple[str, datetime]]:
        """Topic and time of every alert made in [since, until] that was not folded into another."""

    def alert(self, id_prefix: str) -> Alert | None:
        """One alert by its id or an unambiguous beginning of it."""

    def copies_of(self, alert_id: str) -> list[Alert]:
        """The alerts folded into this one, in order of creation."""

    def alert_fates(self, alert_ids: Collection[str]) -> dict[str, dict[DeliveryState, int]]:
        """How many deliveries of each alert are in which state; alerts without a delivery are left out."""

    def alert_life(self, alert_id: str) -> list[DeliveryLife]:
        """Every delivery of the alert, in order of channel."""

    def mark_alert(self, alert_id: str, is_relevant: bool, now: datetime) -> bool:
        """Keeps what a person says of an alert, with the alert and the entry's full text; the last word counts.

        False when there is no such alert. Marks stay when the alert's time is over.
        """

    def marked_alerts(self, topic: str | None = None) -> list[MarkedAlert]:
        """What was marked, oldest first."""


class Holding(Protocol):
    """What is kept back: held for quiet hours or over a budget, or silenced by a person."""

    def hold_waiting(
        self,
        groups: Sequence[GroupKey],
        reason: HoldReason,
        until: datetime,
        now: datetime,
        *,
        only: Collection[str] | None = None,
    ) -> int:
        """Waiting deliveries of these groups become HELD until `until` (`only`: those of these alerts); how many."""

    def held_groups(self) -> list[HeldGroup]:
        """What is held, by route, channel and reason."""

    def hold_longer(self, held: HeldGroup, reason: HoldReason, until: datetime, now: datetime) -> None:
        """Not yet: holds it on, perhaps for another reason."""

    def release(self, held: HeldGroup, reason: NotifyReason, now: datetime, limit: int) -> Notification | None:
        """Turns all that is held there into one READY notification of the group `held.key`, as `freeze` does."""

    def budget_use(self, route: str, channel: ChannelRef, since: datetime) -> BudgetUse:
        """What a route has sent to a channel after `since`, counted by the time of delivery, and what is on its way."""

    def add_silence(self, silence: Silence) -> None:
        """Keeps a silence."""

    def silences(self, ending_after: datetime) -> list[Silence]:
        """Silences that end after this moment, in order of their end; also those that have not begun."""

    def expire_silence(self, silence_id: str, now: datetime) -> bool:
        """Ends a silence now; False when there is none of this id that has not ended."""

    def silence_waiting(self, groups: Collection[GroupKey], silenced: Mapping[str, str], now: datetime) -> int:
        """What waits of these alerts in these groups becomes SILENCED, for good; alert id → silence id. Returns how many."""


class Outbox(Protocol):
    """Frozen notifications and their attempts."""

    def acquire_notifications(
        self, owner: str, now: datetime, until: datetime, limit: int, *, paused: Collection[ChannelRef] = ()
    ) -> list[AcquiredNotification]:
        """Leases notifications that are due, oldest first; none of a paused channel. `attempts` is as before this one.

        A notification about one story that was told on its channel before replies to the message that told it first.
        """

    def begin_attempt(self, owner: str, key: str, epoch: int, now: datetime) -> bool:
        """Checks the lease immediately before a send and logs that an attempt begins (I3)."""

    def record_outcome(
        self, owner: str, key: str, epoch: int, outcome: Outcome, now: datetime, next_attempt_at: datetime | None
    ) -> bool:
        """Writes what an attempt came to; False when the lease was no longer ours and nothing was written.

        `Delivered` finishes it (deliveries: delivered); its `receipt` is kept for those of its stories that have none on
        this channel yet. `GiveUp`, or `TryAgain` with no `next_attempt_at`, makes it a dead
        letter (deliveries: dead, with the reason). `TryAgain` makes it READY again at `next_attempt_at` and keeps `accepted`.
        """

    def bury_removed(self, channels: Collection[ChannelRef], now: datetime) -> int:
        """Unfinished, unleased notifications to channels not in `channels` die as `receiver_removed`."""

    def notifications(self, *, state: NotificationState | None = None, limit: int = 50) -> list[Notification]:
        """The outbox, newest first."""

    def notification(self, key_prefix: str) -> Notification | None:
        """One notification by its key or an unambiguous beginning of it."""

    def attempts(self, key: str) -> list[Attempt]:
        """The notification log of one notification, oldest first."""

    def retry_notification(self, key: str, now: datetime) -> bool:
        """Makes a dead or waiting notification READY now, with the same key, its attempts counted anew.

        A dead one whose group has something unfinished becomes READY as soon as that has ended (I2): also True. False
        for what is unknown, sent or being sent.
        """

    def drop_notification(self, key: str, now: datetime) -> bool:
        """A person's decision: what is unfinished becomes a dead letter with the reason `dropped`, what is dead gets it.

        False for what is unknown, sent, being sent or dropped already.
        """

    def dropped(self, keys: Collection[str]) -> set[str]:
        """Those of these notifications that are dead and about which the last word was a person's."""

    def next_attempt_at(self) -> datetime | None:
        """When the next READY notification is due; one under a lease, when that runs out."""


class Upkeep(Protocol):
    """Health of the store itself."""

    def upgrade(self) -> str:
        """Brings the schema to this version (creates it when new); returns the version. Resumable."""

    def check_schema(self) -> None:
        """Raises `SchemaMismatch` unless the schema is this version's. Cheap."""

    def remember(self, name: str, value: str) -> None:
        """Keeps a small fact (e.g. a fingerprint of the routes in force)."""

    def recall(self, name: str) -> str | None:
        """A fact kept by `remember`."""

    def purge(
        self, now: datetime, *, seen_for: timedelta, entries_for: timedelta, finished_for: timedelta, chunk: int
    ) -> int:
        """Deletes at most `chunk` rows of each kind that are past their time; returns how many went.

        Never an entry or alert that an unfinished delivery or notification still needs, never a seen key
        within `seen_for` (I6), nor one that the last documents of its feed still carried, however long ago that was.
        """

    def backup(self, target: Path) -> None:
        """A consistent copy of the live database in a new file; an existing one is not overwritten.

        On a server this is a `StoreError` that names the server's own command.
        """

    def stats(self) -> StoreStats:
        """Counts and sizes."""

    def close(self) -> None:
        """Lets go of everything; the store cannot be used afterwards."""


class Store(FeedStore, AlertStore, Holding, Outbox, Upkeep, Protocol):
    """The whole cellar."""
