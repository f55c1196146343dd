"""Our `dataclass` against that of the standard library, of which users must notice no difference."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

import watcher
from watcher import lazy_dataclass

Decorator = Callable[..., Any]
PACKAGE = Path(watcher.__file__).parent


def plain(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class Plain:
        a: int
        b: str = "x"

    return Plain


def single(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class Single:
        """With a docstring."""

        a: int
        KIND: ClassVar[str] = "one"

    return Single


def with_fields(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class WithFields:
        a: int
        shown: tuple[int, ...] = field(default=(), compare=False)
        secret: str = field(default="s", repr=False)
        unhashed: list[int] = field(default_factory=list, hash=False)
        made: dict[str, int] = field(default_factory=dict, init=False, hash=False)
        constant: int = field(default=3, init=False)
        by_name: int = field(default=4, kw_only=True)

    return WithFields


def inheriting(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class Base:
        a: int
        b: int = 2

        @property
        def twice(self) -> int:
            return self.a * 2

    @dataclass(frozen=True, slots=True)
    class Derived(Base):
        b: int = 5
        c: int = 7

    return Derived


def with_own_methods(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class Own:  # noqa: PLW1641 - the decorator makes `__hash__`
        a: int
        b: int = 0

        def __post_init__(self) -> None:
            object.__setattr__(self, "b", self.a + 1)

        def __repr__(self) -> str:
            return f"<{self.a}>"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own) and self.b == other.b

    return Own


def with_own_hash(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class OwnHash:
        a: int

        def __hash__(self) -> int:
            return 17

    return OwnHash


def changeable(dataclass: Decorator) -> Any:
    @dataclass(slots=True)
    class Changeable:
        a: int
        b: list[int] = field(default_factory=list)

    return Changeable


def empty(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class Empty:
        pass

    return Empty


def with_options(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True, order=True, kw_only=True)
    class Ordered:
        a: int

    return Ordered


MAKERS = (
    plain,
    single,
    with_fields,
    inheriting,
    with_own_methods,
    with_own_hash,
    changeable,
    empty,
    with_options,
)  # fmt: skip


@pytest.fixture(params=MAKERS, ids=lambda make: make.__name__)
def both(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """The class as we make it and as the standard decorator does."""
    return request.param(lazy_dataclass.dataclass), request.param(dataclasses.dataclass)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives or raises."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - it is compared
        return type(error), str(error)


def objects(cls: Any) -> list[Any]:
    """Two that are equal and one that is not, where the class has a field."""
    wanted = [one for one in dataclasses.fields(cls) if one.init and one.name == "a"]
    return [cls(**{one.name: value for one in wanted}) for value in (1, 1, 2)]


def set_first(cls: Any) -> None:
    for one in dataclasses.fields(cls)[:1]:
        setattr(objects(cls)[0], one.name, 3)


def delete_first(cls: Any) -> None:
    for one in dataclasses.fields(cls)[:1]:
        delattr(objects(cls)[0], one.name)


QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "signature": lambda cls: str(inspect.signature(cls)),
    "fields": lambda cls: [(one.name, one.type, one.init, one.default) for one in dataclasses.fields(cls)],
    "patterns": lambda cls: cls.__match_args__,
    "slots": lambda cls: (cls.__slots__, hasattr(objects(cls)[0], "__dict__")),
    "doc": lambda cls: "docstring" in cls.__doc__,
    "repr": lambda cls: repr(objects(cls)),
    "equality": lambda cls: [one == other for one in objects(cls) for other in (*objects(cls), 1, None)],
    "hashes": lambda cls: [outcome(partial(hash, one)) for one in objects(cls)],
    "replace": lambda cls: repr(outcome(lambda: dataclasses.replace(objects(cls)[0], a=9))),
    "asdict": lambda cls: dataclasses.asdict(objects(cls)[0]),
    "copies": lambda cls: repr([copy.copy(objects(cls)[0]), copy.deepcopy(objects(cls)[0])]),
    "defaults of their own": lambda cls: [getattr(objects(cls)[0], "b", 1) is getattr(objects(cls)[0], "b", 1)],
    "too few": lambda cls: repr(outcome(cls)),
    "too many": lambda cls: outcome(lambda: cls(*range(9))),
    "an unknown name": lambda cls: outcome(lambda: cls(a=1, nonsense=2)),
    "set": lambda cls: outcome(partial(set_first, cls)),
    "delete": lambda cls: outcome(partial(delete_first, cls)),
    "annotations": lambda cls: {**cls.__init__.__annotations__},
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_class_answers_as_that_of_the_standard_library(both: tuple[Any, Any], question: str) -> None:
    ours, standard = (outcome(partial(QUESTIONS[question], cls)) for cls in both)
    assert ours == standard


def test_a_refusal_to_change_is_that_of_frozen_classes() -> None:
    one = plain(lazy_dataclass.dataclass)(1)
    with pytest.raises(FrozenInstanceError):
        one.a = 2
    with pytest.raises(FrozenInstanceError):
        del one.a
    assert one.a == 1


@pytest.mark.parametrize("of_base", [lazy_dataclass.dataclass, dataclasses.dataclass])
@pytest.mark.parametrize("of_derived", [lazy_dataclass.dataclass, dataclasses.dataclass])
def test_a_class_can_be_derived_from_one_of_the_other_decorator(of_base: Decorator, of_derived: Decorator) -> None:
    """A channel of the user's own derives from our `ChannelOptions`, and takes the standard decorator."""

    @of_base(frozen=True, slots=True)
    class Base:
        a: int

    @of_derived(frozen=True, slots=True)
    class Derived(Base):
        b: int = 2

    one = Derived(1)
    assert (one, hash(one), repr(one).endswith("Derived(a=1, b=2)")) == (Derived(1, 2), hash(Derived(1)), True)
    assert dataclasses.replace(one, a=3) == Derived(3)
    for name in ("a", "b"):
        with pytest.raises(FrozenInstanceError):
            setattr(one, name, 2)
    with pytest.raises(TypeError, match="frozen"):
        of_derived(slots=True)(type("Loose", (Base,), {}))


@lazy_dataclass.dataclass(frozen=True, slots=True)
class Pickled:
    """Of a module, as what is sent to children."""

    a: int
    b: tuple[Pickled, ...] = ()


def test_objects_can_be_sent_to_children() -> None:
    one = Pickled(1, (Pickled(2),))
    assert pickle.loads(pickle.dumps(one)) == one


def test_nothing_is_compiled_before_the_first_object() -> None:
    cls = plain(lazy_dataclass.dataclass)
    assert not inspect.isfunction(vars(cls)["__init__"])
    cls(1)
    assert inspect.isfunction(vars(cls)["__init__"])


def test_it_is_known_which_classes_have_a_repr_of_their_own() -> None:
    made = {make.__name__: make(lazy_dataclass.dataclass) for make in MAKERS}
    shown = {name for name, cls in made.items() if lazy_dataclass.shows_its_fields(cls)}
    assert shown == made.keys() - {"with_own_methods", "with_options"}


def test_every_class_of_ours_is_one() -> None:
    """The standard decorator takes a third of a millisecond of every start that imports the class."""
    standard = re.compile(r"^\s*from dataclasses import .*\bdataclass\b|dataclasses\.dataclass\b", re.MULTILINE)
    files = (file for file in PACKAGE.rglob("*.py") if file.name != "lazy_dataclass.py")
    assert [str(file) for file in files if standard.search(file.read_text(encoding="utf-8"))] == []
