"""The first page: stories of the last day by topic. `/now` says whether there are newer ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from watcher.model.topic import Level, Topic
from watcher.model.web import May
from watcher.queries.attention import read_attention
from watcher.queries.today import TodayFilter, count_news, read_today, search_today
from watcher.queries.topics import read_nearest_miss
from watcher.views.topics import NearMiss
from watcher.web.exchange import JSON, Asked, Refused, Reply, with_query
from watcher.web.pages.search import before_of
from watcher.web.router import Page

DAYS = (1, 2, 7, 14)
KEPT_SECONDS = 300
NEAREST_WITHIN = 0.5
"""Seconds for which a page without a story waits for what came nearest."""


def today(asked: Asked) -> Reply:
    site = asked.site
    wanted = _filter(asked)
    if wanted.query:
        found = search_today(site.store, site.index, site.languages, wanted, site.zone, asked.now)
    else:
        found = read_today(site.store, wanted, site.zone, asked.now)
    attention = read_attention(site.store, site.settings, asked.now)
    topics = [(one.topic.name, one.topic.title) for one in site.config.topics]
    news = with_query("/now", since=str(int(asked.now.timestamp())))
    here = with_query(
        "/", days=str(wanted.days) if wanted.days > 1 else "", topic=wanted.topic or "",
        level=wanted.level.value if wanted.level else "", judged="no" if wanted.unmarked else "",
        q=wanted.query,
    )  # fmt: skip
    more = with_query(here, before=found.before) if found.before else ""
    return asked.page(
        "today.html.j2", today=found, wanted=wanted, topics=topics, days=DAYS, news=news, attention=attention,
        here=with_query(here, before=asked.query.get("before", "")), more=more,
        nearest=_nearest_miss(asked, wanted) if not found.count and wanted.is_all else None,
    )  # fmt: skip


def _nearest_miss(asked: Asked, wanted: TodayFilter) -> tuple[Topic, NearMiss] | None:
    """What came nearest to an alert, at most five minutes ago; None also while it is looked for."""
    site, since = asked.site, asked.now - timedelta(days=wanted.days)
    version = (site.config, int(asked.now.timestamp()) // KEPT_SECONDS)
    return site.remembered.value(
        "nearest miss", str(wanted.days), version,
        lambda: read_nearest_miss(site.store, site.index, site.config.topics, since), patience=NEAREST_WITHIN,
    )  # fmt: skip


def _filter(asked: Asked) -> TodayFilter:
    days, level = asked.query.get("days", "1"), asked.query.get("level", "")
    return TodayFilter(
        days=int(days) if days in map(str, DAYS) else 1,
        topic=asked.query.get("topic") or None,
        level=Level(level) if level in (Level.MENTION, Level.FOCUS) else None,
        unmarked=asked.query.get("judged") == "no",
        before=asked.whole_id("before"),
        query=asked.query.get("q", "").strip(),
        below=before_of(asked),
    )


def now(asked: Asked) -> Reply:
    """How many stories are newer than `since` (seconds since 1970), for the script of the first page."""
    text = asked.query.get("since", "")
    if not text.isascii() or not text.isdigit() or len(text) > 11:
        raise Refused(400, "`since` must be seconds since 1970")
    since = max(datetime.fromtimestamp(int(text), UTC), asked.now - timedelta(days=1))
    return Reply(json.dumps({"stories": count_news(asked.site.store, since)}).encode(), content_type=JSON)


PAGES = (
    Page("/", today, May.READ),
    Page("/now", now, May.READ),
)
