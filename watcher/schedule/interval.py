"""How long to wait between two polls of a feed; pure.

The learned interval follows a square-root law. With `n` feeds that publish at rates λ and a given number of polls
in all, the mean delay of entries is least when each feed's interval is proportional to 1/√λ: minimise Σ λᵢ·Tᵢ/2
under Σ 1/Tᵢ = constant (Cho and Garcia-Molina, "Effective page refresh policies for web crawlers", 2003, solve the
same problem for freshness). An interval proportional to 1/λ polls busy feeds too often and quiet feeds too rarely.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from watcher.lazy_dataclass import dataclass
from watcher.model.entry import EntryDecision, UpdateHints
from watcher.model.feed import Feed, PollState
from watcher.model.settings import Polling

_DAY = timedelta(days=1)
_FIRST_GUESS = timedelta(minutes=30)
"""The interval of a feed of which nothing is known yet."""

_DAILY_FEED = timedelta(minutes=60)
"""The interval of a feed with one entry a day; it sets the level of the square-root law."""

_RHYTHM_ENTRIES = 10
"""The newest entries from whose dates the rate is computed."""

_POLLS_PER_DOCUMENT = 3
"""A document's worth of entries must not pass in fewer polls than this: two thirds of it stay known."""

_MOSTLY_KNOWN, _MOSTLY_NEW = 2 / 3, 1 / 3
_SLOWER, _FASTER = 1.5, 0.5


@dataclass(frozen=True, slots=True)
class CadencePolicy:
    """What the configuration says about one feed; `fixed` None means learned, between `min` and `max`.

    `moves_to` are registrable domains to which the feed may move for good. `timeout` is the deadline of one fetch.
    """

    fixed: timedelta | None
    min: timedelta
    max: timedelta
    moves_to: tuple[str, ...] = ()
    timeout: timedelta = timedelta(seconds=30)

    @classmethod
    def of(cls, feed: Feed, polling: Polling) -> CadencePolicy:
        fixed = feed.interval if feed.interval is not None else polling.interval
        return cls(fixed, polling.min, polling.max, feed.moves_to, polling.timeout)

    def clamped(self, interval: timedelta) -> timedelta:
        return min(max(interval, self.min), self.max)


def learned_interval(
    last: timedelta | None,
    newest_first: Sequence[datetime],
    known_share: float | None,
    policy: CadencePolicy,
    now: datetime,
) -> timedelta:
    """The interval from the dates of a document and from how much of it was known, between the policy's bounds.

    `newest_first` are dates of a document's entries; `known_share` is the part of it that was known before, None
    when nothing can be said (the first poll).
    """
    interval = last or _FIRST_GUESS
    if by_dates := _by_dates(newest_first, now):
        interval = by_dates
    elif known_share is not None and known_share > _MOSTLY_KNOWN:
        interval *= _SLOWER
    if known_share is not None and known_share < _MOSTLY_NEW and last is not None:
        interval = min(interval, last * _FASTER)
    return policy.clamped(interval)


def interval_without_news(state: PollState, policy: CadencePolicy, now: datetime) -> timedelta:
    """Without a new entry the span behind the rate grows by the time that passed: T² grows in proportion to it."""
    last = state.interval or _FIRST_GUESS
    passed = now - (state.last_polled_at or now)
    grown = (last / _DAILY_FEED) ** 2 + max(passed, timedelta()) / _DAY / _RHYTHM_ENTRIES
    return policy.clamped(_DAILY_FEED * math.sqrt(grown))


def past_dates(dates: Iterable[datetime], now: datetime) -> list[datetime]:
    """Newest first. Dates in the future say nothing about the rate."""
    return sorted((date for date in dates if date <= now), reverse=True)


def known_share(decision: EntryDecision) -> float | None:
    """The part of a document that was known before; None for a baseline and for a document without entries."""
    if decision.is_baseline:
        return None
    known = decision.unchanged + len(decision.known) + len(decision.updated)
    entries = known + len(decision.new) + len(decision.quiet)
    return known / entries if entries else None


def allowed_by_hints(moment: datetime, hints: UpdateHints) -> datetime:
    """The first of `moment` and the whole hours after it that skipHours and skipDays permit, within 24 hours.

    `moment` itself when all of the coming day is to be skipped. The minute stays, so that feeds stay spread.
    """
    candidate = moment
    while candidate - moment < _DAY:
        if candidate.hour not in hints.skip_hours and candidate.weekday() not in hints.skip_days:
            return candidate
        candidate += timedelta(hours=1)
    return moment


def _by_dates(newest_first: Sequence[datetime], now: datetime) -> timedelta | None:
    """The square-root law on the newest dates, and fast enough to read a document before all of it is replaced."""
    dates = newest_first[:_RHYTHM_ENTRIES]
    if len(dates) < 2:
        return None
    interval = _DAILY_FEED * math.sqrt(max(now - dates[-1], timedelta()) / _DAY / len(dates))
    replaced_in = now - newest_first[-1]
    return min(interval, replaced_in / _POLLS_PER_DOCUMENT) if replaced_in > timedelta() else interval
