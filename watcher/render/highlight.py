"""Which words proved an alert: marked runs of its title and of the best passage of its text. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from watcher.model.alert import Alert, Evidence
from watcher.model.topic import format_points
from watcher.render.printable import isolate, one_line, printable, shortened

Run = tuple[str, bool]
"""A stretch of text; True when it is a word that matched."""

Range = tuple[int, int]

TITLE_CHARACTERS = 300
PASSAGE_CHARACTERS = 260
WHY_CHARACTERS = 400
_LEAD_CHARACTERS = 80


def title_runs(alert: Alert) -> tuple[Run, ...]:
    """The title, the words that matched marked; only its beginning when it is longer than a title can be."""
    title = next(text for text in (alert.entry.title, alert.entry.link, "(no title)") if one_line(text))
    ranges: list[Range] = []
    for evidence in alert.evidence:
        start = title.find(evidence.text) if evidence.field == "title" and evidence.text else -1
        if start >= 0:
            ranges += [(start + first, start + last) for first, last in evidence.highlights]
    shown = shortened(title, TITLE_CHARACTERS)
    return _stripped(_runs(shown, [pair for pair in ranges if pair[1] < len(shown) or shown == title]))


def quote_runs(alert: Alert) -> tuple[Run, ...]:
    """The passage outside the title that weighs most, about 260 characters around its first marked word."""
    passages = [part for part in alert.evidence if part.field != "title" and part.text.strip()]
    if not passages:
        return ()
    best = max(passages, key=lambda part: part.points)
    ranges = [pair for part in passages if part.text == best.text for pair in part.highlights]
    return _stripped(_window(best.text, ranges))


def why(alert: Alert) -> str:
    """The parts of the score as one line: `prison* in title ×2: 6 + detainee*: 2`; many are summed up."""
    parts = [_part(part) for part in alert.evidence]
    shown = list(
        itertools.takewhile(lambda end: end <= WHY_CHARACTERS, itertools.accumulate(len(part) + 3 for part in parts))
    )
    kept = parts[: max(len(shown), 1)]
    rest = sum(part.points for part in alert.evidence[len(kept) :])
    return " + ".join(
        [*kept, f"{len(parts) - len(kept)} more: {format_points(rest)}"] if len(kept) < len(parts) else kept
    )


def _part(part: Evidence) -> str:
    times = f" ×{part.count}" if part.count > 1 else ""
    place = f" in {part.field}" if part.field else ""
    return f"{isolate(shortened(one_line(part.term), 120))}{place}{times}: {format_points(part.points)}"


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
    start = _word_start(text, first - _LEAD_CHARACTERS)
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
