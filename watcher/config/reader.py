"""Reads sections of a file into strict shapes and reports everything that is wrong with them."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from watcher.config.did_you_mean import did_you_mean
from watcher.config.yaml_tree import MappingNode, Node, Scalar, SequenceNode, Where, find, plain
from watcher.deliver.options import not_text
from watcher.errors import Position, Problem
from watcher.lazy_dataclass import dataclass
from watcher.model.route import ChannelOptions

_Shape = TypeVar("_Shape", bound=BaseModel)
_Options = TypeVar("_Options", bound=ChannelOptions)
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(slots=True)
class Reader:
    """One file while it is read: its tree, its problems, its warnings."""

    file: Path
    text: str
    root: MappingNode
    env: Mapping[str, str]
    texts: Mapping[Path, str] = field(default_factory=dict)
    """Texts of included files; `text` is that of the main file."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def problem(self, where: Where, message: str, *, at_key: bool = False, position: Position | None = None) -> None:
        """Records a problem of the value at `where`, of its key, or of one `position` inside it."""
        problem = self._problem(where, message, at_key)
        self.problems.append(replace(problem, position=position) if position else problem)

    def warn(self, where: Where, message: str) -> None:
        self.warnings.append(self._problem(where, message, False))

    def text_of(self, node: Node) -> str:
        """The text of the file that a node is from."""
        return self.texts[node.start.file] if node.start.file else self.text

    def position(self, where: Where) -> Position:
        node, _ = find(self.root, where)
        return node.start

    def items(self, where: Where) -> range:
        """The indexes of the list at `where`; none if it is missing. Anything but a list is a problem."""
        node, found = find(self.root, where)
        if found != where or (isinstance(node, Scalar) and node.value is None):
            return range(0)
        if not isinstance(node, SequenceNode):
            self.problem(where, 'must be a list: begin each entry with "- "')
            return range(0)
        return range(len(node.items))

    def keys(self, where: Where) -> tuple[str, ...]:
        node, found = find(self.root, where)
        return tuple(node.items) if found == where and isinstance(node, MappingNode) else ()

    def has(self, where: Where) -> bool:
        return find(self.root, where)[1] == where

    def given(self, where: Where) -> bool:
        """Whether there is a value; a key followed only by comments has none."""
        return self.plain(where) is not None

    def plain(self, where: Where) -> object:
        node, found = find(self.root, where)
        return plain(node) if found == where else None

    def shape(
        self,
        model: type[_Shape],
        where: Where,
        *,
        but: tuple[str, ...] = (),
        text_key: str = "",
        instead: Mapping[str, object] = _NOTHING,
    ) -> _Shape | None:
        """The mapping at `where` as a `model`, without the keys `but`; a text alone is read as its `text_key`.

        Wrong values are reported. The rest is then read again without them, or with the values of `instead`, so that
        later checks still see it. None only when nothing can be read.
        """
        value = self.plain(where)
        if text_key and isinstance(value, str):
            value = {text_key: value}
        if not isinstance(value, dict):
            text = "text or " if text_key else ""
            self.problem(where, f"must be {text}a mapping with the keys {', '.join(_keys(model))}")
            return None
        wanted = {key: item for key, item in value.items() if key not in but}
        try:
            return model.model_validate(wanted)
        except ValidationError as error:
            broken = [self._report(model, where, detail) for detail in error.errors(include_url=False)]
        valid = {key: item for key, item in wanted.items() if key not in broken}
        try:
            return model.model_validate(valid | {key: item for key, item in instead.items() if key in broken})
        except ValidationError:
            return None

    def options(self, kind: type[_Options], where: Where, context: object) -> _Options | None:
        """The mapping at `where` as a dataclass of options, read with the validation `context`, else None."""
        value = self.plain(where)
        known = tuple(field.name for field in fields(kind))
        if not isinstance(value, dict):
            self.problem(where, f"must be a mapping with the keys {', '.join(known)}")
            return None
        try:
            options: _Options = _adapter(kind).validate_python(value, context=context)
            return options
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                at = (*where, *(step for step in detail["loc"] if step != "[key]"))
                if detail["type"] == "unexpected_keyword_argument":
                    self._unknown_key(at, known)
                else:
                    self.problem(at, _message(detail), at_key="[key]" in detail["loc"])
        return None

    def _unknown_key(self, where: Where, known: tuple[str, ...]) -> None:
        hint = did_you_mean(str(where[-1]), known) or f"; known here: {', '.join(known)}"
        self.problem(where, f"unknown key{hint}", at_key=True)

    def _report(self, model: type[BaseModel], where: Where, detail: ErrorDetails) -> str | int | None:
        loc = tuple(step for step in detail["loc"] if step != "[key]")
        full = (*where, *loc)
        if detail["type"] == "extra_forbidden":
            self._unknown_key(full, _keys(_model_at(model, loc[:-1])))
        else:
            self.problem(full, _message(detail), at_key="[key]" in detail["loc"])
        return loc[0] if loc else None

    def _problem(self, where: Where, message: str, at_key: bool) -> Problem:
        node, found = find(self.root, where)
        position = node.start
        above, above_where = find(self.root, where[:-1])
        if at_key and above_where == where[:-1] and isinstance(above, MappingNode):
            position = above.keys.get(str(where[-1]), position)
        named = where if found == where or message == _MISSING or at_key else found
        return Problem(self.file, position, ".".join(map(str, named)), message)


_MISSING = "is missing"


def _message(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_type":
        return not_text(detail["input"])
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"must be {words} {context[bound]}"
    return _MESSAGES.get(kind) or str(detail["msg"]).lower()


_MESSAGES = {
    "missing": _MISSING,
    "too_short": "must not be empty",
    "list_type": "must be a list, like [one, two]",
    "dict_type": "must be a mapping, like {name: value}",
    "model_type": "must be a mapping, like {name: value}",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false (YAML 1.2 knows no yes, no, on and off)",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "more than"),
}


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(info.alias or name for name, info in model.model_fields.items())


def _model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel]:
    """The model that a location inside `model` belongs to."""
    for step in loc:
        fields = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
        inner = _models_in(fields.get(str(step)))
        model = inner[0] if inner else model
    return model


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Annotated, Union, types.UnionType, list, dict):
        return [model for part in get_args(annotation) for model in _models_in(part)]
    return []


_ADAPTERS: dict[type[ChannelOptions], TypeAdapter[Any]] = {}


def _adapter(kind: type[ChannelOptions]) -> TypeAdapter[Any]:
    """Building one takes longer than reading a whole configuration with it."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
