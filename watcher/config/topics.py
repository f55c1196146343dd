"""The sections `vocabulary` and `topics`. Query texts are compiled by `match`, not here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from watcher.config.did_you_mean import did_you_mean
from watcher.config.quantities import read_points
from watcher.config.reader import Reader
from watcher.config.schema import TopicShape
from watcher.config.source_map import place_inside, segments
from watcher.config.yaml_tree import Scalar, Where, find, walk
from watcher.errors import Position
from watcher.model.topic import Example, Near, Points, Term, Topic, format_points

Vocabulary = dict[str, tuple[str, ...]]

_MATCHING_KEYS = ("terms", "near", "query")
_LIST_NAME = re.compile(r"[^\W\d][\w\-]*")
_LIST_USE = re.compile(r"(?<![\w@])@([^\W\d][\w\-]*)")


def read_vocabulary(reader: Reader) -> Vocabulary:
    """Every list that could be read. The words of a list are plain terms."""
    where: Where = ("vocabulary",)
    if reader.has(where) and reader.plain(where) is not None and not isinstance(reader.plain(where), dict):
        reader.problem(where, "must be a mapping of lists, like {daesh: [Daesh, ISIS]}")
    return {name: words for name in reader.keys(where) if (words := _word_list(reader, (*where, name), name))}


def _word_list(reader: Reader, where: Where, name: str) -> tuple[str, ...]:
    if not _LIST_NAME.fullmatch(name):
        reader.problem(where, f'"{name}" cannot be the name of a list; use letters, digits, - and _', at_key=True)
    words: list[str] = []
    places = reader.items(where)
    if not places and not isinstance(reader.plain(where), str | int | float | dict):
        reader.problem(where, "the list is empty; write its words or remove it")
    for index in places:
        word = reader.plain((*where, index))
        if not isinstance(word, str) or not word.strip():
            reader.problem((*where, index), "must be a word or phrase as text; if it is a number, quote it")
        elif word.startswith("@"):
            reader.problem((*where, index), "a list cannot contain another list; write its words here")
        else:
            words.append(word)
    return tuple(words)


def read_topics(reader: Reader, vocabulary: Vocabulary) -> tuple[Topic, ...]:
    """Every topic that could be read at least in part, so that all of its problems are reported at once."""
    topics: list[Topic] = []
    used: set[str] = set()
    lines: dict[str, int] = {}
    for index in reader.items(("topics",)):
        where: Where = ("topics", index)
        problems_before = len(reader.problems)
        shape = reader.shape(TopicShape, where, instead={"name": f"topic-{index}"})
        if shape is None:
            continue
        if shape.name in lines:
            reader.problem((*where, "name"), f'a topic "{shape.name}" is already defined in line {lines[shape.name]}')
        if len(reader.problems) == problems_before and not any(reader.plain((*where, key)) for key in _MATCHING_KEYS):
            reader.problem(where, "looks for nothing; give it terms or near")
        lines.setdefault(shape.name, reader.position((*where, "name")).line)
        topic = _topic(reader, where, shape, vocabulary)
        used |= set(topic.vocabulary)
        topics.append(topic)
    for name in sorted(set(vocabulary) - used):
        reader.warn(("vocabulary", name), f"no topic uses this list; write @{name} in a topic or remove it")
    return tuple(topics)


def _topic(reader: Reader, where: Where, shape: TopicShape, vocabulary: Vocabulary) -> Topic:
    terms, places = _terms(reader, where)
    lists = _lists_used(reader, where, vocabulary)
    positions = {**_positions(reader, where), **places, **_vocabulary_positions(reader, lists)}
    return Topic(
        name=shape.name,
        title=shape.title or shape.name,
        terms=terms or _placeholder(shape),
        near=tuple(Near(tuple(near.any), tuple(near.of), near.within, near.weight) for near in shape.near),
        require=shape.require,
        exclude=shape.exclude,
        query=shape.query,
        focus=shape.focus,
        languages=tuple(shape.languages),
        arabic_prefixes=shape.arabic_prefixes,
        feeds=shape.feeds,
        examples=tuple(Example(example.text, example.level) for example in shape.examples),
        vocabulary=lists,
        positions=positions,
        path=".".join(map(str, where)),
    )


def _placeholder(shape: TopicShape) -> tuple[Term, ...]:
    """A topic that looks for nothing has been reported; with one word it compiles, and that is not reported twice."""
    return () if shape.near or shape.query else (Term("nothing", 100),)


def _terms(reader: Reader, where: Where) -> tuple[tuple[Term, ...], dict[str, Position]]:
    """The terms in the order written, and their positions named by weight and number, as `terms.1.5.0`.

    Read from the tree, not from the shape, so that one bad term does not hide problems of the others.
    """
    terms: list[Term] = []
    positions: dict[str, Position] = {}
    for weight_text in reader.keys((*where, "terms")):
        at = (*where, "terms", weight_text)
        weight = _weight(reader, at, weight_text)
        texts = reader.plain(at)
        if weight is None or not isinstance(texts, list):
            continue
        before = sum(term.weight == weight for term in terms)
        for index, text in enumerate(texts):
            if isinstance(text, str):
                terms.append(Term(text, weight))
                positions |= _segments(reader, (*at, index), f"terms.{format_points(weight)}.{before + index}")
    return tuple(terms), positions


def _weight(reader: Reader, at: Where, text: str) -> Points | None:
    try:
        weight = read_points(text)
    except ValueError as error:
        reader.problem(at, f"the key is the weight of the terms: {error}", at_key=True)
        return None
    if weight == 0:
        reader.problem(at, "a weight of 0 never counts; remove it", at_key=True)
    return weight


def _positions(reader: Reader, where: Where) -> dict[str, Position]:
    """The position of everything inside a topic, by path; of texts, of every segment."""
    positions: dict[str, Position] = {}
    for inside, node in walk(find(reader.root, where)[0]):
        name = ".".join(map(str, inside))
        positions |= segments(reader.text, node, name) if isinstance(node, Scalar) else {name: node.start}
    return positions


def _segments(reader: Reader, where: Where, name: str) -> dict[str, Position]:
    node, found = find(reader.root, where)
    return segments(reader.text, node, name) if found == where and isinstance(node, Scalar) else {}


def _vocabulary_positions(reader: Reader, lists: Mapping[str, tuple[str, ...]]) -> dict[str, Position]:
    positions: dict[str, Position] = {}
    for name, words in lists.items():
        for index in range(len(words)):
            positions |= _segments(reader, ("vocabulary", name, index), f"vocabulary.{name}.{index}")
    return positions


def _lists_used(reader: Reader, where: Where, vocabulary: Vocabulary) -> Vocabulary:
    """The lists a topic names. One that is not defined is a problem at its @; its name is used as its only word,
    so that compiling the topic does not report it a second time."""
    lists: Vocabulary = {}
    for at, scalar in _query_texts(reader, where):
        for use in _LIST_USE.finditer(scalar.text):
            name = use[1]
            lists[name] = vocabulary.get(name, (name,))
            if name not in vocabulary and not reader.has(("vocabulary", name)):
                hint = did_you_mean(name, vocabulary) or "; define it under vocabulary"
                position = place_inside(segments(reader.text, scalar, ""), "", use.start())
                reader.problem(at, f'there is no list "@{name}"{hint}', position=position)
    return lists


def _query_texts(reader: Reader, where: Where) -> Iterator[tuple[Where, Scalar]]:
    for key in ("terms", "near", "require", "exclude", "query"):
        node, found = find(reader.root, (*where, key))
        for at, scalar in walk(node, found) if found == (*where, key) else ():
            if isinstance(scalar, Scalar) and isinstance(scalar.value, str):
                yield at, scalar
