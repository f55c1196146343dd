"""Drafts: the pack that knows the subject, words of its lists, what stored entries say, and what would be sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.harness.topics import entry
from watcher.config.load import read_settings
from watcher.config.packs import country_names, load_pack, pack_names
from watcher.match.compile import CompiledTopic, compile_topic
from watcher.match.draft import Draft, draft, draft_json, draft_mapping
from watcher.match.pack_choice import in_all_languages
from watcher.match.percolator import Percolator
from watcher.model.entry import EntryRecord
from watcher.model.topic import Level, Term, Topic

PLACES = [
    {"en": ("Sudan",), "ar": ("السودان",)},
    {"en": ("South Sudan",), "ar": ("جنوب السودان",)},
]
PACKS = [load_pack(name) for name in pack_names()]


def record(title: str, content: str = "", language: str = "en", *, key: str = "") -> EntryRecord:
    return EntryRecord(
        key or title, "u", "Feed", entry(title, content, language=language), datetime(2026, 1, 1, tzinfo=UTC)
    )


WEATHER = [record(f"Rain in the hills, day {at}", "It will be wet and cold.") for at in range(30)]
TRUCES = [
    record("Truce in Sudan holds", "Both armies stopped shelling."),
    record("Ceasefire in Sudan collapses", "Troops advanced."),
    record("Ceasefire in Libya holds", "Militias left Tripoli."),
]
COOKS = [
    record(f"Sourdough starter needs care {at}", "A sourdough loaf rises; bakers knead gluten slowly.")
    for at in range(8)
]


def made(plain: str, records: list[EntryRecord], languages: tuple[str, ...] = ("en",)) -> Draft:
    return draft(plain, PACKS, records, languages=languages)


@pytest.mark.parametrize(
    ("plain", "pack"),
    [
        ("ceasefire in Sudan", "conflict/ceasefire"),
        ("truces", "conflict/ceasefire"),
        ("earthquakes and floods", "hazard/disasters"),
        ("outbreak of cholera", "hazard/epidemics"),
        ("elections in Kenya", "politics/elections"),
        ("journalists in prison", "politics/press-freedom"),
        ("asylum seekers", "people/displacement"),
        ("sourdough bread", ""),
    ],
)
def test_the_pack_that_knows_the_subject_is_taken(plain: str, pack: str) -> None:
    found = made(plain, [])
    assert draft_mapping(found).get("use", "") == pack


def test_a_name_that_the_pack_does_not_know_narrows_it() -> None:
    found = made("ceasefire in Sudan", [*TRUCES, *WEATHER])
    assert found.topic.require == "Sudan"
    assert {one.record.entry.title for one in found.would_send} == {TRUCES[0].entry.title, TRUCES[1].entry.title}
    assert [one.record.entry.title for one in found.just_below] == [TRUCES[2].entry.title]
    assert (found.entries, found.sent) == (33, 2)


def test_a_subject_without_a_pack_has_its_words_and_those_that_set_its_entries_apart() -> None:
    found = made("sourdough", [*COOKS, *WEATHER])
    origins = {term.text: term.origin for term in found.terms}
    assert origins["sourdough"] == "words"
    assert any(origin == "entries" for origin in origins.values())
    assert not {"the", "and", "will", "for"} & set(origins)
    assert found.sent == len(COOKS)
    assert {term.text: dict(term.found) for term in found.terms}["sourdough"] == {"en": len(COOKS)}


def test_several_words_between_two_commas_are_looked_for_near_each_other() -> None:
    found = made("bread ovens, gluten", [])
    assert [(pair.any, pair.of) for pair in found.topic.near] == [(("bread",), ("ovens",))]
    assert {term.text: term.weight for term in found.topic.terms} == {"bread": 100, "ovens": 100, "gluten": 300}


def test_languages_in_which_nothing_would_be_sent_are_named() -> None:
    foreign = [record(f"Дождь на холмах {at}", language="ru") for at in range(6)]
    assert made("sourdough", [*COOKS, *WEATHER, *foreign]).silent == ("ru",)


def test_stop_words_alone_are_refused() -> None:
    with pytest.raises(ValueError):
        made("what is it about", [])


@pytest.mark.parametrize(
    "plain", ["ceasefire in Sudan", "sourdough, bread ovens", "prisoners of war in Ukraine, exchange"]
)
def test_what_is_printed_is_the_topic_that_was_tried(plain: str, tmp_path: Path) -> None:
    records = [*TRUCES, *COOKS, *WEATHER]
    found = made(plain, records)
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump({"topics": [draft_mapping(found)]}, allow_unicode=True), encoding="utf-8")
    reading = read_settings(file, env={}, secrets="defer")
    assert reading.problems == ()
    percolator = Percolator(reading.topics)
    sent = [one.entry.title for one in records if percolator.percolate(one.entry)]
    assert len(sent) == found.sent
    assert all(one.level is not Level.NONE for one in found.would_send)
    assert draft_json(found)["sent"] == found.sent


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Sudan"], ["Sudan", "السودان"]),
        (["South", "Sudan"], ['"South Sudan"', '"جنوب السودان"']),
        (["Darfur", "Sudan"], ["Sudan", "السودان", "Darfur"]),
        (["South", "Sudan", "Sudan"], ['"South Sudan"', '"جنوب السودان"', "Sudan", "السودان"]),
        (["Darfur"], ["Darfur"]),
        ([], []),
    ],
)
def test_a_place_is_looked_for_in_all_languages(names: list[str], expected: list[str]) -> None:
    assert in_all_languages(names, PLACES, ("en",)) == expected


def test_a_place_is_known_by_its_name_in_the_languages_of_the_topic_only() -> None:
    assert in_all_languages(["السودان"], PLACES, ("en",)) == ["السودان"]
    assert in_all_languages(["السودان"], PLACES, ("ar",)) == ["Sudan", "السودان"]


def test_every_country_has_names_that_can_be_written_in_a_condition() -> None:
    assert len(country_names()) > 160
    for place in country_names():
        first = next(iter(place.values()))[0]
        alternatives = in_all_languages([first.strip("*=")], [place], tuple(place))
        topic = Topic("places", "Places", (Term("word", 300),), require=" OR ".join(alternatives))
        assert isinstance(compile_topic(topic), CompiledTopic), alternatives


def test_words_of_a_draft_are_named_once_and_names_of_several_words_stay_together() -> None:
    found = made("grain exports: wheat and maize, barley shipments from the Black Sea, export bans and duties", [])
    weights = {term.text: term.weight for term in found.topic.terms}
    assert found.topic.name == "grain-exports"
    assert weights == {
        "grain": 100, "exports": 100, "wheat": 300, "maize": 300, "barley": 100, "shipments": 100, "Black Sea": 100,
        "bans": 100, "duties": 100,
    }  # fmt: skip
    assert [(*pair.any, *pair.of) for pair in found.topic.near] == [
        ("grain", "exports"), ("barley", "shipments"), ("shipments", "Black Sea"), ("exports", "bans"),
    ]  # fmt: skip
