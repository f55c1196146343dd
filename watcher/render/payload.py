"""The body of the generic webhook (docs/channels.md has the shape), built in or made by the user's template. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from watcher.errors import NotifyReason
from watcher.model.alert import Alert, Evidence, FoldedReport, LateCopies
from watcher.model.notification import Message, Notification
from watcher.render.dates import iso
from watcher.render.user_templates import PAYLOAD, Rendered
from watcher.text.printable import one_line, safe_link
from watcher.text.redact import redact_addresses

_NEAR = 30
"""Characters before and behind the place of an error that are shown of it."""


def payload(notification: Notification) -> dict[str, object]:
    """JSON-ready, the same on every attempt: its time is when the notification was made."""
    data: dict[str, object] = {
        "receiver": notification.group.channel.receiver,
        "reason": notification.reason.value,
        "group": {name: redact_addresses(value) for name, value in notification.group.labels.items()},
        "alerts": [_alert(alert) for alert in notification.alerts],
    }
    if notification.omitted:
        data["silenced" if notification.reason is NotifyReason.NOTHING else "omitted"] = notification.omitted
    if notification.late:
        data["late"] = [_late(one) for one in notification.late]
    return {"type": "alerts", "timestamp": iso(notification.created_at), "data": data}


def _alert(alert: Alert) -> dict[str, object]:
    entry = alert.entry
    return {
        "id": alert.id,
        "topic": alert.topic,
        "level": alert.level.value,
        "score": alert.score / 100,
        "focus": alert.focus / 100,
        "evidence": [_evidence(part) for part in alert.evidence],
        **_beside_score(alert),
        "entry": {
            "id": one_line(entry.id),
            "title": one_line(entry.title),
            "link": safe_link(entry.link),
            "published": iso(entry.published),
            "feed": {"url": redact_addresses(alert.feed_url), "title": _title(alert)},
        },
        "story": {
            "id": alert.story,
            "sources": [redact_addresses(one_line(name)) for name in (alert.feed_title, *alert.sources)],
            **_story_reports(alert),
        },
    }


def _beside_score(alert: Alert) -> dict[str, object]:
    """Opinions, which one made the alert a mention, whether a page was scored; keys are there when there are any."""
    found: dict[str, object] = {}
    if alert.opinions:
        found["opinions"] = [{**one.facts(), "quote": one_line(one.quote)} for one in alert.opinions]
    if alert.lifted_by is not None:
        found["lifted_by"] = alert.lifted_by.value
    if alert.entry.from_page:
        found["full_text"] = True
    return found


def _story_reports(alert: Alert) -> dict[str, object]:
    """Reports folded into the alert whose headline differs; the key is there only when there are any."""
    return {"reports": [_report(one) for one in alert.reports]} if alert.reports else {}


def _report(one: FoldedReport) -> dict[str, object]:
    return {
        "source": redact_addresses(one_line(one.source)),
        "title": one_line(one.title),
        "link": safe_link(one.link),
    }


def _late(late: LateCopies) -> dict[str, object]:
    """Reports folded into an alert of an earlier message."""
    return {
        "alert": late.alert_id,
        "topic": late.topic,
        "title": one_line(late.title),
        "link": safe_link(late.link),
        "reports": [_report(one) for one in late.reports],
    }


def _title(alert: Alert) -> str:
    """A feed without a title is called by its address."""
    return redact_addresses(one_line(alert.feed_title))


def _evidence(part: Evidence) -> dict[str, object]:
    return {
        "term": part.term,
        "field": part.field,
        "count": part.count,
        "points": part.points / 100,
        "text": one_line(part.text),
    }


def own_payload(message: Message, rendered: Rendered) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """The JSON that the channel's template made, else ours; and everything that is wrong with its templates."""
    text = rendered.texts.get(PAYLOAD)
    if text is None:
        return message.payload, rendered.problems
    body, problem = _read(text)
    if body is None:
        said = f"the template {rendered.names[PAYLOAD]} {problem}"
        return message.payload, (*rendered.problems, said)
    return body, rendered.problems


def noted(body: Mapping[str, object], problems: tuple[str, ...]) -> dict[str, object]:
    """The built-in JSON with a note about the template in place of which it is used."""
    data = body["data"]
    return {**body, "data": {**(data if isinstance(data, dict) else {}), "problems": list(problems)}}


def _read(text: str) -> tuple[Mapping[str, object] | None, str]:
    """The JSON object of a text, or what keeps it from being one, with the remedy."""
    try:
        body = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        near = one_line(text[max(error.pos - _NEAR, 0) : error.pos + _NEAR])
        place = f"{error.msg} in line {error.lineno}, column {error.colno} of what it makes, near “{near}”"
        return None, f"makes no JSON ({place}): write values as {{{{ value | tojson }}}}, and no comma after the last"
    except (ValueError, RecursionError) as error:
        return None, f"makes no JSON ({error}): correct it"
    return (body, "") if isinstance(body, dict) else (None, "must make a JSON object: { … }")


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not a number of JSON")
