"""The sections `vocabulary` and `topics`. Query texts are compiled by `match`, not here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watcher.config.did_you_mean import did_you_mean
from watcher.config.packs import OF_NO_LANGUAGE, Pack, load_pack, pack_names
from watcher.config.quantities import read_points
from watcher.config.reader import Reader
from watcher.config.schema import NearShape, TopicShape
from watcher.config.source_map import place_inside, segments
from watcher.config.yaml_tree import Scalar, Where, find, walk
from watcher.errors import Position
from watcher.model.topic import (
    DEFAULT_FOCUS,
    NO_LANGUAGE,
    Example,
    ListMember,
    Near,
    Points,
    Term,
    Topic,
    format_points,
)
from watcher.text.languages import language_code

Lists = dict[str, tuple[str | ListMember, ...]]

_MATCHING_KEYS = ("use", "terms", "near", "query")
_LIST_NAME = re.compile(r"[^\W\d][\w\-]*")
_LIST_USE = re.compile(r"(?<![\w@])@([^\W\d][\w\-]*(?:/[\w\-]+)?)")


def read_vocabulary(reader: Reader) -> Lists:
    """Every list that could be read. The words of a list are plain terms, or other lists."""
    where: Where = ("vocabulary",)
    if reader.has(where) and reader.plain(where) is not None and not isinstance(reader.plain(where), dict):
        reader.problem(where, "must be a mapping of lists, like {daesh: [Daesh, ISIS]}")
    read = {name: words for name in reader.keys(where) if (words := _word_list(reader, name))}
    lists: Lists = {name: tuple(words.values()) for name, words in read.items()}
    return {name: tuple(_without_dead_ends(reader, name, words, lists)) for name, words in read.items()}


def _without_dead_ends(
    reader: Reader, name: str, words: dict[Where, str | ListMember], lists: Lists
) -> Iterator[str | ListMember]:
    """The words of a list; names of lists in it that lead nowhere or back to it are reported and left out."""
    for at, word in words.items():
        inner = _inner_list(word)
        if inner is None or (inner in lists and name not in _reached(inner, lists)):
            yield word
        elif inner in lists:
            reader.problem(at, f'the list "@{inner}" contains this list; remove one of the two uses')
        elif not reader.has(("vocabulary", inner)):
            hint = did_you_mean(inner, lists) or "; define it under vocabulary"
            reader.problem(at, f'there is no list "@{inner}"{hint}')


def _inner_list(word: str | ListMember) -> str | None:
    text = (word.text if isinstance(word, ListMember) else word).strip()
    return text[1:] if text.startswith("@") else None


def _reached(name: str, lists: Lists) -> set[str]:
    """A list and all lists in it."""
    reached, rest = {name}, [name]
    while rest:
        inside = {inner for word in lists.get(rest.pop(), ()) if (inner := _inner_list(word)) is not None}
        rest += inside - reached
        reached |= inside
    return reached


def _word_list(reader: Reader, name: str) -> dict[Where, str | ListMember]:
    """The words of a list by their places."""
    where: Where = ("vocabulary", name)
    if not _LIST_NAME.fullmatch(name):
        reader.problem(where, f'"{name}" cannot be the name of a list; use letters, digits, - and _', at_key=True)
    words: dict[Where, str | ListMember] = {}
    places = list(_places_of_words(reader, name))
    if not places and not isinstance(reader.plain(where), str | int | float | dict):
        reader.problem(where, "the list is empty; write its words or remove it")
    for at in places:
        word = reader.plain(at)
        if not isinstance(word, str) or not word.strip():
            reader.problem(at, "must be a word or phrase as text; if it is a number, quote it")
        else:
            words[at] = ListMember(word, _language_of(str(at[2]))) if len(at) == 4 else word
    return words


def _language_of(key: str) -> str:
    return NO_LANGUAGE if key == OF_NO_LANGUAGE else language_code(key) or key


def _places_of_words(reader: Reader, name: str) -> Iterator[Where]:
    """Where the words of a list are, in order: it is a list, or a mapping from languages to lists."""
    where: Where = ("vocabulary", name)
    if not isinstance(reader.plain(where), dict):
        yield from ((*where, index) for index in reader.items(where))
        return
    for language in reader.keys(where):
        if language != OF_NO_LANGUAGE and language_code(language) is None:
            message = f'"{language}" is not the code of a language; write a code of ISO 639 like en, or any'
            reader.problem((*where, language), message, at_key=True)
        yield from ((*where, language, index) for index in reader.items((*where, language)))


def read_topics(reader: Reader, vocabulary: Lists) -> tuple[Topic, ...]:
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
            reader.problem(where, "looks for nothing; give it terms, near or a pack to use")
        lines.setdefault(shape.name, reader.position((*where, "name")).line)
        topic = _topic(reader, where, shape, vocabulary)
        used |= set(topic.vocabulary)
        topics.append(topic)
    for name in sorted(set(vocabulary) - used):
        reader.warn(("vocabulary", name), f"no topic uses this list; write @{name} in a topic or remove it")
    return tuple(topics)


def _topic(reader: Reader, where: Where, shape: TopicShape, vocabulary: Lists) -> Topic:
    terms, places = _terms(reader, where)
    lists = _lists_used(reader, where, vocabulary)
    positions = {**_positions(reader, where), **places, **_vocabulary_positions(reader, lists)}
    packs = _packs(reader, where, shape)
    of_packs = {name: words for pack in packs for name, words in pack.lists.items()}
    return Topic(
        name=shape.name,
        title=shape.title or (packs[0].title if packs else shape.name),
        terms=(*terms, *(term for pack in packs for term in pack.terms)) or _placeholder(shape),
        near=(*map(_near, shape.near), *(near for pack in packs for near in pack.near)),
        require=shape.require,
        exclude=shape.exclude,
        query=shape.query,
        focus=shape.focus or (packs[0].focus if packs else DEFAULT_FOCUS),
        languages=_languages(shape, packs),
        arabic_prefixes=shape.arabic_prefixes,
        folds=shape.fold,
        updates=shape.updates,
        feeds=shape.feeds,
        examples=tuple(Example(example.text, example.level) for example in shape.examples),
        vocabulary={**lists, **of_packs},
        positions=positions,
        path=".".join(map(str, where)),
        about=shape.about or "",
        meaning=shape.meaning,
        packs=tuple(pack.name for pack in packs),
        packs_require=tuple(pack.require for pack in packs if pack.require),
    )


def _packs(reader: Reader, where: Where, shape: TopicShape) -> tuple[Pack, ...]:
    """The packs that a topic uses; a name that the library does not have is a problem."""
    packs: list[Pack] = []
    names = [shape.use] if isinstance(shape.use, str) else shape.use
    for index, name in enumerate(names):
        at = (*where, "use") if isinstance(shape.use, str) else (*where, "use", index)
        if name in pack_names() and load_pack(name).is_subject:
            packs.append(load_pack(name))
        else:
            known = [one for one in pack_names() if load_pack(one).is_subject]
            hint = did_you_mean(name, known) or f"; the library has {', '.join(known)}"
            reader.problem(at, f'there is no pack "{name}"{hint}')
    return tuple(packs)


def _near(near: NearShape) -> Near:
    return Near(tuple(near.any), tuple(near.of), near.within, near.weight, near.across, tuple(near.also))


def _languages(shape: TopicShape, packs: tuple[Pack, ...]) -> tuple[str, ...]:
    if shape.languages is not None:
        return tuple(dict.fromkeys(shape.languages))
    return tuple(dict.fromkeys(code for pack in packs for code in pack.languages)) or ("en",)


def _placeholder(shape: TopicShape) -> tuple[Term, ...]:
    """A topic that looks for nothing has been reported; with one word it compiles, and that is not reported twice."""
    return () if shape.near or shape.query or shape.use else (Term("nothing", 100),)


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
        positions |= segments(reader.text_of(node), node, name) if isinstance(node, Scalar) else {name: node.start}
    return positions


def _segments(reader: Reader, where: Where, name: str) -> dict[str, Position]:
    node, found = find(reader.root, where)
    return segments(reader.text_of(node), node, name) if found == where and isinstance(node, Scalar) else {}


def _vocabulary_positions(reader: Reader, lists: Lists) -> dict[str, Position]:
    positions: dict[str, Position] = {}
    for name in lists:
        for index, at in enumerate(_places_of_words(reader, name)):
            positions |= _segments(reader, at, f"vocabulary.{name}.{index}")
    return positions


def _lists_used(reader: Reader, where: Where, vocabulary: Lists) -> Lists:
    """The lists a topic names, and those that these name. One that is not defined is a problem at its @; its name is
    used as its only word, so that compiling the topic does not report it a second time."""
    lists: Lists = {}
    for at, scalar in _query_texts(reader, where):
        for use in _LIST_USE.finditer(scalar.text):
            name = use[1]
            if "/" in name and reader.has((*where, "use")):
                continue
            lists |= {inner: vocabulary.get(inner, (inner,)) for inner in _reached(name, vocabulary)}
            if name not in vocabulary and not reader.has(("vocabulary", name)):
                hint = did_you_mean(name, vocabulary) or "; define it under vocabulary"
                position = place_inside(segments(reader.text_of(scalar), scalar, ""), "", use.start())
                reader.problem(at, f'there is no list "@{name}"{hint}', position=position)
    return lists


def _query_texts(reader: Reader, where: Where) -> Iterator[tuple[Where, Scalar]]:
    for key in ("terms", "near", "require", "exclude", "query"):
        node, found = find(reader.root, (*where, key))
        for at, scalar in walk(node, found) if found == (*where, key) else ():
            if isinstance(scalar, Scalar) and isinstance(scalar.value, str):
                yield at, scalar
