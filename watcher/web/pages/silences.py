"""Silences: those in force, a new one with a preview of what it meets, and ending one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watcher.config.matchers import MatcherProblem, impossible_labels, read_matcher
from watcher.lazy_dataclass import dataclass
from watcher.model.act import WayIn
from watcher.model.alert import Alert
from watcher.model.local_time import to_local
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.model.web import May
from watcher.queries.silences import read_preview, read_stories
from watcher.views.silences import SilenceState, state_of
from watcher.web.exchange import Asked, Refused, Reply, with_query
from watcher.web.router import Page

SHOWN_AFTER = timedelta(days=14)
MOST_MATCHERS = 10
LONGEST_COMMENT = 500
MOST_KEPT = 200
"""Alerts that the page of a silence lists."""
MOST_NAMED = 50
"""Silences whose story a list names by its title."""
TOMORROW = "tomorrow"
LENGTHS: Mapping[str, str] = {
    "1h": "1 hour", "3h": "3 hours", "24h": "24 hours", TOMORROW: "until tomorrow 07:00", "3d": "3 days",
    "7d": "7 days", "30d": "30 days",
}  # fmt: skip
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}
OFFERED = ("story", "topic", "level", "feed", "language")
"""Labels of an alert that a silence may be made of, in this order; the story alone is chosen at first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A matcher that the form offers, and whether it is chosen."""

    field: str
    matcher: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form says: matchers, how long or until when, why; and what is wrong with it."""

    matchers: tuple[Matcher, ...]
    length: str
    until: datetime | None
    comment: str
    problems: tuple[str, ...]


def show_all(asked: Asked) -> Reply:
    found = asked.site.store.silences.ending_after(asked.now - SHOWN_AFTER)
    groups = [(state.value, [one for one in found if state_of(one, asked.now) is state]) for state in SilenceState]
    kept = asked.site.store.pages.count_kept_back([one.id for one in found])
    return asked.page(
        "silences.html.j2",
        groups=groups,
        kept=kept,
        stories=read_stories(asked.site.store, found[:MOST_NAMED]),
        may_end=lambda one: may_end(asked, one),
    )


def may_end(asked: Asked, silence: Silence) -> bool:
    """One's own with `act`, anybody's with `admin`."""
    return asked.may(May.ADMIN) or (asked.may(May.ACT) and silence.author == asked.author)


def show(asked: Asked) -> Reply:
    """One silence, what it has kept back, and what it meets."""
    store = asked.site.store
    silence = _find(asked, store.silences.ending_after(asked.now - SHOWN_AFTER))
    if silence is None:
        remedy = f"Silences that ended more than {SHOWN_AFTER.days} days ago are not shown any more."
        raise Refused(404, "There is no such silence", remedy)
    return asked.page(
        "silence.html.j2",
        silence=silence,
        state=state_of(silence, asked.now).value,
        stories=read_stories(store, [silence]),
        again=with_query("/silences/new", more="\n".join(map(str, silence.matchers)), why=silence.comment),
        kept=store.pages.kept_back(silence.id, MOST_KEPT),
        kept_count=store.pages.count_kept_back([silence.id])[silence.id],
        preview=read_preview(store, silence, "", asked.now),
        may_end=may_end(asked, silence),
    )


def _find(asked: Asked, silences: list[Silence]) -> Silence | None:
    """The one whose id begins as the path says; None when none or several do."""
    wanted = asked.params["id"].lower()
    found = [one for one in silences if len(wanted) >= 8 and one.id.startswith(wanted)]
    return found[0] if len(found) == 1 else None


def new(asked: Asked) -> Reply:
    """The form. With matchers in the query, also what a silence of them would meet."""
    return _form(asked, asked.query)


def _form(asked: Asked, fields: Mapping[str, str], status: int = 200) -> Reply:
    alert = _alert(asked, fields.get("alert", ""))
    if alert is not None and "for" not in fields:
        fields = {**{one.field: one.matcher for one in _choices(alert, fields) if one.is_chosen}, **fields}
    draft = read_draft(fields, asked.site.zone, asked.now)
    silence = _silence(draft, asked) if draft.matchers and not draft.problems else None
    topic = alert.topic if alert else ""
    preview = read_preview(asked.site.store, silence, topic, asked.now) if silence else None
    exact = {one.label: one.value for one in draft.matchers if one.operator == "="}
    return asked.page(
        "silence_new.html.j2",
        status,
        alert=alert,
        draft=draft,
        silence=silence,
        preview=preview,
        choices=_choices(alert, fields),
        more=fields.get("more", ""),
        until=fields.get("until", ""),
        lengths=LENGTHS,
        warnings=list(impossible_labels(asked.site.settings, exact)),
        is_asked="for" in fields,
    )


def _alert(asked: Asked, name: str) -> Alert | None:
    if not name:
        return None
    alert = asked.site.store.alerts.find(name)
    if alert is None:
        raise Refused(404, "There is no such alert", "Open the alert again, and press Silence there.")
    return alert


def _choices(alert: Alert | None, fields: Mapping[str, str]) -> list[Choice]:
    """The labels of the alert as matchers; in a form that was sent before, those chosen there."""
    if alert is None:
        return []
    sent = any(name.startswith("m_") for name in fields) or "for" in fields
    return [
        Choice(f"m_{label}", str(Matcher(label, "=", value)), f"m_{label}" in fields if sent else label == "story")
        for label in OFFERED
        if (value := alert.labels.get(label, ""))
    ]


def read_draft(fields: Mapping[str, str], zone: str, now: datetime) -> Draft:
    """What a form says; `until` is a time in the zone. Matchers that cannot be read are problems."""
    texts = [text for name, text in fields.items() if name.startswith("m_")]
    texts += [line for line in fields.get("more", "").splitlines() if line.strip()]
    matchers, problems = [], []
    for text in texts[: MOST_MATCHERS + 1]:
        found = read_matcher(text)
        if isinstance(found, MatcherProblem):
            problems.append(f"{text[:100]}: {found.message}")
        else:
            matchers.append(found)
    if len(texts) > MOST_MATCHERS:
        problems.append(f"at most {MOST_MATCHERS} matchers")
    length, until = fields.get("for", "3h"), _moment(fields.get("until", ""), zone)
    if fields.get("until") and (until is None or until <= now):
        problems.append("the end must be in the future")
    return Draft(
        tuple(matchers),
        length if length in LENGTHS else "3h",
        until,
        " ".join(fields.get("why", "").split())[:LONGEST_COMMENT],
        tuple(problems),
    )


def _moment(text: str, zone: str) -> datetime | None:
    """A local time as browsers send it, `2026-11-30T18:00`; None for anything else."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def ends_at(length: str, zone: str, now: datetime) -> datetime:
    """When a silence of this length that begins now is over."""
    if length == TOMORROW:
        day = to_local(now, zone).date() + timedelta(days=1)
        return datetime.combine(day, time(7), ZoneInfo(zone)).astimezone(UTC)
    return now + int(length[:-1]) * _UNITS[length[-1]]


def _silence(draft: Draft, asked: Asked) -> Silence:
    return Silence(
        id=secrets.token_hex(16),
        matchers=draft.matchers,
        author=asked.author,
        comment=draft.comment,
        starts_at=asked.now,
        ends_at=draft.until or ends_at(draft.length, asked.site.zone, asked.now),
        created_at=asked.now,
    )


def add(asked: Asked) -> Reply:
    """Keeps a silence. Without a matcher or a comment the form is shown again."""
    draft = read_draft(asked.form, asked.site.zone, asked.now)
    if draft.problems or not draft.matchers or not draft.comment:
        return _form(asked, asked.form, 400)
    asked.site.store.silences.add(_silence(draft, asked), asked.actor)
    return asked.back("/silences", done="silenced")


def expire(asked: Asked) -> Reply:
    store = asked.site.store
    found = _find(asked, store.silences.ending_after(asked.now))
    if found is None:
        return asked.back("/silences", done="unchanged")
    if not may_end(asked, found):
        way = "" if asked.user and asked.user.way is WayIn.LOCAL else " Ask its author, or somebody who may admin."
        raise Refused(403, f"This is a silence of {found.author}", f"You may end your own.{way}")
    done = store.silences.expire(found.id, asked.now, asked.actor)
    return asked.back("/silences", done="expired" if done else "unchanged")


PAGES = (
    Page("/silences", show_all, May.READ),
    Page("/silences", add, May.ACT, "POST"),
    Page("/silences/new", new, May.ACT),
    Page("/silences/{id}", show, May.READ),
    Page("/silences/{id}/expire", expire, May.ACT, "POST"),
)
