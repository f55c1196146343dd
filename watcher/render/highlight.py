"""Which words proved an alert: marked runs of its title and of the best passage of its text. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from watcher.model.alert import Alert, Evidence, Opinion, OpinionKind
from watcher.model.topic import format_points
from watcher.text.printable import harmless, isolate, one_line, printable
from watcher.text.shorten import shorten

Run = tuple[str, bool]
"""A piece of text; True when it is a word that matched."""

Range = tuple[int, int]

TITLE_CHARACTERS = 300
PASSAGE_CHARACTERS = 260
WHY_CHARACTERS = 400
SHORT_WHY_CHARACTERS = 160
TERM_CHARACTERS = 120
LEAD_CHARACTERS = 80
"""How much of a passage stands before its first marked word."""

_MOST_WORDS = 60
"""Different matched words that are looked for; more are nobody's to read."""

_BETWEEN_PAIRS = re.compile(r"( … |, )")
"""How evidence writes the two sides of a pair of words, and one pair after another."""


def title_runs(alert: Alert) -> tuple[Run, ...]:
    """The title, the words that matched marked; only its beginning when it is longer than a title can be."""
    title = next(text for text in (alert.entry.title, alert.entry.link, "(no title)") if one_line(text))
    shown = shorten(title[: TITLE_CHARACTERS * 8], TITLE_CHARACTERS)
    ranges: list[Range] = []
    for evidence in alert.evidence:
        start = title.find(evidence.text) if evidence.field == "title" and evidence.text else -1
        if start >= 0:
            ranges += [(start + first, start + last) for first, last in evidence.highlights]
    ranges += _occurrences(shown, _matched_words(alert.evidence))
    return _stripped(_runs(shown, [pair for pair in ranges if pair[1] < len(shown) or shown == title]))


def quote_runs(alert: Alert) -> tuple[Run, ...]:
    """The passage outside the title that weighs most, about 260 characters around its first marked word.

    Every word that scored anywhere is marked in it. Without such a passage, the beginning of the entry's text.
    """
    passages = [part for part in alert.evidence if part.field != "title" and part.text.strip()]
    if not passages:
        beginning = one_line((alert.entry.summary or alert.entry.content)[: PASSAGE_CHARACTERS * 8])
        return _stripped([(shorten(beginning, PASSAGE_CHARACTERS), False)])
    best = max(passages, key=lambda part: part.points)
    ranges = [pair for part in passages if part.text == best.text for pair in part.highlights]
    ranges += _occurrences(best.text, _matched_words(alert.evidence))
    return _stripped(_window(best.text, ranges))


def part_runs(part: Evidence) -> tuple[Run, ...]:
    """The passage of one part of a score, its words marked."""
    return passage_runs(part.text, part.highlights)


def passage_runs(text: str, ranges: Sequence[Range]) -> tuple[Run, ...]:
    """About 260 characters of a text around the first of some ranges, these marked."""
    return _stripped(_window(text, ranges))


def text_runs(text: str, parts: Iterable[Evidence]) -> tuple[Run, ...]:
    """A text of an entry, lines as they are; every word that scored is marked."""
    ranges = _occurrences(text, _matched_words(parts))
    return tuple((harmless(piece), marked) for piece, marked in _runs(text, ranges) if piece)


def why(alert: Alert, limit: int = WHY_CHARACTERS) -> str:
    """The parts of the score as one line: `prison* in title ×2: 6 + detainee*: 2 = 8`; those beyond `limit` are
    summed up. What was found beside the words follows. "" for an alert that is no match.
    """
    return "; ".join(filter(None, (_score(alert, limit), *beside_score(alert))))


def beside_score(alert: Alert) -> list[str]:
    """What is beside the score of an alert: opinions, and that the full text of its page was scored."""
    found = [opinion_text(one, is_reason=one.kind is alert.lifted_by) for one in alert.opinions]
    return [*found, *(["scored on the full text of its page"] if alert.entry.from_page else [])]


def opinion_text(opinion: Opinion, *, is_reason: bool = False) -> str:
    """An opinion in words. `is_reason`: the alert is a mention because of it."""
    value, least = (format_points(one) for one in (opinion.value, opinion.least))
    match opinion.kind:
        case OpinionKind.MEANING:
            said = f"meaning {value} close to the topic's examples (mention from {least})"
        case OpinionKind.PACKS:
            said = f"its packs' labelled entries: {value} (mention from {least})"
        case OpinionKind.MARKS:
            said = f"like entries marked relevant: {value} (mention from {least})"
        case OpinionKind.SECOND_LOOK if opinion.favours:
            said = f"second look: yes, “{isolate(shorten(one_line(opinion.quote), TERM_CHARACTERS))}”"
        case OpinionKind.SECOND_LOOK:
            said = "second look: no"
    return f"a mention by {said}" if is_reason else said


def _score(alert: Alert, limit: int) -> str:
    if not alert.evidence:
        return ""
    parts = [_part(part) for part in alert.evidence]
    ends = itertools.accumulate(len(part) + 3 for part in parts)
    shown = max(sum(1 for _ in itertools.takewhile(lambda end: end <= limit, ends)), 1)
    kept, rest = parts[:shown], alert.evidence[shown:]
    if rest:
        kept.append(f"{len(rest)} more: {format_points(sum(part.points for part in rest))}")
    return f"{' + '.join(kept)} = {format_points(alert.score)}"


def _part(part: Evidence) -> str:
    times = f" ×{part.count}" if part.count > 1 else ""
    place = f" in {part.field}" if part.field else ""
    return f"{_term(part.term)}{place}{times}: {format_points(part.points)}"


def _term(term: str) -> str:
    """Each side of a pair isolated by itself, so that an Arabic one does not reorder the line."""
    sides = _BETWEEN_PAIRS.split(shorten(one_line(term[: TERM_CHARACTERS * 8]), TERM_CHARACTERS))
    return "".join(side if index % 2 else isolate(side) for index, side in enumerate(sides))


def _matched_words(parts: Iterable[Evidence]) -> tuple[str, ...]:
    """The words of an entry that scored, as they stand there."""
    words = (part.text[max(start, 0) : stop].strip() for part in parts for start, stop in part.highlights)
    return tuple(itertools.islice(dict.fromkeys(word for word in words if word), _MOST_WORDS))


def _occurrences(text: str, words: Sequence[str]) -> list[Range]:
    """Where the words occur in the text as whole words. A longer one goes first where two begin alike."""
    if not words:
        return []
    longest_first = sorted(words, key=len, reverse=True)
    pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
    return [found.span() for found in re.finditer(pattern, text)]


def _runs(text: str, ranges: Iterable[Range]) -> list[Run]:
    runs: list[Run] = []
    end = 0
    for start, stop in _disjoint(ranges, len(text)):
        runs += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [*runs, (text[end:], False)]


def _disjoint(ranges: Iterable[Range], length: int) -> list[Range]:
    joined: list[Range] = []
    for start, stop in sorted((max(start, 0), min(stop, length)) for start, stop in ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        elif start < stop:
            joined.append((start, stop))
    return joined


def _window(text: str, ranges: Sequence[Range]) -> list[Run]:
    if len(text) <= PASSAGE_CHARACTERS:
        return _runs(text, ranges)
    first = min((start for start, _ in ranges), default=0)
    start = _word_start(text, first - LEAD_CHARACTERS)
    stop = _word_end(text, start + PASSAGE_CHARACTERS)
    inside = [(first - start, last - start) for first, last in ranges if start <= first and last <= stop]
    before, after = "… " if start else "", " …" if stop < len(text) else ""
    return [(before, False), *_runs(text[start:stop], inside), (after, False)]


def _word_start(text: str, near: int) -> int:
    return 0 if near <= 0 else text.find(" ", near) + 1


def _word_end(text: str, near: int) -> int:
    if near >= len(text):
        return len(text)
    end = text.rfind(" ", 0, near)
    return end if end > near // 2 else near


def _stripped(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Safe to print, without empty runs and outer spaces."""
    kept = [(printable(text), marked) for text, marked in runs if text]
    if kept:
        kept[0] = (kept[0][0].lstrip(), kept[0][1])
        kept[-1] = (kept[-1][0].rstrip(), kept[-1][1])
    return tuple(run for run in kept if run[0])
