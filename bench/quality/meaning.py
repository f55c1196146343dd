"""What closeness in meaning adds to the words of the two conflict packs, and on other entries.

    python bench/quality/meaning.py [--closeness 0.08]

Prints for each set of `worldwide-*.jsonl` what the words find and what they find with meaning, at any level and
without a budget, and for each how many of the lifted entries are relevant.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.quality.worldwide import HERE, TOPICS, judged_of
from watcher.clock import SystemClock
from watcher.config.load import read_settings
from watcher.match.evaluation import JudgedEntry
from watcher.match.percolator import Percolator
from watcher.model.topic import Level, Topic
from watcher.opinion.senses import sense_of
from watcher.opinion.texts import entry_text
from watcher.opinion.vectors import Vectors


async def figures(topics: tuple[Topic, ...], those: list[JudgedEntry], least: int) -> str:
    """One row of the table."""
    vectors, percolator = Vectors(SystemClock()), Percolator(topics)
    found_by_words = found = right_by_words = right = relevant = 0
    by_language: dict[str, list[int]] = {}
    try:
        senses = {topic.name: await sense_of(topic, (), vectors, least) for topic in topics}
        texts = await vectors.of(entry_text(one.entry) for one in those)
        for one in those:
            levels = {match.topic: match.level for match in percolator.percolate(one.entry)}
            undecided = {match.topic for match in percolator.undecided(one.entry, list(senses))}
            for name, truth in one.labels.items():
                sense = senses.get(name)
                if truth is None or sense is None:
                    continue
                by_words = levels.get(name, Level.NONE) is not Level.NONE
                opinion = sense.opinion(texts[entry_text(one.entry)])
                lifted = not by_words and name in undecided and opinion.favours
                relevant += truth
                found_by_words, right_by_words = found_by_words + by_words, right_by_words + (by_words and truth)
                found, right = found + (by_words or lifted), right + ((by_words or lifted) and truth)
                counts = by_language.setdefault(one.entry.language or "", [0, 0])
                counts[0] += truth
                counts[1] += (by_words or lifted) and truth
    finally:
        await vectors.aclose()
    languages = " ".join(f"{code} {ok / max(1, all_of):.2f}" for code, (all_of, ok) in sorted(by_language.items()))
    return (
        f"{right_by_words / found_by_words:.2f} | {right_by_words / relevant:.2f} | {right / found:.2f} | "
        f"{right / relevant:.2f} | {right - right_by_words} of {found - found_by_words} | {languages}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--closeness", type=float, default=0.08)
    least = round(100 * parser.parse_args().closeness)
    topics = read_settings(TOPICS, env={}, secrets="defer").topics
    print("| half | words: right | found | with meaning: right | found | lifted: right | found by language |")
    print("|---|---|---|---|---|---|---|")
    for file in sorted(HERE.glob("worldwide-*.jsonl")):
        print(f"| {file.stem[-1]} | {asyncio.run(figures(topics, judged_of(file), least))} |")


if __name__ == "__main__":
    main()
