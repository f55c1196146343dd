"""A YAML file as a tree with positions. Pure: text in, tree and flaws out.

Scalars follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema): `no`, `on`,
`17:00` and `1_000` are strings. Keys are always the text as written. Surprising or dangerous YAML is
refused: duplicate keys, tags, a second document, aliases that multiply, deep nesting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field, replace
from pathlib import Path
from typing import Any

import yaml

from watcher.config.yaml_errors import explain_syntax
from watcher.errors import Position
from watcher.lazy_dataclass import dataclass

Where = tuple[str | int, ...]
"""A path into the tree: `("feeds", 1, "url")`, printed `feeds.1.url`."""

MERGE = "<<"
"""The merge key of YAML 1.1 (https://yaml.org/type/merge.html), which version 1.2 left out and everybody uses."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 40
_ALIASED_NODES = 10_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf: its value after the core schema; its text, style and extent in the file."""

    value: str | int | float | bool | None
    text: str
    style: str | None
    start: Position
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SequenceNode:
    start: Position
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MappingNode:
    start: Position
    items: dict[str, Node]
    keys: dict[str, Position]


Node = Scalar | SequenceNode | MappingNode


@dataclass(frozen=True, slots=True)
class Flaw:
    """A problem of the file as YAML; `where` is the path as far as it is known."""

    position: Position | None
    where: Where
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """The tree of one file, or None when the file is not YAML; flaws either way."""

    text: str
    root: Node | None
    flaws: tuple[Flaw, ...] = ()


def read_document(data: bytes, file: Path | None = None) -> Document:
    """Reads UTF-8 bytes. A syntax error ends the reading; every other flaw is collected.

    `file` is named in the positions; None for the main file.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Document("", None, (Flaw(Position(line, 1, file), (), "not UTF-8 text; save the file as UTF-8"),))
    builder = _Builder(file)
    try:
        root = builder.build(text)
    except yaml.YAMLError as error:
        position, message = explain_syntax(error, text)
        position = position and replace(position, file=file)
        return Document(text, None, (*builder.flaws, Flaw(position, (), f"{message} ({_UNREAD})")))
    return Document(text, root, tuple(builder.flaws))


def plain(node: Node) -> object:
    """The tree as plain Python values."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    return {key: plain(item) for key, item in node.items.items()}


def child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MappingNode):
        return node.items.get(str(step))
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def find(root: Node, where: Where) -> tuple[Node, Where]:
    """The node at `where`, or the nearest one above it, with its own path."""
    node = root
    for depth, step in enumerate(where):
        below = child(node, step)
        if below is None:
            return node, where[:depth]
        node = below
    return node, where


def walk(node: Node, where: Where = ()) -> Iterator[tuple[Where, Node]]:
    """Every node with its path, parents first."""
    yield where, node
    below: list[tuple[str | int, Node]] = []
    if isinstance(node, MappingNode):
        below = list(node.items.items())
    elif isinstance(node, SequenceNode):
        below = list(enumerate(node.items))
    for step, item in below:
        yield from walk(item, (*where, step))


_UNREAD = "the rest of the file is checked once this is fixed"


@dataclass(slots=True)
class _Builder:
    file: Path | None
    flaws: list[Flaw] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    aliased: int = 0

    def build(self, text: str) -> Node | None:
        events: Iterator[Any] = yaml.parse(text, Loader=LOADER)
        root: Node | None = None
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if root is not None:
                self._flaw(event, (), 'a second document begins here; remove the line "---"')
                break
            root = self._node(next(events), events, ())
        return root

    def _position(self, event: Any) -> Position:
        return Position(event.start_mark.line + 1, event.start_mark.column + 1, self.file)

    def _flaw(self, event: Any, where: Where, message: str) -> None:
        self.flaws.append(Flaw(self._position(event), where, message))

    def _node(self, event: Any, events: Iterator[Any], where: Where) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, where)
        if len(where) > _DEEPEST:
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {_DEEPEST} levels deep; brackets are wrong", problem_mark=event.start_mark
            )
        if event.tag not in (None, "!"):
            self._flaw(event, where, "a word that begins with ! is a tag in YAML, and tags are not used here: quote it")
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = _scalar(event, self._position(event))
            if "\0" in event.value:
                self._flaw(event, where, "has a NUL character, which no name and no address may have; remove it")
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, events, where)
        else:
            node = self._mapping(event, events, where)
        if event.anchor:
            self.anchors[event.anchor] = (node, sum(1 for _ in walk(node)))
        return node

    def _alias(self, event: Any, where: Where) -> Node:
        if event.anchor not in self.anchors:
            word = f"*{event.anchor}"
            self._flaw(event, where, f'a word that begins with * is an alias in YAML: quote it: "{word}"')
            return Scalar(
                event.anchor, event.anchor, None, self._position(event), event.start_mark.index, event.end_mark.index
            )
        node, size = self.anchors[event.anchor]
        self.aliased += size
        if self.aliased > _ALIASED_NODES:
            raise yaml.MarkedYAMLError(
                problem="aliases multiply without bound; write them out", problem_mark=event.start_mark
            )
        return node

    def _sequence(self, event: Any, events: Iterator[Any], where: Where) -> SequenceNode:
        items: list[Node] = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(self._node(item, events, (*where, len(items))))
        return SequenceNode(self._position(event), tuple(items))

    def _mapping(self, event: Any, events: Iterator[Any], where: Where) -> MappingNode:
        items: dict[str, Node] = {}
        keys: dict[str, Position] = {}
        merged: list[MappingNode] = []
        while not isinstance(start := next(events), yaml.MappingEndEvent):
            name = self._key(start, events, where)
            item = self._node(next(events), events, (*where, name))
            if name == MERGE:
                merged += self._merged(start, item, where)
                continue
            if name in items:
                message = f"this key is here twice (first in line {keys[name].line}); keep one of them"
                self._flaw(start, (*where, name), message)
                continue
            items[name], keys[name] = item, self._position(start)
        for other in merged:
            items = {**other.items, **items}
            keys = {**other.keys, **keys}
        return MappingNode(self._position(event), items, keys)

    def _merged(self, event: Any, item: Node, where: Where) -> list[MappingNode]:
        """The mappings that a merge key brings in; keys written beside it win, then earlier ones of a list."""
        nodes = item.items if isinstance(item, SequenceNode) else (item,)
        mappings = [node for node in nodes if isinstance(node, MappingNode)]
        if len(mappings) < len(nodes):
            self._flaw(event, (*where, MERGE), "<< takes a mapping or a list of mappings, like <<: *defaults")
        return mappings

    def _key(self, event: Any, events: Iterator[Any], where: Where) -> str:
        node = self._node(event, events, (*where, "?"))
        if isinstance(node, Scalar):
            return node.text
        self._flaw(event, where, "a key must be one word, not a list or a mapping; quote it if it begins with [ or {")
        return f"line {node.start.line}"


def _scalar(event: Any, position: Position) -> Scalar:
    if event.tag not in (None, "!"):
        written = f"{event.tag.lstrip('!')} {event.value}".strip()
        return Scalar(written, written, None, position, event.start_mark.index, event.end_mark.index)
    style = event.style or None  # the C scanner says "" for a plain scalar, the Python one None
    value = core_schema(event.value) if style is None and event.implicit[0] else event.value
    return Scalar(value, event.value, style, position, event.start_mark.index, event.end_mark.index)


_CORE_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_CORE_INT = re.compile(r"[-+]?[0-9]{1,18}")
_CORE_OCTAL = re.compile(r"0o[0-7]{1,20}")
_CORE_HEX = re.compile(r"0x[0-9a-fA-F]{1,15}")
_CORE_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


def core_schema(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means (YAML 1.2.2 §10.3.2)."""
    if text in _CORE_WORDS:
        return _CORE_WORDS[text]
    if _CORE_INT.fullmatch(text):
        return int(text)
    if _CORE_OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _CORE_HEX.fullmatch(text):
        return int(text[2:], 16)
    if _CORE_FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
