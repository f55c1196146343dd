"""Alerts as they are shown: a row of a list, and the whole life of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from watcher.lazy_dataclass import dataclass
from watcher.model.act import Act
from watcher.model.alert import Alert, AlertState, Evidence
from watcher.model.notification import Attempt, AttemptResult, DeliveryState
from watcher.model.route import ChannelRef, Receiver
from watcher.model.topic import format_points
from watcher.store.records import DeliveryLife, MarkState
from watcher.views.acts import WORDS


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert in a list. `deliveries` counts its deliveries by state."""

    alert: Alert
    deliveries: Mapping[DeliveryState, int]
    mark: MarkState

    @property
    def status(self) -> str:
        """What became of it: "delivered", or "delivered 2, held 1" where its channels differ."""
        match self.alert.state:
            case AlertState.FOLDED:
                return f"folded into {(self.alert.folded_into or '')[:8]}"
            case AlertState.UNROUTED:
                return "not routed yet"
            case AlertState.ROUTED if not self.deliveries:
                return "no receiver"
            case AlertState.ROUTED:
                states = sorted(self.deliveries.items())
                if len(states) == 1:
                    return states[0][0].value
                return ", ".join(f"{state.value} {count}" for state, count in states)

    def facts(self) -> dict[str, object]:
        """The row for JSON; times are aware."""
        alert = self.alert
        return {
            "id": alert.id,
            "entry": alert.entry_key,
            "topic": alert.topic,
            "level": alert.level.value,
            "score": alert.score / 100,
            "state": alert.state.value,
            "folded_into": alert.folded_into,
            "created_at": alert.created_at,
            "published": alert.entry.published,
            "feed": alert.feed_title,
            "title": alert.entry.title,
            "link": alert.entry.link,
            "story": alert.story,
            "marked": None if self.mark is MarkState.UNMARKED else self.mark.value,
            "evidence": [evidence_facts(part) for part in alert.evidence],
            "opinions": [opinion.facts() for opinion in alert.opinions],
            "lifted_by": alert.lifted_by,
            "full_text": alert.entry.from_page,
            "deliveries": dict(self.deliveries),
        }


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One alert on one channel. `recipients` are the addresses of an e-mail channel of the configuration in force.

    `until` is when a held delivery is looked at again.
    """

    channel: str
    recipients: tuple[str, ...]
    route: str
    state: DeliveryState
    reason: str
    since: datetime
    until: datetime | None
    notification: str | None
    waiting_since: datetime | None = None

    def facts(self) -> dict[str, object]:
        """The row for JSON."""
        return {
            "channel": self.channel,
            "recipients": list(self.recipients),
            "route": self.route,
            "state": self.state.value,
            "reason": self.reason,
            "since": self.since,
            "until": self.until,
            "notification": self.notification,
        }


@dataclass(frozen=True, slots=True)
class AlertPage:
    """The whole life of one alert: evidence (the most points first), copies in other feeds, deliveries.

    `shown_with_story`: of a folded alert, the channels whose messages list it, and the keys of these where known.
    """

    row: AlertRow
    evidence: tuple[Evidence, ...]
    copies: tuple[Alert, ...]
    deliveries: tuple[DeliveryRow, ...]
    shown_with_story: tuple[tuple[str, str | None], ...] = ()

    def facts(self) -> dict[str, object]:
        """The page for JSON."""
        return {
            **self.row.facts(),
            "copies": [_copy_facts(copy) for copy in self.copies],
            "deliveries": [delivery.facts() for delivery in self.deliveries],
            "shown_with_story": [
                {"channel": channel, "notification": message} for channel, message in self.shown_with_story
            ],
        }


def alert_rows(
    alerts: Iterable[Alert], states: Mapping[str, Mapping[DeliveryState, int]], marks: Mapping[str, bool]
) -> tuple[AlertRow, ...]:
    """The rows of a list; `states` and `marks` are by alert id."""
    return tuple(AlertRow(alert, states.get(alert.id, {}), _mark(marks.get(alert.id))) for alert in alerts)


def alert_page(
    row: AlertRow,
    copies: Sequence[Alert],
    deliveries: Sequence[DeliveryLife],
    receivers: Mapping[str, Receiver],
    shown: Iterable[tuple[ChannelRef, str | None]] = (),
) -> AlertPage:
    """The page of one alert; `receivers` are those of the configuration in force, by name. `shown`: the channels that a
    message with the story of a folded alert went to.
    """
    evidence = sorted(row.alert.evidence, key=lambda part: -part.points)
    rows = tuple(_delivery_row(delivery, receivers) for delivery in deliveries)
    messages = tuple((str(channel), message) for channel, message in shown)
    return AlertPage(row, tuple(evidence), tuple(copies), rows, messages)


def evidence_facts(part: Evidence) -> dict[str, object]:
    """One part of a score for JSON."""
    return {
        "term": part.term,
        "field": part.field,
        "count": part.count,
        "points": part.points / 100,
        "text": part.text,
    }


def _delivery_row(delivery: DeliveryLife, receivers: Mapping[str, Receiver]) -> DeliveryRow:
    receiver = receivers.get(delivery.channel.receiver)
    options = receiver.channels.get(delivery.channel) if receiver else None
    return DeliveryRow(
        channel=str(delivery.channel),
        recipients=options.recipients if options else (),
        route=delivery.route,
        state=delivery.state,
        reason=delivery.reason,
        since=delivery.since,
        until=delivery.held_until if delivery.state is DeliveryState.HELD else None,
        notification=delivery.notification,
        waiting_since=delivery.waiting_since,
    )


def _mark(is_relevant: bool | None) -> MarkState:
    if is_relevant is None:
        return MarkState.UNMARKED
    return MarkState.RELEVANT if is_relevant else MarkState.IRRELEVANT


def _copy_facts(copy: Alert) -> dict[str, object]:
    return {
        "id": copy.id,
        "created_at": copy.created_at,
        "feed": copy.feed_title,
        "title": copy.entry.title,
        "link": copy.entry.link,
    }


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """One line of an alert's life. `text` names channels and reasons, nothing of the feed; `notification` is the
    message that it is about, `remark` what a receiver or a user said.
    """

    at: datetime
    text: str
    notification: str | None = None
    remark: str = ""
    is_trouble: bool = False


def life_of(
    page: AlertPage, attempts: Mapping[str, Sequence[Attempt]], acts: Sequence[Act] = ()
) -> tuple[LifeEvent, ...]:
    """What happened to an alert, in order. `attempts` are by key of the message, `acts` what users did with it."""
    alert = page.row.alert
    events = [] if alert.entry.published is None else [LifeEvent(alert.entry.published, "published")]
    events.append(LifeEvent(alert.first_seen, "read from its feed"))
    created = alert.created_at or alert.first_seen
    points, focus = format_points(alert.score), format_points(alert.focus)
    events.append(
        LifeEvent(created, f"matched {alert.topic}: {alert.level.value}, {points} points (focus from {focus})")
    )
    if alert.folded_into:
        events.append(LifeEvent(created, "folded: it repeats an alert that was there", remark=alert.reason))
    for copy in page.copies:
        events.append(LifeEvent(copy.created_at or created, "a copy was folded into it", remark=copy.feed_title))
    for delivery in page.deliveries:
        events += _events_of(delivery, attempts)
    events += [LifeEvent(act.at, WORDS[act.deed], remark=act.by.name) for act in acts]
    return tuple(sorted(events, key=lambda event: event.at))


def _events_of(delivery: DeliveryRow, attempts: Mapping[str, Sequence[Attempt]]) -> list[LifeEvent]:
    events = []
    if delivery.waiting_since is not None:
        routed = f"route {delivery.route} sends it to {delivery.channel}"
        events.append(LifeEvent(delivery.waiting_since, routed))
    for attempt in attempts.get(delivery.notification or "", ()):
        what = attempt.result.value.replace("_", " ") if attempt.result else "not finished"
        said = ": ".join(filter(None, (attempt.reason, attempt.detail)))
        failed = attempt.result is not AttemptResult.DELIVERED
        text = f"attempt {attempt.number} to {delivery.channel}: {what}"
        events.append(LifeEvent(attempt.finished_at or attempt.started_at, text, delivery.notification, said, failed))
    reason = delivery.reason.replace("_", " ")
    state = f"{delivery.state.value} {'to' if delivery.state is DeliveryState.DELIVERED else 'for'} {delivery.channel}"
    is_trouble = delivery.state in {DeliveryState.DEAD, DeliveryState.OMITTED}
    events.append(LifeEvent(delivery.since, state, delivery.notification, reason, is_trouble))
    return events
