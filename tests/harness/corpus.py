"""Finds the corpus of real feeds and labelled reports, which is not part of the project."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"


@dataclass(frozen=True, slots=True)
class Corpus:
    """`feeds` are documents as they came over the wire; `reports` and `article` are described in its README."""

    root: Path
    feeds: tuple[Path, ...]
    reports: Path
    article: Path


def find_corpus() -> Corpus:
    """Skips where there is no corpus to be expected; fails where there should be one and it does not load."""
    named = os.environ.get("WATCHER_CORPUS")
    if not named and not SHARED.exists():
        pytest.skip(f"no corpus: WATCHER_CORPUS is not set and {SHARED} does not exist")
    return load_corpus(Path(named) if named else SHARED / "corpus")


def load_corpus(root: Path) -> Corpus:
    """The corpus at `root`, complete, or a failed test that says what is missing."""
    corpus = Corpus(root, tuple(sorted((root / "feeds").glob("*"))), root / "muc-dev.jsonl", root / "seed-article.txt")
    if not corpus.feeds:
        pytest.fail(f"the corpus has no feeds: {root / 'feeds'} is empty or missing")
    for file in (corpus.reports, corpus.article):
        if not file.is_file() or not file.stat().st_size:
            pytest.fail(f"the corpus is not complete: {file} is empty or missing")
    with corpus.reports.open(encoding="utf-8") as lines:
        first = json.loads(next(lines))
    missing = {"id", "title", "content", "labels"} - first.keys()
    if missing:
        pytest.fail(f"the reports in {corpus.reports} lack {sorted(missing)}")
    return corpus
