"""The page behind a link in a message: one alert, its buttons, nothing else. It is written only by POST.

Mail scanners open every link, and some submit every form. A write needs a form of this page that was sent by a press of
a button, as browsers say in headers that no page can set.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from watcher.model.act import Actor, WayIn
from watcher.model.alert import Alert, stable_hash
from watcher.model.alert_link import AlertLink, LinkKind, LinkProblem, read_token, short_name, write_token
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.model.web import LinkUse, May
from watcher.queries.silences import read_preview
from watcher.render.highlight import quote_runs, title_runs
from watcher.web.exchange import Asked, Refused, Reply, see_other
from watcher.web.pages import silences
from watcher.web.router import Page

log = structlog.get_logger()

SCANNED_WITHIN = timedelta(seconds=120)
"""Nearly all openings by scanners come so soon after the delivery."""
LENGTHS = {"1h": timedelta(hours=1), "3h": timedelta(hours=3), "24h": timedelta(hours=24)}
WRITES_A_LINK, WRITES_AN_ADDRESS = 30, 300
HOUR = timedelta(hours=1)
MOST_REMEMBERED = 10_000


class RateLimit:
    """Counts writes by key over the last hour or so. Thread-safe."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, key: str, most: int, now: datetime) -> bool:
        """Counts one more, unless there were too many."""
        with self._lock:
            began, count = self._counts.pop(key, (now, 0))
            if now - began >= HOUR:
                began, count = now, 0
            self._counts[key] = (began, count + 1)
            while len(self._counts) > MOST_REMEMBERED:
                self._counts.popitem(last=False)
            return count < most


LIMIT = RateLimit()


def show(asked: Asked) -> Reply:
    link, alert = _open(asked)
    return _page(asked, link, alert)


def show_message(asked: Asked) -> Reply:
    """What `List-Unsubscribe` of a message leads to: what it was, and how to get less of it. It writes nothing."""
    site = asked.site
    link = _read(asked, LinkKind.MESSAGE)
    found = site.store.outbox.find(link.about)
    if found is None:
        raise Refused(
            410, "This message is no longer kept", "Messages are deleted after the time in retention.messages."
        )
    key, channel = site.settings.web.key, str(found.group.channel)
    first_of_topic = {alert.topic: alert for alert in reversed(found.alerts)}
    topics = [
        (alert.topic_title or alert.topic, write_token(alert.id, channel, link.use, link.issued_at, key.reveal()))
        for alert in reversed(first_of_topic.values())
        if key is not None
    ]
    sender = site.settings.smtp.sender if site.settings.smtp else ""
    return asked.page("link_message.html.j2", message=found, topics=topics, link=link, sender=sender)


def _page(asked: Asked, link: AlertLink, alert: Alert) -> Reply:
    mark = asked.site.store.marks.of_alerts([alert.id]).get(alert.id)
    return asked.page(
        "link.html.j2", alert=alert, title=title_runs(alert), quote=quote_runs(alert), mark=mark,
        may_write=link.use is LinkUse.ACT, token=asked.params["token"],
    )  # fmt: skip


def mark(asked: Asked) -> Reply:
    """Keeps what the user says; the last word counts, so a second press is harmless."""
    link, alert = _open_to_write(asked)
    verdict = asked.form.get("verdict", "")
    if verdict not in {"relevant", "irrelevant"}:
        raise Refused(400, "`verdict` must be relevant or irrelevant")
    asked.site.store.marks.mark(alert.id, verdict == "relevant", asked.now, _by(asked, link))
    log.info("alert.marked", alert=alert.id, verdict=verdict, way="link", channel=link.channel)
    return see_other(f"/l/{asked.params['token']}?done={verdict}")


def ask_silence(asked: Asked) -> Reply:
    """What a silence of this story or this topic would meet, before it is made."""
    link, alert = _open(asked)
    if link.use is not LinkUse.ACT:
        return see_other(f"/silences/new?alert={alert.id[:8]}")
    silence = _silence(asked, alert, asked.query, "")
    return asked.page(
        "link_silence.html.j2", alert=alert, token=asked.params["token"], silence=silence,
        lengths={length: silences.LENGTHS[length] for length in LENGTHS}, chosen=_length(asked.query),
        whole_topic=asked.query.get("what") == "topic",
        preview=read_preview(asked.site.store, silence, alert.topic, asked.now),
    )  # fmt: skip


def silence(asked: Asked) -> Reply:
    """Keeps a silence. Its id comes from the link and the minute: two presses make one."""
    link, alert = _open_to_write(asked)
    minute = str(int(asked.now.timestamp()) // 60)
    made = _silence(asked, alert, asked.form, stable_hash("link silence", _token(asked), minute))
    store = asked.site.store
    if all(one.id != made.id for one in store.silences.ending_after(asked.now)):
        store.silences.add(made, _by(asked, link))
        log.info("silence.added", silence=made.id, way="link", channel=link.channel)
    return see_other(f"/l/{asked.params['token']}?done=silenced")


def _silence(asked: Asked, alert: Alert, fields: Mapping[str, str], silence_id: str) -> Silence:
    is_story = fields.get("what") != "topic" and alert.story
    label, value = ("story", alert.story) if is_story else ("topic", alert.topic)
    why = " ".join(fields.get("why", "").split())[: silences.LONGEST_COMMENT]
    return Silence(
        id=silence_id,
        matchers=(Matcher(label, "=", value),),
        author="link in a message",
        comment=why or f"from the link of {alert.id[:8]}",
        starts_at=asked.now,
        ends_at=asked.now + LENGTHS[_length(fields)],
        created_at=asked.now,
    )


def _by(asked: Asked, link: AlertLink) -> Actor:
    """Who acts by a link is not known; its channel says who got it."""
    channels = (ref for one in asked.site.settings.receivers.values() for ref in one.channels)
    name = next((str(ref) for ref in channels if short_name(str(ref)) == link.channel), link.channel)
    return Actor(f"whoever got the message to {name}", WayIn.LINK)


def _length(fields: Mapping[str, str]) -> str:
    length = fields.get("for", "")
    return length if length in LENGTHS else "3h"


def _open(asked: Asked) -> tuple[AlertLink, Alert]:
    """What the link of the path allows, and its alert. Raises `Refused`."""
    link = _read(asked, LinkKind.ALERT)
    alert = asked.site.store.alerts.find(link.about)
    if alert is None:
        raise Refused(410, "This alert is no longer kept", "Alerts are deleted after the time in retention.messages.")
    return link, alert


def _read(asked: Asked, kind: LinkKind) -> AlertLink:
    """What the link of the path says. Raises `Refused`."""
    web = asked.site.settings.web
    keys = [key.value for key in (web.key, *web.old_keys) if key is not None and key.value]
    link = read_token(asked.params["token"], keys, asked.now, web.links_for, kind)
    if link is LinkProblem.EXPIRED:
        remedy = (
            f"Links in messages are valid for {web.links_for.days} days. The pages themselves still show the alert."
        )
        raise Refused(410, "This link is too old", remedy)
    if not isinstance(link, AlertLink):
        raise Refused(404, "This link opens nothing", "Copy it whole from the message.")
    if web.links is LinkUse.NONE:
        raise Refused(410, "Links in messages are switched off", "The pages themselves still show the alert.")
    return replace(link, use=LinkUse.READ) if web.links is LinkUse.READ else link


def _open_to_write(asked: Asked) -> tuple[AlertLink, Alert]:
    """The same, for somebody who pressed a button on the page. Raises `Refused`."""
    link, alert = _open(asked)
    if link.use is not LinkUse.ACT:
        raise Refused(403, "This link only shows the alert", "Sign in to mark it.")
    _need_press(asked, link)
    wait = {"Retry-After": "3600"}
    if not LIMIT.allows(f"link {_token(asked)}", WRITES_A_LINK, asked.now):
        raise Refused(429, "This link was used too often", "Try again in an hour.", wait)
    if asked.address and not LIMIT.allows(f"address {asked.address}", WRITES_AN_ADDRESS, asked.now):
        raise Refused(429, "Too many requests from this address", "Try again in an hour.", wait)
    return link, alert


def _token(asked: Asked) -> str:
    """The token of the path as it was written: letters of both cases read alike."""
    return asked.params["token"].upper()


def _need_press(asked: Asked, link: AlertLink) -> None:
    """Raises `Refused` unless somebody pressed a button, as far as the browser says so.

    Chromium and Firefox say whether a user acted. Safari sends the other Sec-Fetch headers without that one, and older
    browsers send none: from these a press counts when most scanners have been there.
    """
    if asked.headers.get("sec-fetch-user") == "?1":
        return
    if "sec-fetch-site" in asked.headers and not _is_safari(asked.headers.get("user-agent", "")):
        raise Refused(403, "Nobody pressed a button", "Open the link in a browser, and press the button there.")
    waits = link.issued_at + SCANNED_WITHIN - asked.now
    if waits > timedelta(0):
        seconds = int(waits.total_seconds()) + 1
        remedy = f"This browser does not say that a user pressed the button. Press it again in {seconds} seconds."
        raise Refused(403, "This message is too new", remedy, {"Retry-After": str(seconds)})


def _is_safari(agent: str) -> bool:
    return "AppleWebKit/" in agent and not any(name in agent for name in ("Chrome/", "Chromium/", "Firefox/"))


PAGES = (
    Page("/l/{token}", show, May.ANYONE),
    Page("/m/{token}", show_message, May.ANYONE),
    Page("/l/{token}/mark", mark, May.ANYONE, "POST"),
    Page("/l/{token}/silence", ask_silence, May.ANYONE),
    Page("/l/{token}/silence", silence, May.ANYONE, "POST"),
)
