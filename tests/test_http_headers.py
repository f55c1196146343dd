"""Times in HTTP headers: one parser for feeds and receivers; nothing raises, nothing is longer than a day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watcher.deliver.http_answers import Answer
from watcher.deliver.matrix import judge_matrix
from watcher.deliver.telegram import judge_telegram
from watcher.http_headers import LONGEST_WAIT, bounded_wait, freshness_floor, http_date, retry_after
from watcher.model.notification import TryAgain

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SENT = "Thu, 01 Jan 2026 00:00:00 GMT"

texts = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} (Jan|Feb|Foo) \d{1,12} \d\d:\d\d:\d\d (GMT|[+-]\d{1,14}|)", fullmatch=True),
    st.from_regex(r"-?\d{1,40}(\.\d{0,5})?", fullmatch=True),
)


@given(texts, texts, texts, texts)
@example("Mon, 01 Jan 99999999999 00:00:00 GMT", "", "", "")
@example("Thu, 01 Jan 2026 00:02:00 +99999999999999", SENT, "", "")
@example("9" * 400, "", "max-age=" + "9" * 400, "Fri, 31 Dec 9999 23:59:59 -2359")
def test_no_header_raises_or_asks_for_more_than_a_day(wish: str, date: str, cache: str, expires: str) -> None:
    headers = {"retry-after": wish, "date": date, "cache-control": cache, "expires": expires, "age": wish}
    for now in (NOW, None):
        wait = retry_after(headers, now)
        assert wait is None or timedelta() <= wait <= LONGEST_WAIT
    assert timedelta() <= freshness_floor(headers, NOW) <= LONGEST_WAIT
    moment = http_date(wish)
    assert moment is None or moment.utcoffset() == timedelta()


@given(st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), st.text(), st.lists(st.integers())))
@example(10**400)
@example(float("nan"))
def test_a_number_of_an_answer_is_bounded(number: object) -> None:
    for unit in (1, 1_000):
        wait = bounded_wait(number, per_second=unit)
        assert wait is None or timedelta() <= wait <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", timedelta(minutes=2)),
        ("1.5", timedelta(seconds=1.5)),
        ("317100", LONGEST_WAIT),
        ("Thu, 01 Jan 2026 00:02:00 GMT", timedelta(minutes=2)),
        ("Wed, 31 Dec 2025 00:00:00 GMT", timedelta()),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Mon, 32 Jan 2026 00:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after(value: str, expected: timedelta | None) -> None:
    assert retry_after({"retry-after": value, "date": SENT}) == expected


@pytest.mark.parametrize("wait", [7, 10**30, -1, True, "7", None, [], float("inf")])
def test_the_fields_of_telegram_and_matrix_have_the_same_bounds(wait: object) -> None:
    telegram = judge_telegram(Answer(429, {}, json.dumps({"ok": False, "parameters": {"retry_after": wait}})))
    matrix = judge_matrix(Answer(429, {}, json.dumps({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": wait})))
    assert isinstance(telegram, TryAgain)
    assert isinstance(matrix, TryAgain)
    assert telegram.retry_after == bounded_wait(wait)
    assert matrix.retry_after == bounded_wait(wait, per_second=1_000)


@pytest.mark.parametrize("judge", [judge_telegram, judge_matrix])
def test_an_answer_nested_without_end_is_judged_by_its_status(judge: object) -> None:
    assert callable(judge)
    assert isinstance(judge(Answer(429, {}, "[" * 4_000)), TryAgain)
