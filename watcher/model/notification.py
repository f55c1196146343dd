"""Deliveries, groups, frozen notifications, and what an attempt to send one came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.errors import AttemptReason, NotifyReason
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, LateCopies, stable_hash
from watcher.model.route import ChannelRef
from watcher.model.topic import Level
from watcher.model.trust import Trust


class DeliveryState(StrEnum):
    """The state of one alert on one channel. Every delivery is in exactly one state (I5).

    DELIVERED: the receiver was shown the alert. OMITTED: the message was delivered, but only counted the alert ("and 12
    more"), so the receiver has not seen it (I14).
    """

    WAITING = "waiting"
    HELD = "held"
    SILENCED = "silenced"
    SENDING = "sending"
    DELIVERED = "delivered"
    OMITTED = "omitted"
    DEAD = "dead"


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


@dataclass(frozen=True, slots=True)
class StoryDelivery:
    """An alert of the story of a copy, on one channel. `group` is where it waits, None unless WAITING, as `alert`."""

    state: DeliveryState
    trust: Trust
    group: WaitingGroup | None = None
    alert: Alert | None = None


CoverDecider = Callable[[WaitingGroup, Trust, Sequence[StoryDelivery]], bool]
"""Whether a copy that would wait in a group may stay silent, see `watcher.route.copies`. Pure: the store calls it in
the transaction that routes copies."""


@dataclass(frozen=True, slots=True)
class WaitingAlert:
    """An alert that waits in a group, without its contents."""

    alert_id: str
    group_id: str
    feed_url: str
    level: Level
    score: int
    since: datetime


class HoldReason(StrEnum):
    """Why deliveries are held."""

    QUIET_HOURS = "quiet_hours"
    BUDGET = "budget"
    FEED_SHARE = "feed_share"


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """What a route holds back for a channel, whatever the group labels: it leaves as one message.

    `until` is when to decide about that message again: the latest of its deliveries' times.
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
    """What a route has sent to a channel recently.

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

    `omitted` counts alerts that belong to it beyond those of its snapshot; in a message without alerts, those that were
    silenced.
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
    """What the receiver took in earlier attempts (recipients, or parts of a split message); a retry sends the rest."""
    retried_at: datetime | None = None
    """When the operator last retried it: its retry schedule starts again there."""
    late: tuple[LateCopies, ...] = ()
    """Of a digest: copies of alerts that earlier messages to the channel show."""
    reply_to: str = ""
    """Receipt of the first message about its story on this channel; known only while it is under a lease."""

    @property
    def story(self) -> str:
        """The story that all of its alerts belong to; "" when they belong to several."""
        stories = {alert.story for alert in self.alerts}
        return stories.pop() if len(stories) == 1 and not self.omitted else ""


@dataclass(frozen=True, slots=True)
class EmptySlot:
    """A digest's slot at which a channel receives a message that says that there were no alerts.

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
        """The key of its notification: without alerts, the slot makes the key unique (I2)."""
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
    `shown` are the ids of the alerts that the receiver was shown, over all parts of the message and all attempts; None
    means all of the snapshot; the others become OMITTED. `late` are the ids of `Notification.late` it lists.
    """

    detail: str = ""
    receipt: str = ""
    shown: frozenset[str] | None = None
    late: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not now. `retry_after` is how long the receiver asks to wait.

    `accepted` names what the receiver has taken already: recipients of an e-mail, or parts of a message that was split.
    The store keeps these names (`Notification.accepted`), so that the next attempt sends only the rest.
    """

    reason: AttemptReason
    detail: str
    retry_after: timedelta | None = None
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Never: a dead letter, until the operator retries it. `accepted` is as in `TryAgain`.

    `shown` are the ids of alerts that the receiver was shown all the same, in parts that it took: they are DELIVERED.
    """

    reason: AttemptReason
    detail: str
    accepted: tuple[str, ...] = ()
    shown: frozenset[str] = frozenset()


Outcome = Delivered | TryAgain | GiveUp


class AttemptResult(StrEnum):
    """How an attempt ended, as the notification log keeps it."""

    DELIVERED = "delivered"
    TRY_AGAIN = "try_again"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the notification log. `result` is None while the attempt is under way, or when its process died."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    result: AttemptResult | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class MessageItem:
    """One alert as a channel shows it: plain texts, already safe to print, links only http(s).

    `alert_id` names the alert in `Delivered.shown`; `also_ids` are further alerts about the same story that it shows.
    `quote` is the passage that proves it, in runs; True marks the words that matched. `when` is the local time of
    publication, `age` how long before the notification was made that was.
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
    alert_id: str = ""
    also_ids: tuple[str, ...] = ()
    other_titles: tuple[tuple[str, str], ...] = ()
    """Source and headline, and link, of other reports on the story whose headline differs."""
    page: str = ""
    """The address of the alert's page: a user can judge it there, and see what became of it."""
    is_late: bool = False
    """It lists reports on a story that an earlier message shows."""

    @property
    def short_id(self) -> str:
        """What `watcher alerts show` takes."""
        return self.alert_id[:8]

    @property
    def alert_ids(self) -> tuple[str, ...]:
        """Every alert of the notification that the item shows."""
        return () if self.is_late else tuple(filter(None, (self.alert_id, *self.also_ids)))


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered notification: what any channel needs to build its request.

    `text` and `html` are the two parts of an e-mail, `payload` is the body of the generic webhook (docs/channels.md).
    `items` are all alerts of the snapshot, of which `text` and `html` may show fewer; `omitted` counts those beyond.
    `problems`: what is wrong with the user's templates, for which the built-in ones were used. `page`: a page about it.
    """

    subject: str
    text: str
    html: str
    items: tuple[MessageItem, ...]
    payload: Mapping[str, object] = field(default_factory=dict)
    omitted: int = 0
    problems: tuple[str, ...] = ()
    listed: frozenset[str] | None = None
    """Ids of the alerts that `text` or `html` shows; None: all of them."""
    page: str = ""
    unrendered: tuple[str, ...] = ()
    """Ids of alerts that could not be rendered and are left out with a note."""
