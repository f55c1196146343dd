from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from watcher.config.source_map import place_inside, segments
from watcher.config.yaml_tree import Scalar, find, read_document
from watcher.errors import Position

WORDS = st.text(alphabet="abcdéß داعش'\"\\#:,*@{}", min_size=1, max_size=12)


@given(
    st.lists(WORDS, min_size=1, max_size=12).map(" ".join),
    st.sampled_from(["'", '"', "|", ">", None]),
    st.sampled_from([20, 1000]),
)
@example(" :::::::::: : : : :", ">", 20)  # a fold beside a more indented line stays a line's end: YAML 1.2 §8.1.3
def test_every_visible_character_is_found_where_it_stands(text: str, style: str | None, width: int) -> None:
    written = yaml.safe_dump({"key": {"inner": text}}, default_style=style, allow_unicode=True, width=width)
    source, scalar = _scalar(written)
    assert scalar.text == yaml.safe_load(written)["key"]["inner"]
    places = segments(source, scalar, "x")
    lines = source.split("\n")

    for offset, character in enumerate(scalar.text):
        place = place_inside(places, "x", offset)
        assert place is not None
        found = lines[place.line - 1][place.column - 1 :]
        assert character.isspace() or found.startswith((character, "\\"))


@pytest.mark.parametrize(
    ("written", "column", "place"),
    [
        ("key: {inner: one two}", 4, Position(1, 18)),
        ("key: {inner: 'one two'}", 4, Position(1, 19)),
        ("key: {inner: 'it''s @x'}", 5, Position(1, 21)),
        ('key: {inner: "\\u00e9 \\"x"}', 3, Position(1, 24)),
        ("key:\n  inner: >-\n    one OR\n    two\n\n    six", 7, Position(4, 5)),
        ("key:\n  inner: |\n    one\n      two\n", 6, Position(4, 7)),
        ("key:\n  inner: one\n    two\n", 5, Position(3, 6)),
    ],
)
def test_places_through_quotes_escapes_and_lines(written: str, column: int, place: Position) -> None:
    source, scalar = _scalar(written)
    assert place_inside(segments(source, scalar, "x"), "x", column) == place


def test_a_text_on_one_line_is_one_stretch() -> None:
    source, scalar = _scalar("key: {inner: (daesh OR isis) AND prison*}")
    assert segments(source, scalar, "require") == {"require": Position(1, 14)}


def test_an_unknown_name_has_no_place() -> None:
    assert place_inside({"terms.3.0": Position(1, 1)}, "near.0", 3) is None


def _scalar(written: str) -> tuple[str, Scalar]:
    document = read_document(written.encode())
    assert document.root is not None
    node = find(document.root, ("key", "inner"))[0]
    assert isinstance(node, Scalar)
    return document.text, node
