"""What ships with the project against real texts: the seed article, the multilingual sample, the reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.corpus import Corpus
from watcher.config.load import read_settings
from watcher.match.evaluation import JudgedEntry, Quality, evaluate, read_judged
from watcher.match.explain import Explanation, explain
from watcher.match.percolator import CompiledTopic, Percolator, compile_topics
from watcher.model.entry import Entry
from watcher.model.topic import Level

ROOT = Path(__file__).parents[2]


def load_topics(file: Path) -> tuple[CompiledTopic, ...]:
    """The topics of a configuration; any problem of the file or of a topic fails the test."""
    indexed = read_settings(file, env={}, secrets="defer")
    assert not indexed.problems, "\n".join(map(str, indexed.problems))
    compiled, problems = compile_topics(indexed.topics)
    assert not problems, problems
    return compiled


def load_judged(file: Path) -> Iterator[JudgedEntry]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            found = read_judged(line)
            assert isinstance(found, JudgedEntry), found
            yield found


@pytest.fixture(scope="module")
def seed(corpus: Corpus) -> dict[str, Explanation]:
    title, _, content = corpus.article.read_text(encoding="utf-8").partition("\n")
    article = Entry(id="seed", link="", title=title, content=content)
    return {found.topic: found for topic in load_topics(ROOT / "config.yaml") for found in [explain(topic, article)]}


def test_the_seed_article_reaches_focus_and_mention(seed: dict[str, Explanation]) -> None:
    assert seed["detention-facilities"].level is Level.FOCUS
    assert seed["ceasefires"].level.rank >= Level.MENTION.rank


def test_the_parts_of_the_seed_article_add_up(seed: dict[str, Explanation]) -> None:
    for found in seed.values():
        assert sum(part.points for part in found.parts) == found.score
        assert all(part.highlights for part in found.parts)


def test_the_examples_of_the_topics_hold() -> None:
    topics = load_topics(ROOT / "config.yaml")
    percolator = Percolator(topics)
    examples = [(topic.topic.name, example) for topic in topics for example in topic.topic.examples]
    assert len(examples) >= 12
    for name, example in examples:
        title, _, content = example.text.partition("\n")
        levels = {match.topic: match.level for match in percolator.percolate(Entry("", "", title, content=content), {})}
        assert levels.get(name, Level.NONE) is example.level, example.text


@pytest.fixture(scope="module")
def multilingual() -> Quality:
    sample = list(load_judged(ROOT / "tests" / "match" / "multilingual.jsonl"))
    assert len(sample) >= 100
    return evaluate(sample, load_topics(ROOT / "bench" / "quality" / "multilingual.yaml"))


@pytest.mark.parametrize("name", ["detention-facilities", "ceasefires"])
def test_eleven_languages_are_found_and_hard_negatives_are_not(multilingual: Quality, name: str) -> None:
    quality = multilingual.topics[name]
    assert quality.recall >= 0.95
    assert quality.precision >= 0.95


def test_english_arabic_and_turkish_are_found_by_the_shipped_topics() -> None:
    sample = [
        one
        for one in load_judged(ROOT / "tests" / "match" / "multilingual.jsonl")
        if one.entry.language in ("en", "ar", "tr")
    ]
    macro = evaluate(sample, load_topics(ROOT / "config.yaml")).macro
    assert macro.precision >= 0.95


def test_the_reports_are_distinguished(corpus: Corpus) -> None:
    topics = load_topics(ROOT / "bench" / "quality" / "muc.yaml")
    assert {topic.topic.focus for topic in topics} == {500}
    for topic in topics:
        near = [text for pair in topic.topic.near for text in (*pair.any, *pair.of)]
        assert len(topic.topic.terms) + len(near) <= 40
    macro = evaluate(load_judged(corpus.reports), topics).macro
    assert macro.f1 >= 0.70
    assert macro.average_precision >= 0.76
