"""`dataclass` of the standard library, but that `__init__` is compiled when the first object is made.

The standard decorator compiles six functions for each frozen class, which takes a third of a millisecond. `once`
imports some 220 classes, makes objects of 80 and compares or prints hardly any. Type checkers see the standard
decorator; `fields`, `replace` and `asdict` work as ever.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from functools import partial
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Never

if TYPE_CHECKING:
    from dataclasses import dataclass

__all__ = ["dataclass", "shows_its_fields"]


def lazy_dataclass(cls: Any = None, /, *, frozen: bool = False, slots: bool = False, **options: Any) -> Any:
    """As `dataclasses.dataclass`; lazy for classes with slots and no further option."""
    if cls is None:
        return partial(lazy_dataclass, frozen=frozen, slots=slots, **options)
    if options or not slots:
        return dataclasses.dataclass(frozen=frozen, slots=slots, **options)(cls)
    own = set(cls.__dict__)
    if "__eq__" in own and cls.__hash__ is None:
        own.remove("__hash__")  # Python has put it there
    cls.__doc__ = cls.__doc__ or cls.__name__  # else the decorator makes one of the signature
    with _not_frozen(cls.__mro__[1:] if frozen else ()):
        made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    made.__dataclass_params__.frozen = frozen
    methods = {"__init__": _LazyInit(made), "__repr__": _repr, "__eq__": _equality(made), "__hash__": None}
    if frozen:
        methods |= {"__hash__": _hash(made), **_FROZEN}
    for name in methods.keys() - own:
        setattr(made, name, methods[name])
    return made


if not TYPE_CHECKING:
    dataclass = lazy_dataclass


@contextmanager
def _not_frozen(bases: Sequence[Any]) -> Iterator[None]:
    """The standard decorator takes frozen classes below frozen ones only, and ours are frozen after it."""
    frozen = [base.__dataclass_params__ for base in bases if "__dataclass_params__" in base.__dict__]
    frozen = [params for params in frozen if params.frozen]
    for params in frozen:
        params.frozen = False
    try:
        yield
    finally:
        for params in frozen:
            params.frozen = True


class _Factory:
    """The parameter of a default that is made for each object."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()


class _LazyInit:
    """Is replaced by the function when that is asked for: by the first call, or by `inspect`."""

    def __init__(self, owner: type) -> None:
        self._owner = owner

    def __get__(self, instance: object, _: type | None = None) -> Any:
        function = _compiled_init(self._owner)
        self._owner.__init__ = function  # type: ignore[misc]
        return function if instance is None else function.__get__(instance)


def _compiled_init(cls: Any) -> Callable[..., None]:
    """What the standard decorator would write, but that slots are set by their descriptors: objects are made sooner."""
    known: dict[str, Any] = {"FACTORY": _FACTORY}
    lines: list[str] = []
    positional: list[str] = []
    by_name: list[str] = []
    for field in fields(cls):
        value = _value(field, known)
        if field.init:
            (by_name if field.kw_only else positional).append(_parameter(field))
        if value:
            known[f"__set_{field.name}"] = getattr(cls, field.name).__set__
            lines.append(f"__set_{field.name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join(["self", *positional, *(["*", *by_name] if by_name else [])])
    body = "\n  ".join(lines or ["pass"])
    text = f"def make({', '.join(known)}):\n def __init__({parameters}):\n  {body}\n return __init__"
    made: dict[str, Any] = {}
    exec(text, sys.modules[cls.__module__].__dict__, made)  # noqa: S102 - of names of fields alone
    function: Callable[..., None] = made["make"](**known)
    function.__qualname__ = f"{cls.__qualname__}.__init__"
    function.__annotations__ = {field.name: field.type for field in fields(cls) if field.init} | {"return": None}
    return function


def _value(field: Field[Any], known: dict[str, Any]) -> str:
    """What a field is set to; its default is added to what is known."""
    default = f"__default_{field.name}"
    if field.default_factory is not MISSING:
        known[default] = field.default_factory
        return f"{default}() if {field.name} is FACTORY else {field.name}" if field.init else f"{default}()"
    if field.default is not MISSING:
        known[default] = field.default
        return field.name if field.init else default
    return field.name if field.init else ""


def _parameter(field: Field[Any]) -> str:
    if field.default_factory is not MISSING:
        return f"{field.name}=FACTORY"
    return field.name if field.default is MISSING else f"{field.name}=__default_{field.name}"


@recursive_repr("...")
def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def shows_its_fields(cls: Any) -> bool:
    """Whether `repr` of an object is made of its fields; secrets, for one, have a `__repr__` of their own."""
    is_ours: bool = cls.__repr__ is _repr
    return is_ours


def _equality(cls: Any) -> Callable[[Any, Any], Any]:
    values = _values([field.name for field in fields(cls) if field.compare])

    def equality(self: Any, other: Any) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return equality


def _hash(cls: Any) -> Callable[[Any], int]:
    is_hashed = {field.name: field.compare if field.hash is None else field.hash for field in fields(cls)}
    values = _values([name for name, wanted in is_hashed.items() if wanted])
    return lambda self: hash(values(self))


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of these fields."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _refuse_to_set(self: object, name: str, _: object) -> Never:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> Never:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _state,
    "__setstate__": _set_state,
}
