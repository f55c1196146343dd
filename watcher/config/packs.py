"""Packs of the topic library: what a subject is, and the words that speak for it in many languages.

A pack is a YAML file of `watcher/library`. `use: conflict/ceasefire` takes it into a topic. Its lists are named after
it (`@ceasefire/truce`), so that they never clash with those of the configuration.

    version: 1
    title: Ceasefires
    definition: one sentence
    counts: what belongs to it
    counts_not: what does not
    include: [context/conflict]           # packs that have only lists
    languages: [en, ar]
    lists:
      truce: {en: "ceasefire*, truce*", ar: "هدنة"}     # terms with commas between; `any`: names without forms
    terms: {3: ["@truce"]}
    near: [{any: ["@stopping"], of: ["@fighting"], within: 4, weight: 2}]
    require: "@weapons OR @conflict/armed-groups"
    focus: 5
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from watcher.config.quantities import read_points
from watcher.config.yaml_tree import LOADER
from watcher.model.topic import NO_LANGUAGE, ListMember, Near, Points, Term

_FOLDER = files("watcher") / "library"
_EXAMPLES, _TRANSLATIONS = "examples", "translations"
"""Folders of the library that hold no packs."""
_LOCAL_LIST = re.compile(r"(?<![\w@/])@([a-z][\w-]*)(?![\w/-])")
_SEPARATOR = re.compile(r"\s*[,\n]\s*")
OF_NO_LANGUAGE = "any"


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack with the lists of all that it includes; list names have the pack's before them."""

    name: str
    version: int
    title: str
    definition: str
    counts: str
    counts_not: str
    languages: tuple[str, ...]
    terms: tuple[Term, ...]
    near: tuple[Near, ...]
    require: str | None
    focus: Points
    lists: Mapping[str, tuple[ListMember, ...]]

    @property
    def is_subject(self) -> bool:
        """Whether a topic can use it; else it has only lists for other packs."""
        return bool(self.terms or self.near)


def pack_names() -> tuple[str, ...]:
    """Every pack of the library, as `subject/name`."""
    return tuple(
        sorted(
            f"{folder.name}/{file.name.removesuffix('.yaml')}"
            for folder in _FOLDER.iterdir()
            if folder.is_dir() and folder.name not in (_EXAMPLES, _TRANSLATIONS)
            for file in folder.iterdir()
            if file.name.endswith(".yaml")
        )
    )


@lru_cache(maxsize=64)
def load_pack(name: str) -> Pack:
    """A pack by its name. Raises KeyError when there is none of this name."""
    if name not in pack_names():
        raise KeyError(name)
    document = yaml.load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - safe
    own = name.rpartition("/")[2]
    lists = {
        list_name: members
        for included in document.get("include", ())
        for list_name, members in load_pack(included).lists.items()
    }
    lists |= {f"{own}/{key}": tuple(_members(value, own)) for key, value in document.get("lists", {}).items()}
    return Pack(
        name=name,
        version=document["version"],
        title=document["title"],
        definition=document["definition"],
        counts=document.get("counts", ""),
        counts_not=document.get("counts_not", ""),
        languages=tuple(document.get("languages", ())),
        terms=tuple(
            Term(_named(text, own), read_points(str(weight)))
            for weight, texts in document.get("terms", {}).items()
            for text in texts
        ),
        near=tuple(_near(near, own) for near in document.get("near", ())),
        require=_named(document["require"], own) if "require" in document else None,
        focus=read_points(str(document.get("focus", 5))),
        lists=lists,
    )


@dataclass(frozen=True, slots=True)
class PackExample:
    """A labelled text of a pack's subject; the first line is the title. `kind`: plain, indirect or trap; a trap is not
    relevant.
    """

    pack: str
    language: str
    kind: str
    text: str

    @property
    def is_relevant(self) -> bool:
        return self.kind != "trap"


@lru_cache(maxsize=64)
def pack_examples(name: str) -> tuple[PackExample, ...]:
    """The examples of a subject. Raises KeyError when there is no pack of this name."""
    if name not in pack_names():
        raise KeyError(name)
    text = (_FOLDER / _EXAMPLES / f"{name.rpartition('/')[2]}.yaml").read_text(encoding="utf-8")
    return tuple(
        PackExample(name, language, kind, example)
        for language, kinds in yaml.load(text, Loader=LOADER).items()  # noqa: S506 - safe
        for kind, texts in kinds.items()
        for example in texts
    )


@lru_cache(maxsize=1)
def country_names() -> tuple[Mapping[str, tuple[str, ...]], ...]:
    """For each country its names as terms, by language."""
    text = (_FOLDER / _TRANSLATIONS / "countries.yaml").read_text(encoding="utf-8")
    return tuple(
        {language: tuple(_SEPARATOR.split(names)) for language, names in by_language.items()}
        for by_language in yaml.load(text, Loader=LOADER).values()  # noqa: S506 - safe
    )


def _members(by_language: Mapping[str, str], pack: str) -> Iterator[ListMember]:
    for language, text in by_language.items():
        for term in _SEPARATOR.split(text.strip().strip(",")):
            yield ListMember(_named(term, pack), NO_LANGUAGE if language == OF_NO_LANGUAGE else language)


def _near(near: Mapping[str, Any], pack: str) -> Near:
    left, right = (tuple(_named(text, pack) for text in near[side]) for side in ("any", "of"))
    return Near(left, right, near["within"], read_points(str(near["weight"])), near.get("across", False))


def _named(text: str, pack: str) -> str:
    """A text with the pack's name in the names of its own lists."""
    return _LOCAL_LIST.sub(rf"@{pack}/\1", text) if "@" in text else text
