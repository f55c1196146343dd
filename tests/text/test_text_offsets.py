"""Offsets: every position of a text finds its characters, whatever is between the words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watcher.text.offsets import OffsetMap
from watcher.text.tokens import piece_spans

texts = st.lists(
    st.sampled_from(["a", "an", "ana", "an-a", "a'an", " ", "  ", "\n", ".", "-", "—", "监狱", "\u0301", "_", "\u3000"])
).map("".join)


def places_of(text: str) -> OffsetMap:
    tokens = text.split()
    widths = [len(piece_spans(token)) for token in tokens]
    compounds = [number for number, width in enumerate(widths) if width != 1]
    return OffsetMap(text, tokens, compounds, [widths[number] for number in compounds])


@given(texts | st.text(), st.randoms(use_true_random=False))
def test_each_piece_is_found_in_any_order(text: str, chance: object) -> None:
    expected = list(enumerate(piece_spans(text)))
    chance.shuffle(expected)  # type: ignore[attr-defined]
    places = places_of(text)
    assert [places.characters(at, at) for at, _ in expected] == [span for _, span in expected]


def test_several_pieces_are_one_range() -> None:
    text = "In  the al-Hol\ncamp, —"
    start, end = places_of(text).characters(2, 4)
    assert text[start:end] == "al-Hol\ncamp"
