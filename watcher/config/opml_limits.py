"""What an OPML file may be made of, seen before a tree of it is built: its elements are counted as they go by."""

from __future__ import annotations

from xml.parsers import expat

MOST_OUTLINES = 200_000
_DEEPEST = 250
_MOST_ATTRIBUTES = 500


class TooMuch(Exception):
    """The file has more of something than any list of feeds; `line` is where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def check_outlines(document: bytes) -> None:
    """Raises `TooMuch`, or expat's own error where it is not well-formed. Entities are refused: no list of feeds needs
    them.
    """
    _Counting().read(document)


class _Counting:
    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._entity
        self._elements = self._depth = 0

    def read(self, document: bytes) -> None:
        self._parser.Parse(document, True)

    def _begin(self, _name: str, attributes: list[str]) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > MOST_OUTLINES:
            self._refuse(f"more than {MOST_OUTLINES:,} outlines; split it into several files")
        if self._depth > _DEEPEST:
            self._refuse(f"folders more than {_DEEPEST} deep; flatten them")
        if len(attributes) > 2 * _MOST_ATTRIBUTES:
            self._refuse(f"an outline with more than {_MOST_ATTRIBUTES} attributes; that is no list of feeds")

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _entity(self, *_: object) -> None:
        self._refuse("it declares entities of its own; write their text in their place")

    def _refuse(self, message: str) -> None:
        raise TooMuch(message, self._parser.CurrentLineNumber)
