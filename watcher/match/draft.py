"""A first topic from plain words: from the packs that know the subject, and from what stored entries say of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from itertools import pairwise
from typing import Any

from watcher.lazy_dataclass import dataclass
from watcher.match.backtest import Sighting, backtest
from watcher.match.pack_choice import (
    Described,
    Places,
    fitting_packs,
    in_all_languages,
    knows,
    stems_of,
    whole_words,
)
from watcher.match.percolator import Percolator
from watcher.match.suggest import Marked, g_squared, languages_of, separating_terms, stem_of
from watcher.model.entry import Entry, EntryRecord
from watcher.model.topic import Level, Near, Points, Term, Topic
from watcher.text.languages import language_code, stop_words
from watcher.text.tokens import words

_SHOWN = 10
_FEWEST_SENT = 5
"""Entries that a draft must find before their other words say anything."""
_MOST_OTHERS = 500
_READ = 2_000
"""Characters of an entry that are learnt from."""
_MOST_MEMBERS, _MOST_NEW, _MOST_NEIGHBOURS = 12, 8, 6
_STRONG, _MEDIUM, _WEAK = 300, 200, 100
_WITHIN = 10
_SIGNIFICANT = 10.83
"""G² that chance reaches once in a thousand words."""
_FEWEST_OF_LANGUAGE = 5
_APART = re.compile(r"[,;:/\n]+")
_AND = re.compile(r"\s(?:and|or|und|oder|et|ou|y|o|ve|veya|и|или|û)\s")


@dataclass(frozen=True, slots=True)
class Proposed:
    """A term of a draft. `origin`: "words", a list, or "entries"; `found`: stored entries by language."""

    text: str
    weight: Points
    origin: str
    found: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Draft:
    """A topic to begin with. `also`: other packs that may fit. `silent`: languages of entries of which it sends none.

    `would_send` and `just_below` are the best entries of either kind; `sent` counts all of the first.
    """

    topic: Topic
    terms: tuple[Proposed, ...]
    also: tuple[str, ...]
    entries: int
    sent: int
    would_send: tuple[Sighting, ...]
    just_below: tuple[Sighting, ...]
    silent: tuple[str, ...]


def draft(
    plain: str,
    packs: Sequence[Described],
    records: Sequence[EntryRecord],
    *,
    languages: tuple[str, ...] = ("en",),
    places: Places = (),
) -> Draft:
    """The draft of a topic for a question in plain words, such as "ceasefire in Sudan, prisoner exchange".

    `places` are the names of places in several languages: one that is asked for in one is looked for in all. Raises
    ValueError when all words are stop words.
    """
    asked = _asked(plain, languages)
    if not asked:
        raise ValueError("has no word that says what the topic is about; name the subject, as in: attacks on ports")
    fitting = fitting_packs([word for chunk in asked for word in chunk], packs, languages)
    begun = _of_pack(plain, asked, fitting[0], languages, places) if fitting else _of_words(plain, languages)
    members = () if fitting else _members(asked, packs, records, begun)
    topic = replace(begun, terms=(*begun.terms, *(Term(one.text, one.weight) for one in members)))
    topic, learnt = _with_entries(topic, asked, records)
    own = [term for term in begun.terms if not fitting or term not in fitting[0].terms]
    counts = _counts([term.text for term in own], records, topic)
    written = [Proposed(term.text, term.weight, "words", counts[term.text]) for term in own]
    return _tried(topic, (*written, *members, *learnt), tuple(pack.name for pack in fitting[1:4]), records)


def draft_mapping(found: Draft) -> dict[str, Any]:
    """The topic as it is written in a configuration."""
    topic = found.topic
    own = {proposed.text for proposed in found.terms}
    by_weight: dict[float, list[str]] = {}
    for term in sorted(topic.terms, key=lambda term: -term.weight):
        if term.text in own:
            by_weight.setdefault(term.weight / 100, []).append(term.text)
    near = [
        {"any": list(pair.any), "of": list(pair.of), "within": pair.within, "weight": pair.weight / 100}
        for pair in topic.near
        if not _is_of_pack(pair)
    ]
    written = {
        "name": topic.name,
        "title": topic.title,
        "use": topic.packs[0] if topic.packs else None,
        "terms": {int(weight) if weight.is_integer() else weight: texts for weight, texts in by_weight.items()},
        "near": near,
        "require": topic.require,
        "languages": list(topic.languages),
    }
    return {key: value for key, value in written.items() if value}


def draft_json(found: Draft) -> dict[str, Any]:
    """The draft as JSON values; points are decimal."""
    return {
        "topic": draft_mapping(found),
        "terms": [
            {"term": one.text, "weight": one.weight / 100, "origin": one.origin, "found": dict(one.found)}
            for one in found.terms
        ],
        "also": list(found.also),
        "entries": found.entries,
        "sent": found.sent,
        "silent": list(found.silent),
        "would_send": [_sighting_json(one) for one in found.would_send],
        "just_below": [_sighting_json(one) for one in found.just_below],
    }


def _sighting_json(one: Sighting) -> dict[str, Any]:
    return {"key": one.record.key, "title": one.record.entry.title, "score": one.score / 100, "level": one.level.value}


def _asked(plain: str, languages: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The words of each part between commas, as written, without stop words."""
    nothing = stop_words(languages)
    parts = [
        tuple(word for word in re.findall(r"[\w'’-]+", part) if not nothing.issuperset(words(word)))
        for part in _APART.split(plain)
    ]
    return [part for part in parts if part]


def _of_pack(
    plain: str, asked: Sequence[tuple[str, ...]], pack: Described, languages: tuple[str, ...], places: Places
) -> Topic:
    """The pack, narrowed by names that it does not know; other such words are terms of their own."""
    flat = [word for chunk in asked for word in chunk]
    rest = [word for word in flat if not knows(pack, stem_of(words(word)[0], languages), languages)]
    names = [word for word in rest if word[0].isupper()]
    other = [word for word in rest if word not in names]
    strong = tuple(dict.fromkeys(term.text for term in pack.terms if term.weight > 0))[:2]
    near = (Near(tuple(other), strong, _WITHIN, _MEDIUM),) if other else ()
    return Topic(
        _name(plain), plain.strip(), (*pack.terms, *(Term(word, _WEAK) for word in other)), (*pack.near, *near),
        require=" OR ".join(in_all_languages(names, places, languages)) or None, focus=pack.focus,
        languages=languages, vocabulary=pack.lists,
        packs=(pack.name,), packs_require=(pack.require,) if pack.require else (),
    )  # fmt: skip


def _of_words(plain: str, languages: tuple[str, ...]) -> Topic:
    """A word alone is strong; of several between two commas the neighbourhood is, but not over "and"."""
    parts = [
        [phrases for text in _AND.split(part) if (phrases := _phrases(text, languages))] for part in _APART.split(plain)
    ]
    weights: dict[str, Points] = {}
    known: dict[str, str] = {}
    near: dict[tuple[str, str], Near] = {}
    for part in parts:
        are_alone = all(len(phrases) == 1 for phrases in part)
        for phrases in part:
            same = [known.setdefault(stem_of(one, languages), one) for one in phrases]
            for one in same:
                weights[one] = max(weights.get(one, _WEAK), _STRONG if are_alone else _WEAK)
            near |= {pair: Near(pair[:1], pair[1:], _WITHIN, _STRONG) for pair in pairwise(same) if pair[0] != pair[1]}
    terms = tuple(Term(text, weight) for text, weight in weights.items())
    return Topic(_name(plain), plain.strip(), terms, tuple(near.values()), languages=languages)


def _phrases(text: str, languages: tuple[str, ...]) -> list[str]:
    """The words of a text without stop words; names of several words (Black Sea) are one, but for German nouns."""
    nothing = stop_words(languages)
    found: list[str] = []
    was_name = False
    for word in re.findall(r"[\w'’-]+", text):
        is_name = word[0].isupper() and "de" not in languages
        if nothing.issuperset(words(word)):
            was_name = False
        elif is_name and was_name:
            found[-1] += f" {word}"
        else:
            found.append(word)
            was_name = is_name
    return found


def _name(plain: str) -> str:
    return "-".join(words(_APART.split(plain.strip())[0])[:5]) or "-".join(words(plain)[:5]) or "topic"


def _members(
    asked: Sequence[tuple[str, ...]], packs: Sequence[Described], records: Sequence[EntryRecord], begun: Topic
) -> tuple[Proposed, ...]:
    """Words of the library's lists that are named after a word asked for and have it, as far as stored entries do."""
    wanted = {stem_of(words(word)[0], begun.languages) for chunk in asked for word in chunk}
    lists = {
        name: members
        for pack in packs
        for name, members in pack.lists.items()
        if wanted & stems_of(name.rpartition("/")[2], begun.languages) & whole_words(members, begun.languages)
    }
    known = {term.text.lower() for term in begun.terms}
    origin = {
        member.text: name
        for name, members in lists.items()
        for member in members
        if member.text.lower() not in known and not member.text.startswith("@")
    }
    counts = _counts(list(origin), records, begun)
    best = sorted(origin, key=lambda text: (-sum(counts[text].values()), text))[:_MOST_MEMBERS]
    return tuple(Proposed(text, _MEDIUM, f"@{origin[text]}", counts[text]) for text in best if counts[text])


def _counts(texts: Sequence[str], records: Sequence[EntryRecord], topic: Topic) -> dict[str, Counter[str]]:
    """In how many entries of each language the terms are; "" for entries that do not say theirs."""
    counts: dict[str, Counter[str]] = {text: Counter() for text in texts}
    if not texts:
        return counts
    terms = tuple(Term(text, _WEAK) for text in texts)
    percolator = Percolator([Topic(topic.name, topic.title, terms, languages=topic.languages)])
    for record in records:
        for number in percolator.candidates(percolator.read(record.entry)).get(0, {}):
            counts[texts[number]][_language(record)] += 1
    return counts


def _language(record: EntryRecord) -> str:
    return language_code(record.entry.language or record.labels.get("language") or "") or ""


def _with_entries(
    topic: Topic, asked: Sequence[tuple[str, ...]], records: Sequence[EntryRecord]
) -> tuple[Topic, tuple[Proposed, ...]]:
    """Also words that separate the entries that the topic sends from the rest, and those beside the words asked for."""
    percolator = Percolator([topic])
    sent = [record for record in records if percolator.percolate(record.entry)]
    keys = {record.key for record in sent}
    others = [record for record in records if record.key not in keys][-_MOST_OTHERS:]
    if min(len(sent), len(others)) < _FEWEST_SENT:
        return topic, ()
    wanted = {stem_of(word, topic.languages) for chunk in asked for one in chunk for word in words(one)}
    marked = [Marked(_beginning(one.entry), one.key in keys) for one in (*sent[-_MOST_OTHERS:], *others)]
    new = [
        one
        for one in separating_terms(topic, marked)
        if one.strength >= _SIGNIFICANT and one.is_strong and not wanted & stems_of(one.term, topic.languages)
    ][:_MOST_NEW]
    counts = _counts([one.term for one in new], records, topic)
    learnt = tuple(Proposed(one.term, _WEAK, "entries", counts[one.term]) for one in new)
    beside = _beside(topic, asked, sent, others)
    of = tuple(dict.fromkeys(word for chunk in asked for word in chunk))
    near = (Near(tuple(beside), of, _WITHIN, _MEDIUM),) if beside else ()
    terms = (*topic.terms, *(Term(one.text, one.weight) for one in learnt))
    return replace(topic, terms=terms, near=(*topic.near, *near)), learnt


def _beginning(entry: Entry) -> Entry:
    return replace(entry, content=(entry.content or entry.summary)[:_READ], summary="")


def _beside(
    topic: Topic, asked: Sequence[tuple[str, ...]], sent: Sequence[EntryRecord], others: Sequence[EntryRecord]
) -> list[str]:
    """The words that stand near those asked for, and seldom in other entries."""
    wanted = {stem_of(words(word)[0], topic.languages) for chunk in asked for word in chunk}
    near = Counter(word for record in sent for word in _neighbours(record, wanted, topic.languages))
    away = Counter(word for record in others for word in set(_texts(record)))
    ranked = [
        (g_squared(count, len(sent), away[word], len(others)), word)
        for word, count in near.items()
        if count >= _FEWEST_SENT and count / len(sent) > away[word] / len(others)
    ]
    return [word for strength, word in sorted(ranked, reverse=True)[:_MOST_NEIGHBOURS] if strength >= _SIGNIFICANT]


def _neighbours(record: EntryRecord, wanted: set[str], languages: tuple[str, ...]) -> set[str]:
    tokens = _texts(record)
    nothing = stop_words(languages_of(record.entry, languages))
    stems = [stem_of(token, languages) for token in tokens]
    places = [at for at, stem in enumerate(stems) if stem in wanted]
    return {
        tokens[at]
        for place in places
        for at in range(max(0, place - _WITHIN), min(len(tokens), place + _WITHIN + 1))
        if stems[at] not in wanted and tokens[at] not in nothing and len(tokens[at]) > 2 and tokens[at].isalpha()
    }


def _texts(record: EntryRecord) -> list[str]:
    return words(f"{record.entry.title}\n{(record.entry.content or record.entry.summary)[:_READ]}")


def _tried(topic: Topic, terms: tuple[Proposed, ...], also: tuple[str, ...], records: Sequence[EntryRecord]) -> Draft:
    (result,) = backtest(records, [topic], zone=UTC)
    spoken = Counter(map(_language, records))
    sent = (
        {_language(one.record) for one in result.hits}
        if result.alerts == len(result.hits)
        else _sent_in(topic, records)
    )
    silent = sorted(
        code for code, count in spoken.items() if code and count >= _FEWEST_OF_LANGUAGE and code not in sent
    )
    below = [one for one in (*result.near_misses, *result.stopped) if one.level is Level.NONE]
    just_below = tuple(sorted(below, key=lambda one: -one.score)[:_SHOWN])
    return Draft(
        topic, terms, also, len(records), result.alerts, result.hits[:_SHOWN], just_below, tuple(silent)
    )  # fmt: skip


def _sent_in(topic: Topic, records: Sequence[EntryRecord]) -> set[str]:
    percolator = Percolator([topic])
    return {_language(record) for record in records if percolator.percolate(record.entry)}


def _is_of_pack(pair: Near) -> bool:
    return all(text.startswith("@") for text in (*pair.any, *pair.of))
