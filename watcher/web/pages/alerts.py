"""One alert: why it came, its whole life, and what a user says of it."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.model.alert import Alert
from watcher.model.web import May
from watcher.queries.alerts import others_of_story, read_alert_page, read_attempts
from watcher.render.highlight import Run, beside_score, part_runs, quote_runs, title_runs
from watcher.store.records import MarkState
from watcher.views.alerts import life_of
from watcher.web.exchange import Asked, Refused, Reply, with_query
from watcher.web.nearest import near_alerts
from watcher.web.router import Page

MOST_ACTS = 50
"""What users did with an alert that its history shows, the newest."""


def show(asked: Asked) -> Reply:
    store, alert = asked.site.store, find_alert(asked)
    page = read_alert_page(store, asked.site.settings.receivers, alert)
    parts: list[tuple[object, tuple[Run, ...]]] = [(part, part_runs(part)) for part in page.evidence]
    return asked.page(
        "alert.html.j2",
        page=page,
        alert=alert,
        title=title_runs(alert),
        quote=quote_runs(alert),
        parts=parts,
        beside=beside_score(alert),
        life=life_of(page, read_attempts(store, page), store.acts.about(alert.id, MOST_ACTS)),
        others=others_of_story(store, alert),
        entry=store.entries.find(alert.entry_key),
        routes_of=with_query("/routes", labels=_written(alert.labels)),
    )


def _written(labels: Mapping[str, str]) -> str:
    """Labels as the page of the routes reads them; a value with quotation marks cannot be written there."""
    return " ".join(f'{name}="{value}"' for name, value in labels.items() if value and '"' not in value)


def find_alert(asked: Asked) -> Alert:
    """The alert that the path names. Raises `Refused`."""
    alert = asked.site.store.alerts.find(asked.params["id"])
    if alert is None or not asked.may_see(alert.topic):
        remedy = f"Nothing, or more than one alert, has an id that begins so. Finished alerts are kept for " \
            f"{asked.site.settings.retention.messages.days} days."  # fmt: skip
        offers = [] if asked.user and asked.user.topics else list(near_alerts(asked, asked.params["id"]))
        raise Refused(404, "There is no such alert", remedy, offers=offers)
    return alert


def mark(asked: Asked) -> Reply:
    """Keeps what the user says of an alert, or takes it back; the last word counts."""
    alert, verdict = find_alert(asked), asked.form.get("verdict", "")
    keep_verdict(asked, alert, verdict)
    return asked.back(f"/alerts/{alert.id[:8]}", done=verdict)


def keep_verdict(asked: Asked, alert: Alert, verdict: str) -> None:
    """Raises `Refused` for what is no verdict."""
    marks = asked.site.store.marks
    if verdict not in set(MarkState):
        raise Refused(400, f"`verdict` must be one of {', '.join(MarkState)}")
    if verdict == MarkState.UNMARKED:
        marks.unmark(alert.id, asked.now, asked.actor)
    else:
        marks.mark(alert.id, verdict == MarkState.RELEVANT, asked.now, asked.actor)


PAGES = (
    Page("/alerts/{id}", show, May.READ),
    Page("/alerts/{id}/mark", mark, May.ACT, "POST"),
)
