from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watcher.config import yaml_tree as document
from watcher.config.yaml_tree import core_schema, plain, read_document
from watcher.errors import Position


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def scanner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's scanners: the C one is not everywhere."""
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(document, "LOADER", getattr(yaml, request.param))


@pytest.mark.parametrize(
    "text", ["no", "on", "yes", "y", "Off", "17:00", "1_000", "0777x", "2026-01-24", "0b11", "1e", ".", "=WHO", "<<"]
)
def test_what_yaml_1_1_would_change_stays_text(text: str) -> None:
    assert core_schema(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None), ("~", None), ("", None), ("true", True), ("FALSE", False), ("7", 7), ("-12", -12), ("007", 7),
        ("0o17", 15), ("0xfF", 255), ("1.5", 1.5), (".5", 0.5), ("2.", 2.0), ("-1e3", -1000.0), ("-.inf", -math.inf),
    ],
)  # fmt: skip
def test_core_schema(text: str, value: object) -> None:
    read = core_schema(text)
    assert read == value
    assert type(read) is type(value)


def test_not_a_number_of_the_core_schema() -> None:
    assert math.isnan(core_schema(".NaN"))  # type: ignore[arg-type]


@pytest.mark.usefixtures("scanner")
def test_tree_and_places() -> None:
    read = read_document("a: [x, 'no']\nb:\n  3: ö\n  c: >-\n    long\n    text\n".encode())

    assert read.root is not None
    assert plain(read.root) == {"a": ["x", "no"], "b": {"3": "ö", "c": "long text"}}
    assert document.find(read.root, ("a", 1))[0].start == Position(1, 8)
    assert document.find(read.root, ("b", "c"))[0].start == Position(4, 6)
    assert document.find(read.root, ("b", "c", "d", "e"))[1] == ("b", "c")
    assert read.flaws == ()


@pytest.mark.usefixtures("scanner")
def test_windows_line_ends_and_a_byte_order_mark_change_no_place() -> None:
    read = read_document("\ufeffa: 1\r\nb: [x,\r\n  y]\r\n".encode())

    assert read.root is not None
    assert document.find(read.root, ("b", 1))[0].start == Position(3, 3)
    assert document.find(read.root, ("a",))[0].start == Position(1, 4)


@pytest.mark.usefixtures("scanner")
def test_an_alias_is_what_its_anchor_is() -> None:
    read = read_document(b"a: &words [x, y]\nb: *words\n")
    assert read.root is not None
    assert plain(read.root) == {"a": ["x", "y"], "b": ["x", "y"]}


@pytest.mark.usefixtures("scanner")
def test_an_anchor_cannot_contain_itself() -> None:
    [flaw] = read_document(b"a: &a [*a]\n").flaws
    assert "quote it" in flaw.message
    assert flaw.position == Position(1, 8)


@pytest.mark.usefixtures("scanner")
@pytest.mark.parametrize("nest", ["[", "{a: ", "- "])
def test_nesting_without_end_is_a_problem_and_no_crash(nest: str) -> None:
    read = read_document(("a:\n  " + nest * 50_000).encode())
    assert read.root is None
    assert read.flaws


@pytest.mark.usefixtures("scanner")
def test_aliases_cannot_multiply() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    read = read_document("\n".join(lines).encode())
    assert read.root is None
    assert "multiply" in read.flaws[-1].message


def test_bytes_that_are_not_utf_8() -> None:
    [flaw] = read_document("a: 1\nb: é\n".encode("latin-1")).flaws
    assert flaw.position == Position(2, 1)
    assert "UTF-8" in flaw.message


def test_a_control_character_is_named_with_its_place() -> None:
    [flaw] = read_document(b"a: 1\nb: x\x01y\n").flaws
    assert flaw.position == Position(2, 5)
    assert "control character" in flaw.message


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}*&!%@#'\"|>\n \t", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read = read_document(data)
    assert (
        read.root is not None or read.flaws or not data.decode("utf-8-sig").partition("#")[0].strip("\ufeff \n\r\t-.")
    )
