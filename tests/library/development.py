"""The labelled examples of the packs, and how many of them a topic finds."""

from __future__ import annotations

from functools import cache

from watcher.config.packs import PackExample, load_pack, pack_names
from watcher.match.percolator import Percolator
from watcher.model.entry import Entry
from watcher.model.topic import Level, Topic


def entry_of(example: PackExample) -> Entry:
    title, _, content = example.text.partition("\n")
    return Entry("", "", title, content=content, language=example.language)


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


def level_of(example: PackExample) -> Level:
    """The level that an example reaches with its own pack."""
    found = percolator_of(example.pack).percolate(entry_of(example))
    return found[0].level if found else Level.NONE
