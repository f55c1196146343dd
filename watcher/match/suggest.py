"""Terms that would separate what a user marked relevant from the rest: a proposal, never applied by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from math import log
from typing import Any

from watcher.lazy_dataclass import dataclass
from watcher.match.compile import CompiledTopic
from watcher.match.entry_text import body_of
from watcher.match.percolator import Percolator
from watcher.model.entry import Entry
from watcher.model.topic import Points, Term, Topic
from watcher.text.languages import language_code, stop_words
from watcher.text.letters import is_unspaced
from watcher.text.stems import STEMMED_LANGUAGES, languages_for, stems
from watcher.text.tokens import words

_LONGEST_PHRASE = 3
_FEWEST_ENTRIES = 3
"""A term must occur in so many entries before it says anything."""
_SIGNIFICANT = 6.63
"""G² of a difference that chance makes in one of a hundred words."""
_STRONG_SHARE, _GOOD_SHARE = 0.9, 0.7
FEWEST_MARKED = 5
_MOST_TITLES = 3
_NO_TERM = Term("no term", 100)
"""Of a topic that has none; no text has these words in a row."""


@dataclass(frozen=True, slots=True)
class Marked:
    """An entry that a person called relevant to the topic, or not."""

    entry: Entry
    is_relevant: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change would have done to the marked entries: how many more relevant ones and others would have been sent.

    `titles`: of entries that would have been sent, or no longer, the relevant ones first.
    """

    found: int = 0
    lost: int = 0
    added: int = 0
    spared: int = 0
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change of one term. `before` None: not in the topic yet; `after` None: better removed.

    `relevant` and `others` count the marked entries with the term; `strength` is G², for the order.
    """

    term: str
    before: Points | None
    after: Points | None
    relevant: int
    others: int
    strength: float
    effect: Effect = Effect()

    @property
    def is_strong(self) -> bool:
        """Whether nearly all entries with the term are relevant."""
        return self.relevant > 0 and self.others <= self.relevant * (1 - _STRONG_SHARE)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The proposed changes, the strongest first; none and a reason when there is too little to learn from."""

    changes: tuple[Suggestion, ...]
    relevant: int
    others: int
    reason: str | None = None


def suggest(topic: Topic | CompiledTopic, marked: Iterable[Marked], *, most: int = 20) -> Suggestions:
    """At most `most` changes of the topic's weights that the marked entries speak for."""
    raw = topic.topic if isinstance(topic, CompiledTopic) else topic
    entries = list(marked)
    relevant = sum(one.is_relevant for one in entries)
    others = len(entries) - relevant
    if (none := too_few(relevant, others)) is not None:
        return none
    present = _changes_of_terms(raw, entries, relevant, others)
    new = _new_terms(raw, entries, relevant, others)
    changes = sorted([*present, *new], key=lambda change: (-change.strength, change.term))
    return Suggestions(tuple(_with_effects(raw, changes[:most], entries)), relevant, others)


def too_few(relevant: int, others: int) -> Suggestions | None:
    """Why so many marks suggest nothing; None where they are enough."""
    if min(relevant, others) >= FEWEST_MARKED:
        return None
    least = f"mark at least {FEWEST_MARKED} entries as relevant and {FEWEST_MARKED} as not"
    return Suggestions((), relevant, others, f"{least}; there are {relevant} and {others}")


def suggestions_json(suggestions: Suggestions) -> dict[str, Any]:
    """The suggestions as JSON values; points are decimal."""
    return {
        "relevant": suggestions.relevant,
        "others": suggestions.others,
        "reason": suggestions.reason,
        "changes": [
            {
                "term": change.term,
                "before": None if change.before is None else change.before / 100,
                "after": None if change.after is None else change.after / 100,
                "relevant": change.relevant,
                "others": change.others,
                "effect": {
                    "found": change.effect.found,
                    "lost": change.effect.lost,
                    "added": change.effect.added,
                    "spared": change.effect.spared,
                    "titles": list(change.effect.titles),
                },
            }
            for change in suggestions.changes
        ],
    }


def _with_effects(topic: Topic, changes: Sequence[Suggestion], entries: Sequence[Marked]) -> list[Suggestion]:
    """The changes, each with what it alone would have changed."""
    variants = [topic, *(_changed(topic, change) for change in changes)]
    percolator = Percolator([replace(one, name=str(number), feeds={}) for number, one in enumerate(variants)])
    sent = [{int(match.topic) for match in percolator.percolate(one.entry)} for one in entries]
    ordered = sorted(zip(entries, sent, strict=True), key=lambda row: not row[0].is_relevant)
    return [replace(change, effect=_effect(number, ordered)) for number, change in enumerate(changes, 1)]


def _changed(topic: Topic, change: Suggestion) -> Topic:
    kept = tuple(term for term in topic.terms if term.text != change.term or term.weight != change.before)
    terms = kept if change.after is None else (*kept, Term(change.term, change.after))
    return replace(topic, terms=terms or (_NO_TERM,))


def _effect(number: int, rows: Sequence[tuple[Marked, set[int]]]) -> Effect:
    differing = [(one, number in sent) for one, sent in rows if (0 in sent) != (number in sent)]
    counts = Counter((one.is_relevant, is_sent) for one, is_sent in differing)
    titles = tuple(one.entry.title for one, _ in differing[:_MOST_TITLES])
    return Effect(counts[True, True], counts[True, False], counts[False, True], counts[False, False], titles)


def _changes_of_terms(topic: Topic, entries: Sequence[Marked], relevant: int, others: int) -> list[Suggestion]:
    """Terms of the topic whose weight the entries contradict."""
    percolator = Percolator([_only_terms(topic)])
    seen: dict[int, list[int]] = {number: [0, 0] for number in range(len(topic.terms))}
    for one in entries:
        for number in percolator.candidates(percolator.read(one.entry)).get(0, {}):
            seen[number][not one.is_relevant] += 1
    changes = []
    for number, term in enumerate(topic.terms):
        inside, outside = seen[number]
        after = _proposed(inside, relevant, outside, others, topic.focus)
        strength = g_squared(inside, relevant, outside, others)
        agrees = after is None and term.weight > 0 and inside / relevant >= outside / others
        if inside + outside >= _FEWEST_ENTRIES and strength >= _SIGNIFICANT and after != term.weight and not agrees:
            changes.append(Suggestion(term.text, term.weight, after, inside, outside, strength))
    return changes


def _only_terms(topic: Topic) -> Topic:
    return Topic(
        topic.name,
        topic.title,
        topic.terms or (_NO_TERM,),
        languages=topic.languages,
        arabic_prefixes=topic.arabic_prefixes,
        vocabulary=topic.vocabulary,
    )


def separating_terms(topic: Topic, entries: Sequence[Marked]) -> list[Suggestion]:
    """Words and phrases that are not in the topic yet and speak for relevance, the strongest first."""
    relevant = sum(one.is_relevant for one in entries)
    found = _new_terms(topic, entries, relevant, len(entries) - relevant)
    return sorted((one for one in found if (one.after or 0) > 0), key=lambda one: (-one.strength, one.term))


def _new_terms(topic: Topic, entries: Sequence[Marked], relevant: int, others: int) -> list[Suggestion]:
    """Words and phrases that are not in the topic yet."""
    counts: dict[bool, Counter[tuple[str, ...]]] = {True: Counter(), False: Counter()}
    written: dict[tuple[str, ...], Counter[str]] = {}
    for one in entries:
        for stem, text in _phrases(one.entry, topic.languages).items():
            counts[one.is_relevant][stem] += 1
            written.setdefault(stem, Counter())[text] += 1
    known = {_stem_phrase(words(term.text.replace("*", "")), topic.languages) for term in topic.terms}
    changes = []
    for stem, texts in written.items():
        inside, outside = counts[True][stem], counts[False][stem]
        if inside + outside < _FEWEST_ENTRIES or stem in known or inside / relevant <= outside / others:
            continue
        strength = g_squared(inside, relevant, outside, others)
        after = _proposed(inside, relevant, outside, others, topic.focus)
        if strength >= _SIGNIFICANT and after is not None:
            changes.append(Suggestion(texts.most_common(1)[0][0], None, after, inside, outside, strength))
    return _without_parts(changes)


def _without_parts(changes: list[Suggestion]) -> list[Suggestion]:
    """Of a phrase and its parts only what separates best, then the longest: `camp` goes beside `al hol camp`."""
    kept: list[Suggestion] = []
    for change in sorted(changes, key=lambda change: (-change.strength, -len(change.term))):
        inside = f" {change.term} "
        if not any(inside in f" {other.term} " or f" {other.term} " in inside for other in kept):
            kept.append(change)
    return kept


def _phrases(entry: Entry, languages: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """The stemmed phrases of an entry with one spelling each.

    None begins or ends with a stop word, a short word, a number or a character of a script without spaces.
    """
    found: dict[tuple[str, ...], str] = {}
    nothing = stop_words(languages_of(entry, languages))
    for text in (entry.title, body_of(entry)):
        tokens = words(text)
        for length in range(1, _LONGEST_PHRASE + 1):
            for at in range(len(tokens) - length + 1):
                phrase = tokens[at : at + length]
                if nothing.isdisjoint((phrase[0], phrase[-1])) and _may_end(phrase[0]) and _may_end(phrase[-1]):
                    found.setdefault(_stem_phrase(phrase, languages), " ".join(phrase))
    return found


def languages_of(entry: Entry, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The languages of a topic and that of an entry."""
    code = language_code(entry.language) if entry.language else None
    return languages if code is None or code in languages else (*languages, code)


def _may_end(word: str) -> bool:
    return len(word) > 2 and not word.isdigit() and not is_unspaced(word)


def _stem_phrase(phrase: Sequence[str], languages: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(stem_of(word, languages) for word in phrase)


@lru_cache(maxsize=100_000)
def stem_of(word: str, languages: tuple[str, ...]) -> str:
    """The stem of a folded word in the first of the languages that is written in its script."""
    spoken = languages_for(word, tuple(language for language in languages if language in STEMMED_LANGUAGES))
    return min(stems(word, spoken[0])) if spoken else word


def _proposed(inside: int, relevant: int, outside: int, others: int, focus: Points) -> Points | None:
    """A weight on the scale of `focus` by the share of relevant entries among those with the term; None for none."""
    share = (inside / relevant) / (inside / relevant + outside / others) if inside + outside else 0.0
    if share >= _STRONG_SHARE:
        return round(0.6 * focus)
    if share >= _GOOD_SHARE:
        return round(0.3 * focus)
    return round(-0.3 * focus) if share <= 1 - _STRONG_SHARE else None


def g_squared(inside: int, relevant: int, outside: int, others: int) -> float:
    """The log-likelihood ratio of a term's counts in both kinds of entries (Dunning 1993)."""
    share = (inside + outside) / (relevant + others)
    cells = (
        (inside, relevant * share),
        (relevant - inside, relevant * (1 - share)),
        (outside, others * share),
        (others - outside, others * (1 - share)),
    )
    return 2 * sum(seen * log(seen / expected) for seen, expected in cells if seen and expected)
