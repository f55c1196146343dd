"""Raw entries to entries in C and in Python: the same for every value."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watcher.model.entry import Entry
from watcher.parse import normalise
from watcher.parse.dates import parse_date
from watcher.parse.normalise import entry_in_python
from watcher.parse.raw import RawEntry, RawText

FOLDER = Path(normalise.__file__).parent
SOURCES = ("_normalise.c", "_normalise_dates.h")
BASE = "https://example.org/feeds/feed.xml"

only_compiled = pytest.mark.skipif(
    normalise._entry is entry_in_python, reason="not compiled: install a C compiler and run `make clean test`"
)

written = st.one_of(
    st.text(st.sampled_from("ab <>&;é\u00a0\u0085\u2028ع\x00\x1f\x7f_-\n"), max_size=12),
    st.sampled_from(["", " ", "plain words", "two  spaces", " a", "a ", "a < b", "AT&amp;T", "<b>c</b>", "x" * 1_999]),
    st.sampled_from(["x" * 2_000, "x" * 2_001, "ab " * 700, "en", "en_GB", "z" * 35, "z" * 36, "é"]),
)
addresses = st.one_of(
    written,
    st.sampled_from(
        [
            "http://a.example/b?c=d&e",
            "https://",
            "http://",
            "https://é/",
            "/relative",
            "javascript:x",
            "//h",
            "?q",
            "#f",
        ]
    ),
    st.sampled_from(
        ["https://a/ b", "https://a/\x7f", "http:/a", "HTTP://A/", f"https://a/{'x' * 1_990}", "https://a/x "]
    ),
)


def digits(most: int, width: int) -> st.SearchStrategy[str]:
    return st.one_of(
        st.integers(0, most).map(lambda number: f"{number:0{width}d}"), st.integers(0, 99).map(str), st.just("00")
    )


zones = st.one_of(
    st.sampled_from(["", " ", "Z", "z", " Z", "GMT", " gmt", " UTC", " UT", " z", " EST", " +0000", "+00:00", "-00:00", " Zulu"]),
    st.builds("{}{}{}{}".format, st.sampled_from(["+", "-", " +", " -"]), digits(14, 2), st.sampled_from(["", ":"]), digits(59, 2)),
)  # fmt: skip
rfc822 = st.builds(
    "{}{} {} {} {}:{}{}{}".format,
    st.sampled_from(["", "Mon, ", "mon ", "TUESDAY,  ", "Sun,", "Mo, ", "Mond,\t"]),
    digits(31, 2),
    st.sampled_from(["Jan", "feb", "MAR", "Dec", "Jun", "Foo", "January"]),
    st.one_of(digits(9_999, 4), st.sampled_from(["2024", "0001", "9999", "24"])),
    digits(23, 2),
    digits(59, 2),
    st.sampled_from(["", ":00", ":59", ":60", ":5", ":00.5"]),
    zones,
)
w3c = st.builds(
    "{}-{}-{}{}{}:{}{}{}".format,
    st.one_of(digits(9_999, 4), st.sampled_from(["2024", "0001", "9999"])),
    digits(12, 2),
    digits(31, 2),
    st.sampled_from(["T", "t", " ", "  ", ""]),
    digits(23, 2),
    digits(59, 2),
    st.sampled_from(["", ":00", ":59", ":60", ":00.123", ":00.", ":5"]),
    zones,
)
dates = st.one_of(written, rfc822, w3c, rfc822.map(" {}".format), w3c.map("{}\n".format), st.just("2024-01-06"))

raw_texts = st.builds(RawText, written, st.booleans())
raw_entries = st.builds(
    RawEntry,
    id=written,
    link=addresses,
    title=raw_texts,
    summary=raw_texts,
    contents=st.lists(raw_texts, max_size=3),
    author=written,
    published=dates,
    updated=dates,
    categories=st.one_of(st.lists(written, max_size=4), st.just([f"c{number}" for number in range(130)])),
    language=st.one_of(st.none(), written),
    source_title=written,
    source_link=addresses,
)


@only_compiled
@settings(max_examples=1_500, deadline=None)
@given(raw_entries)
@example(RawEntry())
@example(RawEntry(summary=RawText("same", True), contents=[RawText("same", True)]))
@example(RawEntry(summary=RawText("a&amp;b", False), contents=[RawText("a&amp;b", True)]))
def test_any_entry(raw: RawEntry) -> None:
    made = normalise._entry(raw, BASE)
    assert made == entry_in_python(raw, BASE)
    assert type(made) is Entry


@only_compiled
@settings(max_examples=3_000, deadline=None)
@given(dates)
@example("Sat, 31 Dec 9999 23:59:59 -0100")
@example("Mon, 01 Jan 0001 00:00:00 +0100")
@example("Thu, 29 Feb 2024 23:30:00 -0030")
@example("Thu, 29 Feb 2023 23:30:00 GMT")
@example("1 Mar 1900 00:00 +9999")
@example("2000-03-01T00:00:00+00:01")
def test_any_date(text: str) -> None:
    made = normalise._entry(RawEntry(published=text), BASE).published
    assert made == parse_date(text)
    assert made is None or made.tzinfo is UTC


@only_compiled
def test_every_day_of_some_years_and_zones() -> None:
    for year in (1, 4, 1900, 2000, 2023, 2024, 9999):
        for month in range(1, 13):
            for day in (1, 28, 29, 30, 31):
                for zone in ("Z", "+14:00", "-12:00"):
                    text = f"{year:04d}-{month:02d}-{day:02d}T23:59:58{zone}"
                    assert normalise._entry(RawEntry(updated=text), BASE).updated == parse_date(text), text


def test_a_known_date() -> None:
    made = normalise._entry(RawEntry(published="Tue, 11 Nov 2025 07:46:27 +0130"), BASE)
    assert made.published == datetime(2025, 11, 11, 6, 16, 27, tzinfo=UTC)


@only_compiled
def test_what_is_compiled_is_what_is_there() -> None:
    from watcher.parse._normalise import SOURCE

    sources = b"".join((FOLDER / name).read_bytes() for name in SOURCES)
    assert hashlib.sha256(sources).hexdigest() == SOURCE, "edited since it was compiled: run `make .venv/.ready`"


@only_compiled
@pytest.mark.parametrize(
    "wrong",
    [
        {"id": None},
        {"link": b""},
        {"title": "text"},
        {"title": RawText(1, True)},  # type: ignore[arg-type]
        {"title": RawText("a", 1)},  # type: ignore[arg-type]
        {"summary": ("a",)},
        {"contents": None},
        {"contents": ["a"]},
        {"published": 1},
        {"categories": [1]},
        {"categories": {"a"}},
        {"language": 1},
        {"source_link": None},
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        normalise._entry(RawEntry(**wrong), BASE)


@only_compiled
def test_wrong_arguments_are_refused() -> None:
    from watcher.parse._normalise import entry

    tools = normalise._TOOLS
    for arguments in (
        (),
        ("a", BASE, tools),
        (RawEntry(), None, tools),
        (RawEntry(), BASE, tools[:-1]),
        (RawEntry(), BASE, ("Entry", *tools[1:])),
        (RawEntry(title=RawText("a  b", True)), BASE, (Entry, lambda *_: None, *tools[2:])),
        (RawEntry(contents=[RawText("a", True)] * 2), BASE, (*tools[:-1], lambda _: None)),
    ):
        with pytest.raises(TypeError):
            entry(*arguments)


@only_compiled
def test_what_fails_inside_is_raised_and_nothing_else_asked() -> None:
    asked = []

    def failing(name: str) -> Any:
        def fail(*_: object) -> None:
            asked.append(name)
            raise MemoryError(name)

        return fail

    from watcher.parse._normalise import entry

    tools = (Entry, failing("words"), *normalise._TOOLS[2:8], *map(failing, ("link", "date", "language", "texts")))
    with pytest.raises(MemoryError, match="words"):
        entry(RawEntry(id="a  b", link="/x", published="then", language="_"), BASE, tools)
    assert asked == ["words"]
