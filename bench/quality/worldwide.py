"""How well the two conflict packs, with no region, find invented entries in eleven languages.

python bench/quality/worldwide.py

`worldwide-b.jsonl` and `worldwide-i.jsonl` are kept apart: look at their figures, never at their misses. The others may
be read to improve the packs. The sets share no scenario and were written without sight of the packs: a and b by one
author, c by another, d to g by a third, h and i by two more. Before a set was read, its figures were those in
docs/topics.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from watcher.config.load import read_settings
from watcher.match.compile import compile_topic
from watcher.match.evaluation import EntryScore, JudgedEntry, JudgedProblem, evaluate, read_judged
from watcher.model.topic import Level

HERE = Path(__file__).parent
TOPICS = HERE.parents[1] / "examples" / "worldwide.yaml"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a topic made of an entry, and whether the entry is relevant to it."""

    language: str
    text: str
    score: EntryScore
    relevant: bool


def opinions(file: Path) -> list[Opinion]:
    """Every pair of entry and topic in a file of judged entries."""
    judged = {one.entry.id: one for one in judged_of(file)}
    topics = [compile_topic(topic) for topic in read_settings(TOPICS, env={}, secrets="defer").topics]
    quality = evaluate(judged.values(), topics)  # type: ignore[arg-type]
    return [
        Opinion(one.entry.language or "", f"{one.entry.title} | {one.entry.content}", score, truth)
        for score in quality.scores
        for one in (judged[score.id],)
        for truth in (one.labels.get(score.topic),)
        if truth is not None
    ]


def judged_of(file: Path) -> list[JudgedEntry]:
    """The entries of a file."""
    return [_judged(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _judged(line: str) -> JudgedEntry:
    judged = read_judged(line)
    if isinstance(judged, JudgedProblem):
        raise ValueError(judged.message)
    return judged


def precision_and_recall(those: Sequence[Opinion], least: Level) -> tuple[float, float]:
    """Micro average over both topics at a level or above."""
    found = [one for one in those if one.score.level.rank >= least.rank]
    right = sum(one.relevant for one in found)
    relevant = sum(one.relevant for one in those)
    return (right / len(found) if found else 1.0), (right / relevant if relevant else 1.0)


def main() -> None:
    missed_of = HERE / sys.argv[1] if len(sys.argv) > 1 else None
    print(
        "| set | entries | any P | any R | focus P | focus R | any recall by language |\n|---|---|---|---|---|---|---|"
    )
    for file in sorted(HERE.glob("worldwide-*.jsonl")):
        those = opinions(file)
        figures = (*precision_and_recall(those, Level.MENTION), *precision_and_recall(those, Level.FOCUS))
        languages = sorted({one.language for one in those})
        by_language = " ".join(
            f"{code} {precision_and_recall([one for one in those if one.language == code], Level.MENTION)[1]:.2f}"
            for code in languages
        )
        print(
            f"| {file.stem[-1]} | {len(those) // 2} | {' | '.join(f'{one:.2f}' for one in figures)} | {by_language} |"
        )
        if file == missed_of:
            for one in those:
                if one.relevant != (one.score.level is not Level.NONE):
                    print(json.dumps([one.score.id, one.score.topic, one.score.score, one.text], ensure_ascii=False))


if __name__ == "__main__":
    main()
