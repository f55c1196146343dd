"""Markup to words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.parse.plaintext import _QUOTED_BRACKET, _TAG, TextKind, _without_tags, one_line, plain_text, title_line

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
    "<p>\u3000one   two <b> three</b>\u2003 </p>  <p> \t</p>\xa0four": "one two three\nfour",
    "Donau<wbr>dampf": "Donau dampf",
    "<![CDATA[Dockers <b>walk</b> out]]>": "Dockers walk out",
    "&lt;![CDATA[Dockers]]&gt;": "Dockers",
    "ship &#55357;&#56994; &#xD83D;&#xDEA2; &#55357; &#99999999999; x": "ship 🚢 🚢 \ufffd \ufffd x",
    "&#55357;x&#56994; &#56994;&#55357; &#xfffd;&#55357&#56994": "\ufffdx\ufffd \ufffd\ufffd \ufffd🚢",
    "&bigstar; &apos;x&apos; &NotEqualTilde;": "★ 'x' ≂̸",
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


tags = st.sampled_from(
    [
        *("<p>", "</p>", "<b>", "<br/>", "<BR>", "<bR>", "<wbr>", "<h1>", "<h2 a=1>", "<tbody", "<tr-x>", "<prex>", "<pre:x>"),
        *("<a b='c'>", '<a b=">">', "<img alt='<p>'>", '<a b "c" d>', "<script>", "</script>", "<!--", "-->", "<?x?>", "</ p>"),
        *("<!-->", "<!--->", "<!---->", "<!-- x -->", "<!-- <b> -->", "<!--x--", "-", "<?", "<? <p> ?>", "<![CDATA[", "]]>"),
        *("<", ">", "</", "/", "p", "b", "br", "=", '"', "'", '="', " ", "\n", "x", "&lt;"),
    ]
)  # fmt: skip


@given(st.lists(tags, max_size=14).map("".join))
def test_usual_tags_are_read_as_all_others(text: str) -> None:
    """A tag in upper case makes a text unusual."""
    assert plain_text(text, markup=True) == plain_text("<B>" + text, markup=True)


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
        "<?",
        "<!-- -",
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


RSS_TITLES = {
    "Macy&apos;s pier": "Macy's pier",
    "Tom&apos;s &amp; co": "Tom's & co",
    "Tom &amp;amp; co": "Tom & co",
    "Rights &amp;amp;amp; Repositories": "Rights & Repositories",
    "&ldquo;Port&rdquo; &#8211; &bigstar;": "“Port” – ★",
    "Port<br/>strike": "Port strike",
    "Port<wbr>strike": "Port strike",
    "Port <b>strike": "Port strike",
    "Port strike</b>": "Port strike",
    "<mark>Port</mark> strike": "Port strike",
    "<blink>Port</blink> <foo>strike</foo>": "Port strike",
    '<x-y class="z">Port strike': "Port strike",
    "<p>Port</p><p>strike</p>": "Port strike",
    "<script>x()</script>Port strike": "Port strike",
    "<style>p{}</style>Port <!-- x -->strike": "Port strike",
    "<![CDATA[Port strike]]>": "Port strike",
    "<![CDATA[Port <i>strike</i>]]>": "Port strike",
    "A guide to <head> elements": "A guide to <head> elements",
    "A guide to &lt;head&gt; elements": "A guide to <head> elements",
    "Using <T> and <vector> in C++": "Using <T> and <vector> in C++",
    "How <section> differs from <article>": "How <section> differs from <article>",
    "What <script> does": "What <script> does",
    "5 < 6 > 4": "5 < 6 > 4",
    "I <3 you": "I <3 you",
    "AT&T, R&D; Q&A": "AT&T, R&D; Q&A",
    "Ship &#55357;&#56994;": "Ship 🚢",
}


@pytest.mark.parametrize("title", RSS_TITLES)
def test_titles_of_rss_are_what_a_browser_shows_but_talk_of_tags_stays(title: str) -> None:
    assert title_line(title, TextKind.RSS_TITLE) == RSS_TITLES[title]


UNTYPED_TITLES = {
    "Tom&#8217;s &amp; co": "Tom’s & co",
    "A &amp;amp; B&#8217;s": "A & B’s",
    "Port <b>strike</b>": "Port strike",
    "Caf&eacute; &ndash; open": "Café – open",
    "What &amp; means in HTML": "What &amp; means in HTML",
    "How to escape &quot; in XML": "How to escape &quot; in XML",
    "The &nbsp; entity": "The &nbsp; entity",
    "5 &lt; 6": "5 &lt; 6",
    "a &lt;b&gt; c": "a &lt;b&gt; c",
    "a <b> c": "a <b> c",
    "Using <head> well": "Using <head> well",
    "<b>Bold</b> in HTML": "<b>Bold</b> in HTML",
    "AT&T": "AT&T",
    "a&copy b": "a&copy b",
}


@pytest.mark.parametrize("title", UNTYPED_TITLES)
def test_untyped_titles_are_resolved_where_that_reads_like_text(title: str) -> None:
    assert title_line(title, TextKind.UNTYPED) == UNTYPED_TITLES[title]


@pytest.mark.parametrize("title", [*RSS_TITLES, *UNTYPED_TITLES])
def test_typed_titles_are_taken_by_their_word(title: str) -> None:
    assert title_line(title, TextKind.PLAIN) == title or "CDATA" in title  # marks of CDATA are never meant
    assert title_line(title, TextKind.HTML) == one_line(title, markup=True)


@given(
    st.lists(
        st.sampled_from(["<a ", 'x="', "y='", '"', "'", "=", ">", "<", "<b>", "</p>", "t", " ", "<!", "/"]), max_size=25
    ).map("".join)
)
def test_the_shortcut_for_tags_without_quoted_brackets_changes_nothing(text: str) -> None:
    if not _QUOTED_BRACKET.search(text):
        pieces = _TAG.split(text)
        assert _without_tags(text).replace("\x00", "") == "".join(
            piece for place, piece in enumerate(pieces) if place % 3 == 0 or (place % 3 == 2 and piece)
        )


@pytest.mark.parametrize("unit", ["<b>", "<script>", "<!--", "<x ", "</b>", "&amp;", "<b =", "<b>x</b>", "&#5535"])
def test_hostile_titles_end(unit: str) -> None:
    for kind in TextKind:
        assert len(title_line(unit * 100_000, kind)) <= 100_000
