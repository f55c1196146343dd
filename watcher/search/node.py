"""What a query means, as a tree of conditions on an entry."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from functools import reduce
from typing import Any

from watcher.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One word. Unless it is exact, its inflected forms count as well."""

    text: str
    exact: bool = False
    title: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Words in a row, exactly; or one number. The thousands of numbers may be set apart."""

    texts: tuple[str, ...]
    title: bool = False


@dataclass(frozen=True, slots=True)
class Beginning:
    """Every word that begins so."""

    text: str
    title: bool = False


class LabelKind(StrEnum):
    """A property of an entry that is no word of its text."""

    FEED = "feed"
    LANGUAGE = "lang"
    ALERTED = "alerted"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Label:
    """A condition on the feed (a part of its title or address), the language, the alerts, or the link of an entry."""

    kind: LabelKind
    value: str


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Without the part."""

    part: Node


@dataclass(frozen=True, slots=True)
class AnyWord:
    """One of these words, exactly; with none of them nothing is found. What an index is asked for inflected words and
    labels.
    """

    words: tuple[str, ...]
    title: bool = False


Node = Word | Words | Beginning | Label | And | Or | Not | AnyWord

EVERYTHING = And(())


def words_in(node: Node) -> tuple[Word | Words | Beginning, ...]:
    """The conditions on words of a query, in order, also those that must not be met."""
    match node:
        case And(parts) | Or(parts):
            return reduce(lambda found, part: found + words_in(part), parts, ())
        case Not(part):
            return words_in(part)
        case Label() | AnyWord():
            return ()
        case _:
            return (node,)


def all_of(parts: list[Node] | tuple[Node, ...]) -> Node:
    """All of the conditions, as one."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(parts: list[Node]) -> Node:
    """At least one of the conditions, as one."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def to_json(node: Node) -> dict[str, Any]:
    """A condition as JSON, for another process."""
    return {"kind": type(node).__name__} | {one.name: _packed(getattr(node, one.name)) for one in fields(node)}


def from_json(value: dict[str, Any]) -> Node:
    """What `to_json` returned. Raises `KeyError` or `TypeError` for anything else."""
    values = {name: _unpacked(one) for name, one in value.items() if name != "kind"}
    node: Node = _KINDS[value["kind"]](**values)
    return node


_KINDS = {kind.__name__: kind for kind in (Word, Words, Beginning, Label, And, Or, Not, AnyWord)}


def _packed(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_packed(one) for one in value]
    return value if isinstance(value, str | bool) else to_json(value)


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_unpacked(one) for one in value)
    return from_json(value) if isinstance(value, dict) else value


def shown(node: Node) -> str:  # noqa: PLR0911 - one for each node
    """A condition in the query language."""
    match node:
        case And(parts):
            return " AND ".join(f"({shown(part)})" if isinstance(part, Or) else shown(part) for part in parts)
        case Or(parts):
            return " OR ".join(f"({shown(part)})" if isinstance(part, And) else shown(part) for part in parts)
        case Not(part):
            return f"NOT ({shown(part)})" if isinstance(part, And | Or) else f"NOT {shown(part)}"
        case Label(kind, value):
            return f'{kind}:"{value}"' if " " in value else f"{kind}:{value}"
        case Words(texts, title):
            row = " ".join(texts)
            return ("title:" if title else "") + (f'"{row}"' if len(texts) > 1 else row)
        case AnyWord(words, title):
            return f"{'title:' if title else ''}any of {len(words)} words"
        case Beginning(text, title):
            return f"{'title:' if title else ''}{text}*"
        case Word(text, exact, title):
            return f"{'title:' if title else ''}{'=' if exact else ''}{text}"
