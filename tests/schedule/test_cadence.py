"""When to poll again, and what is remembered of a poll."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import PollReason
from watcher.model.entry import (
    DocumentRepair,
    Entry,
    EntryDecision,
    Identified,
    ParsedFeed,
    ReaderName,
    RepairKind,
    UpdateHints,
)
from watcher.model.feed import (
    Feed,
    FeedIssueKind,
    Fetched,
    FetchFailed,
    NotModified,
    ParseFailed,
    PollState,
    Validators,
)
from watcher.model.settings import Polling
from watcher.schedule import cadence
from watcher.schedule.health import feed_issues
from watcher.schedule.interval import CadencePolicy

NOW = datetime(2026, 1, 24, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URL = "https://example.org/feed"
AUTO = CadencePolicy(None, 5 * MINUTE, DAY)
STATE = PollState(URL, NOW)


def fetched(body: bytes = b"<rss/>", headers: dict[str, str] | None = None, **more: object) -> Fetched:
    return Fetched(URL, body, headers or {}, Validators('"a"'), **more)  # type: ignore[arg-type]


def identified(number: int, published: datetime | None = None) -> Identified:
    return Identified(f"{number:032x}", Entry(str(number), "", "t", published=published), None, "", "")


def document(state: PollState, entries: list[Entry], decision: EntryDecision, **more: object) -> PollState:
    policy = more.pop("policy", AUTO)
    now, jitter = more.pop("now", NOW), more.pop("jitter", 0.5)
    parsed = ParsedFeed("swift", "Title", "en", tuple(entries), ttl=more.pop("ttl", None))  # type: ignore[arg-type]
    return cadence.after_document(state, fetched(**more), parsed, decision, policy, now, jitter)  # type: ignore[arg-type]


def entries_every(step: timedelta, count: int = 20, last: datetime = NOW) -> list[Entry]:
    return [Entry(str(number), "", "t", published=last - number * step) for number in range(count)]


def test_a_document_clears_failures_and_fills_the_state() -> None:
    failing = replace(
        STATE, failures=3, failing_since=NOW - DAY, reason=PollReason.TIMEOUT, detail="slow", not_before=NOW
    )
    new = EntryDecision(new=(identified(1),))
    state = document(failing, entries_every(HOUR), new)
    assert (state.failures, state.failing_since, state.reason, state.detail, state.not_before) == (
        0,
        None,
        None,
        None,
        None,
    )
    assert (state.title, state.language, state.validators) == ("Title", "en", Validators('"a"'))
    assert state.last_polled_at == state.last_success_at == state.last_changed_at == state.last_unconditional_at == NOW
    assert state.newest_published == NOW


def test_the_interval_goes_with_the_square_root_of_the_rhythm() -> None:
    known = EntryDecision(known=tuple("abc"))
    quick, slow = (document(STATE, entries_every(step), known).interval for step in (HOUR, 100 * HOUR))
    assert quick
    assert slow
    assert 9 < slow / quick < 11


def test_a_document_must_not_be_overtaken() -> None:
    assert document(STATE, entries_every(MINUTE, 300), EntryDecision()).interval == AUTO.min
    few = document(STATE, entries_every(20 * MINUTE, 3), EntryDecision()).interval
    assert few
    assert few <= 40 * MINUTE / 3


def test_without_dates_the_overlap_decides() -> None:
    undated = [Entry(str(number), "", "t") for number in range(9)]
    state = replace(STATE, interval=HOUR)
    slower = document(state, undated, EntryDecision(known=tuple("abcdefgh"), new=(identified(1),)))
    faster = document(state, undated, EntryDecision(known=("a",), new=tuple(identified(n) for n in range(8))))
    same = document(state, undated, EntryDecision(known=tuple("abcd"), new=tuple(identified(n) for n in range(4))))
    assert (slower.interval, faster.interval, same.interval) == (HOUR * 1.5, HOUR / 2, HOUR)


def test_the_servers_floors_hold_for_learned_intervals_only() -> None:
    quick = entries_every(MINUTE)
    for headers in ({"cache-control": "public, max-age=7200"}, {"expires": "Sat, 24 Jan 2026 14:00:00 GMT"}):
        assert document(STATE, quick, EntryDecision(), headers=headers).next_poll_at >= NOW + 2 * HOUR
    assert document(STATE, quick, EntryDecision(), ttl=120).next_poll_at >= NOW + 2 * HOUR
    assert document(STATE, quick, EntryDecision(), ttl=999_999).next_poll_at <= NOW + 1.1 * DAY
    fixed = CadencePolicy(10 * MINUTE, 5 * MINUTE, DAY)
    assert document(STATE, quick, EntryDecision(), ttl=120, policy=fixed).next_poll_at == NOW + 10 * MINUTE


def test_an_interval_of_nothing_is_due_at_once() -> None:
    policy = CadencePolicy.of(Feed(URL, interval=timedelta()), Polling(min=timedelta()))
    assert document(STATE, [], EntryDecision(), policy=policy).next_poll_at == NOW


def test_jitter_spreads_to_both_sides() -> None:
    policy = CadencePolicy(HOUR, MINUTE, DAY)
    due = [
        document(STATE, [], EntryDecision(), policy=policy, jitter=jitter).next_poll_at for jitter in (0.0, 0.5, 0.999)
    ]
    assert due[0] == NOW + 54 * MINUTE
    assert due[1] == NOW + HOUR
    assert due[2] > NOW + 65 * MINUTE


def test_failures_back_off_to_a_long_tail_and_never_end() -> None:
    state, now, delays = replace(STATE, interval=10 * MINUTE), NOW, []
    for _ in range(60):
        state = cadence.after_failure(state, FetchFailed(PollReason.TIMEOUT, "slow"), AUTO, now, 0.5)
        delays.append(state.next_poll_at - now)
        now = state.next_poll_at
    assert delays[:4] == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 80 * MINUTE]
    assert delays == sorted(delays)
    assert max(delays) <= timedelta(days=31)
    assert (state.failures, state.failing_since, state.reason, state.detail) == (60, NOW, PollReason.TIMEOUT, "slow")
    assert state.validators == STATE.validators


def test_gone_is_polled_rarely_but_polled() -> None:
    state, now = STATE, NOW
    for _ in range(12):
        state = cadence.after_failure(state, FetchFailed(PollReason.HTTP_GONE, "gone", 410), AUTO, now, 0.5)
        delay, now = state.next_poll_at - now, state.next_poll_at
    assert delay == timedelta(days=30)


def test_retry_after_is_a_floor_that_not_even_force_passes() -> None:
    failed = FetchFailed(PollReason.HTTP_TOO_MANY_REQUESTS, "slow down", 429, 3 * HOUR)
    state = cadence.after_failure(STATE, failed, AUTO, NOW, 0.0)
    assert state.not_before == NOW + 3 * HOUR
    assert state.next_poll_at >= NOW + 3 * HOUR


def test_a_busy_host_is_no_failure_of_the_feed() -> None:
    state = cadence.after_failure(
        STATE, FetchFailed(PollReason.HOST_BUSY, "later", queue_wait=HOUR / 2), AUTO, NOW, 0.0
    )
    assert state == replace(STATE, next_poll_at=NOW + HOUR / 2, busy_since=NOW)
    later = cadence.after_failure(state, FetchFailed(PollReason.HOST_BUSY, "later"), AUTO, NOW + HOUR, 0.0)
    assert later.busy_since == NOW
    recovered = cadence.after_not_modified(later, NotModified({}, Validators()), AUTO, NOW + 2 * HOUR, 0.0)
    assert recovered.busy_since is None


def test_what_a_host_asked_of_one_feed_holds_for_its_others_for_an_hour_at_most() -> None:
    failed = FetchFailed(PollReason.HOST_BUSY, "later", retry_after=24 * HOUR)
    state = cadence.after_failure(STATE, failed, AUTO, NOW, 0.0)
    assert (state.next_poll_at, state.not_before, state.failures) == (NOW + HOUR, NOW + HOUR, STATE.failures)


def test_after_a_broken_document_nothing_lets_a_304_hide_it() -> None:
    known = replace(STATE, validators=Validators('"a"'), body_hash="00")
    state = cadence.after_failure(known, ParseFailed(PollReason.MALFORMED, "broken"), AUTO, NOW, 0.5)
    assert (state.validators, state.body_hash) == (Validators(), None)


def test_not_modified_slows_down_a_little_and_keeps_what_is_known() -> None:
    state = replace(
        STATE, interval=HOUR, last_polled_at=NOW - HOUR, title="T", failures=2, validators=Validators('"a"')
    )
    after = cadence.after_not_modified(state, NotModified({}, Validators('"b"')), AUTO, NOW, 0.5)
    assert after.interval
    assert HOUR < after.interval < 1.1 * HOUR
    assert (after.title, after.failures, after.validators) == ("T", 0, Validators('"b"'))


def test_the_whole_document_is_asked_for_once_a_day() -> None:
    assert cadence.wants_unconditional(STATE, NOW)
    assert not cadence.wants_unconditional(replace(STATE, last_unconditional_at=NOW - 23 * HOUR), NOW)
    assert cadence.wants_unconditional(replace(STATE, last_unconditional_at=NOW - DAY), NOW)
    assert cadence.wants_unconditional(replace(STATE, last_unconditional_at=NOW, validators_distrusted=True), NOW)


def test_a_server_caught_lying_is_not_trusted_again() -> None:
    state = replace(STATE, validators=Validators('"a"'), last_unconditional_at=NOW - DAY, last_polled_at=NOW - HOUR)
    lied = document(state, [], EntryDecision(new=(identified(1),)))
    assert lied.validators_distrusted, "new entries, and the validator is still the same"
    assert not document(state, [], EntryDecision(known=("a",))).validators_distrusted
    honest = replace(state, last_polled_at=NOW - DAY)
    assert not document(honest, [], EntryDecision(new=(identified(1),))).validators_distrusted


def with_hints(ttl: int | None = None, **hints: object) -> PollState:
    parsed = ParsedFeed("lxml", "Title", "en", (), ttl=ttl, hints=UpdateHints(**hints))  # type: ignore[arg-type]
    return cadence.after_document(STATE, fetched(), parsed, EntryDecision(), AUTO, NOW, 0.0)


def test_the_longest_hint_of_a_document_is_a_floor_also_after_a_304() -> None:
    state = with_hints(ttl=60, interval=3 * HOUR)
    assert state.next_poll_at == NOW + 3 * HOUR
    after = cadence.after_not_modified(state, NotModified({}, Validators()), AUTO, NOW + DAY, 0.0)
    assert after.next_poll_at == NOW + DAY + 3 * HOUR
    assert with_hints(ttl=600_000, interval=90 * DAY).next_poll_at == NOW + DAY


@pytest.mark.parametrize(
    ("hints", "due"),
    [
        ({"skip_hours": (12, 13)}, NOW + 2 * HOUR),
        ({"skip_hours": (13,)}, NOW),
        ({"skip_days": (5,)}, NOW + 12 * HOUR),  # NOW is a Saturday
        ({"skip_days": (5,), "skip_hours": (0, 1)}, NOW + 14 * HOUR),
        ({"skip_hours": tuple(range(24))}, NOW),
        ({"skip_days": tuple(range(7))}, NOW),
        ({"skip_hours": (99, -1)}, NOW),
    ],
)
def test_hours_and_days_to_skip_move_the_next_poll_by_a_day_at_most(hints: dict[str, object], due: datetime) -> None:
    usual = with_hints().next_poll_at - NOW
    assert with_hints(**hints).next_poll_at == due + usual
    fixed = replace(AUTO, fixed=10 * MINUTE)
    assert document(STATE, [], EntryDecision(), policy=fixed, jitter=0.5).next_poll_at == NOW + 10 * MINUTE


def test_what_was_wrong_with_a_document_is_recorded_with_its_first_time() -> None:
    repairs = (DocumentRepair(RepairKind.ENCODING, "2 bytes"), DocumentRepair(RepairKind.TRUNCATED, "3 entries"))
    broken = ParsedFeed(ReaderName.LXML, "T", None, (), repairs=repairs)
    first = cadence.after_document(
        STATE, fetched(repairs=("cut off",), took=20 * SECOND), broken, EntryDecision(), AUTO, NOW, 0.5
    )
    again = cadence.after_document(
        first, fetched(repairs=("cut off",), took=20 * SECOND), broken, EntryDecision(), AUTO, NOW + HOUR, 0.5
    )
    assert (again.truncated_since, again.repaired_since, again.slow_since) == (NOW, NOW, NOW)
    assert again.repairs == ("cut off", "encoding (2 bytes)", "truncated (3 entries)")
    kinds = [issue.kind for issue in feed_issues([again], NOW + HOUR)]
    assert kinds == [FeedIssueKind.TRUNCATED, FeedIssueKind.SLOW, FeedIssueKind.REPAIRED]
    well = document(again, [], EntryDecision())
    assert (well.truncated_since, well.repairs, well.repaired_since, well.slow_since) == (None, (), None, None)


def test_a_possible_gap_is_recorded() -> None:
    assert document(STATE, [], EntryDecision(possible_gap=True)).possible_gap_at == NOW
    assert document(replace(STATE, possible_gap_at=NOW - DAY), [], EntryDecision()).possible_gap_at == NOW - DAY


moments = st.integers(0, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(
    st.lists(moments, max_size=30),
    st.floats(0, 0.999),
    st.one_of(st.none(), st.timedeltas(timedelta(), 30 * DAY)),
    st.floats(0, 1),
)
def test_the_next_poll_is_always_between_the_bounds(
    dates: list[datetime], jitter: float, last: timedelta | None, share: float
) -> None:
    known = tuple(str(number) for number in range(round(share * 10)))
    decision = EntryDecision(known=known, new=tuple(identified(number) for number in range(10 - len(known))))
    state = document(
        replace(STATE, interval=last), [Entry("", "", "", published=date) for date in dates], decision, jitter=jitter
    )
    assert 0.89 * AUTO.min <= state.next_poll_at - NOW <= 1.11 * AUTO.max


@pytest.mark.parametrize(
    "headers", [{"cache-control": "max-age=-1"}, {"expires": "0"}, {"retry-after": "x"}, {"expires": "\x00"}]
)
def test_unreadable_headers_count_for_nothing(headers: dict[str, str]) -> None:
    policy = CadencePolicy(None, MINUTE, MINUTE)
    assert document(STATE, [], EntryDecision(), headers=headers, policy=policy).next_poll_at == NOW + MINUTE
