"""Proves that nothing is lost and nothing is doubled without a reason: `python -m tests.crash.full_run --entries 10000 --seeds 5`.

A scripted publisher, sinks that misbehave on a quarter of what they are sent, the real program as a child that is killed,
frozen and starved; then quiet, and a judge who compares what was published with what arrived. The last line is the
summary. Exit code 1: a bar is missed, or the run is invalid because a failpoint was hit too seldom or a mutant of the
program was not caught.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.crash.daemon_process import CHECKOUT
from tests.crash.faults import NOT_PLAYED, at_the_start, planned
from tests.crash.judge import Verdict
from tests.crash.migration import kill_in_a_migration
from tests.crash.mutations import MUTATIONS
from tests.crash.seed import Setting, finish_seed, run_seed

HITS = 5
"""How often every failpoint must have been hit for a full run to count."""

ENTRIES_EACH = 100
"""Published for each death of the seed that makes up for those that were too few."""
MADE_UP_WITHIN = 600.0
"""Seconds in which such deaths may begin: a place that nothing passes any more is no reason to go on for hours."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000, help="published in each seed")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--store", help="default: a new SQLite database, or PostgreSQL server, for each seed")
    parser.add_argument("--nodes", type=int, default=1, help="at work at once; more than one need a server")
    parser.add_argument("--rounds", type=int, default=1, help="how often each seed dies at each failpoint")
    parser.add_argument("--every", type=int, default=1, help="a seed dies at every Nth failpoint, the next at others")
    parser.add_argument("--kills", type=int, default=15, help="at random moments, with other troubles before")
    parser.add_argument("--freezes", type=int, default=4)
    parser.add_argument("--hits", type=int, default=HITS, help="required of every failpoint")
    parser.add_argument("--only", nargs="*", help="failpoints to die at; default: all")
    parser.add_argument("--mutants", nargs="*", default=list(MUTATIONS), help="default: all")
    parser.add_argument("--jobs", type=int, default=1, help="seeds at a time")
    parser.add_argument("--keep", type=Path, help="a folder for the logs and databases")
    parser.add_argument("--again", action="store_true", help="seeds that --keep has are judged again, not played")
    return parser.parse_args()


def failpoints() -> list[str]:
    """The names that the program under test has."""
    command = [sys.executable, "-m", "watcher", "debug", "failpoints"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in listed.stdout.splitlines()[1:]]
    return [name for name in names if name.partition(".")[0] not in NOT_PLAYED]


def play_seeds(given: argparse.Namespace, folder: Path, names: list[str]) -> list[Verdict]:
    """The verdicts of all seeds, `jobs` of them at a time, each in a process of its own."""
    settings = [setting_of(given, folder, names, given.first_seed + number) for number in range(given.seeds)]
    with ProcessPoolExecutor(given.jobs) as pool:
        return [show(verdict) for verdict in pool.map(judge_again if given.again else play, settings)]


def make_up(given: argparse.Namespace, folder: Path, names: list[str], verdicts: list[Verdict]) -> list[Verdict]:
    """One more seed, judged like the others, that dies only where they died too seldom."""
    missing = [name for name, hits in rarely_hit(names, verdicts, given.hits).items() for _ in range(given.hits - hits)]
    if not missing or not verdicts:
        return []
    seed = given.first_seed + given.seeds
    episodes = planned(missing, seed, rounds=1, random_kills=0, freezes=0)
    setting = replace(
        setting_of(given, folder, names, seed),
        entries=ENTRIES_EACH * (4 + len(episodes)),
        episodes=episodes,
        seconds=MADE_UP_WITHIN,
    )
    return [show((judge_again if given.again else play)(setting))]


def setting_of(given: argparse.Namespace, folder: Path, names: list[str], seed: int) -> Setting:
    on_server, chosen = given.nodes > 1, names[seed % given.every :: given.every]
    episodes = planned(
        chosen, seed, rounds=given.rounds, random_kills=given.kills, freezes=given.freezes, on_server=on_server
    )
    return Setting(
        folder / f"seed-{seed}",
        seed,
        given.entries,
        episodes,
        first=at_the_start(names),
        nodes=given.nodes,
        store=given.store,
        migration="migration.step" in names,
        hushed=True,
    )


def play(setting: Setting) -> Verdict:
    return _with_migration(setting, asyncio.run(run_seed(setting)))


def _with_migration(setting: Setting, verdict: Verdict) -> Verdict:
    if setting.migration:
        verdict.failpoints += kill_in_a_migration(setting.folder)
    return verdict


def judge_again(setting: Setting) -> Verdict:
    """Plays only what is not there; what is there and was not drained is drained."""
    if not (setting.folder / "watcher.db").exists():
        return play(setting)
    return _with_migration(setting, asyncio.run(finish_seed(setting)))


def show(verdict: Verdict) -> Verdict:
    print(f"seed {verdict.seed}: {json.dumps(verdict.summary())}", flush=True)
    for name in verdict.broken:
        for problem in getattr(verdict, name)[:5]:
            print(f"    {name}: {problem}", flush=True)
    return verdict


def uncaught(names: list[str], folder: Path) -> list[str]:
    """The mutants that the judge did not see."""
    missed = []
    for name in names:
        mutation = MUTATIONS[name]
        setting = Setting(
            folder / name,
            1,
            mutation.entries,
            mutation.episodes,
            mutant=name,
            patience=20.0,
            entries_a_feed=mutation.entries_a_feed,
            faulty=mutation.faulty,
        )
        verdict = asyncio.run(run_seed(setting))
        shown = {count: len(getattr(verdict, count)) for count in verdict.broken}
        caught = any(count in shown for count in mutation.shows)
        print(f"mutant {name}: {'caught' if caught else 'NOT CAUGHT'}: {json.dumps(shown)}", flush=True)
        missed += [] if caught else [name]
    return missed


def rarely_hit(names: list[str], verdicts: list[Verdict], wanted: int) -> dict[str, int]:
    hits: Counter[str] = Counter()
    for verdict in verdicts:
        hits += verdict.failpoints
    print(f"failpoints hit: {json.dumps(dict(sorted(hits.items())))}", flush=True)
    return {name: hits[name] for name in names if hits[name] < wanted}


def totals(verdicts: list[Verdict]) -> dict[str, int]:
    """The counts of all seeds together."""
    names = ("entries", "deliveries", "accepted", "copies", "kills", "freezes", "troubles", *Verdict.BARS)
    return {name: sum(verdict.summary()[name] for verdict in verdicts) for name in names}


def main() -> int:
    given = arguments()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="watcher-crash-"))
    names = [name for name in failpoints() if not given.only or name in given.only]
    started = time.monotonic()
    verdicts = play_seeds(given, folder, names)
    print(f"without what is made up: {json.dumps(totals(verdicts))}", flush=True)
    verdicts += make_up(given, folder, names, verdicts)
    seldom = rarely_hit(names, verdicts, given.hits)
    missed = uncaught(given.mutants, folder)
    total = totals(verdicts)
    valid = not seldom and not missed
    passed = valid and not any(total[name] for name in Verdict.BARS)
    summary = {
        "passed": passed,
        "valid": valid,
        "seeds": len(verdicts),
        "seconds": round(time.monotonic() - started),
        **total,
        "rarely_hit": seldom,
        "mutants": len(given.mutants),
        "uncaught": missed,
    }
    print(json.dumps(summary))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
