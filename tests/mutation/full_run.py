"""Real feeds whose publishers change names, dates, addresses and order of their entries: what is alerted twice, what is lost.

    python -m tests.mutation.full_run [--corpus FOLDER] [--pairs N] [--seed N] [--all] [--show]

Every feed of the corpus goes through every single mutation, every mutation of two things at once and, of all pairs of
successive mutations, a sample of `--pairs` runs drawn with `--seed` (`--all`: every pair with every feed); each run
once with the entries' own dates, which lie before the first poll, and once as if they had been published in the hour in
which they are first shown. `--show` names each run that failed.

Exit 1 when a new entry is lost, when a single change or two at once repeat an alert, or when successive ones repeat more
than one alert of a thousand. Where the link and the id change, and then the title or the date, an entry without a text of
its own has nothing left by which it could be known: there (`little left`) the bar is one alert of fifty.
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.pool
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutation.scenarios import at_once, little_left, single, successive
from tests.mutation.watching import Watched, entries_of, on_time, watch
from watcher.model.entry import Entry

SCENARIOS = {
    "single": list(single()),
    "at once": list(at_once()),
    "successive": list(successive()),
    "little left": list(little_left()),
}
TIMELINES = ("own dates", "on time")
MOST_REPEATED = {"single": 0.0, "at once": 0.0, "successive": 0.001, "little left": 0.02}
"""Of the alerts that are sent."""


@dataclass(frozen=True, slots=True)
class Run:
    kind: str
    scenario: int
    feed: Path
    timeline: str

    def __str__(self) -> str:
        return f"{SCENARIOS[self.kind][self.scenario].name} | {self.feed.stem} | {self.timeline}"


@cache
def feed_of(path: Path, timeline: str) -> Sequence[Entry]:
    entries = entries_of(path)
    return on_time(entries) if timeline == "on time" else entries


def outcome(run: Run) -> tuple[Run, Watched]:
    return run, watch(feed_of(run.feed, run.timeline), SCENARIOS[run.kind][run.scenario])


def runs(feeds: Iterable[Path], kind: str) -> Iterator[Run]:
    for feed in feeds:
        for timeline in TIMELINES:
            for number in range(len(SCENARIOS[kind])):
                yield Run(kind, number, feed, timeline)


def judge(kind: str, chosen: Sequence[Run], pool: multiprocessing.pool.Pool, *, show: bool) -> bool:
    started = time.perf_counter()
    new = repeated = lost = failed = 0
    for run, watched in pool.imap_unordered(outcome, chosen, chunksize=64):
        new += watched.new.total()
        repeated += len(watched.repeated)
        lost += len(watched.lost)
        if watched.repeated or watched.lost:
            failed += 1
            if show:
                print(f"  {run}: repeated {watched.repeated}, lost {watched.lost}", flush=True)
    fine = not lost and repeated <= MOST_REPEATED[kind] * new
    print(
        f"{kind:<12}{len(chosen):>7,} runs   {new:>8,} new entries alerted   repeated {repeated}   lost {lost}   "
        f"in {failed} runs   ({time.perf_counter() - started:.0f} s)" + ("" if fine else "   BROKEN"),
        flush=True,
    )
    return fine


def main() -> int:
    root = Path(os.environ.get("WATCHER_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--corpus", type=Path, default=root / "feeds")
    arguments.add_argument("--pairs", type=int, default=2_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--all", action="store_true")
    arguments.add_argument("--show", action="store_true")
    options = arguments.parse_args()
    feeds = [path for path in sorted(options.corpus.iterdir()) if entries_of(path)]
    chosen = {kind: list(runs(feeds, kind)) for kind in SCENARIOS}
    if not options.all:
        pairs = chosen["successive"]
        chosen["successive"] = random.Random(options.seed).sample(pairs, min(options.pairs, len(pairs)))
    print(f"{len(feeds)} feeds; {', '.join(f'{len(found)} {kind}' for kind, found in SCENARIOS.items())} scenarios")
    with multiprocessing.get_context("fork").Pool() as pool:
        fine = [judge(kind, chosen[kind], pool, show=options.show) for kind in SCENARIOS]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
