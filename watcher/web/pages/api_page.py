"""`/api`: the description of the API as a page for people, made of our own OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from watcher.lazy_dataclass import dataclass
from watcher.model.web import May
from watcher.web.description import description
from watcher.web.exchange import Asked, Reply
from watcher.web.router import Page

PROBLEM = "default"
"""The answer of every operation to what cannot be done; the page says it once."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a value. `kind` is its type in words, `shape` the value that it is made of, if any."""

    name: str
    kind: str
    shape: str
    is_required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    """What can be asked for. `body` are the fields of the JSON that is sent; `answers`: status, type, value."""

    name: str
    method: str
    path: str
    summary: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of value that answers are made of."""

    name: str
    kind: str
    fields: tuple[Field, ...]


def show(asked: Asked) -> Reply:
    about, operations, shapes = _described()
    return asked.page("api.html.j2", about=about, operations=operations, shapes=shapes, address=asked.site.address)


@cache
def _described() -> tuple[str, tuple[Operation, ...], tuple[Shape, ...]]:
    document: Mapping[str, Any] = json.loads(description())
    return document["info"]["description"], tuple(operations_of(document)), tuple(shapes_of(document))


def operations_of(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation, in the order of the document."""
    shared = document["components"]["parameters"]
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            parameters = (shared[_name_of(each)] if "$ref" in each else each for each in one.get("parameters", ()))
            body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            yield Operation(
                name=one["operationId"],
                method=method.upper(),
                path=path,
                summary=one["summary"],
                parameters=tuple(
                    _field(each["name"], each["schema"], each.get("required", False), each.get("description", ""))
                    for each in parameters
                ),
                body=tuple(_fields(body)),
                answers=tuple(_answers(one["responses"])),
            )


def shapes_of(document: Mapping[str, Any]) -> Iterator[Shape]:
    """Every kind of value, by name."""
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield Shape(name, kind_of(schema)[0], tuple(_fields(schema)))


def _answers(responses: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for status, one in responses.items():
        if status != PROBLEM:
            for content in one.get("content", {}).values():
                yield (status, *kind_of(content["schema"]))


def _fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    schema = schema.get("items", schema) if schema.get("type") == "array" else schema
    for part in schema.get("allOf", [schema]):
        required: Sequence[str] = part.get("required", ())
        for name, one in part.get("properties", {}).items():
            yield _field(name, one, name in required, one.get("description", ""))


def _field(name: str, schema: Mapping[str, Any], is_required: bool, about: str) -> Field:
    kind, shape = kind_of(schema)
    return Field(name, kind, shape, is_required, about)


def kind_of(schema: Mapping[str, Any]) -> tuple[str, str]:
    """A type in words, and the name of the kind of value in it: `list of`, `Alert`."""
    if "$ref" in schema:
        return "", _name_of(schema)
    for several in ("allOf", "anyOf"):
        if several in schema:
            parts = [kind_of(one) for one in schema[several]]
            items = [
                kind_of(one["properties"]["items"]) for one in schema[several] if "items" in one.get("properties", {})
            ]
            return items[0] if items else (_or_null(parts), next((shape for _, shape in parts if shape), ""))
    if "enum" in schema:
        return ", ".join("null" if one is None else str(one) for one in schema["enum"]), ""
    if schema.get("type") == "array":
        kind, shape = kind_of(schema.get("items", {}))
        return f"list of {kind}".rstrip(), shape
    types = schema.get("type", "any")
    written = " or ".join(types) if isinstance(types, list) else types
    limits = [f"{word} {schema[name]}" for name, word in _LIMITS.items() if name in schema]
    return ", ".join([f"{written} ({schema['format']})" if "format" in schema else written, *limits]), ""


_LIMITS = {"minimum": "at least", "maximum": "at most", "default": "by default"}


def _or_null(parts: Sequence[tuple[str, str]]) -> str:
    return "or null:" if ("null", "") in parts else ""


def _name_of(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


PAGES = (Page("/api", show, May.READ),)
