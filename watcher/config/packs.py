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

Reading the YAML and understanding each word takes longer than the rest of a start. So `watcher/library/compiled` has
each pack as JSON with the spellings of its words; `python -m watcher.config.packs` writes it. A pack that was changed
since counts as its YAML says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml

from watcher.config.quantities import read_points
from watcher.config.yaml_tree import LOADER
from watcher.lazy_dataclass import dataclass
from watcher.model.topic import NO_LANGUAGE, ListMember, Near, Points, Term

_FOLDER = Path(__file__).parent.parent / "library"
COMPILED = _FOLDER / "compiled"
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
    source = (_FOLDER / f"{name}.yaml").read_bytes()
    document = _compiled(name, source) or compile_pack(name, source)
    own = name.rpartition("/")[2]
    lists = {
        list_name: members
        for included in document.get("include", ())
        for list_name, members in load_pack(included).lists.items()
    }
    lists |= {f"{own}/{key}": tuple(_members(value)) for key, value in document.get("lists", {}).items()}
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


def _compiled(name: str, source: bytes) -> dict[str, Any] | None:
    """The compiled pack; None if it was not made of this source."""
    try:
        document: dict[str, Any] = json.loads((COMPILED / f"{name}.json").read_bytes())
    except FileNotFoundError:
        return None
    return document if document["source"] == _digest(source) else None


def compile_pack(name: str, source: bytes) -> dict[str, Any]:
    """A pack as plain values: as in YAML, but each list is one of members for each language.

    A member is `[term, spelling, …]`, or only the term where that is its one spelling or the name of a list. Raises
    `ValueError` for a word that is not understood.
    """
    from watcher.match.terms import TermProblem, parse_term

    document: dict[str, Any] = yaml.load(source, Loader=LOADER)  # noqa: S506 - safe
    own = name.rpartition("/")[2]

    def member(term: str) -> str | list[str]:
        parsed = () if term.startswith("@") else parse_term(term, {})
        if isinstance(parsed, TermProblem):
            raise ValueError(f'{name}: "{term}" {parsed.message}')
        spellings = [" ".join(phrase.words) for phrase in parsed]
        return term if spellings in ([], [term]) else [term, *spellings]

    lists = {
        key: {
            language: [member(_named(term, own)) for term in _SEPARATOR.split(text.strip().strip(","))]
            for language, text in by_language.items()
        }
        for key, by_language in document.get("lists", {}).items()
    }
    return {**document, "lists": lists, "source": _digest(source)}


def _digest(source: bytes) -> str:
    return blake2b(source, digest_size=16).hexdigest()


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


def _members(by_language: Mapping[str, list[str | list[str]]]) -> Iterator[ListMember]:
    for key, members in by_language.items():
        language = NO_LANGUAGE if key == OF_NO_LANGUAGE else key
        for member in members:
            if isinstance(member, list):
                yield ListMember(member[0], language, tuple(member[1:]))
            else:
                yield ListMember(member, language, () if member.startswith("@") else (member,))


def _near(near: Mapping[str, Any], pack: str) -> Near:
    left, right, also = (tuple(_named(text, pack) for text in near.get(side, ())) for side in ("any", "of", "also"))
    return Near(left, right, near["within"], read_points(str(near["weight"])), near.get("across", False), also)


def _named(text: str, pack: str) -> str:
    """A text with the pack's name in the names of its own lists."""
    return _LOCAL_LIST.sub(rf"@{pack}/\1", text) if "@" in text else text


def main() -> None:
    """Writes the compiled form of every pack."""
    for name in pack_names():
        document = compile_pack(name, (_FOLDER / f"{name}.yaml").read_bytes())
        file = COMPILED / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
