"""Deliveries, groups, frozen notifications, and what an attempt to send one came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.errors import AttemptReason, NotifyReason
from watcher.model.alert import Alert, stable_hash
from watcher.model.route import ChannelRef


class DeliveryState(StrEnum):
    """The fate of one alert on one channel. Every delivery is in exactly one state (I5)."""

    WAITING = "waiting"
    HELD = "held"
    SILENCED = "silenced"
    FOLDED = "folded"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What belongs into one message: a route, a channel and the values of the route's `group_by`."""

    route: str
    channel: ChannelRef
    labels: Mapping[str, str]

    @property
    def id(self) -> str:
        flat = [text for name in sorted(self.labels) for text in (name, self.labels[name])]
        return stable_hash("group", self.route, str(self.channel), *flat)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert for one channel, waiting in a group."""

    alert_id: str
    group: GroupKey


@dataclass(frozen=True, slots=True)
class Routed:
    """What routing decided for an alert; no deliveries means that no route wanted it, and `reason` says so."""

    alert_id: str
    deliveries: tuple[Delivery, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """A group with alerts that are not yet in a notification."""

    key: GroupKey
    first_waiting_at: datetime
    last_flush_at: datetime | None
    count: int
    best_score: int
    has_unfinished: bool


class HoldReason(StrEnum):
    """Why deliveries are held."""

    QUIET_HOURS = "quiet_hours"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """What a route holds back for a channel, of whatever group labels: it leaves as one message.

    `until` is when that message should be thought of again, the latest of its deliveries' times.
    """

    route: str
    channel: ChannelRef
    reason: HoldReason
    until: datetime
    count: int
    best_score: int

    @property
    def key(self) -> GroupKey:
        """The group of the message in which it leaves."""
        return GroupKey(self.route, self.channel, {})


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What a route has sent to a channel of late.

    `unfinished` counts its notifications that are not sent yet and may go out at any moment. `sent_at` are the
    times of delivery, not of creation, so that a backlog that comes free does not flood.
    """

    unfinished: int = 0
    sent_at: tuple[datetime, ...] = ()


class NotificationState(StrEnum):
    """The states of the outbox."""

    READY = "ready"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Notification:
    """One message about one group, frozen: its alerts and its key never change (I2).

    `omitted` counts alerts that belong to it beyond those of its snapshot; where it says that there is nothing to
    tell, those that were silenced.
    """

    key: str
    group: GroupKey
    reason: NotifyReason
    alerts: tuple[Alert, ...]
    created_at: datetime
    omitted: int = 0
    state: NotificationState = NotificationState.READY
    attempts: int = 0
    epoch: int = 0
    next_attempt_at: datetime | None = None
    accepted: tuple[str, ...] = ()
    """Recipients that took the message in earlier attempts; a retry addresses the rest."""
    retried_at: datetime | None = None
    """When a person last wanted it tried again: its schedule begins anew there."""
    reply_to: str = ""
    """Receipt of the message that told its story first; known only while it is under a lease."""

    @property
    def story(self) -> str:
        """The story that all of its alerts tell; "" when they tell several."""
        stories = {alert.story for alert in self.alerts}
        return stories.pop() if len(stories) == 1 and not self.omitted else ""


@dataclass(frozen=True, slots=True)
class EmptySlot:
    """A digest's slot at which a channel is to hear that nothing was there to tell.

    `routes` are all routes that send digests to the channel; the message is made in the name of the first. `due` is
    when it leaves: the slot itself, or the end of the quiet hours that the slot lies in.
    """

    channel: ChannelRef
    routes: tuple[str, ...]
    slot: datetime
    due: datetime

    @property
    def group(self) -> GroupKey:
        return GroupKey(self.routes[0], self.channel, {})

    @property
    def key(self) -> str:
        """The key of its notification: there are no alerts to tell one slot's from another's, so the slot does (I2)."""
        return stable_hash("nothing", str(self.channel), self.slot.isoformat())


@dataclass(frozen=True, slots=True)
class AcquiredNotification:
    """A notification under our lease; its send must end before `until` (I3)."""

    notification: Notification
    epoch: int
    until: datetime


def notification_key(group: GroupKey, alert_ids: Sequence[str]) -> str:
    """The name a receiver sees on every attempt: 128 bits over the group and its sorted alerts (I2)."""
    return stable_hash("notification", group.id, *sorted(alert_ids))


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took the message. `detail` is its answer, already without secrets.

    `receipt` is what the channel must know to reply to this message later, "" where that is not possible.
    """

    detail: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not now. `accepted` are recipients that did take it; `retry_after` is the receiver's own wish."""

    reason: AttemptReason
    detail: str
    retry_after: timedelta | None = None
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Never: a dead letter, until a person retries it. `accepted` are recipients that did take it."""

    reason: AttemptReason
    detail: str
    accepted: tuple[str, ...] = ()


Outcome = Delivered | TryAgain | GiveUp


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the notification log."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class MessageItem:
    """One alert as a channel shows it: plain texts, already safe to print, links only http(s).

    `quote` is the passage that proves it, in runs; True marks the words that matched. `when` is the local
    date and time of publication, `age` how long before the notification was made that was.
    """

    title: str
    link: str
    topic: str
    level: str
    score: str
    source: str
    age: str
    why: str
    also: tuple[str, ...] = ()
    quote: tuple[tuple[str, bool], ...] = ()
    when: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A notification made readable: what any channel needs to build its own shape.

    `text` and `html` are the two parts of an e-mail. `payload` is the body of the generic webhook
    (docs/channels.md). `omitted` counts alerts that the message does not list. `problems`: what is wrong with own
    templates of a person, in whose place ours stand.
    """

    subject: str
    text: str
    html: str
    items: tuple[MessageItem, ...]
    payload: Mapping[str, object] = field(default_factory=dict)
    omitted: int = 0
    problems: tuple[str, ...] = ()
