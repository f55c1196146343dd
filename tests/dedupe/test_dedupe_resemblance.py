"""What resembles an entry: all of a few, and a few of very many."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.mutation.polled_feed import START, PolledFeed
from watcher.dedupe.similarity import FEW, Resembling
from watcher.model.alert import stable_hash
from watcher.model.entry import Entry, Identified, Seen

MANY = 500
LONG = "The council met on Monday in the old town hall and spoke about water, roads and the price of bread for hours."


def row(number: int, *, link: str = "", title: str = "title", text: str = "text") -> Seen:
    return Seen(stable_hash(str(number)), stable_hash(link) if link else None, title, text, START)


def item(*, link: str = "", title: str = "title", text: str = "text") -> Identified:
    return Identified(stable_hash("item"), Entry("id", link, title), stable_hash(link) if link else None, title, text)


def test_all_of_a_few() -> None:
    rows = [row(number, link=str(number)) for number in range(FEW)]
    assert {found.key for found in Resembling(rows).to(item())} == {one.key for one in rows}


def test_a_few_of_very_many_and_every_one_has_its_turn() -> None:
    resembling = Resembling(row(number) for number in range(MANY))
    assert all(len(resembling.to(item(), turn)) <= 3 * FEW for turn in range(MANY))
    assert len({found.key for turn in range(MANY) for found in resembling.to(item(), turn)}) == MANY
    assert resembling.count("title") == MANY


@pytest.mark.parametrize("pair", ["link title", "link text", "title text"])
def test_what_agrees_in_two_features_is_found_among_many_that_agree_in_one(pair: str) -> None:
    wanted = item(link="the link", title="the title", text="the text")
    shown = {"link": "the link", "title": "the title", "text": "the text"}
    singles = [
        row(MANY * place + number, **{**dict.fromkeys(shown, f"{place} {number}"), name: shown[name]})
        for place, name in enumerate(shown)
        for number in range(MANY)
    ]
    both = row(-1, **{name: shown[name] if name in pair.split() else "other" for name in shown})
    assert both in Resembling([*singles, both]).to(wanted)


ATTACKS: dict[str, Callable[[int, int], Entry]] = {
    "new ids under one title": lambda poll, n: Entry(f"{poll}-{n}", f"http://e/{poll}/{n}", "x", summary=f"{poll} {n}"),
    "new ids under one title and text": lambda poll, n: Entry(f"{poll}-{n}", f"http://e/{poll}/{n}", "x", summary=LONG),
    "old ids for other entries": lambda poll, n: Entry(
        str(n), f"http://e/{poll}/{n}", f"t{poll} {n}", summary=f"{poll}{n}"
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_work_of_one_document_does_not_grow_with_its_square(
    attack: str, feed: PolledFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0
    resembling = Resembling.to

    def counted(self: Resembling, one: Identified, turn: int = 0) -> list[Seen]:
        nonlocal compared
        found = resembling(self, one, turn)
        compared += len(found)
        return found

    monkeypatch.setattr(Resembling, "to", counted)
    for poll in range(3):
        feed.poll([ATTACKS[attack](poll, number) for number in range(MANY)])
    assert compared <= 2 * 3 * MANY * 6 * FEW


def test_very_many_entries_alike_are_recognised_under_new_ids(feed: PolledFeed) -> None:
    for poll in range(3):
        entries = [ATTACKS["new ids under one title and text"](poll, number) for number in range(MANY)]
        assert feed.new_titles(entries) == []
