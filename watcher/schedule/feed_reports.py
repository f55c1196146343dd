"""Which feed issues the operator is notified of now, and which have ended; pure.

One report a day names what lasts and was not reported yet, and what has ended since. For critical feeds the same
happens at once. Reports are alerts with the topic `watcher`, so that routes, silences and quiet hours apply to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from watcher.model.alert import Alert, stable_hash
from watcher.model.entry import Entry
from watcher.model.feed import Feed, FeedIssue, FeedIssueKind, PollState
from watcher.model.feed_report import ReportDecision, ReportedIssue
from watcher.model.topic import OWN_TOPIC, Level
from watcher.schedule.health import feed_issues, lasts
from watcher.text.redact import redact_addresses

REPEAT_AFTER = timedelta(hours=6)
"""A critical feed whose issue comes and goes is reported at once again only after this."""

CONFIRMED_BY = 2
"""Failures in a row after which a failing critical feed is reported: a single timeout repeats itself rarely."""

MOST_FEEDS = 200
"""Feeds that a report names; the others are counted in one more alert."""

KEPT_FOR = timedelta(days=7)
"""How long it is remembered that an issue has ended."""

TITLE = "Feeds that need attention"

_UNREAD = frozenset({FeedIssueKind.GONE, FeedIssueKind.FAILING, FeedIssueKind.HOST_BUSY})
"""While a feed is not read, nobody knows whether its other issues have ended."""

_NOT_URGENT = frozenset({FeedIssueKind.HOST_BUSY, FeedIssueKind.SLOW, FeedIssueKind.REPAIRED})
_ENDS_SILENTLY = frozenset({FeedIssueKind.POSSIBLE_GAP})
"""A gap is not filled by time: that it is no longer shown is no recovery."""


def decide_reports(
    states: Iterable[PollState],
    reported: Iterable[ReportedIssue],
    feeds: Mapping[str, Feed],
    kinds: Collection[FeedIssueKind],
    now: datetime,
    *,
    daily: bool,
) -> ReportDecision:
    """What to report at `now`: of all feeds when the daily report is due (`daily`), else of critical ones only.

    `feeds` are those configured, by URL. `states` has at least those with an issue that may be reported or has ended.
    """
    states = list(states)
    names = {state.url: feeds[state.url].name or state.title for state in states if state.url in feeds}
    issues = [issue for issue in feed_issues(states, now) if issue.url in feeds]
    known = {one.key: one for one in reported}
    wanted = {url for url, feed in feeds.items() if daily or feed.is_critical}
    begun = [
        issue
        for issue in issues
        if issue.url in wanted
        and issue.kind in kinds
        and _is_new(known.get((issue.url, issue.kind)), now, daily=daily)
        and ((daily and lasts(issue, now)) or (feeds[issue.url].is_critical and _is_urgent(issue)))
    ]
    ended = [one for one in _ended(issues, known.values()) if one.url in wanted and one.kind in kinds]
    forgotten = [one.key for one in known.values() if one.url not in feeds or one.kind not in kinds]
    if daily:
        forgotten += [one.key for one in known.values() if one.resolved_at and now - one.resolved_at > KEPT_FOR]
    return ReportDecision(
        alerts=(*_begun_alerts(begun, feeds, names, now), *_ended_alerts(ended, feeds, names, now)),
        reported=(
            *(ReportedIssue(issue.url, issue.kind, issue.since, now) for issue in begun),
            *(replace(one, resolved_at=now) for one in ended),
        ),
        forgotten=tuple(key for key in forgotten if key not in {(issue.url, issue.kind) for issue in begun}),
    )


def _ended(issues: Sequence[FeedIssue], known: Iterable[ReportedIssue]) -> Iterator[ReportedIssue]:
    """What was reported and is no issue any more."""
    current = {(issue.url, issue.kind) for issue in issues}
    unread = {issue.url for issue in issues if issue.kind in _UNREAD}
    for one in known:
        if one.resolved_at is None and one.key not in current and one.url not in unread:
            yield one


def _is_new(known: ReportedIssue | None, now: datetime, *, daily: bool) -> bool:
    if known is None:
        return True
    return known.resolved_at is not None and (daily or now - known.reported_at >= REPEAT_AFTER)


def _is_urgent(issue: FeedIssue) -> bool:
    """Whether an issue of a critical feed is worth a message of its own."""
    if issue.kind in {FeedIssueKind.GONE, FeedIssueKind.FAILING}:
        return issue.failures >= CONFIRMED_BY
    return issue.kind not in _NOT_URGENT and issue.kind is not FeedIssueKind.UNREAD


def _begun_alerts(
    begun: Sequence[FeedIssue], feeds: Mapping[str, Feed], names: Mapping[str, str | None], now: datetime
) -> list[Alert]:
    """One alert for each feed, critical ones first, then in the order of the worst issue."""
    by_feed: dict[str, list[FeedIssue]] = {}
    for issue in sorted(begun, key=lambda issue: not feeds[issue.url].is_critical):
        by_feed.setdefault(issue.url, []).append(issue)
    alerts = []
    for url, issues in islice(by_feed.items(), MOST_FEEDS):
        what = ", ".join(issue.kind.value for issue in issues)
        text = " ".join(f"{_capitalised(issue.kind.value)}{_since(issue.since)}: {issue.detail}." for issue in issues)
        alerts.append(_alert(feeds[url], names.get(url), what, text, now))
    return alerts + _counted(len(by_feed) - MOST_FEEDS, "more feeds need attention", now)


def _ended_alerts(
    ended: Sequence[ReportedIssue], feeds: Mapping[str, Feed], names: Mapping[str, str | None], now: datetime
) -> list[Alert]:
    """One alert for each feed of which something has ended."""
    by_feed: dict[str, list[ReportedIssue]] = {}
    for one in ended:
        if one.kind not in _ENDS_SILENTLY:
            by_feed.setdefault(one.url, []).append(one)
    alerts = []
    for url, unsorted in islice(by_feed.items(), MOST_FEEDS):
        ones = sorted(unsorted, key=lambda one: list(FeedIssueKind).index(one.kind))
        what = ", ".join(one.kind.value for one in ones)
        text = " ".join(f"No longer {one.kind.value}; it was{_since(one.since or one.reported_at)}." for one in ones)
        alerts.append(_alert(feeds[url], names.get(url), f"resolved ({what})", text, now))
    return alerts + _counted(len(by_feed) - MOST_FEEDS, "more feeds have recovered", now)


def _counted(count: int, what: str, now: datetime) -> list[Alert]:
    return [_alert(Feed(""), f"{count:,}", what, "`watcher feeds health` lists them.", now)] if count > 0 else []


def _since(moment: datetime | None) -> str:
    return f" since {moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _alert(feed: Feed, name: str | None, what: str, text: str, now: datetime) -> Alert:
    """An alert without points: it is no match, so there is no evidence. Its level is focus for a critical feed."""
    level = Level.FOCUS if feed.is_critical else Level.MENTION
    alert_id = stable_hash("feed report", feed.url, what, now.isoformat())
    called = name or redact_addresses(feed.url)
    own = {"topic": OWN_TOPIC, "level": level.value, "score": "0", "feed": feed.label, "language": "", "story": ""}
    title = f"{called}: {what}" if feed.url else f"{called} {what}"
    entry = Entry(id=alert_id, title=title, link=redact_addresses(feed.url), summary=redact_addresses(text))
    return Alert(
        id=alert_id,
        topic=OWN_TOPIC,
        topic_title=TITLE,
        level=level,
        score=0,
        focus=0,
        evidence=(),
        entry_key=alert_id,
        entry=entry,
        feed_url=feed.url,
        feed_title=called if feed.url else OWN_TOPIC,
        first_seen=now,
        story="",
        labels={**feed.labels, **own, "publishers": "1"},
        created_at=now,
        folds=False,
    )
