"""The demo's result as values: alerts, entries without an alert and why, messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from watcher.demo.http_server import Request
from watcher.demo.mail_sink import Mail
from watcher.demo.samples import SampleFeed
from watcher.demo.stage import DemoFiles
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, AlertState
from watcher.model.feed import PollState
from watcher.service.once_report import OnceReport
from watcher.views.entries import NoAlert

DEAD_LETTERS = 1
"""That of the pager, which refuses everything."""


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
    """What two polls of the same feeds left in the store. `why_not`, by link, of every entry without an alert."""

    first: OnceReport
    again: OnceReport
    alerts: tuple[Alert, ...]
    failing: tuple[PollState, ...]
    why_not: Mapping[str, NoAlert]


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
        is_quiet_again = not self.polled.again.alerts
        return bool(self.sent) and sent_once and self.polled.first.dead == DEAD_LETTERS and is_quiet_again


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


def unsent_entries(samples: Sequence[SampleFeed], polled: Polled) -> tuple[UnsentEntry, ...]:
    """The sample entries without an alert, in the order of the feeds."""
    return tuple(
        UnsentEntry(entry.title, polled.why_not[link].text)
        for feed in samples
        for entry in feed.entries
        if (link := feed.site + entry.path) in polled.why_not
    )
