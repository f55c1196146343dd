"""Percolation against plain tokenisation, in one run.

Topics are made from the real texts of the corpus: forty words or phrases each, taken at random places
weighted to rarer words, with a `near`, a `require` and an `exclude` of common words. Entries are 200 words
long; some hundred others are read before, so that the memory of words is as warm as in a running daemon.
Prints the cost of an entry beside
`re.findall(r"\\w+", text.lower())` and beside one compiled regex per topic, the growth from 100 to 10,000
topics at an equal number of matches, memory, and the time to compile, with the collector paused as in the program.

    python bench/percolate.py [--topics 100 1000 10000] [--entries 400]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import re
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from watcher.match.percolator import Percolator, compile_topics
from watcher.model.entry import Entry
from watcher.model.topic import Near, Term, Topic
from watcher.service.load import collector_paused
from watcher.text.stems import stems
from watcher.text.tokens import words

TERMS_PER_TOPIC = 40
ENTRY_WORDS = 200
WARMING = 400
"""Entries that are read before those that are measured, so that most words have been met, as in a running daemon."""
CANDIDATES = 10
"""Topics per entry that share a term with it, by construction."""
BARS = {100: 0.3, 1_000: 0.5, 10_000: 1.0}
"""Milliseconds an entry on a machine where findall takes 0.025 ms."""
FINDALL_OF_THE_BARS = 0.025


def corpus_texts() -> list[str]:
    """The reports of the development corpus, in sentence case so that they look like news."""
    folder = Path(os.environ.get("WATCHER_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
    with (folder / "muc-dev.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line)["content"].capitalize() for line in lines]


def make_entries(texts: Sequence[str], count: int, choice: random.Random) -> list[Entry]:
    """Entries of 200 words with a title, cut from the texts at random."""
    entries = []
    while len(entries) < count:
        tokens = choice.choice(texts).split()
        if len(tokens) > ENTRY_WORDS + 12:
            start = choice.randrange(len(tokens) - ENTRY_WORDS)
            piece = tokens[start : start + ENTRY_WORDS]
            entries.append(Entry(str(len(entries)), "", " ".join(piece[:12]), content=" ".join(piece[12:])))
    return entries


def make_topics(texts: Sequence[str], entries: Sequence[Entry], count: int, choice: random.Random) -> list[Topic]:
    """Topics whose terms are phrases of real text; each entry shares terms with about CANDIDATES of them."""
    folded = [words(text) for text in texts]
    frequency = Counter(word for text in folded for word in sorted(set(text)))
    common = [word for word, number in frequency.most_common(400) if len(word) > 3 and word != "near"]
    frequent = {word for word, _ in frequency.most_common(300)}
    read = [words(f"{entry.title} {entry.content}") for entry in entries]
    seen = {_trunk(text[at : at + 2]) for text in read for at in range(len(text) - 1)}
    topics = [[_unseen_phrase(folded, seen, choice) for _ in range(TERMS_PER_TOPIC)] for _ in range(count)]
    for text in read:
        telling = [pair for pair in pairwise(text) if frequent.isdisjoint(pair)]
        for topic in choice.sample(topics, min(CANDIDATES, count)):
            topic[choice.randrange(3, TERMS_PER_TOPIC)] = " ".join(choice.choice(telling))
    return [_topic(number, terms, common, choice) for number, terms in enumerate(topics)]


def _trunk(pair: Sequence[str]) -> tuple[str, ...]:
    """Two words without their endings: what stemming or a star could still confuse."""
    return tuple(_stem(word)[:5] for word in pair)


@cache
def _stem(word: str) -> str:
    return min(stems(word, "en"))


def _unseen_phrase(folded: Sequence[Sequence[str]], seen: set[tuple[str, ...]], choice: random.Random) -> str:
    """Two or three words of real text that no entry contains; one phrase in eight ends with a star."""
    while True:
        text = choice.choice(folded)
        if len(text) < 10:
            continue
        at = choice.randrange(len(text) - 3)
        phrase = text[at : at + choice.choice((2, 2, 3))]
        if _trunk(phrase[:2]) not in seen:
            star = "*" if choice.random() < 1 / 8 and len(phrase[-1]) > 4 else ""
            return " ".join(phrase) + star


def _topic(number: int, terms: Sequence[str], common: Sequence[str], choice: random.Random) -> Topic:
    require = " OR ".join(choice.sample(common, 3))
    left, right, word, titled = (choice.choice(common) for _ in range(4))
    exclude = f"{left} NEAR/3 {right} AND NOT ({word} OR title:{titled})"
    near = Near((terms[0], choice.choice(common)), (terms[1], terms[2]), 10, 300)
    weights = (300, 200, 150, 100)
    return Topic(
        f"topic-{number}",
        "",
        tuple(Term(text, choice.choice(weights)) for text in terms),
        near=(near,),
        require=require,
        exclude=exclude,
    )


Work = Callable[[Entry], object]


def side_by_side(works: Sequence[Work], entries: Sequence[Entry], rounds: int = 15) -> list[float]:
    """Milliseconds per entry of each work, the best of some rounds that alternate between them."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for number, work in enumerate(works):
            best[number] = min(best[number], once(work, entries))
    return best


def once(work: Work, entries: Sequence[Entry]) -> float:
    """Milliseconds per entry of one pass."""
    start = time.process_time()
    for entry in entries:
        work(entry)
    return (time.process_time() - start) / len(entries) * 1000


def findall(entry: Entry) -> object:
    return re.findall(r"\w+", f"{entry.title} {entry.content}".lower())


def regex_per_topic(topics: Sequence[Topic]) -> Work:
    patterns = [
        re.compile("|".join(rf"\b{re.escape(term.text.removesuffix('*'))}" for term in topic.terms)) for topic in topics
    ]

    def search(entry: Entry) -> object:
        text = f"{entry.title} {entry.content}".lower()
        return [pattern.findall(text) for pattern in patterns]

    return search


def measure(count: int, texts: Sequence[str], entries: Sequence[Entry], seed: int) -> dict[str, float]:
    """All figures for a number of topics."""
    choice = random.Random(seed)
    topics = make_topics(texts, entries, count, choice)
    gc.collect()
    start = time.process_time()
    with collector_paused():
        compiled, problems = compile_topics(topics)
        percolator = Percolator(compiled)
    compile_seconds = time.process_time() - start
    assert not problems, problems[:3]
    once(percolator.percolate, make_entries(texts, WARMING, random.Random(seed + 1)))
    first = once(percolator.percolate, entries)
    candidates = [len(percolator.candidates(percolator.read(entry))) for entry in entries]
    matches = [len(percolator.percolate(entry)) for entry in entries]
    plain, cost = side_by_side((findall, percolator.percolate), entries)
    regex = once(regex_per_topic(topics[:100]), entries[:20]) * count / min(100, count)
    return {
        "topics": count,
        "compile_s": compile_seconds,
        "candidates": sum(candidates) / len(candidates),
        "matches": sum(matches) / len(matches),
        "first_ms": first,
        "ms": cost,
        "findall_ms": plain,
        "ratio": cost / plain,
        "regex_ms": regex,
    }


def memory(count: int, texts: Sequence[str], entries: Sequence[Entry], seed: int) -> float:
    """Megabytes that a percolator adds to its topics, with its memory of the entries' words."""
    topics = make_topics(texts, entries, count, random.Random(seed))
    gc.collect()
    tracemalloc.start()
    compiled, _ = compile_topics(topics)
    percolator = Percolator(compiled)
    for entry in entries:
        percolator.percolate(entry)
    del compiled
    gc.collect()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert percolator.index.topics
    return used / 1e6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--topics", type=int, nargs="+", default=[100, 1_000, 10_000])
    arguments.add_argument("--entries", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=4)
    options = arguments.parse_args()
    texts = corpus_texts()
    entries = make_entries(texts, options.entries, random.Random(options.seed))
    costs: dict[int, float] = {}
    for count in options.topics:
        figures = measure(count, texts, entries, options.seed)
        costs[count] = figures["ms"]
        bar = BARS.get(count, 1.0) * figures["findall_ms"] / FINDALL_OF_THE_BARS
        print(
            f"{count:6,} topics: {figures['ms']:.3f} ms an entry ({figures['first_ms']:.3f} at first sight), "
            f"{figures['ratio']:.1f} × findall ({figures['findall_ms']:.3f} ms); bar {bar:.2f} ms; "
            f"one regex a topic {figures['regex_ms']:.1f} ms; "
            f"{figures['candidates']:.1f} candidates, {figures['matches']:.1f} matches; compiled in {figures['compile_s']:.2f} s"
        )
    few, many = min(costs), max(costs)
    print(f"growth from {few:,} to {many:,} topics: {costs[many] / costs[few]:.2f}-fold")
    print(
        f"memory of {many:,} topics, {many * TERMS_PER_TOPIC:,} terms: {memory(many, texts, entries, options.seed):.0f} MB"
    )


if __name__ == "__main__":
    main()
