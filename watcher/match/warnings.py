"""What `check` warns of: terms that are understood otherwise than they look, and terms that contradict each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from watcher.match.compile import CompiledTopic
from watcher.match.percolator import Percolator
from watcher.match.spelling import first_spellings
from watcher.match.terms import TermProblem, parse_member, parse_term
from watcher.model.entry import Entry
from watcher.model.topic import NO_LANGUAGE, ListMember, Points, Term, Topic, TopicProblem, format_points
from watcher.text.capitals import EVERYDAY_WORDS
from watcher.text.fold import fold
from watcher.text.sentences import sentences
from watcher.text.stems import STEMMED_LANGUAGES, script_of, script_of_language
from watcher.text.tokens import chunks, is_address, signed_words

_UNDERSTOOD = frozenset("\"'“”„«»‘’*=@.,:()-–—/&\u00a0 \t\n")
"""Characters that mean something in a term or that nobody misses; all others between words are worth a warning."""
_CAPITALS = re.compile(r"([A-Z]{2,5})(\*?)")
_READ_OTHERWISE = (
    (re.compile(r"/.+/\w*"), "is no regular expression: write words, and * for an open beginning or end"),
    (
        re.compile(r"(?!.*\d).*(?:[^\W\d_][$€£¥₺₽₹₪₴]|[$€£¥₺₽₹₪₴][^\W\d_]).*"),
        "is found only with that sign beside the word; remove it",
    ),
    (
        re.compile(r"[A-Za-zА-Яа-я\u0621-\u064a\u05d0-\u05ea]"),
        "is found wherever this letter stands alone; write a longer word or a phrase",
    ),
)
"""Terms of these forms, and how they are understood."""
_MOST_NAMED = 3
OF_PACK = "/"
"""In the names of lists of the topic library, which its own tests check."""


def topic_warnings(compiled: CompiledTopic) -> list[TopicProblem]:
    """What is legal in a topic but probably not meant."""
    topic = compiled.topic
    found = [*_misunderstood(topic), *contradictions(topic), *meetings(topic)]
    return list({(one.path, one.message): one for one in found}.values())


def languages_without_stemmer(topics: Sequence[CompiledTopic]) -> tuple[str, ...]:
    """The languages of the topics whose inflected forms are not known; their words match as written.

    Topics that use packs are left out: the words of a pack are open or listed in all their forms.
    """
    named = {language for compiled in topics if not compiled.topic.packs for language in compiled.topic.languages}
    return tuple(sorted(named - STEMMED_LANGUAGES))


def _misunderstood(topic: Topic) -> Iterator[TopicProblem]:
    for path, text in _written(topic):
        if message := reading_of(text):
            yield TopicProblem(path, message)


def _written(topic: Topic) -> Iterator[tuple[str, str]]:
    """Every term of a topic and of its own lists with its path."""
    seen: Counter[Points] = Counter()
    for term in topic.terms:
        yield f"terms.{format_points(term.weight)}.{seen[term.weight]}", term.text
        seen[term.weight] += 1
    for number, near in enumerate(topic.near):
        for side, texts in (("any", near.any), ("of", near.of), ("also", near.also)):
            yield from ((f"near.{number}.{side}.{index}", text) for index, text in enumerate(texts))
    for name, members in topic.vocabulary.items():
        if OF_PACK not in name:
            for index, member in enumerate(members):
                text = member.text if isinstance(member, ListMember) else member
                yield f"vocabulary.{name}.{index}", text


def reading_of(text: str) -> str | None:
    """How a term is understood where that may surprise its author; None for all others."""
    term = " ".join(first_spellings(text))
    capitals = _CAPITALS.fullmatch(term)
    if capitals is not None and capitals[1].lower() in EVERYDAY_WORDS:
        initials, word = capitals[1], capitals[1].lower()
        found = f'every word that begins with "{word}"' if capitals[2] else f'the word "{word}"'
        return f'"{term}" also finds {found}; write "={initials}" or "{".".join(initials)}." for the initials'
    if message := next((message for form, message in _READ_OTHERWISE if form.fullmatch(term)), None):
        return f'"{term}" {message}'
    if len(sentences(term)) > 1:
        return f'"{term}" is never found: it runs over the end of a sentence; make it two terms, or a near with across'
    if term.startswith("@") or any(map(is_address, chunks(term))):
        return None
    kept = {at for chunk in _spans(term) for at in range(*chunk)}
    lost = [sign for at, sign in enumerate(term) if at not in kept and sign not in _UNDERSTOOD]
    if lost:
        return f'"{term}" is looked for without {" and ".join(dict.fromkeys(lost))}, which texts may lack or have'
    return None


def _spans(term: str) -> Iterator[tuple[int, int]]:
    at = 0
    for chunk in chunks(term):
        start = term.index(chunk, at)
        at = start + len(chunk)
        yield start, at
    for token in re.finditer(r"\S+", term):
        for begin, end, _ in signed_words(token[0]):
            yield token.start() + begin, token.start() + end


class _Listed(NamedTuple):
    """A word of a list and where it is written."""

    name: str
    path: str
    member: ListMember

    @property
    def bare(self) -> str:
        return self.member.text.strip("=* ")


def meetings(topic: Topic) -> Iterator[TopicProblem]:
    """Words of the topic's own lists that also find a word of another list, in a language that is not theirs.

    *Crimea* in a list of places finds *crime* in a list of crimes as soon as French forms count. Lists without a
    language are taken to be in the first language of the topic that is written in their script.
    """
    listed = list(_listed(topic))
    if len({one.name for one in listed}) < 2:
        return
    reached = _reached(topic, listed, topic.languages)
    of_main: dict[str, set[tuple[int, int]]] = {}
    for finder, found in sorted(reached):
        one, other = listed[finder], listed[found]
        if one.member.language == other.member.language:
            main = _spoken(one.member) or _main_language(one.bare, topic.languages)
            if main not in of_main:
                of_main[main] = _reached(topic, listed, (main,))
            if (finder, found) in of_main[main] or fold(one.bare) == fold(other.bare):
                continue
        yield TopicProblem(
            one.path,
            f'"{one.member.text}" also finds "{other.member.text}" of @{other.name}, which is in another language or'
            f' not related; write "={one.bare}", use a phrase, or list the words by language',
        )


def _listed(topic: Topic) -> Iterator[_Listed]:
    for name, words in topic.vocabulary.items():
        for index, word in enumerate(words if OF_PACK not in name else ()):
            member = word if isinstance(word, ListMember) else ListMember(word)
            if not member.text.startswith("@") and not isinstance(parse_member(member), TermProblem):
                yield _Listed(name, f"vocabulary.{name}.{index}", member)


def _reached(topic: Topic, listed: Sequence[_Listed], languages: tuple[str, ...]) -> set[tuple[int, int]]:
    """Pairs of numbers: the first word finds all of the second, which is in another list."""
    lists = {f"word-{number}": (one.member,) for number, one in enumerate(listed)}
    terms = tuple(Term(f"@{name}", 100) for name in lists)
    percolator = Percolator([Topic(topic.name, topic.title, terms, languages=languages, vocabulary=lists)])
    found: set[tuple[int, int]] = set()
    for number, one in enumerate(listed):
        indexed = percolator.read(Entry("", "", one.bare, language=_spoken(one.member)), None)
        whole = (0, indexed.body_start - 1)
        for finder, spans in percolator.candidates(indexed).get(0, {}).items():
            if whole in spans and listed[finder].name != one.name:
                found.add((finder, number))
    return found


def _spoken(member: ListMember) -> str | None:
    return None if member.language in ("", NO_LANGUAGE) else member.language


def _main_language(word: str, languages: Sequence[str]) -> str:
    script = script_of(fold(word))
    return next((language for language in languages if script_of_language(language) == script), "")


def contradictions(topic: Topic) -> Iterator[TopicProblem]:
    """Words that one term adds points for and another takes points away."""
    weights: dict[tuple[tuple[str, ...], str], Points] = {}
    seen: Counter[Points] = Counter()
    for term in sorted(topic.terms, key=lambda term: -term.weight):
        index = seen[term.weight]
        seen[term.weight] += 1
        parsed = parse_term(term.text, topic.vocabulary)
        if isinstance(parsed, TermProblem):
            continue
        both = [phrase for phrase in parsed if term.weight < 0 < weights.get(phrase, 0)]
        if both:
            names = ", ".join(f'"{" ".join(phrase.words)}"' for phrase in both[:_MOST_NAMED])
            kept = max((term.weight, *(weights[phrase] for phrase in both)), key=lambda weight: (abs(weight), weight))
            message = f"{names} also adds points; only the weight {format_points(kept)} counts. Remove one of the two"
            yield TopicProblem(f"terms.{format_points(term.weight)}.{index}", message)
        for phrase in parsed:
            weights.setdefault(phrase, term.weight)
