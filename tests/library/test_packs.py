"""The packs of the topic library: each is whole, and finds its labelled examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.library.development import level_of, subjects, topic_of
from watcher.config.load import read_settings
from watcher.config.packs import COMPILED, PackExample, compile_pack, load_pack, pack_examples, pack_names
from watcher.match.compile import CompiledTopic, compile_topic
from watcher.match.percolator import Percolator
from watcher.match.terms import parse_member
from watcher.match.warnings import contradictions, reading_of
from watcher.model.entry import Entry
from watcher.model.topic import NO_LANGUAGE, Level, Term, Topic
from watcher.text.languages import language_code

LEAST_RECALL, LEAST_PRECISION, LEAST_OF_A_LANGUAGE = 0.8, 0.85, 0.5
FEWEST_EXAMPLES = 60


@pytest.mark.parametrize("name", pack_names())
def test_a_pack_says_what_it_is_and_every_word_of_it_is_understood(name: str) -> None:
    pack = load_pack(name)
    assert pack.title
    assert pack.definition
    assert pack.version >= 1
    languages = {member.language for members in pack.lists.values() for member in members} - {NO_LANGUAGE}
    assert all(language_code(language) == language for language in languages)
    surprising = [reading_of(member.text) for members in pack.lists.values() for member in members]
    assert [message for message in surprising if message] == []


@pytest.mark.parametrize("name", pack_names())
def test_the_compiled_pack_is_up_to_date(name: str) -> None:
    source = (COMPILED.parent / f"{name}.yaml").read_bytes()
    assert json.loads((COMPILED / f"{name}.json").read_bytes()) == _as_json(compile_pack(name, source)), (
        "run make packs"
    )


def test_there_is_no_compiled_pack_without_a_source() -> None:
    assert {str(file.relative_to(COMPILED).with_suffix("")) for file in COMPILED.rglob("*.json")} == {*pack_names()}


def test_the_regressions_of_packs_are_of_todays_labelled_entries() -> None:
    pytest.importorskip("numpy")
    from bench.quality.learned import digest, labelled_for, topics
    from watcher.opinion.senses import LEARNED

    made = {
        file.relative_to(LEARNED).with_suffix("").as_posix(): json.loads(file.read_bytes())
        for file in LEARNED.rglob("*.json")
    }
    assert {name: one["source"] for name, one in made.items()} == {
        topic.packs[0]: digest(labelled_for(topic)) for topic in topics()
    }, "run make learned"


def test_a_start_reads_no_yaml_of_packs_and_spells_none_of_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = topic_of("conflict/detention")
    for function in ("watcher.config.packs.yaml.load", "watcher.match.terms._parse_words"):
        monkeypatch.delattr(function)
    assert load_pack.__wrapped__("conflict/detention").lists == topic.vocabulary
    parse_member.cache_clear()
    assert isinstance(compile_topic(topic), CompiledTopic)


def test_a_pack_that_was_changed_since_counts_as_its_source_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "compiled" / "odd").mkdir(parents=True)
    source = b"version: 1\ntitle: T\ndefinition: D\nlists: {a: {en: 'cease-fire, truce*', any: '@b'}, b: {en: 9/11}}\n"
    monkeypatch.setattr("watcher.config.packs._FOLDER", tmp_path)
    monkeypatch.setattr("watcher.config.packs.COMPILED", tmp_path / "compiled")
    (tmp_path / "odd" / "pack.yaml").write_bytes(source)
    stale = compile_pack("odd/pack", source.replace(b"truce", b"peace"))
    (tmp_path / "compiled" / "odd" / "pack.json").write_text(json.dumps(stale))
    lists = load_pack.__wrapped__("odd/pack").lists
    assert [(one.text, one.language, one.spellings) for one in lists["pack/a"]] == [
        ("cease-fire", "en", ("cease fire", "ceasefire")),
        ("truce*", "en", ("truce*",)),
        ("@pack/b", NO_LANGUAGE, ()),
    ]
    topic = Topic("t", "T", (Term("@pack/a", 100),), vocabulary=lists)
    assert isinstance(compile_topic(topic), CompiledTopic)


@pytest.mark.parametrize("name", subjects())
def test_a_subject_compiles_and_no_word_of_it_counts_for_and_against(name: str) -> None:
    topic = topic_of(name)
    compiled = compile_topic(topic)
    assert isinstance(compiled, CompiledTopic), compiled
    assert list(contradictions(topic)) == []


@pytest.mark.parametrize("name", subjects())
def test_a_subject_has_examples_of_every_kind_in_its_languages(name: str) -> None:
    found = pack_examples(name)
    assert len(found) >= FEWEST_EXAMPLES
    assert {one.language for one in found} == set(load_pack(name).languages)
    for kind in ("indirect", "trap"):
        assert sum(one.kind == kind for one in found) >= len(found) * 0.3


@pytest.mark.parametrize("name", subjects())
def test_a_subject_finds_its_examples(name: str) -> None:
    found = [one for one in pack_examples(name) if level_of(one) is not Level.NONE]
    relevant = [one for one in pack_examples(name) if one.is_relevant]
    right = [one for one in found if one.is_relevant]
    assert len(right) >= LEAST_RECALL * len(relevant), _texts(set(relevant) - set(right))
    assert len(right) >= LEAST_PRECISION * len(found), _texts(set(found) - set(right))
    for language in load_pack(name).languages:
        of_language = [one for one in relevant if one.language == language]
        assert sum(one in right for one in of_language) >= LEAST_OF_A_LANGUAGE * len(of_language), language


def _texts(those: set[PackExample]) -> str:
    return "\n".join(sorted(f"{one.language} {one.text}" for one in those))


def test_a_topic_takes_a_pack_and_narrows_it(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "topics:\n"
        "  - name: truces\n"
        "    use: conflict/ceasefire\n"
        "    terms: {4: [hudna]}\n"
        "    require: Gaza OR '@ceasefire/observers'\n"
        "    focus: 6\n"
        "    languages: [en]\n"
    )
    reading = read_settings(file, env={}, secrets="defer")
    assert reading.problems == ()
    (topic,) = reading.topics
    assert (topic.title, topic.focus, topic.languages) == ("Ceasefires", 600, ("en",))
    percolator = Percolator([topic])
    texts = [
        "Ceasefire in Gaza between armies",
        "Ceasefire in Sudan between armies",
        "Hudna of the armed groups in Gaza",
    ]
    assert [bool(percolator.percolate(Entry("", "", text))) for text in texts] == [True, False, True]


def test_a_pack_that_the_library_does_not_have_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("topics:\n  - {name: a, use: conflict/ceasfire}\n  - {name: b, use: [context/conflict]}\n")
    problems = read_settings(file, env={}, secrets="defer").problems
    assert [(problem.path, problem.position.column if problem.position else None) for problem in problems] == [
        ("topics.0.use", 20),
        ("topics.1.use.0", 21),
    ]
    assert '"conflict/ceasefire"' in problems[0].message


def _as_json(document: object) -> object:
    """The same, as JSON has it: its keys are texts."""
    return json.loads(json.dumps(document))
