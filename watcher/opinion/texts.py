"""The texts that say what a topic is about and what it is not. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from watcher.config.packs import load_pack, pack_examples, pack_names
from watcher.lazy_dataclass import dataclass
from watcher.match.entry_text import body_of
from watcher.model.entry import Entry
from watcher.model.topic import Level, Topic


@dataclass(frozen=True, slots=True)
class TopicTexts:
    """Texts that are about a topic, and texts that are not. Without any of the first, a topic has no meaning."""

    relevant: tuple[str, ...]
    irrelevant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MarkedText:
    """The text of an entry and what a user said of it."""

    text: str
    is_relevant: bool


def entry_text(entry: Entry) -> str:
    """What of an entry is encoded: its title, then its text."""
    return f"{entry.title}\n{body_of(entry)}"


def texts_of(topic: Topic) -> TopicTexts:
    """What a topic says of itself by `about` and its examples, and what its packs say."""
    packs = [load_pack(name) for name in topic.packs]
    examples = [example for pack in packs for example in pack_examples(pack.name)]
    said = [topic.about, *(f"{pack.definition} {pack.counts}" for pack in packs)]
    relevant = [one.text for one in topic.examples if one.level is not Level.NONE]
    relevant += [one.text for one in examples if one.is_relevant]
    irrelevant = [one.text for one in topic.examples if one.level is Level.NONE]
    irrelevant += [*(pack.counts_not for pack in packs), *(one.text for one in examples if not one.is_relevant)]
    return TopicTexts(_each_once([*said, *relevant]), _each_once(irrelevant))


def other_subjects(topic: Topic) -> tuple[tuple[str, ...], ...]:
    """The examples of each subject of the library that the topic is not about: none of the folder of its packs."""
    folders = {name.partition("/")[0] for name in topic.packs}
    others = (name for name in pack_names() if name.partition("/")[0] not in folders and load_pack(name).is_subject)
    return tuple(_each_once(example.text for example in pack_examples(name)) for name in others)


def _each_once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))
