"""How many of their labelled examples the packs of the topic library find, as the table of docs/topics.md.

python bench/quality/library.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.library.development import level_of, subjects
from watcher.config.packs import PackExample, load_pack, pack_examples
from watcher.model.topic import Level


def shares(those: Sequence[PackExample], least: Level) -> tuple[float, float]:
    """The share of relevant examples that reach a level, and of relevant ones among all that reach it."""
    reached = [one for one in those if level_of(one).rank >= least.rank]
    right = [one for one in reached if one.is_relevant]
    return len(right) / sum(one.is_relevant for one in those), len(right) / len(reached) if reached else 1.0


def main() -> None:
    print(
        "| pack | examples | found | right | focus found | right | found by language |\n|---|---|---|---|---|---|---|"
    )
    for name in subjects():
        those = pack_examples(name)
        any_level, focus = shares(those, Level.MENTION), shares(those, Level.FOCUS)
        languages = {
            code: shares([one for one in those if one.language == code], Level.MENTION)[0]
            for code in load_pack(name).languages
        }
        by_language = " ".join(f"{code} {share:.2f}" for code, share in languages.items())
        figures = " | ".join(f"{share:.2f}" for share in (*any_level, *focus))
        print(f"| `{name}` | {len(those)} | {figures} | {by_language} |")


if __name__ == "__main__":
    main()
