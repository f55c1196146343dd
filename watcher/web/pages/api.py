"""The JSON API, reading. The shapes are those of `--json` on the command line; `openapi.yaml` describes them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from watcher.match.backtest import labels_of
from watcher.match.explain import explain_all, explanation_json
from watcher.model.alert import AlertState
from watcher.model.notification import DeliveryState, NotificationState
from watcher.model.topic import Level
from watcher.model.web import May
from watcher.queries.alerts import read_alert_page, read_alert_rows
from watcher.queries.entries import read_entry_page
from watcher.queries.feeds import list_feeds, read_feed_rows
from watcher.queries.outbox import read_message_rows
from watcher.queries.search import read_search
from watcher.queries.status import read_status
from watcher.queries.today import TodayFilter, read_today
from watcher.queries.topics import read_precision, read_volume
from watcher.route.tree import routes_for
from watcher.search.find import Order
from watcher.store.records import AlertFilter, MarkState
from watcher.views.feeds import FeedRow, feed_facts
from watcher.views.json_text import json_text
from watcher.views.outbox import attempt_facts
from watcher.views.silences import silence_facts
from watcher.views.today import story_facts
from watcher.web.description import description
from watcher.web.exchange import JSON, Asked, Refused, Reply, whole_id, with_query
from watcher.web.pages.alerts import find_alert
from watcher.web.pages.entries import find_entry
from watcher.web.pages.outbox import find_message
from watcher.web.pages.search import LONGEST_NUMBER, before_of, fields_of
from watcher.web.router import Page

T = TypeVar("T")

SHOWN, MOST_SHOWN = 50, 200
MOST_DAYS = 14
EVER = datetime(1970, 1, 1, tzinfo=UTC)


def answer(facts: object, status: int = 200) -> Reply:
    return Reply(json_text(facts).encode("utf-8", "replace"), status, JSON)


def page_of(asked: Asked, items: Sequence[object], before: str, **more: object) -> Reply:
    """A part of a list; `next` is the address of the following part, null at the end."""
    following = with_query(with_query(asked.path, **asked.query), before=before, token="") if before else None
    return answer({"items": items, "next": following, **more})


def value_of(asked: Asked, name: str, read: Callable[[str], T]) -> T | None:
    """A value of the query, None when it is not given. Raises `Refused` when it cannot be read."""
    if name not in asked.query:
        return None
    try:
        return read(asked.query[name])
    except (ValueError, OverflowError) as error:
        raise Refused(400, f"`{name}` cannot be read", "See /api/openapi.json for what it may be.") from error


def limit_of(asked: Asked) -> int:
    limit = value_of(asked, "limit", int)
    if limit is not None and not 1 <= limit <= MOST_SHOWN:
        raise Refused(400, "`limit` cannot be read", f"It is a number between 1 and {MOST_SHOWN}.")
    return limit or SHOWN


def number(text: str) -> int:
    """A number of the store. Raises `ValueError`."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER:
        raise ValueError("not a number")
    return int(text)


def moment(text: str) -> datetime:
    """A time as RFC 3339 writes it. Raises `ValueError`."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("without a zone")
    return found.astimezone(UTC)


def _state(text: str) -> AlertState | DeliveryState:
    return AlertState(text) if text in set(AlertState) else DeliveryState(text)


def alerts(asked: Asked) -> Reply:
    folded = asked.query.get("folded", "")
    wanted = AlertFilter(
        topic=asked.topic(),
        since=value_of(asked, "since", moment),
        until=value_of(asked, "until", moment),
        level=value_of(asked, "level", Level),
        feed=asked.query.get("feed") or None,
        state=value_of(asked, "state", _state),
        story=asked.query.get("story") or None,
        marked=value_of(asked, "marked", MarkState),
        folded={"yes": True, "no": False}.get(folded),
        before=value_of(asked, "before", whole_id),
    )
    if folded not in ("", "yes", "no"):
        raise Refused(400, "`folded` cannot be read", "It is yes or no.")
    limit = limit_of(asked)
    found = asked.site.store.alerts.matching(wanted, limit + 1)
    rows = read_alert_rows(asked.site.store, found[:limit])
    return page_of(asked, [row.facts() for row in rows], found[limit - 1].id if len(found) > limit else "")


def alert(asked: Asked) -> Reply:
    page = read_alert_page(asked.site.store, asked.site.settings.receivers, find_alert(asked))
    return answer(page.facts())


def stories(asked: Asked) -> Reply:
    """Stories of the last days by topic, as the first page shows them."""
    given = value_of(asked, "days", number)
    days = 1 if given is None else given
    if not 1 <= days <= MOST_DAYS:
        raise Refused(400, "`days` cannot be read", f"It is a number between 1 and {MOST_DAYS}.")
    level = value_of(asked, "level", Level)
    wanted = TodayFilter(days, asked.topic(), None if level is Level.NONE else level,
                         before=value_of(asked, "before", whole_id))  # fmt: skip
    found = read_today(asked.site.store, wanted, asked.site.zone, asked.now)
    items = [story_facts(one) for section in found.sections for one in section.stories]
    return page_of(asked, items, found.before or "", is_cut=found.is_cut)


def entries(asked: Asked) -> Reply:
    """The search; without a query, all entries."""
    value_of(asked, "order", Order)
    site, fields = asked.site, fields_of(asked)
    found = read_search(site.store, site.index, site.languages, fields, before=before_of(asked), limit=limit_of(asked))
    return page_of(
        asked,
        [row.facts() for row in found.rows],
        str(found.before) if found.before else "",
        understood=found.understood,
        notes=list(found.notes),
        unknown=list(found.unknown),
        count=found.count,
        is_more=found.is_more,
        looked_back_to=found.looked_back_to,
    )


def entry(asked: Asked) -> Reply:
    site = asked.site
    page = read_entry_page(site.store, site.config.topics, site.settings.polling.backfill, find_entry(asked))
    return answer(page.facts())


def explain_entry(asked: Asked) -> Reply:
    record, name = find_entry(asked), asked.query.get("topic", "")
    if name and asked.site.topic(name) is None:
        raise Refused(404, "There is no such topic", "Topics are named in the configuration.")
    chosen = [one for one in asked.site.config.topics if name in ("", one.topic.name)]
    found = explain_all(chosen, record.entry, labels_of(record), name)
    return answer({"items": [explanation_json(one) for one in found], "next": None})


def topics(asked: Asked) -> Reply:
    items = []
    known = read_precision(asked.site.store, asked.site.config.topics)
    for one in asked.site.config.topics:
        if not asked.may_see(one.topic.name):
            continue
        precision = known[one.topic.name]
        items.append({
            "name": one.topic.name, "title": one.topic.title, "focus": one.topic.focus / 100,
            "languages": list(one.topic.languages), "relevant": precision.relevant,
            "irrelevant": precision.irrelevant, "missed": precision.missed,
        })  # fmt: skip
    return page_of(asked, items, "")


def volume(asked: Asked) -> Reply:
    name = asked.params["name"]
    if asked.site.topic(name) is None:
        raise Refused(404, "There is no such topic", "Topics are named in the configuration.")
    days = read_volume(asked.site.store, name, asked.site.zone, asked.now)
    items = [{"day": one.day.isoformat(), "mention": one.mention, "focus": one.focus} for one in days]
    return page_of(asked, items, "")


def feeds(asked: Asked) -> Reply:
    listed, limit = list_feeds(asked.site.store, asked.site.settings, asked.now), limit_of(asked)
    before = value_of(asked, "before", whole_id)
    start = next((number + 1 for number, one in enumerate(listed) if one.id == before), 0) if before else 0
    shown = listed[start : start + limit]
    rows = read_feed_rows(asked.site.store, asked.site.settings, shown)
    is_more = len(listed) > start + limit
    return page_of(asked, [api_feed(row, asked.now) for row in rows], shown[-1].id if is_more else "")


def api_feed(row: FeedRow, now: datetime) -> dict[str, object]:
    """A feed for JSON: the id by which it is polled, what is wrong with it, and what its last polls brought."""
    issues = [{"what": one.kind.value, "since": one.since, "detail": one.detail} for one in row.issues]
    polls = [{"at": one.at, "what": one.what, "entries_new": one.entries_new} for one in row.polls]
    return {
        "id": row.id,
        **feed_facts(row.feed, row.state),
        "issues": issues,
        "why_then": row.why_then,
        "polls": polls,
        "entries_by_day": list(row.rhythm(now)),
    }


def outbox(asked: Asked) -> Reply:
    state, before, limit = (
        value_of(asked, "state", NotificationState),
        value_of(asked, "before", whole_id),
        limit_of(asked),
    )
    store = asked.site.store
    rows = read_message_rows(store, store.outbox.newest(state=state, limit=limit + 1, before=before), asked.now)
    return page_of(
        asked, [row.facts() for row in rows[:limit]], rows[limit - 1].notification.key if len(rows) > limit else ""
    )


def message(asked: Asked) -> Reply:
    found = find_message(asked)
    (row,) = read_message_rows(asked.site.store, [found], asked.now)
    log = [attempt_facts(one) for one in asked.site.store.outbox.attempts(found.key)]
    return answer({**row.facts(), "attempt_log": log})


def silences(asked: Asked) -> Reply:
    if asked.query.get("all", "yes") != "yes":
        raise Refused(400, "`all` cannot be read", "It is yes, or left out.")
    found = asked.site.store.silences.ending_after(EVER if "all" in asked.query else asked.now)
    return page_of(asked, [silence_facts(one, asked.now) for one in found], "")


def walk(asked: Asked) -> Reply:
    """Which routes would take an alert with these labels: each `label` of the query is a name and a value."""
    root = asked.site.settings.route
    labels = {name: text for name, text in asked.query.items() if name != "token"}
    taking = routes_for(root, labels) if root else []
    return page_of(asked, [{"route": one.path, "receiver": one.receiver} for one in taking], "")


def status(asked: Asked) -> Reply:
    return answer(read_status(asked.site.store, asked.now).facts_for_json())


def openapi(asked: Asked) -> Reply:
    return Reply(description(), content_type=JSON)


PAGES = (
    Page("/api/openapi.json", openapi, May.READ),
    Page("/api/alerts", alerts, May.READ, for_topics=True),
    Page("/api/alerts/{id}", alert, May.READ, for_topics=True),
    Page("/api/stories", stories, May.READ, for_topics=True),
    Page("/api/entries", entries, May.READ),
    Page("/api/entries/{key}", entry, May.READ),
    Page("/api/entries/{key}/explain", explain_entry, May.READ),
    Page("/api/topics", topics, May.READ, for_topics=True),
    Page("/api/topics/{name}/volume", volume, May.READ, for_topics=True),
    Page("/api/feeds", feeds, May.READ),
    Page("/api/outbox", outbox, May.READ),
    Page("/api/outbox/{key}", message, May.READ),
    Page("/api/silences", silences, May.READ),
    Page("/api/routes/walk", walk, May.READ),
    Page("/api/status", status, May.READ),
)
