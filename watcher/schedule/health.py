"""The one classifier of feed issues: for `feeds health`, reports, the digest's footnote and the metrics. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watcher.errors import PollReason
from watcher.model.entry import RepairKind
from watcher.model.feed import FeedIssue, FeedIssueKind, PollState
from watcher.schedule.moves import is_moved, kept_address
from watcher.text.domains import registrable_domain

SILENT_AFTER = timedelta(days=30)
"""A feed that answers but had nothing new for so long is reported."""

GAP_SHOWN_FOR = timedelta(days=7)
"""After this a possible gap is no longer reported: nothing can be done about it any more."""

LASTING_AFTER = timedelta(days=1)
"""Most failures end by themselves within a day; the digest mentions the others."""

_IN_DIGESTS = {
    FeedIssueKind.GONE,
    FeedIssueKind.FAILING,
    FeedIssueKind.HOST_BUSY,
    FeedIssueKind.POSSIBLE_GAP,
    FeedIssueKind.TRUNCATED,
    FeedIssueKind.OVER_QUOTA,
    FeedIssueKind.SILENT,
}
_TRUNCATED = RepairKind.TRUNCATED.value
_SEVERITY = list(FeedIssueKind)


def feed_issues(states: Iterable[PollState], now: datetime) -> list[FeedIssue]:
    """Every issue of every feed, the worst kind first; within a kind the one that has lasted longest."""
    found = [issue for state in states for issue in _issues_of(state, now)]
    return sorted(found, key=lambda issue: (_SEVERITY.index(issue.kind), issue.since or now, issue.url))


def lasting_issues(issues: Iterable[FeedIssue], now: datetime) -> list[FeedIssue]:
    """Those that a digest mentions: kinds that lose entries, and failures only after a day."""
    return [issue for issue in issues if issue.kind in _IN_DIGESTS and lasts(issue, now)]


def issues_from(state: PollState, now: datetime) -> datetime:
    """The first moment, from `now` on, at which the state has an issue if no poll changes it.

    The store keeps it beside the state, so that a query finds the few feeds to classify.
    """
    if any(_issues_of(state, now)):
        return now
    latest = _latest_news(state)
    return now + SILENT_AFTER if latest is None else max(latest + SILENT_AFTER, now)


def lasts(issue: FeedIssue, now: datetime) -> bool:
    """Whether an issue has lasted long enough that it does not end by itself, or is the trace of a loss."""
    if issue.kind is FeedIssueKind.POSSIBLE_GAP:
        return True
    return issue.since is not None and now - issue.since >= LASTING_AFTER


def _issues_of(state: PollState, now: datetime) -> Iterator[FeedIssue]:
    yield from _unread(state)
    if state.possible_gap_at is not None and now - state.possible_gap_at < GAP_SHOWN_FOR:
        detail = "no entry of the last document was known, some between may be lost; give the feed a shorter interval"
        yield _issue(state, FeedIssueKind.POSSIBLE_GAP, state.possible_gap_at, detail)
    latest = _latest_news(state)
    if not state.failures and latest is not None and now - latest >= SILENT_AFTER:
        detail = "it answers, but with nothing new; check whether its publisher has another feed now"
        yield _issue(state, FeedIssueKind.SILENT, latest, detail)
    yield from _of_document(state)
    if is_moved(state):
        yield _issue(state, FeedIssueKind.MOVED, state.moved_since, _how_moved(state))


def _unread(state: PollState) -> Iterator[FeedIssue]:
    """Why the last poll brought no document."""
    if state.failures:
        kind = FeedIssueKind.GONE if state.reason is PollReason.HTTP_GONE else FeedIssueKind.FAILING
        detail = ": ".join(filter(None, (state.reason, state.detail)))
        yield FeedIssue(
            state.url, state.title or "", kind, state.failing_since, detail, state.reason, failures=state.failures
        )
    elif state.last_success_at is None and state.busy_since is None:
        yield _issue(state, FeedIssueKind.UNREAD, None, "is the daemon running? `watcher once` reads it now")
    if state.busy_since is not None:
        detail = "its host asked us to wait, or has more feeds than its share of requests; they are read later"
        yield _issue(state, FeedIssueKind.HOST_BUSY, state.busy_since, detail)


def _of_document(state: PollState) -> Iterator[FeedIssue]:
    """What is wrong with the last document although it was read."""
    if state.truncated_since is not None:
        known = next((repair for repair in state.repairs if repair.startswith(_TRUNCATED)), _TRUNCATED)
        detail = f"{known}: only the beginning of its document can be read; its publisher must repair it"
        yield _issue(state, FeedIssueKind.TRUNCATED, state.truncated_since, detail)
    if state.over_quota_since is not None:
        detail = "it publishes more than `limits` allows in a day; the rest is taken tomorrow if it is still there"
        yield _issue(state, FeedIssueKind.OVER_QUOTA, state.over_quota_since, detail)
    if state.slow_since is not None:
        detail = "it takes more than half of polling.timeout to answer; raise that before it fails"
        yield _issue(state, FeedIssueKind.SLOW, state.slow_since, detail)
    repairs = [repair for repair in state.repairs if not repair.startswith(_TRUNCATED)]
    if state.repaired_since is not None and repairs:
        detail = f"read, but repaired: {', '.join(repairs)}; its publisher may want to know"
        yield _issue(state, FeedIssueKind.REPAIRED, state.repaired_since, detail)


def _how_moved(state: PollState) -> str:
    if state.moved_kept or kept_address(state) is not None:
        return f"it is read at {state.moved_to} already; write that address into the configuration"
    domain = registrable_domain(urlsplit(state.moved_to or "").hostname or "")
    return (
        f"it redirects to {state.moved_to} for good, which is another site or not encrypted; the old address is still "
        f"asked first. If that is right, write the new address into the configuration, or `moves_to: [{domain}]`"
    )


def _issue(state: PollState, kind: FeedIssueKind, since: datetime | None, detail: str) -> FeedIssue:
    return FeedIssue(state.url, state.title or "", kind, since, detail)


def _latest_news(state: PollState) -> datetime | None:
    """When the feed last had something new; of what its first document held only the dates count."""
    changed = state.last_changed_at if state.last_changed_at != state.baseline_at else None
    known = [moment for moment in (state.newest_published, changed) if moment is not None]
    return max(known, default=state.baseline_at)
