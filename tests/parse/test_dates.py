"""Dates as feeds write them: docs/reading.md has the same table for users."""

from __future__ import annotations

import calendar
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import watcher.parse.date_names
from watcher.parse.date_names import date_names, fold, is_zone
from watcher.parse.dates import parse_date

TEN = datetime(2024, 3, 5, 10, tzinfo=UTC)
MIDNIGHT = datetime(2024, 3, 5, tzinfo=UTC)
"""A Tuesday."""

EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1991, 2049))

AT_TEN = """
Tue, 05 Mar 2024 10:00:00 GMT
Tue, 5 Mar 2024 12:00:00 +0200
05 Mar 2024 05:00 EST
5 Mar 24 10:00 UT
Tuesday, 05-Mar-24 10:00:00 GMT
Tuesday, 05 Mar 2024 10:00:00 UTC
Tue,05 Mar 2024 10:00:00 +0000
Tue, 05 March 2024 10:00:00 +0000
Tue, 05 Mar 2024 10:00:00
Tue Mar 05 10:00:00 2024
Tue Mar  5 10:00:00 UTC 2024
Tue Mar 05 11:00:00 GMT+01:00 2024
Tue Mar 05 2024 12:00:00 GMT+0200 (Eastern European Standard Time)
2024-03-05T10:00:00Z
2024-03-05T10:00:00.123456+00:00
2024-03-05t10:00:00z
2024-03-05 15:30:00 +0530
2024-03-05T15:30:00+0530
2024-03-05T10:00
2024-03-05T10
20240305T100000Z
20240305T10:00:00Z
20240305100000
202403051000
2024-065T10:00:00Z
2024065T100000Z
2024-W10-2T10:00:00Z
1709632800
1709632800000
1709632800.25
2024-03-05 10:00:00 UTC
2024-03-05 10:00:00 GMT
2024-03-05T11:00:00 CET
2024-03-05 11:00:00 CET
2024-03-05 10:00:00 +0000 UTC
2024-03-05T13:00:00+03:00[Europe/Istanbul]
2024-03-05 13:00 Europe/Istanbul
2024-03-05T13:00:00 03:00
Tue, 05 Mar 2024 15:30:00 +5:30
Tue, 05 Mar 2024 15:30:00 +530
Tue, 05 Mar 2024 12:00:00 +2
Tue, 05 Mar 2024 12:00:00 +02
Tue, 05 Mar 2024 12:00:00 GMT+2
Tue, 05 Mar 2024 12:00:00 UTC+02:00
Tue, 05 Mar 2024 08:00:00 \N{MINUS SIGN}0200
Tue, 05 Mar 2024 06:00:00 --0400
Tue, 05 Mar 2024 10:00:00 (UTC)
Tue, 05 Mar 2024 15:30:00 IST
Tue, 05 Mar 2024 12:00:00 EET
Tue, 05 Mar 2024 13:00:00 MSK
Tue, 05 Mar 2024 19:00:00 JST
Tue, 05 Mar 2024 21:00:00 AEDT
Tue, 05 Mar 2024 02:00:00 PST
2024/03/05 10:00:00
2024.03.05 10:00
2024-3-5 10:00
2024:03:05 10:00:00
05.03.2024 10:00
5.3.2024, 10:00 Uhr
5. März 2024 10.00 Uhr
10:00 05.03.2024
10:00, 5 March 2024
Tue, 2024/03/05 05:00:00 EST
05/Mar/2024:10:00:00 +0000
3/5/2024 10:00:00 AM
03/05/2024 10:00 a.m.
Tuesday, 05/03/2024 10:00
Mar 5 2024 10:00AM
March 5th, 2024 10:00 a.m.
March 5, 2024 at 10:00
2024年3月5日 10:00
2024年03月05日(火) 午前10時00分
2024年3月5日 星期二 上午10:00
2024年3月5日 10時
2024년 3월 5일 (화) 오전 10:00
2024. 3. 5. 오전 10:00:00
5 марта 2024 г. 10:00
Вт, 05 мар 2024 13:00:00 +0300
вівторок, 5 березня 2024 р. 10:00
mardi 5 mars 2024 10h00
mar, 05 mar 2024 10:00:00 +0000
martes, 5 de marzo de 2024 10:00
Dienstag, 5. März 2024, 10:00 Uhr
Di, 05 Mär 2024 11:00:00 +0100
Sal, 05 Mar 2024 13:00:00 +0300
5 Mart 2024 Salı 10:00
الثلاثاء, 05 مارس 2024 10:00:00 +0000
٥ مارس ٢٠٢٤ ١٠:٠٠
۵ مارس ۲۰۲۴ ۱۰:۰۰
5 آذار 2024 10:00
Τρί, 05 Μαρ 2024 12:00:00 +0200
5 tháng 3 năm 2024 10:00
wtorek, 5 marca 2024 10:00
Die, 05 Mär 2024 11:00:00 +0100
Втр, 05 мар 2024 13:00:00 +0300
Tues, 5 Mar 2024 10:00:00 GMT
2024年3月5日星期二 10:00
2024年3月5日火曜日 10:00
2024 m. kovo 5 d. 10:00
2024. gada 5. marts 10:00
tirsdag den 5. marts 2024 kl. 10.00
5 mars 2024 | 10 h 00
5 de marzo de 2024 - 10:00 hrs
20240305 100000
5 במרץ 2024 10:00
05.03.2024 / 10:00 Uhr
2024/3/5 AM 10:00
2024-03-05T10:00:00,123Z
""".strip().splitlines()

AT_MIDNIGHT = """
2024-03-05
20240305
2024-065
2024/3/5
5.3.2024
2024-03-04T24:00:00Z
Mon, 04 Mar 2024 24:00:00 GMT
2024-03-04T23:59:60Z
2024-03-05Z
2024-03-05+00:00
5 March 2024
March 5, 2024
5th of March 2024
Tuesday, 3/5/2024
2024年3月5日
2024년 3월 5일
5 mar. 2024
12:00 AM, 5 March 2024
""".strip().splitlines()

NO_DATE = """
soon
today
yesterday 10:00
10 minutes ago
12:00
-25
--03-05
5 March
Tue, 05 Mar
March 2024
0000-00-00T00:00:00Z
0001-01-01T00:00:00Z
9999-12-31T23:59:59Z
Fri, 31 Dec 9999 23:59:59 GMT
Thu, 01 Jan 1970 00:00:00 GMT
0
99999-01-01
1e308
NaN
Mon, 31 Feb 2025 10:00:00 GMT
2025-13-45T99:99:99Z
2024-03-05T25:00:00Z
2024-03-05T24:01:00Z
2024-03-05T10:00:00+99:99
Mon, 06 Jan 999999999999 10:00:00 GMT
2567-03-05
1402/12/15
2024-366 10:00 in the morning
2023-366
2024-W60
03/05/2024 10:00
03-05-2024
05/03/2024 22:00 PM
05.03.24
24/03/05
5 listopada 2024
Tue, 05 Mar 2024 10:00:00 XYZ
Tue, 05 Mar 2024 10:00:00 Nowhere/City
5 Mar 2024 10:00 and more
""".strip().splitlines()


@pytest.mark.parametrize("text", AT_TEN)
def test_dialects_with_a_time(text: str) -> None:
    assert parse_date(text) == TEN


@pytest.mark.parametrize("text", AT_MIDNIGHT)
def test_dialects_at_midnight(text: str) -> None:
    assert parse_date(text) == MIDNIGHT


@pytest.mark.parametrize("text", [*NO_DATE, "", " ", "1" * 500])
def test_what_is_no_date_for_certain_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("05/03/2024 10:00", "fr", TEN),
        ("05/03/2024 10:00", "en-GB", TEN),
        ("05-03-2024 10:00", "nl", TEN),
        ("05/03/2024 10:00", "en-US", None),
        ("3/5/2024 10:00 AM", "en-US", TEN),
        ("5/3/2024 10:00 AM", "en-AU", TEN),
        ("29/02/2024", "en-US", datetime(2024, 2, 29, tzinfo=UTC)),
        ("02/29/2024", "fr", datetime(2024, 2, 29, tzinfo=UTC)),
        ("5 listopada 2024", "pl", datetime(2024, 11, 5, tzinfo=UTC)),
        ("5 listopada 2024", "hr", datetime(2024, 10, 5, tzinfo=UTC)),
        ("Tue, 05 Mar 2024 12:00:00 IST", "he-IL", TEN),
    ],
)
def test_the_language_decides_where_languages_differ(text: str, language: str, expected: datetime | None) -> None:
    assert parse_date(text, language) == expected


def test_every_month_and_weekday_of_cldr_is_understood() -> None:
    data = json.loads(Path(watcher.parse.date_names.__file__).with_name("date_names.json").read_text(encoding="utf-8"))
    unread = [
        name
        for name, month in data["months"].items()
        if parse_date(f"15 {name} 2024") != datetime(2024, month, 15, tzinfo=UTC)
    ]
    assert not unread
    days = [name for name in data["weekdays"] if len(name) > 1 and date_names().find(name, "")[0].month is None]
    assert [name for name in days if parse_date(f"{name}, 2024-03-05") not in {MIDNIGHT, None}] == []
    assert sum(parse_date(f"{name}, 05 Mar 2024 10:00") == TEN for name in days) >= 0.99 * len(days)


@given(st.datetimes(EARLIEST, LATEST), st.integers(-12 * 60, 14 * 60))
def test_all_standard_forms_mean_the_same(moment: datetime, offset: int) -> None:
    expected = moment.replace(microsecond=0, tzinfo=UTC)
    local = expected + timedelta(minutes=offset)
    sign, hours, minutes = "-" if offset < 0 else "+", abs(offset) // 60, abs(offset) % 60
    month = calendar.month_abbr[local.month]
    assert parse_date(f"{local:%d} {month} {local:%Y %H:%M:%S} {sign}{hours:02}{minutes:02}") == expected
    assert parse_date(f"{local:%Y-%m-%dT%H:%M:%S}{sign}{hours:02}:{minutes:02}") == expected
    assert parse_date(f"{local:%Y-%m-%d %I:%M:%S %p} {sign}{hours}:{minutes:02}") == expected
    assert parse_date(f"{local:%Y%m%dT%H%M%S}{sign}{hours:02}{minutes:02}") == expected
    assert parse_date(f"{local:%d.%m.%Y %H:%M:%S} GMT{sign}{hours:02}{minutes:02}") == expected


@given(st.text(alphabet="0123456789-+:TZ ,./JanMoGMTapm年月日\u0661\u0662", max_size=40) | st.text(max_size=60))
def test_anything_is_a_date_in_utc_or_none(text: str) -> None:
    parsed = parse_date(text)
    assert parsed is None or (parsed.tzinfo is UTC and 1990 <= parsed.year <= 2049)


@given(st.sampled_from(AT_TEN), st.integers(0, 60), st.sampled_from([*"0123456789:/-+,. ", "Mar", "PM", "CET", ""]))
def test_a_damaged_date_is_never_filled_from_today(text: str, at: int, piece: str) -> None:
    """Whatever comes out was in the text: its year is."""
    damaged = text[:at] + piece + text[at + 1 :]
    parsed = parse_date(damaged)
    digits = "".join(one for one in fold(damaged) if one.isdigit())
    assert parsed is None or str(parsed.year)[2:] in digits or len(digits) in range(9, 14)


def test_zones_are_known_by_their_abbreviations() -> None:
    assert all(map(is_zone, ["utc", "est", "cest", "msk", "nzdt", "europe/istanbul"]))
    assert not any(map(is_zone, ["xyz", "", "may", "mar"]))
