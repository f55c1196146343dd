"""Feeds: health, when each is polled next and why then, and polling one now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from watcher.model.feed import FeedIssueKind
from watcher.model.web import May
from watcher.queries.attention import is_running
from watcher.queries.feeds import list_feeds, read_feed_row, read_feed_rows, read_newest_entries
from watcher.render.dates import local_time
from watcher.text.redact import redact_addresses
from watcher.views.feed_facts import TimeWords, facts_of
from watcher.views.feeds import FeedRow, feeds_like
from watcher.web.exchange import Asked, Refused, Reply, with_query
from watcher.web.nearest import near_feeds
from watcher.web.rendering import lasting
from watcher.web.router import Page

ROWS = 100
COUNTED = timedelta(days=30)
KEPT_SECONDS = 300


def show_all(asked: Asked) -> Reply:
    listed = list_feeds(asked.site.store, asked.site.settings, asked.now)
    state, text, after = (asked.query.get(name, "") for name in ("state", "q", "after"))
    kinds = _kinds(state)
    found = feeds_like(listed, kinds, text)
    start = next((number + 1 for number, row in enumerate(found) if row.id == after), 0)
    shown, rest = found[start : start + ROWS], len(found) - start - ROWS
    more = with_query("/feeds", state=state, q=text, after=shown[-1].id) if rest > 0 else ""
    rows = read_feed_rows(asked.site.store, asked.site.settings, shown)
    return asked.page(
        "feeds.html.j2", rows=rows, all=len(listed), found=len(found), more=more, state=state, text=text,
        kinds=[kind.value for kind in FeedIssueKind], polling=asked.site.settings.polling,
        here=with_query("/feeds", state=state, q=text, after=after),
        with_issues=sum(bool(one.issues) for one in listed), alerts=_alerts(asked),
    )  # fmt: skip


def _kinds(state: str) -> set[str]:
    known = {kind.value for kind in FeedIssueKind}
    return known if state == "issues" else known & {state}


def show(asked: Asked) -> Reply:
    row = find_feed(asked)
    polling, zone = asked.site.settings.polling, asked.site.zone

    def when(moment: datetime) -> str:
        return local_time(moment, zone)

    facts = [
        (name, redact_addresses(text))
        for name, text in facts_of(row.feed, row.state, polling, TimeWords(when, lasting))
    ]
    entries = read_newest_entries(asked.site.store, row)
    return asked.page(
        "feed.html.j2", row=row, facts=facts, entries=entries, may_poll=row.may_be_asked(polling, asked.now),
        alerts=_alerts(asked), is_running=is_running(asked.site.store, asked.now),
    )  # fmt: skip


def _alerts(asked: Asked) -> Mapping[str, int] | None:
    """Alerts of each feed in 30 days, at most five minutes old; None while they are being counted."""
    store, since = asked.site.store, asked.now - COUNTED
    version = int(asked.now.timestamp()) // KEPT_SECONDS
    return asked.site.remembered.value("alerts by feed", "", version, lambda: store.pages.alerts_by_feed(since))


def poll_now(asked: Asked) -> Reply:
    """Makes a feed due; the daemon's next tick polls it."""
    row = find_feed(asked)
    if not row.may_be_asked(asked.site.settings.polling, asked.now):
        raise Refused(409, "This feed is not polled now", f"It was polled just now, is due already, or {row.why_then}.")
    asked.site.store.feeds.ask_for_poll(row.feed.url, asked.now, asked.actor)
    return asked.back(f"/feeds/{row.id[:8]}", done="polled")


def find_feed(asked: Asked) -> FeedRow:
    """The feed that the path names. Raises `Refused`."""
    feed = asked.site.feed(asked.params["id"].lower())
    if feed is None:
        offers = list(near_feeds(asked, asked.params["id"].lower()))
        raise Refused(404, "There is no such feed", "The list of feeds has all that are configured.", offers=offers)
    return read_feed_row(asked.site.store, asked.site.settings, feed, asked.now)


PAGES = (
    Page("/feeds", show_all, May.READ),
    Page("/feeds/{id}", show, May.READ),
    Page("/feeds/{id}/poll", poll_now, May.ACT, "POST"),
)
