"""What the whole topic library costs an entry, beside the shipped configuration, in one run.

Two sets of entries: a *stream*, the entries of the corpus' feeds, where few are relevant; and *judged* ones, the sets in
eleven languages and the first reports of the corpus, of which more than half reach some topic and pay for its evidence.
Each configuration reads a set once before it is measured, as in a running daemon. Rounds alternate, the best one counts.

    python bench/library_cost.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.library.development import subjects, topic_of
from watcher.config.load import read_settings
from watcher.errors import ParseError
from watcher.match.percolator import Percolator
from watcher.model.entry import Entry
from watcher.parse.document import parse_document

ROOT = Path(__file__).parents[1]
CORPUS = Path(os.environ.get("WATCHER_CORPUS", ROOT.parent / "shared" / "corpus"))
REPORTS = 300
LONGEST = 20_000
"""Characters; a few feeds carry whole books."""
BAR = 1.5


def stream() -> Iterator[Entry]:
    """The entries of the real feeds of the corpus."""
    for file in sorted((CORPUS / "feeds").glob("*")):
        try:
            feed = parse_document(file.read_bytes(), url="https://example.org/", headers={})
        except ParseError:
            continue
        for one in feed.entries:
            if len(one.content) < LONGEST:
                yield Entry("", "", one.title, content=one.content, summary=one.summary, language=feed.language)


def judged() -> Iterator[Entry]:
    """Entries of the judged sets, and reports of the corpus."""
    files = sorted((ROOT / "bench" / "quality").glob("worldwide-*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    reports = (CORPUS / "muc-dev.jsonl").read_text(encoding="utf-8").splitlines()[:REPORTS]
    rows += [json.loads(line) | {"language": "en"} for line in reports]
    for row in rows:
        yield Entry("", "", row["title"], content=row["content"], language=row["language"])


def seconds(percolator: Percolator, those: Sequence[Entry]) -> float:
    """CPU seconds of one round."""
    begin = time.process_time()
    for one in those:
        percolator.percolate(one)
    return time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for title, those in (("stream", list(stream())), ("judged", list(judged()))):
        shipped = Percolator(read_settings(ROOT / "config.yaml", env={}, secrets="defer").topics)
        library = Percolator([topic_of(name) for name in subjects()])
        best = {"shipped": float("inf"), "library": float("inf")}
        for number in range(rounds + 1):
            for name, percolator in (("shipped", shipped), ("library", library)):
                spent = seconds(percolator, those)
                if number:
                    best[name] = min(best[name], spent)
        for name, spent in best.items():
            print(f"{title}, {name}: {spent / len(those) * 1000:.3f} ms an entry of {len(those)}")
        ratio = best["library"] / best["shipped"]
        print(f"{title}: {len(subjects())} packs cost {ratio:.2f} times the shipped configuration (bar {BAR})")


if __name__ == "__main__":
    main()
