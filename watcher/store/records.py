"""What goes into the store and comes out of it, beside the values of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, AlertState
from watcher.model.entry import EntryDecision, EntryRecord
from watcher.model.feed import PollState
from watcher.model.notification import DeliveryState
from watcher.model.route import ChannelRef
from watcher.model.story import Sketch
from watcher.model.topic import Level


@dataclass(frozen=True, slots=True)
class PollRecord:
    """What one poll brings, or a part of it, saved together (I1). `alerts` are candidates: `decide` has the last word.

    `sketches` of the entries that have alerts, by entry key, are what the stories of the alerts are found by.
    `issues_from` is the first moment at which the state may have an issue; None when that is not known. Unless it
    `is_last`, more parts of the same poll follow: its state is not written yet, and the lease stays. `pauses`: hosts
    (registrable domains) that asked to be left alone, and until when. `host` will be asked next time; "": as before.
    """

    epoch: int
    state: PollState
    feed_title: str = ""
    labels: Mapping[str, str] | None = None
    decision: EntryDecision = field(default_factory=EntryDecision)
    sketches: Mapping[str, Sketch] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    issues_from: datetime | None = None
    is_last: bool = True
    pauses: Mapping[str, datetime] = field(default_factory=dict)
    host: str = ""


@dataclass(frozen=True, slots=True)
class PollSaved:
    """`saved` False: the lease was no longer ours and nothing of this poll was kept; the feed will be polled again.

    Ids of its alerts: those that are new to the user, and those folded into another alert.
    """

    url: str
    saved: bool
    alerts_new: tuple[str, ...] = ()
    alerts_folded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryLife:
    """What became of one alert on one channel, for `alerts show`."""

    channel: ChannelRef
    route: str
    state: DeliveryState
    reason: str
    since: datetime
    notification: str | None
    waiting_since: datetime | None = None
    held_until: datetime | None = None


class Role(StrEnum):
    """What a node does: read feeds; route, freeze and send."""

    POLL = "poll"
    NOTIFY = "notify"


class NodeState(StrEnum):
    """Alive; without a beat, but not declared dead yet; declared dead; ended in good order."""

    ALIVE = "alive"
    SILENT = "silent"
    DEAD = "dead"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One process that polls or notifies. Without a beat it is declared dead some time after `alive_until`.

    `version` of the program, and the `schema` that it was made for; `roles`, separated by commas; `generation` of the
    configuration it works with, None before it has one. `feeds` and `notifications` count what it has leased.
    """

    id: str
    name: str
    started_at: datetime
    alive_until: datetime
    died_at: datetime | None
    version: str | None = None
    roles: str | None = None
    generation: int | None = None
    schema: str | None = None
    feeds: int = 0
    notifications: int = 0

    def does(self, role: Role) -> bool:
        """Whether it does this part of the work."""
        return self.roles is None or role.value in self.roles.split(",")

    def state(self, now: datetime) -> NodeState:
        """What has become of the node."""
        if self.died_at is None:
            return NodeState.ALIVE if self.alive_until > now else NodeState.SILENT
        return NodeState.LEFT if self.died_at == self.alive_until else NodeState.DEAD


@dataclass(frozen=True, slots=True)
class Beat:
    """What a node learns with a heartbeat: whether it is alive, the newest generation that a living node has, and which
    nodes (names by id) were declared dead lately.
    """

    alive: bool
    newest: int
    dead: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """How polling keeps up. `oldest_due_at`: since when the most overdue feed is due. Paused feeds are not counted."""

    feeds: int
    due: int
    oldest_due_at: datetime | None
    failing: int


@dataclass(frozen=True, slots=True)
class PollCounts:
    """Polls of some hours, and how many of them failed."""

    polls: int
    failed: int


class MarkState(StrEnum):
    """What a user said of an alert."""

    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"
    UNMARKED = "unmarked"


@dataclass(frozen=True, slots=True)
class MarkCounts:
    """What users said of a topic's alerts, of how many entries they said that it missed them; when they marked last."""

    relevant: int = 0
    irrelevant: int = 0
    missed: int = 0
    last_marked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Conditions on alerts, all of which must hold; None stands for any.

    `state` is a state of the alert, or of one of its deliveries. `feed` is a part of the feed's title, publisher or
    address, whatever its case and accents. Times are of the alert's creation: from `since` until before `until`.
    `folded` False leaves out what was folded into another alert. `before` names an alert: only older ones follow.
    """

    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    level: Level | None = None
    feed: str | None = None
    state: AlertState | DeliveryState | None = None
    is_folded: bool = False
    """Only alerts that were folded into another, also those that a channel got by themselves."""
    story: str | None = None
    marked: MarkState | None = None
    folded: bool | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class AlertVolume:
    """How many alerts of a topic and level were made in the quarter of an hour that begins at `at`.

    Every zone's days begin with such a quarter. Copies are not counted.
    """

    topic: str
    at: datetime
    level: Level
    count: int


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Conditions on stored entries, all of which must hold; None stands for any.

    `feed` and `text` are parts of the feed's title or address and of the entry's title, whatever their case and
    accents; `text` may also be the entry's whole link. Times are of the first sight: from `since` until before `until`.
    """

    feed: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry with the numbers by which the store knows it and its feed: a later entry has a higher one."""

    id: int
    feed_id: int
    record: EntryRecord


@dataclass(frozen=True, slots=True)
class StoreLag:
    """Since when the oldest work waits, None where there is none: the most overdue feed that nobody polls, the oldest
    waiting delivery, the oldest unfinished notification. And when the next attempt to send one is due. Times of the
    future: nothing is due before.
    """

    due_since: datetime | None
    waiting_since: datetime | None
    unsent_since: datetime | None
    attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """Counts that cost the same whatever the store holds, for pages that are asked for all the time.

    `entries` stops at a limit; there are `most_entries` at most, which is as many where it did not stop. `deliveries`
    by state are all, or those of the `newest` ones when that is not None; states that wait or failed are always all.
    """

    entries: int
    most_entries: int
    deliveries: Mapping[str, int]
    newest: int | None
    bytes: int
    schema: str


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
