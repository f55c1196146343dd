"""Alerts with what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watcher.model.alert import Alert
from watcher.model.notification import Attempt
from watcher.model.route import Receiver
from watcher.store.records import AlertFilter
from watcher.store.store import Store
from watcher.views.alerts import AlertPage, AlertRow, alert_page, alert_rows

MOST_OF_A_STORY = 20


def read_alert_rows(store: Store, alerts: Sequence[Alert]) -> tuple[AlertRow, ...]:
    """The rows of a list, in the given order."""
    ids = [alert.id for alert in alerts]
    return alert_rows(alerts, store.alerts.delivery_states(ids), store.marks.of_alerts(ids))


def read_alert_page(store: Store, receivers: Mapping[str, Receiver], alert: Alert) -> AlertPage:
    """The whole life of one alert; `receivers` are those of the configuration in force."""
    (row,) = read_alert_rows(store, [alert])
    copies, deliveries = store.alerts.copies_of(alert.id), store.alerts.deliveries(alert.id)
    return alert_page(row, copies, deliveries, receivers, store.shown_copies.messages_with(alert.id))


def read_attempts(store: Store, page: AlertPage) -> dict[str, list[Attempt]]:
    """The attempts of the messages that carry an alert, by the message's key."""
    keys = dict.fromkeys(row.notification for row in page.deliveries if row.notification)
    return {key: store.outbox.attempts(key) for key in keys}


def others_of_story(store: Store, alert: Alert) -> list[Alert]:
    """Other alerts on the same story that are not copies of this one, the newest first."""
    if not alert.story:
        return []
    found = store.alerts.matching(AlertFilter(story=alert.story), MOST_OF_A_STORY)
    return [one for one in found if alert.id not in {one.id, one.folded_into}]
