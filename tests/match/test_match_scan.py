"""The pass over an entry's words in C and in Python: the same places for every row."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import sysconfig
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from topics import entry, topic

from watcher.match import scan
from watcher.match.memory import NOTHING, Piece
from watcher.match.percolator import Percolator
from watcher.match.scan import Joined, Span, note, note_in_python, waiting, waiting_in_python

IS_COMPILED = note is not note_in_python
SOURCE_FILE = Path(scan.__file__).with_name("_scan.c")

compiled = pytest.mark.skipif(not IS_COMPILED, reason="not compiled: install a C compiler and run `make clean test`")

SLOTS = st.integers(1, 6)
TABLE = st.dictionaries(SLOTS, st.frozensets(SLOTS, min_size=1), max_size=6)
THIRDS = st.lists(st.integers(-6, 6), min_size=1, max_size=8)


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[Piece], dict[int, frozenset[int]], Joined, Joined]:
    """Pieces with a gap at the end as texts have, what may follow what, and a few pieces written as one."""
    followers = draw(TABLE)

    def piece(slots: list[int]) -> Piece:
        followed = frozenset[int]().union(*(followers.get(slot, ()) for slot in slots))
        slots = sorted(set(slots))
        return tuple(slots[::2]), tuple(slots), followed, tuple(slots[1:] or slots)

    some = st.lists(SLOTS, max_size=3).map(piece)
    row = [*draw(st.lists(some, max_size=12)), NOTHING]
    joined = draw(st.dictionaries(st.integers(0, 12), st.lists(st.tuples(st.integers(2, 3), some), max_size=2)))
    joined_to = draw(st.dictionaries(st.integers(0, 12), st.lists(st.tuples(st.integers(2, 3), some), max_size=2)))
    return row, followers, joined, joined_to


@compiled
@given(rows(), st.integers(0, 12), st.integers(1, 3))
def test_both_note_the_same(written: Any, begin: int, most: int) -> None:
    row, followers, _, _ = written
    noted: list[tuple[dict[int, list[int]], dict[int, list[Span]]]] = []
    for way in (note, note_in_python):
        singles: dict[int, list[int]] = {1: [0]}
        pairs: dict[int, list[Span]] = {}
        way(row, begin, singles, pairs, followers, most)
        noted.append((singles, pairs))
    assert noted[0] == noted[1]
    assert [list(table) for table in noted[0]] == [list(table) for table in noted[1]]


@compiled
@given(rows(), THIRDS)
def test_both_find_the_same_phrases_waiting(written: Any, third_slots: list[int]) -> None:
    row, followers, joined, joined_to = written
    pairs: dict[int, list[Span]] = {}
    note_in_python(row, 0, {}, pairs, followers, 3)
    neighbours = [left << 32 | right for left, rights in followers.items() for right in rights]
    ordered = sorted((key, number, third_slots[number % len(third_slots)]) for number, key in enumerate(neighbours * 2))
    keys, numbers, thirds = (array(kind, [one[at] for one in ordered]) for at, kind in enumerate("QIi"))
    found = waiting(pairs, keys, numbers, thirds, row, joined, joined_to)
    assert found == waiting_in_python(pairs, keys, numbers, thirds, row, joined, joined_to)


def test_the_third_word_of_a_phrase_may_be_written_in_pieces() -> None:
    raw = topic({3: ["old prison ceasefire", "ceasefire prison old"], 1: ["common prison", "prison common"] * 3})
    for text in ("old prison cease-fire", "cease-fire prison old", "an old prison cease fire"):
        assert bool(Percolator([raw]).percolate(entry(text))) is ("-" in text), text


@compiled
def test_what_is_compiled_is_what_is_there() -> None:
    from watcher.match._scan import SOURCE

    assert hashlib.sha256(SOURCE_FILE.read_bytes()).hexdigest() == SOURCE, "edited: run `make .venv/.ready`"


def test_it_is_compiled_wherever_it_can_be() -> None:
    compiler = shlex.split(sysconfig.get_config_var("LDSHARED"))[0]
    headers = Path(sysconfig.get_paths()["include"], "Python.h")
    assert IS_COMPILED or not (shutil.which(compiler) and headers.exists()), "run `make .venv/.ready`"


@compiled
@pytest.mark.parametrize(
    "arguments",
    [(), ([], 0, {}, {}, {}), ((), 0, {}, {}, {}, 1), ([()], 0, {}, {}, {}, 1), ([1], 0, {}, {}, {}, 1), ([], "0", {}, {}, {}, 1)],
)  # fmt: skip
def test_what_is_no_row_is_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        note(*arguments)  # type: ignore[arg-type]


@compiled
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), TypeError),
        (({}, [], array("I"), array("i"), [], {}, {}), TypeError),
        (({}, array("Q", [1]), array("I"), array("i"), [], {}, {}), ValueError),
        (({1: ()}, array("Q"), array("I"), array("i"), [], {}, {}), TypeError),
        (({1: [(0, 5)]}, array("Q", [1]), array("I", [0]), array("i", [1]), [NOTHING], {}, {}), IndexError),
        (({1: [(0,)]}, array("Q", [1]), array("I", [0]), array("i", [1]), [NOTHING], {}, {}), TypeError),
        (({1: [(0, 0)]}, array("Q", [1]), array("I", [0]), array("i", [1]), [None], {}, {}), TypeError),
        (({"1": []}, array("Q"), array("I"), array("i"), [], {}, {}), TypeError),
        (({1: [("a", 0)]}, array("Q", [1]), array("I", [0]), array("i", [-1]), [NOTHING], {}, {}), TypeError),
    ],
)
def test_what_are_no_pairs_is_refused(arguments: tuple[object, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        waiting(*arguments)  # type: ignore[arg-type]
