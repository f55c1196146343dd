"""Where each character of a YAML scalar stands in the file, through quotes, escapes and folded lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from watcher.config.document import Scalar
from watcher.errors import Position


def place_inside(places: Mapping[str, Position], name: str, column: int) -> Position | None:
    """The place of a character, given places named as `stretches` names them."""
    best, start = 0, places.get(name)
    for key, place in places.items():
        base, plus, offset = key.rpartition("+")
        if plus and base == name and best < int(offset) <= column:
            best, start = int(offset), place
    return Position(start.line, start.column + column - best) if start else None


def stretches(document_text: str, scalar: Scalar, name: str) -> dict[str, Position]:
    """Where the stretches of a scalar's text begin in the file.

    `name` is the place of its first character, `name+12` that of the character at offset 12. From each
    place on a column can simply be added, up to the next. A text on one line without escapes is one stretch.
    """
    offsets = _offsets(document_text, scalar)
    return {name if offset == 0 else f"{name}+{offset}": place for offset, place in offsets.items()}


def _offsets(document_text: str, scalar: Scalar) -> dict[int, Position]:
    source = document_text[scalar.first : scalar.last]
    quote = 0 if scalar.style is None else 1
    if source[quote : len(source) - quote] == scalar.text:
        return {0: Position(scalar.start.line, scalar.start.column + quote)}
    places = _places(source, scalar)
    offsets = {0: places[0] if places else scalar.start}
    for offset, (before, place) in enumerate(pairwise(places), 1):
        if (place.line, place.column) != (before.line, before.column + 1):
            offsets[offset] = place
    return offsets


_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|\r?\n[ \t]*|.)", re.DOTALL)
_FOLD = re.compile(r"[ \t]*(?:\r?\n[ \t]*)+")


def _places(source: str, scalar: Scalar) -> list[Position]:
    """The place of each character of the text, for as long as source and text can be followed together."""
    at = source.find("\n") + 1 if scalar.style in ("|", ">") else int(scalar.style is not None)
    places: list[Position] = []
    for character in scalar.text:
        if character in " \n" and (fold := _FOLD.match(source, at)):
            width = fold.end() - at
        elif scalar.style == '"' and (escape := _ESCAPE.match(source, at)):
            width = escape.end() - at
        else:
            if scalar.style in ("|", ">"):
                at += len(source[at:]) - len(source[at:].lstrip(" \r\n")) if character not in " \n" else 0
            width = 2 if scalar.style == "'" and source.startswith("''", at) else 1
            if source[at : at + 1] != character:
                break
        places.append(_place(source, at, scalar.start))
        at += width
    return places


def _place(source: str, at: int, start: Position) -> Position:
    lines = source.count("\n", 0, at)
    column = at - source.rfind("\n", 0, at) if lines else start.column + at
    return Position(start.line + lines, column)
