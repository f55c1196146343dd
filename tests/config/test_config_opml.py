from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from watcher.config.opml import OpmlProblem, append_to_opml, read_opml, write_opml
from watcher.model.feed import Feed


def folders_deep(depth: int, name: str) -> bytes:
    """One feed beneath folders of that name."""
    folder = b'<outline text="' + name.encode() + b'">'
    feed = b'<outline xmlUrl="https://example.org/f"/>'
    return b"<opml><body>" + folder * depth + feed + b"</outline>" * depth + b"</body></opml>"


XML_TEXT = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=15
).filter(lambda text: text.strip() == text)
FOLDER = st.lists(XML_TEXT.filter(lambda text: "/" not in text), min_size=1, max_size=3).map("/".join)
LABELS = st.dictionaries(
    st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True), XML_TEXT | st.just(""), max_size=3
)
FEEDS = st.lists(
    st.builds(
        Feed,
        url=st.integers(0, 10**6).map(lambda number: f"https://feeds.example/{number}?a=1&b=2"),
        name=st.none() | XML_TEXT,
        labels=st.builds(
            lambda labels, folder: {
                **{k: v for k, v in labels.items() if k != "folder"},
                **({"folder": folder} if folder else {}),
            },
            LABELS,
            st.none() | FOLDER,
        ),
        interval=st.none() | st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    ),
    max_size=6,
    unique_by=lambda feed: feed.url,
)


@given(FEEDS)
def test_writing_and_reading_loses_nothing(feeds: list[Feed]) -> None:
    read = read_opml(write_opml(feeds))
    assert read.problems == ()
    assert sorted((feed for feed, _ in read.feeds), key=lambda feed: feed.url) == sorted(
        feeds, key=lambda feed: feed.url
    )


@given(FEEDS, FEEDS)
def test_appending_adds_what_is_new_and_changes_nothing_else(before: list[Feed], added: list[Feed]) -> None:
    data = append_to_opml(write_opml(before), added)
    assert isinstance(data, bytes)
    known = {feed.url for feed in before}
    wanted = {feed.url: feed for feed in [*before, *(feed for feed in added if feed.url not in known)]}
    assert {feed.url: feed for feed, _ in read_opml(data).feeds} == wanted
    assert append_to_opml(data, added) == data


def test_a_file_from_another_reader() -> None:
    read = read_opml(
        b"""<?xml version="1.0"?>
<opml version="1.0">
  <head><title>Mine</title></head>
  <body>
    <outline title="News" text="News">
      <outline text="Asia">
        <outline type="rss" text="A" title="Feed A" xmlUrl=" https://a.example/feed " htmlUrl="https://a.example"/>
      </outline>
    </outline>
    <outline type="RSS" title="B" xmlUrl="http://b.example/feed"/>
    <outline text="a note"/>
  </body>
</opml>"""
    )
    assert read.problems == ()
    assert read.feeds == (
        (Feed("https://a.example/feed", "A", {"folder": "News/Asia"}), 7),
        (Feed("http://b.example/feed", "B", {}), 10),
    )


def test_appending_keeps_what_it_does_not_understand() -> None:
    data = b'<opml version="2.0"><head><ownerName>me</ownerName></head><body><!-- mine --><outline text="x" foo="1"/></body></opml>'
    appended = append_to_opml(data, [Feed("https://a.example/feed")])
    assert isinstance(appended, bytes)
    assert b"<ownerName>me</ownerName>" in appended
    assert b"<!-- mine -->" in appended
    assert b'<outline text="x" foo="1"/>' in appended


def test_folders_whose_names_together_are_endless_are_a_problem_of_their_feed() -> None:
    """Else a small file would make labels of gigabytes."""
    found = read_opml(folders_deep(240, "n" * 1_000))
    assert (found.feeds, len(found.problems)) == ((), 1)
    assert "more than 1000 characters" in found.problems[0].message
    assert read_opml(folders_deep(240, "abc")).feeds[0][0].labels["folder"] == "/".join(["abc"] * 240)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not well-formed"),
        (b"<opml><body>", "not well-formed"),
        (b"<html><body/></html>", "not an OPML file"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>', "entities of its own"),
        (b'<?xml version="1.0" encoding="shift_jis"?><opml/>', "save it as UTF-8"),
        (b'<?xml version="1.0" encoding="x-bogus"?><opml/>', "save it as UTF-8"),
        (b"<opml><body>" + b"<outline>" * 200_000, "250 deep"),
        (b"<opml><body>" + b"<outline/>" * 1_000_000 + b"</body></opml>", "200,000 outlines"),
        (b"<opml " + b" ".join(b'a%d=""' % number for number in range(200_000)) + b"/>", "500 attributes"),
        (
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml><body><outline text="&a;"/></body></opml>',
            "entities of its own",
        ),
    ],
)
def test_what_is_no_opml(data: bytes, said: str) -> None:
    [problem] = read_opml(data).problems
    assert said in problem.message
    assert isinstance(append_to_opml(data, []), OpmlProblem)


def test_entities_bring_in_nothing() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    data = f"""<!DOCTYPE opml [<!ENTITY e0 "lol"><!ENTITY file SYSTEM "file:///etc/hostname">{bomb}]>
<opml version="2.0"><body>
<outline text="A" xmlUrl="https://a.example/feed">&e11;&file;</outline>
<outline text="&e11;" xmlUrl="https://b.example/feed"/>
</body></opml>""".encode()
    read = read_opml(data)
    assert sum(len(feed.name or "") for feed, _ in read.feeds) < 1000
    assert len(read.feeds) + len(read.problems) >= 1


@pytest.mark.parametrize("depth", [200, 100_000])
def test_folders_in_folders_are_followed_or_refused(depth: int) -> None:
    inside = b'<outline text="d">' * depth + b'<outline xmlUrl="https://a.example/f"/>' + b"</outline>" * depth
    read = read_opml(b"<opml><body>" + inside + b"</body></opml>")
    if depth == 200:
        [(feed, _)] = read.feeds
        assert feed.labels["folder"].count("d") == depth
    else:
        assert read.problems


def test_every_outline_has_a_text_and_a_feed_without_a_name_keeps_having_none() -> None:
    """OPML 2.0 demands the text; other readers show nothing without it."""
    nameless = Feed("https://a.example/feed")
    written = write_opml([nameless])
    assert etree.fromstring(written).find("body/outline").get("text") == nameless.url
    assert [feed for feed, _ in read_opml(written).feeds] == [nameless]


def test_the_document_is_opml_2() -> None:
    root = etree.fromstring(write_opml([Feed("https://a.example/feed", "A", {"folder": "x/y"})], title="Mine & yours"))
    assert root.get("version") == "2.0"
    assert root.findtext("head/title") == "Mine & yours"
    assert root.find("body/outline[@text='x']/outline[@text='y']/outline").get("type") == "rss"


def test_characters_that_xml_forbids_are_left_out() -> None:
    written = write_opml([Feed("https://a.example/feed", "A\x00\ud800 B\ufffe", {"folder": "x\x01", "note": "\x02"})])
    [(feed, _)] = read_opml(written).feeds
    assert feed == Feed("https://a.example/feed", "A B", {"folder": "x", "note": ""})


@pytest.mark.parametrize("name", ['text="A"', ""])
def test_a_password_in_an_address_is_refused_and_not_repeated(name: str) -> None:
    read = read_opml(f'<opml><body><outline {name} xmlUrl="https://ana:hunter2@a.example/"/></body></opml>'.encode())
    assert read.feeds == ()
    (problem,) = read.problems
    assert "Authorization" in problem.message
    assert "hunter2" not in problem.message
