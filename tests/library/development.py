"""The labelled examples of the packs, and how many of them a topic finds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from watcher.config.packs import load_pack, pack_names
from watcher.match.percolator import Percolator
from watcher.model.entry import Entry
from watcher.model.topic import Level, Topic

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Example:
    """`kind`: plain, indirect or trap; a trap is not relevant."""

    pack: str
    language: str
    kind: str
    text: str

    @property
    def is_relevant(self) -> bool:
        return self.kind != "trap"

    @property
    def entry(self) -> Entry:
        title, _, content = self.text.partition("\n")
        return Entry("", "", title, content=content, language=self.language)


@cache
def examples(pack: str) -> tuple[Example, ...]:
    """The examples of a pack, which are in a file of its name."""
    document = yaml.safe_load((FOLDER / f"{pack.rpartition('/')[2]}.yaml").read_text(encoding="utf-8"))
    return tuple(
        Example(pack, language, kind, text)
        for language, kinds in document.items()
        for kind, texts in kinds.items()
        for text in texts
    )


def subjects() -> tuple[str, ...]:
    """The packs that a topic can use."""
    return tuple(name for name in pack_names() if load_pack(name).is_subject)


def topic_of(name: str) -> Topic:
    """A topic that takes a pack as it is."""
    pack = load_pack(name)
    require = (pack.require,) if pack.require else ()
    return Topic(
        name, pack.title, pack.terms, pack.near, focus=pack.focus, languages=pack.languages, vocabulary=pack.lists,
        packs=(name,), packs_require=require,
    )  # fmt: skip


@cache
def percolator_of(pack: str) -> Percolator:
    return Percolator([topic_of(pack)])


def level_of(example: Example) -> Level:
    """The level that an example reaches with its own pack."""
    found = percolator_of(example.pack).percolate(example.entry)
    return found[0].level if found else Level.NONE
