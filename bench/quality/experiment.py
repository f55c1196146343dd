"""How the constants of the score were chosen, and what they are worth.

The 1,300 development reports are split in two by a hash of their id. Topics and constants were chosen on the
first half; every line also shows the other half. Beside them, in the same run: substrings of the same terms
with the same weights, the way most readers filter. Nothing is trained.

    python bench/quality/experiment.py            the table of halves, and each constant varied alone
    python bench/quality/experiment.py --brief    the table of halves only
"""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from watcher.config.load import read_settings
from watcher.match.evaluation import EntryScore, JudgedEntry, TopicQuality, evaluate, quality_of, read_judged
from watcher.match.percolator import CompiledTopic, compile_topics
from watcher.match.scoring import FORMULA, Formula
from watcher.model.topic import Level

HERE = Path(__file__).parent
VARIATIONS: dict[str, Sequence[float]] = {
    "title": (1.5, 2.0, 3.0, 4.0),
    "lead": (1.0, 1.25, 1.5, 2.0),
    "lead_length": (50, 75, 100, 150, 200),
    "most_counted": (1, 2, 3, 5, 8, 12),
    "most_pairs": (1, 2, 3, 5),
    "plain_length": (100, 150, 200, 300, 400),
    "softening": (0.0, 0.25, 0.5, 0.75),
    "near_title": (1.0, 1.5, 2.0, 3.0),
    "near_softening": (0.0, 0.25, 0.5),
}


def load_topics(file: Path) -> tuple[CompiledTopic, ...]:
    """The topics of a file, which must have no problem."""
    compiled, problems = compile_topics(read_settings(file, env={}, secrets="defer").topics)
    assert not problems, problems
    return compiled


def load_reports() -> list[JudgedEntry]:
    """The judged reports of the development corpus."""
    folder = Path(os.environ.get("WATCHER_CORPUS", HERE.parents[2] / "shared" / "corpus"))
    with (folder / "muc-dev.jsonl").open(encoding="utf-8") as lines:
        found = [read_judged(line) for line in lines]
    return [one for one in found if isinstance(one, JudgedEntry)]


def half_of(report: JudgedEntry) -> int:
    """0 for the half on which things were chosen, 1 for the other."""
    return hashlib.sha256(report.entry.id.encode()).digest()[0] % 2


def substrings(reports: Sequence[JudgedEntry], topics: Sequence[CompiledTopic]) -> TopicQuality:
    """The same terms as substrings, each present one worth its weight, the same threshold."""
    qualities = []
    for compiled in topics:
        topic = compiled.topic
        scored = []
        for report in reports:
            truth = report.labels.get(topic.name)
            text = f"{report.entry.title} {report.entry.content}".lower()
            score = sum(term.weight for term in topic.terms if term.text.rstrip("*").lower() in text)
            level = Level.FOCUS if score >= topic.focus else Level.NONE
            if truth is not None:
                scored.append((EntryScore(report.entry.id, topic.name, score, level), truth))
        qualities.append(quality_of(scored))
    return _mean(qualities)


def _mean(qualities: Sequence[TopicQuality]) -> TopicQuality:
    count = len(qualities)
    return TopicQuality(
        sum(one.precision for one in qualities) / count,
        sum(one.recall for one in qualities) / count,
        sum(one.f1 for one in qualities) / count,
        sum(one.average_precision for one in qualities) / count,
    )


def print_halves(title: str, topics: Sequence[CompiledTopic], parts: dict[str, list[JudgedEntry]]) -> None:
    """One block: topics, their mean, and substrings beside it, for each part of the reports."""
    print(f"\n{title}")
    print(f"  {'':14}" + "".join(f"{name:>24}" for name in parts))
    print(f"  {'':14}" + "".join(f"{'F1':>18}{'AP':>6}" for _ in parts))
    found = {name: evaluate(reports, topics) for name, reports in parts.items()}
    for topic in topics:
        cells = (found[name].topics[topic.name] for name in parts)
        print(f"  {topic.name:14}" + "".join(f"{one.f1:18.3f}{one.average_precision:6.3f}" for one in cells))
    print(f"  {'mean':14}" + "".join(f"{q.macro.f1:18.3f}{q.macro.average_precision:6.3f}" for q in found.values()))
    plain = [substrings(reports, topics) for reports in parts.values()]
    print(f"  {'substrings':14}" + "".join(f"{one.f1:18.3f}{one.average_precision:6.3f}" for one in plain))


def print_variations(topics: Sequence[CompiledTopic], parts: dict[str, list[JudgedEntry]]) -> None:
    """Each constant alone at several values; the one in force is marked."""
    print("\nOne constant varied at a time (* in force)")
    for name, values in VARIATIONS.items():
        for value in values:
            mark = "*" if getattr(FORMULA, name) == value else " "
            print(f"{mark} {name:15}{value:6g}" + _cells(topics, parts, replace(FORMULA, **{name: value})))


def _cells(topics: Sequence[CompiledTopic], parts: dict[str, list[JudgedEntry]], formula: Formula) -> str:
    means = [evaluate(reports, topics, formula=formula).macro for reports in parts.values()]
    return "".join(f"   F1 {mean.f1:.3f} AP {mean.average_precision:.3f}" for mean in means)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--brief", action="store_true")
    options = arguments.parse_args()
    reports = load_reports()
    halves = {
        "first half": [one for one in reports if half_of(one) == 0],
        "other half": [one for one in reports if half_of(one) == 1],
    }
    first = load_topics(HERE / "muc-half.yaml")
    print_halves("muc-half.yaml: topics chosen on the first half only", first, {**halves, "all": reports})
    print_halves(
        "muc.yaml: revised after indexed misses of both halves",
        load_topics(HERE / "muc.yaml"),
        {**halves, "all": reports},
    )
    if not options.brief:
        print_variations(first, halves)


if __name__ == "__main__":
    main()
