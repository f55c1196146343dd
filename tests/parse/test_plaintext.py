"""Markup to words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.parse.plaintext import one_line, plain_text

CASES = {
    "<p>Hello <b>W</b>orld</p><p>x &amp; y &nbsp; z</p>": "Hello World\nx & y z",
    "a < b and c > d": "a < b and c > d",
    '<a title="x > y">t</a>': "t",
    '<a data-x="<p>c</p>">t</a>': "t",
    "<script>var x='<p>';</script>done": "done",
    "<style>p {}</style>x<!-- a > b -->y": "xy",
    "1 &lt;b&gt; 2": "1 <b> 2",
    "a<br/>b<br>c": "a\nb\nc",
    "<img alt='it\"s' src=x>z": "z",
    '<a alt="it\'s" b=">">z': "z",
    '<a href=x.html">here</a> <b>is "quoted" text': 'here is "quoted" text',
    '<a title="<b>x</b> y</a>': '<a title="x y',
    '<a title="x <p>y</p>" <b>z</b>': '<a title="x\ny\n" z',
    "<3 you": "<3 you",
    "AT&T &copy 2": "AT&T © 2",
    "&#150;&#x202e;a": "–a",
    "one\n\n  two": "one two",
}


@pytest.mark.parametrize("markup", CASES)
def test_markup_becomes_words(markup: str) -> None:
    assert plain_text(markup, markup=True) == CASES[markup]


def test_text_stands_for_itself() -> None:
    assert plain_text("a <b> &amp;", markup=False) == "a <b> &amp;"


def test_one_line() -> None:
    assert one_line("<p>a</p><p>b</p>", markup=True) == "a b"


pieces = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<",
        ">",
        "&",
        "&amp;",
        "&#0;",
        "&#xd800;",
        '"',
        "'",
        "=",
        " ",
        "\n",
        "\x00",
        "\x01",
        "\u202e",
        "ar",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<a href='",
        "�",
        "\xa0",
        "\u2028",
        "ع",
    ]
)


@given(st.lists(pieces, max_size=60).map("".join), st.booleans())
def test_nothing_unwanted_survives(text: str, markup: bool) -> None:
    words = plain_text(text, markup=markup)
    assert not set(words) & set("\x00\x01\u202e\ud800\u2028\xa0\t")
    assert "  " not in words
    assert words == words.strip()
    assert one_line(words, markup=False) == words.replace("\n", " ")


def test_the_length_is_bounded() -> None:
    assert len(plain_text("<b>word</b> " * 300_000, markup=True)) <= 100_000


@pytest.mark.parametrize(
    "unit",
    [
        "<a ",
        '<a "',
        '<a ="<a" ',
        "<",
        "&#",
        "<!--",
        "<script>",
        "<template ",
        "<s",
        "<a '<",
        '<p "" ',
        "<a '<a \"'",
        "=\"<a ='\"' ",
    ],
)
def test_hostile_repetition_ends(unit: str) -> None:
    """Quadratic patterns would need minutes for any of these."""
    assert len(plain_text(unit * (800_000 // len(unit)), markup=True)) <= 100_000
