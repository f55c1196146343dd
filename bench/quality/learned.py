"""The regressions that packs come with: made from labelled entries, and measured on entries that were left out.

    python bench/quality/learned.py            # writes watcher/library/learned
    python bench/quality/learned.py --measure  # prints a table

A pack learns from its examples, those of other subjects as irrelevant, and the judged entries of `worldwide-*.jsonl`
of `SETS`; b and i are kept apart. To measure, one set after another is left out, with every example that is like one of
its entries.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.quality.worldwide import HERE, TOPICS, judged_of
from watcher.clock import SystemClock
from watcher.config.load import read_settings
from watcher.config.packs import load_pack, pack_examples, pack_names
from watcher.match.evaluation import JudgedEntry
from watcher.match.meaning import PackRegression, Sense, Vector, learn_pack
from watcher.match.percolator import Percolator
from watcher.model.alert import Opinion
from watcher.model.topic import Level, Topic
from watcher.opinion.senses import LEARNED, as_document
from watcher.opinion.texts import entry_text
from watcher.opinion.vectors import Vectors

SETS = ("a", "c", "d", "e", "f", "g")
_ALIKE = 0.9
"""The cosine from which two texts are one."""
_LEASTS = (70, 80, 90, 95)

Labelled = Mapping[str, bool]
"""Whether a text is relevant to a pack."""


def topics() -> tuple[Topic, ...]:
    """The topics of the judged entries; each is one pack."""
    return read_settings(TOPICS, env={}, secrets="defer").topics


def examples_of(pack: str) -> dict[str, bool]:
    """The pack's labelled examples; those of subjects in other folders are irrelevant to it."""
    folder = pack.partition("/")[0]
    others = (name for name in pack_names() if name.partition("/")[0] != folder and load_pack(name).is_subject)
    found = {one.text.strip(): False for name in others for one in pack_examples(name)}
    return found | {one.text.strip(): one.is_relevant for one in pack_examples(pack)}


def judged_texts(topic: Topic, entries: Sequence[JudgedEntry]) -> dict[str, bool]:
    """The texts of judged entries."""
    return {entry_text(one.entry): truth for one in entries if (truth := one.labels.get(topic.name)) is not None}


def labelled_for(topic: Topic, names: Sequence[str] = SETS) -> dict[str, bool]:
    """What the pack of a topic learns from."""
    judged = [judged_texts(topic, judged_of(HERE / f"worldwide-{name}.jsonl")) for name in names]
    return examples_of(topic.packs[0]) | {text: truth for those in judged for text, truth in those.items()}


def digest(labelled: Labelled) -> str:
    """Of what a regression was made from."""
    return blake2b(json.dumps(sorted(labelled.items())).encode(), digest_size=16).hexdigest()


def regression(labelled: Labelled, found: Mapping[str, Vector]) -> PackRegression:
    """The regression from labelled texts, whatever their order."""
    texts = sorted(labelled)
    return learn_pack(np.stack([found[text] for text in texts]), [labelled[text] for text in texts])


async def write(vectors: Vectors) -> None:
    """A file for each pack."""
    for topic in topics():
        labelled = labelled_for(topic)
        made = as_document(regression(labelled, await vectors.of(labelled)), digest(labelled))
        file = LEARNED / f"{topic.packs[0]}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


async def row(name: str, vectors: Vectors) -> str:
    """What words find in a set and what regressions made without it add, at each least probability."""
    entries = judged_of(HERE / f"worldwide-{name}.jsonl")
    percolator = Percolator(topics())
    by_words = [{one.topic: one.level for one in percolator.percolate(one.entry)} for one in entries]
    relevant = 0
    words, lifted = [], []
    for topic in topics():
        opinions = await _opinions(topic, name, entries, vectors)
        for one, levels in zip(entries, by_words, strict=True):
            truth = one.labels.get(topic.name)
            if truth is None:
                continue
            relevant += truth
            if levels.get(topic.name, Level.NONE) is not Level.NONE:
                words.append(truth)
            elif any(match.topic == topic.name for match in percolator.undecided(one.entry, [topic.name])):
                lifted.append((opinions[entry_text(one.entry)].value, truth))
    cells = [f"{sum(words) / len(words):.2f} | {sum(words) / relevant:.2f}"]
    for least in _LEASTS:
        more = [truth for value, truth in lifted if value >= least]
        right = sum(words) + sum(more)
        cells.append(f"{sum(more)} of {len(more)} | {right / (len(words) + len(more)):.2f} | {right / relevant:.2f}")
    return " | ".join(cells)


async def _opinions(
    topic: Topic, left_out: str, entries: Sequence[JudgedEntry], vectors: Vectors
) -> dict[str, Opinion]:
    labelled = labelled_for(topic, [name for name in SETS if name != left_out])
    asked = [entry_text(one.entry) for one in entries]
    found = await vectors.of([*labelled, *asked])
    matrix = np.stack([found[text] for text in asked])
    unseen = {text: truth for text, truth in labelled.items() if float((matrix @ found[text]).max()) < _ALIKE}
    sense = Sense(matrix[:0], matrix[:0], 0, packs=(regression(unseen, found),))
    return {text: sense.opinion(found[text]) for text in asked}


async def measure(vectors: Vectors) -> None:
    """Prints the table."""
    heads = " | ".join(f"from 0.{least}: lifted | right | found" for least in _LEASTS)
    print(f"| left out | words: right | found | {heads} |")
    for name in ("b", *SETS):
        print(f"| {name} | {await row(name, vectors)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="print a table, write nothing")
    work = measure if parser.parse_args().measure else write

    async def with_vectors() -> None:
        vectors = Vectors(SystemClock())
        try:
            await work(vectors)
        finally:
            await vectors.aclose()

    asyncio.run(with_vectors())


if __name__ == "__main__":
    main()
