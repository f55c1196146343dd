"""The position in the file of each character of a YAML scalar, through quotes, escapes and folded lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from watcher.config.yaml_tree import Scalar
from watcher.errors import Position


def place_inside(places: Mapping[str, Position], name: str, column: int) -> Position | None:
    """The position of the character at `column`, given positions named as `segments` names them."""
    best, start = 0, places.get(name)
    for key, place in places.items():
        base, plus, offset = key.rpartition("+")
        if plus and base == name and best < int(offset) <= column:
            best, start = int(offset), place
    return replace(start, column=start.column + column - best) if start else None


def segments(document_text: str, scalar: Scalar, name: str) -> dict[str, Position]:
    """Where the segments of a scalar's text begin in the file.

    `name` is the position of its first character, `name+12` that of the character at offset 12. Within a segment,
    columns are counted on from its beginning. A text on one line without escapes is one segment.
    """
    offsets = _offsets(document_text, scalar)
    return {name if offset == 0 else f"{name}+{offset}": place for offset, place in offsets.items()}


def _offsets(document_text: str, scalar: Scalar) -> dict[int, Position]:
    source = document_text[scalar.first : scalar.last]
    quote = 0 if scalar.style is None else 1
    if source[quote : len(source) - quote] == scalar.text:
        return {0: replace(scalar.start, column=scalar.start.column + quote)}
    places = _places(_content(source, scalar), scalar)
    offsets = {0: places[0] if places else scalar.start}
    for offset, (before, place) in enumerate(pairwise(places), 1):
        if (place.line, place.column) != (before.line, before.column + 1):
            offsets[offset] = place
    return offsets


_Placed = tuple[str, Position]
_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


def _content(source: str, scalar: Scalar) -> list[_Placed]:
    """The characters of the source without header, quotes and indentation, each with its position."""
    lines = source.replace("\r\n", "\n").split("\n")
    block = scalar.style in ("|", ">")
    indentation = _indentation(lines[1:]) - _indentation(scalar.text.split("\n")) if block else 0
    content: list[_Placed] = []
    for number, line in enumerate(lines):
        column = 1 if number else scalar.start.column
        if block:
            first, last = (len(line), len(line)) if number == 0 else (min(indentation, len(line)), len(line))
        else:
            first = len(line) - len(line.lstrip(" \t")) if number else int(scalar.style is not None)
            last = len(line) if number == len(lines) - 1 else len(line.rstrip(" \t"))
        places = (Position(scalar.start.line + number, column + at, scalar.start.file) for at in range(first, last + 1))
        content.extend(zip(line[first:last] + "\n", places, strict=True))
    return content[1:] if block else content


def _indentation(lines: Sequence[str]) -> int:
    """Leading spaces of the first line that is not blank."""
    line = next((line for line in lines if line.strip()), "")
    return len(line) - len(line.lstrip(" "))


def _places(content: Sequence[_Placed], scalar: Scalar) -> list[Position]:
    """The position of each character of the text, as far as text and content agree."""
    places: list[Position] = []
    at = 0
    for character in scalar.text:
        at = _skip(content, at, character, scalar)
        if at >= len(content):
            break
        found, place = content[at]
        if found == "\\" and scalar.style == '"':
            width = _ESCAPE_LENGTHS.get(content[at + 1][0], 2)
        elif found == "'" and scalar.style == "'":
            width = 2
        elif found == character or (found == "\n" and character in " \n"):
            width = 1
        else:
            break
        places.append(place)
        at += width
    return places


def _skip(content: Sequence[_Placed], at: int, character: str, scalar: Scalar) -> int:
    """The index after characters that produce no text: folded and escaped line ends."""
    while at < len(content):
        if content[at][0] == "\n" and character not in " \n":
            at += 1
        elif scalar.style == '"' and content[at][0] == "\\" and content[at + 1 : at + 2] and content[at + 1][0] == "\n":
            at += 2
        else:
            break
    return at
