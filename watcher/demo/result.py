"""The demo's result as values: alerts, entries without an alert and why, messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.demo.http_server import Request
from watcher.demo.mail_sink import Mail
from watcher.demo.samples import SampleEntry, SampleFeed
from watcher.demo.stage import DemoFiles
from watcher.match.explain import Explanation
from watcher.model.alert import Alert, AlertState
from watcher.model.feed import PollState
from watcher.model.topic import Level, format_points
from watcher.service.once_report import OnceReport


@dataclass(frozen=True, slots=True)
class UnsentEntry:
    """An entry without an alert, and why it has none."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class SentAlert:
    """An alert, and the feeds whose copies of the same story were folded into it."""

    alert: Alert
    folded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Polled:
    """What two polls of the same feeds left in the store. `explanations` are of every scored entry, by link."""

    first: OnceReport
    again: OnceReport
    alerts: tuple[Alert, ...]
    failing: tuple[PollState, ...]
    explanations: Mapping[str, tuple[Explanation, ...]]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Everything the demo reports."""

    began: datetime
    took: timedelta
    polled: Polled
    sent: tuple[SentAlert, ...]
    unsent: tuple[UnsentEntry, ...]
    webhooks: tuple[Request, ...]
    webhooks_verified: bool
    mails: tuple[Mail, ...]
    files: DemoFiles

    @property
    def complete(self) -> bool:
        """Whether everything that the demo shows has happened."""
        sent_once = len(self.webhooks) == len(self.mails) == 1 and self.webhooks_verified
        return bool(self.sent) and sent_once and not self.polled.first.dead and not self.polled.again.alerts


def sent_alerts(alerts: Sequence[Alert]) -> tuple[SentAlert, ...]:
    """Alerts that were sent, best first, each with the feeds whose copies were folded into it."""
    folded = [alert for alert in alerts if alert.state is AlertState.FOLDED]
    sent = sorted((alert for alert in alerts if alert.state is not AlertState.FOLDED), key=_best_first)
    return tuple(
        SentAlert(alert, tuple(sorted(copy.feed_title for copy in folded if copy.folded_into == alert.id)))
        for alert in sent
    )


def _best_first(alert: Alert) -> tuple[int, int, str]:
    return (-alert.level.rank, -alert.score, alert.id)


def unsent_entries(samples: Sequence[SampleFeed], polled: Polled, backfill: timedelta) -> tuple[UnsentEntry, ...]:
    """The sample entries without an alert, in the order of the feeds."""
    alerted = {alert.entry.link for alert in polled.alerts}
    return tuple(
        UnsentEntry(entry.title, why_unsent(entry, polled.explanations.get(link), backfill))
        for feed in samples
        for entry in feed.entries
        if (link := feed.site + entry.path) not in alerted
    )


def why_unsent(entry: SampleEntry, explanations: Sequence[Explanation] | None, backfill: timedelta) -> str:
    """One line: why the entry has no alert, by the topic with the highest score."""
    if not explanations or any(explanation.level is not Level.NONE for explanation in explanations):
        return _why_quiet(entry, backfill)
    nearest = max(explanations, key=lambda explanation: explanation.score)
    if nearest.score == 0:
        return "no term of any topic, as a whole word"
    if nearest.excluded_by:
        return f"{format_points(nearest.score)} points, but excluded by {nearest.excluded_by}"
    if nearest.missing:
        return f"{format_points(nearest.score)} points, but without {nearest.missing}"
    return f"{format_points(nearest.score)} points: {format_points(nearest.to_mention)} too few for a mention"


def _why_quiet(entry: SampleEntry, backfill: timedelta) -> str:
    """Why an entry of the first poll was not new (I7)."""
    if entry.age is None:
        return "no date, and there at the first poll"
    if entry.age > backfill:
        return (
            f"{entry.age // timedelta(days=1)} days old at the first poll (backfill {backfill // timedelta(hours=1)}h)"
        )
    return "should have alerted"
