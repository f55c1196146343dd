"""Invitations behind a text are no part of it; what only looks like them stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.boilerplate import TAIL, without_invitations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A riot.\nThe post A riot appeared first on Prison News.", "A riot."),
        ("A riot. Read more: prison break in Homs", "A riot."),
        ("A riot. Continue reading… It goes on.", "A riot. It goes on."),
        ("شغب في المخيم\nاقرأ أيضا: السجن", "شغب في المخيم"),
        ("Olay büyüdü.\n» Devamını oku", "Olay büyüdü."),
        ("© 2026 Prison News. All rights reserved.", "© 2026 Prison News."),
        ("Prison News, all rights reserved", ""),
        ("Children should read more, the minister said.", "Children should read more, the minister said."),
        ("HASAKAH, Syria (AP) — A riot.", "HASAKAH, Syria (AP) — A riot."),
        ("", ""),
    ],
)
def test_only_invitations_go(text: str, expected: str) -> None:
    assert without_invitations(text) == expected


def test_only_the_end_is_searched() -> None:
    text = "Read more about prisons. " + "A long report. " * TAIL
    assert without_invitations(text) == text


def test_a_sentence_that_begins_before_the_end_is_not_cut() -> None:
    text = "x" * 100 + " subscribe to " + "y" * (TAIL - 12)
    assert without_invitations(text) == text


@given(
    st.lists(
        st.sampled_from(["Read more", "A riot", ". ", "\n", "appeared first on", " ", "subscribe to"]), max_size=60
    )
)
def test_what_stays_is_in_the_text_in_order(pieces: list[str]) -> None:
    text = "".join(pieces)
    rest = iter(text)
    assert all(letter in rest for letter in without_invitations(text))
    assert without_invitations(text).count("A riot") <= text.count("A riot")
