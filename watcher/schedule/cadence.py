"""When to poll a feed again, and what to remember of a poll; pure.

The learned interval follows a square-root law. With `n` feeds that publish at rates λ and a given number of polls
in all, the mean delay of entries is least when each feed's interval is proportional to 1/√λ: minimise Σ λᵢ·Tᵢ/2
under Σ 1/Tᵢ = constant (Cho and Garcia-Molina, "Effective page refresh policies for web crawlers", 2003, solve the
same problem for freshness). An interval proportional to 1/λ, as others use, polls the busy too often and hears of
the quiet too late.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from watcher.errors import PollReason
from watcher.http_headers import freshness_floor, retry_after
from watcher.model.entry import Entry, EntryDecision, ParsedFeed
from watcher.model.feed import Feed, Fetched, FetchFailed, NotModified, ParseFailed, PollState, Validators
from watcher.model.settings import Polling

_DAY = timedelta(days=1)
_FIRST_GUESS = timedelta(minutes=30)
"""The interval of a feed of which nothing is known yet."""

_DAILY_FEED = timedelta(minutes=60)
"""The interval of a feed with one entry a day; it sets the level of the square-root law."""

_RHYTHM_ENTRIES = 10
"""The newest entries from whose dates the rate is taken."""

_TURNS_PER_DOCUMENT = 3
"""A document's worth of entries must not pass in fewer polls than this: two thirds of it stay known."""

_MOSTLY_KNOWN, _MOSTLY_NEW = 2 / 3, 1 / 3
_SLOWER, _FASTER = 1.5, 0.5
_SPREAD = 0.1
"""Jitter, as a part of the interval to either side."""

_FAILURE_BASE_MIN, _FAILURE_BASE_MAX = timedelta(minutes=1), timedelta(hours=1)
_FORTNIGHT = timedelta(days=14)
_FAILING_CAP, _LONG_FAILING_CAP = timedelta(days=1), timedelta(days=7)
_GONE_DELAY, _LONG_GONE_DELAY = timedelta(days=7), timedelta(days=30)

_LONGEST_BUSY = timedelta(hours=1)
"""A busy host is asked again after this: what it said to one of its feeds may not silence the others for longer."""

_AGREEING_REDIRECTS = 3
_LEFT_THE_NEW_ADDRESS = {PollReason.HTTP_NOT_FOUND, PollReason.HTTP_GONE, PollReason.DNS, PollReason.ADDRESS_REFUSED}
_LATE_PUBLICATION = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class CadencePolicy:
    """What the configuration says about one feed; `fixed` None means learned, between `min` and `max`."""

    fixed: timedelta | None
    min: timedelta
    max: timedelta

    @classmethod
    def of(cls, feed: Feed, polling: Polling) -> CadencePolicy:
        fixed = feed.interval if feed.interval is not None else polling.interval
        return cls(fixed, polling.min, polling.max)


def body_hash(body: bytes) -> str:
    """128 bits of a document, in hex."""
    return blake2b(body, digest_size=16).hexdigest()


def is_same_document(state: PollState, fetched: Fetched) -> bool:
    """The body is the one that was read last time: nothing new can be in it, parsing may be skipped."""
    return state.body_hash is not None and state.body_hash == body_hash(fetched.body)


def wants_unconditional(state: PollState, now: datetime) -> bool:
    """Once a day, and always of servers caught lying, the whole document is asked for."""
    if state.validators_distrusted or state.last_unconditional_at is None:
        return True
    return now - state.last_unconditional_at >= _DAY


def kept_address(state: PollState) -> str | None:
    """Where to ask instead of the feed's own address: a permanent redirect that three polls agreed on."""
    return state.moved_to if state.moved_streak >= _AGREEING_REDIRECTS else None


def after_failure(
    state: PollState, failed: FetchFailed | ParseFailed, policy: CadencePolicy, now: datetime, jitter: float
) -> PollState:
    """Backs off; never gives up (at least one poll a month). A host that is only busy is no failure of the feed."""
    if isinstance(failed, FetchFailed) and failed.reason is PollReason.HOST_BUSY:
        return _after_busy(state, failed, now, jitter)
    failing_since = state.failing_since or now
    failures = state.failures + 1
    delay = _failure_delay(state, failed, failures, now - failing_since, policy) * (1 + (2 * jitter - 1) * _SPREAD)
    not_before = now + _wish(failed) if _wish(failed) else None
    failing = replace(
        _unmoved(state, failed),
        next_poll_at=now + max(delay, _wish(failed) * (1 + jitter * _SPREAD)),
        last_polled_at=now,
        failures=failures,
        failing_since=failing_since,
        reason=failed.reason,
        detail=failed.detail,
        not_before=not_before,
        busy_since=None,
    )
    if isinstance(failed, ParseFailed):
        # With them kept, a 304 would hide the broken document for ever.
        return replace(failing, validators=Validators(), body_hash=None)
    return failing


def _after_busy(state: PollState, failed: FetchFailed, now: datetime, jitter: float) -> PollState:
    """No request was made. The host's own request to wait also holds for polls out of turn (`not_before`)."""
    requested = failed.retry_after and min(failed.retry_after, _LONGEST_BUSY)
    wait = requested or min(failed.queue_wait or timedelta(), _LONGEST_BUSY)
    return replace(
        state,
        next_poll_at=now + wait * (1 + jitter * _SPREAD),
        not_before=now + requested if requested else state.not_before,
        busy_since=state.busy_since or now,
    )


def after_not_modified(
    state: PollState, result: NotModified, policy: CadencePolicy, now: datetime, jitter: float
) -> PollState:
    """304: nothing published since the last poll, so the rhythm is a little slower than was thought."""
    polled = _moved(_recovered(state, now), result.permanent_url)
    interval = _after_silence(state, policy, now)
    return _scheduled(
        replace(polled, validators=result.validators), interval, result.headers, None, policy, now, jitter
    )


def after_same_document(
    state: PollState, fetched: Fetched, policy: CadencePolicy, now: datetime, jitter: float
) -> PollState:
    """200 with the body we know: as good as a 304, and proof that earlier 304s were honest."""
    polled = _moved(_recovered(state, now), fetched.permanent_url)
    polled = replace(polled, validators=fetched.validators, last_unconditional_at=now)
    return _scheduled(polled, _after_silence(state, policy, now), fetched.headers, None, policy, now, jitter)


def after_document(
    state: PollState,
    fetched: Fetched,
    parsed: ParsedFeed,
    decision: EntryDecision,
    policy: CadencePolicy,
    now: datetime,
    jitter: float,
) -> PollState:
    """A document was read. All fields but baseline_at, identity and identity_streak, which the decision gives."""
    dates = _past_dates(parsed.entries, now)
    changed = bool(decision.new or decision.updated or decision.quiet)
    polled = replace(
        _moved(_recovered(state, now), fetched.permanent_url),
        validators=fetched.validators,
        last_unconditional_at=now,
        last_changed_at=now if changed else state.last_changed_at,
        title=parsed.title or state.title,
        language=parsed.language or state.language,
        body_hash=body_hash(fetched.body),
        validators_distrusted=state.validators_distrusted or _was_lied_to(state, fetched, decision),
        newest_published=_latest(state.newest_published, *dates[:1]),
        newest_shown=_latest(state.newest_shown, *(entry.published or entry.updated for entry in parsed.entries)),
        possible_gap_at=now if decision.possible_gap else state.possible_gap_at,
    )
    interval = learned_interval(state.interval, dates, _known_share(decision), policy, now)
    return _scheduled(polled, interval, fetched.headers, parsed.ttl, policy, now, jitter)


def learned_interval(
    last: timedelta | None,
    newest_first: list[datetime],
    known_share: float | None,
    policy: CadencePolicy,
    now: datetime,
) -> timedelta:
    """The interval by rhythm and overlap, between the policy's bounds.

    `newest_first` are dates of a document's entries; `known_share` is the part of it that was known before, None
    when nothing can be said (the first poll).
    """
    interval = last or _FIRST_GUESS
    if by_dates := _rhythm(newest_first, now):
        interval = by_dates
    elif known_share is not None and known_share > _MOSTLY_KNOWN:
        interval *= _SLOWER
    if known_share is not None and known_share < _MOSTLY_NEW and last is not None:
        interval = min(interval, last * _FASTER)
    return _clamped(interval, policy)


def _rhythm(newest_first: list[datetime], now: datetime) -> timedelta | None:
    """The square-root law on the newest dates, and no slower than the document can be overtaken."""
    dates = newest_first[:_RHYTHM_ENTRIES]
    if len(dates) < 2:
        return None
    interval = _interval_for(now - dates[-1], len(dates))
    overtaken_in = now - newest_first[-1]
    return min(interval, overtaken_in / _TURNS_PER_DOCUMENT) if overtaken_in > timedelta() else interval


def _interval_for(span: timedelta, entries: int) -> timedelta:
    return _DAILY_FEED * math.sqrt(max(span, timedelta()) / _DAY / entries)


def _after_silence(state: PollState, policy: CadencePolicy, now: datetime) -> timedelta:
    """Without a new entry the span behind the rate grows by the time that passed: T² grows in proportion to it."""
    last = state.interval or _FIRST_GUESS
    passed = now - (state.last_polled_at or now)
    grown = (last / _DAILY_FEED) ** 2 + max(passed, timedelta()) / _DAY / _RHYTHM_ENTRIES
    return _clamped(_DAILY_FEED * math.sqrt(grown), policy)


def _scheduled(
    polled: PollState,
    learned: timedelta,
    headers: Mapping[str, str],
    ttl: int | None,
    policy: CadencePolicy,
    now: datetime,
    jitter: float,
) -> PollState:
    """Sets the next poll: the administrator's interval, or the learned one above the floors the server set."""
    if policy.fixed is not None:
        interval, floor = policy.fixed, timedelta()
    else:
        interval, floor = learned, max(_ttl(ttl), freshness_floor(headers, now))
    wish = retry_after(headers, now) or timedelta()
    floor = max(floor, wish) * (1 + jitter * _SPREAD)
    delay = max(interval * (1 + (2 * jitter - 1) * _SPREAD), floor)
    return replace(polled, interval=interval, next_poll_at=now + delay, not_before=now + wish if wish else None)


def _recovered(state: PollState, now: datetime) -> PollState:
    return replace(
        state,
        last_polled_at=now,
        last_success_at=now,
        failures=0,
        failing_since=None,
        reason=None,
        detail=None,
        busy_since=None,
    )


def _moved(state: PollState, permanent_url: str | None) -> PollState:
    """Counts polls that agree on a permanent redirect (RFC 9110 §15.4.2, §15.4.9)."""
    if permanent_url is None:
        return state if kept_address(state) else replace(state, moved_to=None, moved_streak=0)
    streak = state.moved_streak + 1 if permanent_url == state.moved_to else 1
    return replace(state, moved_to=permanent_url, moved_streak=streak)


def _unmoved(state: PollState, failed: FetchFailed | ParseFailed) -> PollState:
    """A kept address that is no good any more is forgotten: the feed's own is asked again."""
    useless = isinstance(failed, ParseFailed) or failed.reason in _LEFT_THE_NEW_ADDRESS
    return replace(state, moved_to=None, moved_streak=0) if useless and kept_address(state) else state


def _failure_delay(
    state: PollState, failed: FetchFailed | ParseFailed, failures: int, failing_for: timedelta, policy: CadencePolicy
) -> timedelta:
    if failed.reason is PollReason.HTTP_GONE and failures >= _AGREEING_REDIRECTS:
        return _GONE_DELAY if failing_for < _FORTNIGHT * 2 else _LONG_GONE_DELAY
    usual = policy.fixed if policy.fixed is not None else state.interval or policy.min
    base = min(max(usual, _FAILURE_BASE_MIN), _FAILURE_BASE_MAX)
    cap = _FAILING_CAP if failing_for < _FORTNIGHT else _LONG_FAILING_CAP
    return min(base * (1 << min(failures - 1, 20)), cap)


def _wish(failed: FetchFailed | ParseFailed) -> timedelta:
    return (failed.retry_after if isinstance(failed, FetchFailed) else None) or timedelta()


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _past_dates(entries: Iterable[Entry], now: datetime) -> list[datetime]:
    """Newest first. Dates in the future say nothing about the rhythm."""
    dates = (entry.published or entry.updated for entry in entries)
    return sorted((date for date in dates if date and date <= now), reverse=True)


def _known_share(decision: EntryDecision) -> float | None:
    if decision.is_baseline:
        return None
    known = len(decision.known) + len(decision.updated)
    entries = known + len(decision.new) + len(decision.quiet)
    return known / entries if entries else None


def _was_lied_to(state: PollState, fetched: Fetched, decision: EntryDecision) -> bool:
    """The polls before this one were answered 304 although there was something new.

    Either the validators did not change with the document (RFC 9110 §8.8.1 demands it), or several new entries are dated
    well before the last poll.
    """
    if state.last_unconditional_at is None or state.last_polled_at is None or len(decision.new) == 0:
        return False
    if state.last_polled_at <= state.last_unconditional_at:
        return False
    if state.validators and fetched.validators == state.validators:
        return True
    missed_since = state.last_polled_at - _LATE_PUBLICATION
    dates = [identified.entry.published for identified in decision.new]
    return sum(date is not None and date < missed_since for date in dates) >= 3


def _ttl(minutes: int | None) -> timedelta:
    return min(timedelta(minutes=minutes or 0), _DAY)


def _clamped(interval: timedelta, policy: CadencePolicy) -> timedelta:
    return min(max(interval, policy.min), policy.max)
