"""How soon entries are heard of at an equal number of polls: learned, fixed and `entry_frequency` intervals.

    python bench/freshness.py [--corpus FOLDER] [--days N]

The rhythms are those of the real feeds' dates; a document that covers less than the time simulated is repeated into
the past. Each rule is given the polls that the learned intervals made: the fixed interval is chosen so, Miniflux's
rule (7 days / entries of the last 7 days, between 5 minutes and 24 hours) by its own factor. One request counts as
one poll, whatever it brings.
"""

from __future__ import annotations

import argparse
import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.errors import ParseError
from watcher.model.entry import Entry, EntryDecision, Identified, ParsedFeed
from watcher.model.feed import Fetched, NotModified, PollState, Validators
from watcher.parse.document import parse_document
from watcher.schedule import cadence
from watcher.schedule.interval import CadencePolicy

POLICY = CadencePolicy(None, timedelta(minutes=5), timedelta(hours=24))
FEWEST_DATES = 5


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a feed published, and how many entries its document shows."""

    moments: tuple[datetime, ...]
    window: int


@dataclass(frozen=True, slots=True)
class Tally:
    polls: int
    delays: tuple[timedelta, ...]
    missed: int

    @property
    def mean(self) -> timedelta:
        return sum(self.delays, timedelta()) / max(1, len(self.delays))


NextPoll = Callable[[datetime, Sequence[datetime], int], datetime]
"""Given now, the moments of the document shown, and how many of them are new: the moment of the next poll."""


def rhythm(body: bytes, end: datetime, length: timedelta) -> Rhythm | None:
    """The feed's dates as a rhythm of `length` that ends at `end`; None for feeds with too few dates."""
    try:
        parsed = parse_document(body, url="https://example.org/", headers={})
    except ParseError:
        return None
    dates = sorted(date for entry in parsed.entries if (date := entry.published or entry.updated) and date <= end)
    if len(dates) < FEWEST_DATES or dates[0] == dates[-1]:
        return None
    span = (dates[-1] - dates[0]) * len(dates) / (len(dates) - 1)
    moments = list(dates)
    while moments[0] > end - length:
        moments = [moment - span for moment in moments[: len(dates)]] + moments
    return Rhythm(tuple(moments), len(dates))


def simulate(feed: Rhythm, start: datetime, end: datetime, next_poll: NextPoll) -> Tally:
    """Polls from `start` to `end`; what was published before is the baseline."""
    now, known, polls, missed = start, bisect_right(feed.moments, start), 0, 0
    delays = []
    while now < end:
        published = bisect_right(feed.moments, now)
        shown = max(0, published - feed.window)
        missed += max(0, shown - known)
        delays += [now - moment for moment in feed.moments[max(known, shown) : published]]
        now = next_poll(now, feed.moments[shown:published], published - max(known, shown))
        known = published
        polls += 1
    return Tally(polls, tuple(delays), missed)


def learned() -> NextPoll:
    """The product's own rule, with its whole state."""
    state: PollState | None = None

    def next_poll(now: datetime, shown: Sequence[datetime], new: int) -> datetime:
        nonlocal state
        if state is None:
            state = PollState("https://example.org/", now)
            decision = EntryDecision(quiet=_identified(len(shown)), is_baseline=True)
        elif new == 0:
            state = cadence.after_not_modified(state, NotModified({}, Validators()), POLICY, now, 0.5)
            return state.next_poll_at
        else:
            decision = EntryDecision(new=_identified(new), known=("",) * (len(shown) - new))
        parsed = ParsedFeed("swift", "", None, tuple(Entry("", "", "", published=moment) for moment in shown))
        state = cadence.after_document(state, Fetched("", b"", {}, Validators()), parsed, decision, POLICY, now, 0.5)
        return state.next_poll_at

    return next_poll


def _identified(count: int) -> tuple[Identified, ...]:
    return (Identified("", Entry("", "", ""), None, "", ""),) * count


def fixed(interval: timedelta) -> NextPoll:
    return lambda now, _shown, _new: now + interval


def entry_frequency(factor: float) -> NextPoll:
    week = timedelta(days=7)

    def next_poll(now: datetime, shown: Sequence[datetime], _new: int) -> datetime:
        count = sum(moment > now - week for moment in shown)
        interval = week / count / factor if count else POLICY.max
        return now + min(max(interval, POLICY.min), POLICY.max)

    return next_poll


def run(feeds: Sequence[Rhythm], start: datetime, end: datetime, rule: Callable[[], NextPoll]) -> Tally:
    tallies = [simulate(feed, start, end, rule()) for feed in feeds]
    delays = tuple(delay for tally in tallies for delay in tally.delays)
    return Tally(sum(tally.polls for tally in tallies), delays, sum(tally.missed for tally in tallies))


def matched_factor(feeds: Sequence[Rhythm], start: datetime, end: datetime, polls: int) -> float:
    """The factor with which `entry_frequency` makes about as many polls."""
    low, high = 0.01, 1000.0
    for _ in range(18):
        middle = (low * high) ** 0.5
        made = run(feeds, start, end, lambda factor=middle: entry_frequency(factor)).polls
        low, high = (middle, high) if made < polls else (low, middle)
    return (low * high) ** 0.5


def show(name: str, tally: Tally, ours: Tally) -> None:
    late = sorted(tally.delays)[int(len(tally.delays) * 0.95)]
    mean, most = (delay / timedelta(minutes=1) for delay in (tally.mean, late))
    print(
        f"{name:<34}{tally.polls:>7} polls   mean delay {mean:6.1f} min ({tally.mean / ours.mean:5.2f} × ours)   "
        f"95 % within {most:6.1f} min   missed {tally.missed}"
    )


def main() -> None:
    root = Path(os.environ.get("WATCHER_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", type=Path, default=root / "feeds")
    arguments.add_argument("--days", type=int, default=28)
    options = arguments.parse_args()
    end = datetime(2026, 2, 18, 4, tzinfo=UTC)
    start = end - timedelta(days=options.days)
    found = (rhythm(path.read_bytes(), end, 2 * (end - start)) for path in sorted(options.corpus.iterdir()))
    feeds = [feed for feed in found if feed]
    ours = run(feeds, start, end, learned)
    evenly = run(feeds, start, end, lambda: fixed((end - start) * len(feeds) / ours.polls))
    factor = matched_factor(feeds, start, end, ours.polls)
    peer = run(feeds, start, end, lambda: entry_frequency(factor))
    as_it_comes = run(feeds, start, end, lambda: entry_frequency(1.0))
    print(f"{len(feeds)} feeds, {options.days} days, {len(ours.delays)} entries")
    show("learned (square-root law)", ours, ours)
    show("fixed interval for all", evenly, ours)
    show(f"entry_frequency, factor {factor:.2f}", peer, ours)
    show("entry_frequency as it comes", as_it_comes, ours)


if __name__ == "__main__":
    main()
