"""What a user watches for, as written in the configuration. Compiled by `match`, never here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import NamedTuple

from watcher.errors import Position
from watcher.lazy_dataclass import dataclass

Points = int
"""Scores are integer hundredths of a point (I11): 740 is printed 7.4."""


def format_points(points: Points) -> str:
    """The shortest text of a number of points: 150 is `1.5`, 300 is `3`."""
    whole, rest = divmod(abs(points), 100)
    text = f"{whole}.{rest:02}".rstrip("0").rstrip(".")
    return f"-{text}" if points < 0 else text


class Level(StrEnum):
    """How strongly an entry matches; ordered by `rank`."""

    NONE = "none"
    MENTION = "mention"
    FOCUS = "focus"

    @property
    def rank(self) -> int:
        return ("none", "mention", "focus").index(self.value)


@dataclass(frozen=True, slots=True)
class Term:
    """A word, phrase, prefix (`detain*`), exact form (`=WHO`) or list (`@daesh`) with its weight."""

    text: str
    weight: Points


NO_LANGUAGE = "zxx"


class ListMember(NamedTuple):
    """A word of a vocabulary list: a term, or another list (`@daesh`).

    `language` (ISO 639) says where its inflected forms count: in entries of that language and of an unknown one.
    "" means: in the languages of the topic; `NO_LANGUAGE`, of ISO 639-2: a name that has no forms. `spellings` are the
    phrases that the text stands for, words with spaces between, where they are known beforehand.
    """

    text: str
    language: str = ""
    spellings: tuple[str, ...] = ()


Vocabulary = Mapping[str, tuple[str | ListMember, ...]]
"""Lists by name. A member that is only a text has no language."""


@dataclass(frozen=True, slots=True)
class Near:
    """Terms of `any` and of `of` within `within` positions of each other in one sentence, in either order.

    `across`: also over the ends of sentences, and from the title into the text. `also`: the pair counts only where
    one of these terms is anywhere in title or text.
    """

    any: tuple[str, ...]
    of: tuple[str, ...]
    within: int
    weight: Points
    across: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the level it must reach: a test in the configuration, run by `check`."""

    text: str
    level: Level


DEFAULT_FOCUS: Points = 500

OWN_TOPIC = "watcher"
"""The value of the label `topic` on alerts about watcher's own work: feeds that need the operator."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic's raw strings and the vocabulary lists it names.

    `packs` are the packs of the library that it uses, `packs_require` the conditions of each: they count beside
    `require`. Terms, pairs and lists of packs stand behind the topic's own.

    `positions` maps a path inside the topic (`terms.3.0`, `near.0.any.1`, `require`) to where it stands
    in `file`, so that whoever compiles the topic can say where a problem is. `path` is the topic's own
    place in the configuration (`topics.0`).
    """

    name: str
    title: str
    terms: tuple[Term, ...]
    near: tuple[Near, ...] = ()
    require: str | None = None
    exclude: str | None = None
    query: str | None = None
    focus: Points = DEFAULT_FOCUS
    languages: tuple[str, ...] = ("en",)
    arabic_prefixes: bool = True
    folds: bool = True
    """Whether copies of a story are folded into its first alert."""
    updates: bool = False
    """Whether an entry is sent again when its title changes."""
    feeds: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    vocabulary: Vocabulary = field(default_factory=dict)
    positions: Mapping[str, Position] = field(default_factory=dict)
    path: str = ""
    about: str = ""
    """What it is about, in a sentence: what closeness in meaning is measured by, with the examples."""
    meaning: bool = True
    """Whether closeness in meaning may make an entry a mention."""
    packs: tuple[str, ...] = ()
    packs_require: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicProblem:
    """Something wrong inside a topic. `column` counts from 0 inside the string at `path`, where known."""

    path: str
    message: str
    column: int | None = None
