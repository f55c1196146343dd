"""What to store after a poll, and when to poll next; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

from watcher.errors import PollReason
from watcher.http_headers import freshness_floor, retry_after
from watcher.model.entry import EntryDecision, ParsedFeed, UpdateHints
from watcher.model.feed import Fetched, FetchFailed, NotModified, ParseFailed, PollState, Validators
from watcher.schedule import moves
from watcher.schedule.interval import (
    CadencePolicy,
    allowed_by_hints,
    interval_without_news,
    known_share,
    learned_interval,
    past_dates,
)

_DAY = timedelta(days=1)
_SPREAD = 0.1
"""Jitter, as a part of the interval to either side."""

_FAILURE_BASE_MIN, _FAILURE_BASE_MAX = timedelta(minutes=1), timedelta(hours=1)
_FORTNIGHT = timedelta(days=14)
_FAILING_CAP, _LONG_FAILING_CAP = timedelta(days=1), timedelta(days=7)
_GONE_DELAY, _LONG_GONE_DELAY = timedelta(days=7), timedelta(days=30)
_GONE_ANSWERS = 3
"""410 is believed from the third one on."""

_LONGEST_BUSY = timedelta(hours=1)
"""A busy host is asked again after this: what it said to one of its feeds may not silence the others for longer."""

_LATE_PUBLICATION = timedelta(minutes=30)
_SLOW_SHARE = 0.5
"""A feed is slow when its answer takes more than this part of the deadline."""


def body_hash(body: bytes) -> str:
    """128 bits of a document, in hex."""
    return blake2b(body, digest_size=16).hexdigest()


def wants_unconditional(state: PollState, now: datetime) -> bool:
    """Whether to ask for the whole document: once a day, and always of servers that sent false 304s."""
    if state.validators_distrusted or state.last_unconditional_at is None:
        return True
    return now - state.last_unconditional_at >= _DAY


def address_to_ask(state: PollState, policy: CadencePolicy, now: datetime) -> str | None:
    """A kept permanent redirect; None for the configured address, which is asked again once a day."""
    due = state.last_unconditional_at is None or now - state.last_unconditional_at >= _DAY
    return None if due else moves.kept_address(state, policy.moves_to)


def after_failure(
    state: PollState, failed: FetchFailed | ParseFailed, policy: CadencePolicy, now: datetime, jitter: float
) -> PollState:
    """Backs off; never gives up (at least one poll a month). A host that is only busy is no failure of the feed."""
    if isinstance(failed, FetchFailed) and failed.reason is PollReason.HOST_BUSY:
        return _after_busy(state, failed, now, jitter)
    failing_since = state.failing_since or now
    failures = state.failures + 1
    delay = _failure_delay(state, failed, failures, now - failing_since, policy) * (1 + (2 * jitter - 1) * _SPREAD)
    requested = _requested_wait(failed)
    failing = replace(
        moves.after_failure(state, failed),
        next_poll_at=now + max(delay, requested * (1 + jitter * _SPREAD)),
        last_polled_at=now,
        failures=failures,
        failing_since=failing_since,
        reason=failed.reason,
        detail=failed.detail,
        not_before=now + requested if requested else None,
        busy_since=None,
    )
    if isinstance(failed, ParseFailed):
        # With them kept, a 304 would hide the broken document for ever.
        return replace(failing, validators=Validators(), body_hash=None)
    return failing


def after_not_modified(
    state: PollState, answer: NotModified, policy: CadencePolicy, now: datetime, jitter: float
) -> PollState:
    """304: nothing was published since the last poll, so the interval grows a little."""
    polled = replace(_answered(state, answer, policy, now), validators=answer.validators)
    return _scheduled(polled, interval_without_news(state, policy, now), answer.headers, policy, now, jitter)


def after_same_document(
    state: PollState, fetched: Fetched, policy: CadencePolicy, now: datetime, jitter: float
) -> PollState:
    """200 with the body we know: as good as a 304, and proof that earlier 304s were true."""
    polled = _answered(state, fetched, policy, now)
    polled = replace(polled, validators=fetched.validators, last_unconditional_at=now)
    return _scheduled(polled, interval_without_news(state, policy, now), fetched.headers, policy, now, jitter)


def after_document(
    state: PollState,
    fetched: Fetched,
    parsed: ParsedFeed,
    decision: EntryDecision,
    policy: CadencePolicy,
    now: datetime,
    jitter: float,
    *,
    unchanged_dates: Iterable[datetime] = (),
) -> PollState:
    """A document was read. Sets all fields but body_hash, and baseline_at, identity and identity_streak, which the
    decision gives. `unchanged_dates` are those of entries that `parsed` does not have because they are unchanged.
    """
    shown = [*(date for entry in parsed.entries if (date := entry.published or entry.updated)), *unchanged_dates]
    dates = past_dates(shown, now)
    changed = bool(decision.new or decision.updated or decision.quiet)
    polled = replace(
        _answered(state, fetched, policy, now),
        validators=fetched.validators,
        last_unconditional_at=now,
        last_changed_at=now if changed else state.last_changed_at,
        title=parsed.title or state.title,
        language=parsed.language or state.language,
        validators_distrusted=state.validators_distrusted or _had_false_304s(state, fetched, decision),
        newest_published=_latest(state.newest_published, *dates[:1]),
        newest_shown=_latest(state.newest_shown, *shown),
        possible_gap_at=now if decision.possible_gap else state.possible_gap_at,
        hints=_hints_of(parsed),
    )
    polled = _with_document_facts(polled, fetched, parsed, now)
    interval = learned_interval(state.interval, dates, known_share(decision), policy, now)
    return _scheduled(polled, interval, fetched.headers, policy, now, jitter)


def _after_busy(state: PollState, failed: FetchFailed, now: datetime, jitter: float) -> PollState:
    """No request was made. The host's request to wait also holds for `once --all` and `feeds poll` (`not_before`)."""
    requested = failed.retry_after and min(failed.retry_after, _LONGEST_BUSY)
    wait = requested or min(failed.queue_wait or timedelta(), _LONGEST_BUSY)
    return replace(
        state,
        next_poll_at=now + wait * (1 + jitter * _SPREAD),
        not_before=now + requested if requested else state.not_before,
        busy_since=state.busy_since or now,
    )


def _answered(state: PollState, answer: Fetched | NotModified, policy: CadencePolicy, now: datetime) -> PollState:
    """What every answer with a document, or with 304, means for the state."""
    is_slow = answer.took > policy.timeout * _SLOW_SHARE
    moved = moves.after_answer(state, answer, policy.moves_to)
    return replace(
        moved,
        moved_since=(state.moved_since or now) if moves.is_moved(moved) else None,
        last_polled_at=now,
        last_success_at=now,
        failures=0,
        failing_since=None,
        reason=None,
        detail=None,
        busy_since=None,
        slow_since=(state.slow_since or now) if is_slow else None,
    )


def _with_document_facts(state: PollState, fetched: Fetched, parsed: ParsedFeed, now: datetime) -> PollState:
    """Records what was wrong with a document that was read all the same, and since when."""
    repairs = tuple(dict.fromkeys((*fetched.repairs, *map(str, parsed.repairs))))
    if not any((parsed.truncated, repairs, state.truncated_since, state.repairs, state.repaired_since)):
        return state
    return replace(
        state,
        truncated_since=(state.truncated_since or now) if parsed.truncated else None,
        repairs=repairs,
        repaired_since=(state.repaired_since or now) if repairs else None,
    )


def _hints_of(parsed: ParsedFeed) -> UpdateHints:
    """The document's hints with `ttl` in them."""
    ttl = timedelta(minutes=min(parsed.ttl or 0, 24 * 60))
    longest = min(max(ttl, parsed.hints.interval or timedelta()), _DAY)
    return replace(parsed.hints, interval=longest or None)


def _scheduled(
    polled: PollState,
    learned: timedelta,
    headers: Mapping[str, str],
    policy: CadencePolicy,
    now: datetime,
    jitter: float,
) -> PollState:
    """Sets the next poll: the administrator's interval, or the learned one, no shorter than what the server asks for.

    The document's own hints (`ttl`, `sy:`, skipHours) also hold after a 304, which brings no document.
    """
    hints = polled.hints
    if policy.fixed is not None:
        interval, floor, hints = policy.fixed, timedelta(), UpdateHints()
    else:
        interval, floor = learned, max(hints.interval or timedelta(), freshness_floor(headers, now))
    requested = retry_after(headers, now) or timedelta()
    floor = max(floor, requested) * (1 + jitter * _SPREAD)
    delay = max(interval * (1 + (2 * jitter - 1) * _SPREAD), floor)
    return replace(
        polled,
        interval=interval,
        next_poll_at=allowed_by_hints(now + delay, hints),
        not_before=now + requested if requested else None,
    )


def _failure_delay(
    state: PollState, failed: FetchFailed | ParseFailed, failures: int, failing_for: timedelta, policy: CadencePolicy
) -> timedelta:
    if failed.reason is PollReason.HTTP_GONE and failures >= _GONE_ANSWERS:
        return _GONE_DELAY if failing_for < _FORTNIGHT * 2 else _LONG_GONE_DELAY
    usual = policy.fixed if policy.fixed is not None else state.interval or policy.min
    base = min(max(usual, _FAILURE_BASE_MIN), _FAILURE_BASE_MAX)
    cap = _FAILING_CAP if failing_for < _FORTNIGHT else _LONG_FAILING_CAP
    return min(base * (1 << min(failures - 1, 20)), cap)


def _requested_wait(failed: FetchFailed | ParseFailed) -> timedelta:
    return (failed.retry_after if isinstance(failed, FetchFailed) else None) or timedelta()


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _had_false_304s(state: PollState, fetched: Fetched, decision: EntryDecision) -> bool:
    """Whether the polls before this one were answered 304 although there was something new.

    Either the validators did not change with the document (RFC 9110 §8.8.1 demands it), or several new entries are
    dated well before the last poll.
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
