"""What `check` warns of: terms that are understood otherwise than they look, and terms that contradict each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from watcher.match.compile import CompiledTopic
from watcher.match.spelling import unquoted
from watcher.match.terms import TermProblem, parse_term
from watcher.model.topic import ListMember, Points, Topic, TopicProblem, format_points
from watcher.text.capitals import EVERYDAY_WORDS
from watcher.text.stems import STEMMED_LANGUAGES
from watcher.text.tokens import chunks, is_address, signed_words

_UNDERSTOOD = frozenset("\"'“”„«»‘’*=@.,;:()-–—/&\u00a0 \t\n")
"""Characters that mean something in a term or that nobody misses; all others between words are worth a warning."""
_CAPITALS = re.compile(r"[A-Z]{2,5}")
_MOST_NAMED = 3
OF_PACK = "/"
"""In the names of lists of the topic library, which its own tests check."""


def topic_warnings(compiled: CompiledTopic) -> list[TopicProblem]:
    """What is legal in a topic but probably not meant."""
    topic = compiled.topic
    found = [*_misunderstood(topic), *contradictions(topic)]
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
        for side, texts in (("any", near.any), ("of", near.of)):
            yield from ((f"near.{number}.{side}.{index}", text) for index, text in enumerate(texts))
    for name, members in topic.vocabulary.items():
        if OF_PACK not in name:
            for index, member in enumerate(members):
                text = member.text if isinstance(member, ListMember) else member
                yield f"vocabulary.{name}.{index}", text


def reading_of(text: str) -> str | None:
    """How a term is understood where that may surprise its author; None for all others."""
    term = unquoted(text.strip())
    if _CAPITALS.fullmatch(term) and term.lower() in EVERYDAY_WORDS:
        return f'"{term}" also finds the word "{term.lower()}"; write "={term}" or "{".".join(term)}." for the initials'
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
