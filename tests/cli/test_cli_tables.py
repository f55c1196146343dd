"""Tables on terminals of different widths."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from watcher.cli.tables import Display, _wrapped, show_table, terminal_width

COLUMNS = ("id", "when", "topic", "title")
YEAR = datetime.now(UTC).year
TITLE = "Guards fled as inmates escaped from a prison in Hasakah, according to two of them and a doctor"
ROWS = [
    ("712c37de", datetime(YEAR, 11, 28, 5, 44, 2, tzinfo=UTC), "detention-facilities", TITLE),
    ("9fccbc5f", datetime(YEAR - 1, 1, 2, 3, 4, 5, tzinfo=UTC), "ceasefires", "[bold]وقف[/bold]"),
]


@pytest.fixture(autouse=True)
def utc_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose zone is UTC, whatever this one has."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def shown(width: int, terminal: bool = True) -> list[str]:
    out = StringIO()
    show_table(
        COLUMNS, ROWS, empty="none", terminal=Console(file=out, force_terminal=terminal, width=width, color_system=None)
    )
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_what_fits_stands_side_by_side() -> None:
    lines = shown(200)
    assert len(lines) == 3
    assert {lines[0].index("topic"), lines[1].index("detention"), lines[2].index("ceasefires")} == {
        lines[0].index("topic")
    }
    assert lines[1].endswith(TITLE)


def test_what_is_too_wide_stands_beneath_its_row_in_whole_words() -> None:
    lines = shown(80)
    assert all(len(line) <= 80 for line in lines)
    assert lines[:2] == ["id        when               topic", "  title"]
    assert lines[2] == "712c37de  11-28 05:44Z       detention-facilities"
    assert " ".join(line.strip() for line in lines[3:5]) == TITLE
    assert lines[5:] == [f"9fccbc5f  {YEAR - 1}-01-02 03:04Z  ceasefires", "  [bold]وقف[/bold]"]


def test_other_programs_get_whole_times_and_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    shown(80, terminal=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "\t".join(COLUMNS)
    assert f"{YEAR}-11-28 05:44:02Z" in lines[1]


def test_several_beneath_a_row_share_a_line() -> None:
    columns, row = (
        ("id", "feed", "state", "reason", "url"),
        ("1", "UN News", "broken", "html: a web page", "https://un.example/x"),
    )
    out = StringIO()
    show_table(
        columns, [row], empty="none", terminal=Console(file=out, force_terminal=True, width=30, color_system=None)
    )
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert lines[:2] == ["id  feed     state", "  reason · url"]
    assert " ".join(line.strip() for line in lines[3:]) == "html: a web page · https://un.example/x"


@pytest.mark.parametrize(
    ("zone", "utc", "short", "whole"),
    [
        ("Europe/Istanbul", False, "11-28 08:44", "11-28 08:44:02+03:00"),
        ("Europe/Istanbul", True, "11-28 05:44Z", "11-28 05:44:02Z"),
        ("UTC", False, "11-28 05:44Z", "11-28 05:44:02Z"),
    ],
)
def test_times_are_in_the_readers_zone_unless_asked_otherwise(
    zone: str, utc: bool, short: str, whole: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TZ", zone)
    monkeypatch.setattr(Display, "utc", utc)
    time.tzset()
    try:
        assert short in shown(200)[1]
        shown(80, terminal=False)
        assert whole in capsys.readouterr().out.splitlines()[1]
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("hang", [0, 2, 13])
def test_prose_uses_the_whole_width_and_no_more(hang: int) -> None:
    width = terminal_width()
    lines = _wrapped("word " * 100, 0, hang).splitlines()
    assert " ".join(lines).split() == ["word"] * 100
    assert all(width - len("word ") < len(line) <= width for line in lines[:-1])
    assert all(line.startswith(" " * hang) for line in lines[1:])
