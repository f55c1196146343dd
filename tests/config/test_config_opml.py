from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from watcher.config.opml import OpmlFeeds, OpmlProblem, imported, read_opml
from watcher.config.opml_writer import append_to_opml, remove_from_opml, write_opml
from watcher.model.feed import Feed


def folders_deep(depth: int, name: str) -> bytes:
    """One feed beneath folders of that name."""
    folder = b'<outline text="' + name.encode() + b'">'
    feed = b'<outline xmlUrl="https://example.org/f"/>'
    return b"<opml><body>" + folder * depth + feed + b"</outline>" * depth + b"</body></opml>"


XML_TEXT = st.text(
    st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=15
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
@pytest.mark.slow
def test_writing_and_reading_loses_nothing(feeds: list[Feed]) -> None:
    read = read_opml(write_opml(feeds))
    assert read.problems == ()
    assert sorted((feed for feed, _ in read.feeds), key=lambda feed: feed.url) == sorted(
        feeds, key=lambda feed: feed.url
    )


@settings(max_examples=50)
@given(FEEDS, FEEDS)
@pytest.mark.slow
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


def outlines(text: str) -> bytes:
    return f'<opml version="2.0"><body>{text}</body></opml>'.encode()


A = '<outline text="A" xmlUrl="https://a.example/f"/>'
READ: dict[str, tuple[bytes, str]] = {
    "names in capitals": (b'<OPML><BODY><OUTLINE TEXT="A" XMLURL="https://a.example/f"/></BODY></OPML>', "A"),
    "names in mixed case": (outlines('<outline Text="A" xmlurl="https://a.example/f"/>'), "A"),
    "an address in url": (outlines('<outline text="A" type="rss" url="https://a.example/f"/>'), "A"),
    "a default namespace": (outlines(A).replace(b"<opml", b'<opml xmlns="http://opml.org/spec2"'), "A"),
    "no body": (f"<opml>{A}</opml>".encode(), "A"),
    "white space before the declaration": (b'\n \n<?xml version="1.0" encoding="UTF-8"?>' + outlines(A), "A"),
    "a byte order mark": (b"\xef\xbb\xbf" + outlines(A), "A"),
    "UTF-16": (
        '<?xml version="1.0" encoding="UTF-16"?>'.encode("utf-16") + outlines(A).decode().encode("utf-16-le"),
        "A",
    ),
    "windows-1251": (
        b'<?xml version="1.0" encoding="windows-1251"?>'
        + outlines(A.replace('"A"', '"Порт"')).decode().encode("cp1251"),
        "Порт",
    ),
    "a raw ampersand in an address": (
        outlines('<outline text="A" htmlUrl="https://a.example/?x=1&y=2" xmlUrl="https://a.example/f"/>'),
        "A",
    ),
    "a raw ampersand in a name": (outlines(A.replace('"A"', '"Q&A"')), "Q&A"),
    "a raw ampersand behind a name": (outlines(A.replace('"A"', '"R&D; more"')), "R&D; more"),
    "a reference of HTML": (outlines(A.replace('"A"', '"a&nbsp;b&eacute;"')), "a\xa0bé"),
    "a raw < in a name": (outlines(A.replace('"A"', '"a < b"')), "a < b"),
    "a raw < in single quotes": (outlines(A.replace('"A"', "'a < b'")), "a < b"),
    "a control character": (outlines(A.replace('"A"', '"A\x0b"')), "A"),
    "an undeclared prefix": (outlines(A.replace("text=", 'frss:id="3" text=')), "A"),
    "several undeclared prefixes": (outlines(A.replace("text=", 'a:b="3" c-d:e="&" text=')), "A"),
    "a document type": (b'<?xml version="1.0"?><!DOCTYPE opml SYSTEM "opml.dtd">' + outlines(A), "A"),
    "bytes that are no UTF-8": (outlines(A).replace(b'"A"', b'"A\xff"'), "A\ufffd"),
    "a feed: address": (outlines(A.replace("https:", "feed:https:")), "A"),
    "a space in an address": (outlines(A.replace("/f", "/f ")), "A"),
}


@pytest.mark.parametrize("name", READ)
def test_lists_as_programs_really_write_them(name: str) -> None:
    data, called = READ[name]
    read = read_opml(data)
    assert (read.problems, read.is_list) == ((), True)
    assert [(feed.url, feed.name) for feed, _ in read.feeds] == [("https://a.example/f", called)]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("feed://a.example/f", "http://a.example/f"),
        ("FEED://a.example/f", "http://a.example/f"),
        ("feed:https://a.example/f", "https://a.example/f"),
        ("feed://https://a.example/f", "https://a.example/f"),
        ("https://a.example/f?q=a b", "https://a.example/f?q=a%20b"),
    ],
)
def test_addresses_in_disguise(written: str, url: str) -> None:
    ((feed, _),) = read_opml(outlines(f'<outline text="A" xmlUrl="{written}"/>')).feeds
    assert feed.url == url


def test_each_bad_outline_is_reported_with_its_line_and_the_good_ones_are_taken() -> None:
    read = read_opml(
        b"""<opml version="2.0"><body>
<outline text="Good" xmlUrl="https://a.example/f"/>
<outline text="Scheme" xmlUrl="ftp://b.example/f"/>
<outline text="None" type="rss" htmlUrl="https://c.example/"/>
<outline text="Empty" type="rss" xmlUrl=""/>
<outline text="Hidden" xmlUrl="https://d.example/&#x9b;31m"/>
<outline text="Turned" xmlUrl="https://e.example/&#x202e;f"/>
<outline text="Hasty" xmlUrl="https://f.example/f" w:interval="often" xmlns:w="https://watcher.invalid/opml"/>
<outline text="Better" xmlUrl="https://g.example/f"/>
</body></opml>"""
    )
    assert [(feed.name, line) for feed, line in read.feeds] == [("Good", 2), ("Better", 9)]
    assert [problem.line for problem in read.problems] == [3, 4, 5, 6, 7, 8]
    assert not any("\x9b" in problem.message or "\u202e" in problem.message for problem in read.problems)


BAD = '<outline text="Bad" xmlUrl="ftp://b.example/f"/>\n'
XML = '<?xml version="1.0" encoding="UTF-8"?>'


@pytest.mark.parametrize(
    ("before", "after", "damage"),
    [
        ("", "", None),
        ("\n\n \n", "", None),
        ("\r\n\r\n", "", None),
        ("\n" + XML + "\n\n", "", None),
        ("\n \n" + XML, "", None),
        ("\n" + XML.replace(" enc", "\nenc") + "\n", "", None),
        ("\ufeff\n\n" + XML + "\n", "", None),
        ("\n\n" + XML + "\n", '<outline text="Q&A" x:y="z" xmlUrl="https://c.example/f"/>\n', 0),
        ("\n\n" + XML.replace(" enc", "\nenc") + "\n", '<outline text="Q&A" xmlUrl="https://c.example/f"/>\n', 0),
        ("\n\n" + XML, "<outline text='C' xmlUrl='https://c.example/f'>\n<x></y>", 1),
    ],
)
def test_lines_are_counted_from_the_beginning_of_the_file(before: str, after: str, damage: int | None) -> None:
    text = f'{before}<opml version="2.0"><body>\n{A}\n{BAD}{after}</body></opml>'
    first = before.count("\n") + 2
    read = read_opml(text.encode())
    assert read.feeds[0][1] == first
    assert first + 1 in [problem.line for problem in read.problems]
    if damage is not None:
        assert first + 2 + damage in [problem.line for problem in read.problems + read.notes]


def test_a_list_with_too_much_names_the_line() -> None:
    deep = '<outline text="a">' * 300
    (problem,) = read_opml(f"\n\n{XML}\n<opml><body>\n{deep}".encode()).problems
    assert problem.line == 5


def test_what_is_passed_over_is_said() -> None:
    read = read_opml(
        outlines(
            '<outline text="List" type="include" url="https://a.example/l.opml"/>'
            '<outline text="Off" isComment="true" xmlUrl="https://a.example/f"/>'
            '<outline text="Page" type="link" url="https://a.example/"/><outline text="a note"/>'
        )
    )
    assert (read.feeds, read.problems) == ((), ())
    assert [note.message.split('"')[1] for note in read.notes] == ["List", "Off", "Page"]


@pytest.mark.parametrize("cut", range(60, 400, 17))
def test_a_list_that_was_cut_off_is_read_as_far_as_it_goes_and_reported(cut: int) -> None:
    whole = outlines("".join(f'<outline text="F{number}" xmlUrl="https://a.example/{number}"/>' for number in range(8)))
    read = read_opml(whole[:cut])
    assert len(read.problems) == 1
    assert len(read.feeds) <= whole[:cut].count(b"xmlUrl")
    assert len(read.feeds) >= whole[:cut].count(b"/>")


def test_names_lose_what_a_terminal_would_obey() -> None:
    folder = '<outline text="Fol&#x9b;der"><outline text="A&#x9d;0;B&#x202e;C&#xfeff;" xmlUrl="https://a.example/f"/></outline>'
    ((feed, _),) = read_opml(outlines(folder)).feeds
    assert (feed.name, feed.labels) == ("A 0;B C", {"folder": "Fol der"})


FOREIGN = (
    '<outline text="Ports"><outline text="A &amp;amp; B&amp;#39;s" xmlUrl="HTTPS://bücher.example/ä?q=ü" '
    'w:label-trust="high" w:interval="1s" w:moves-to="evil.example" xmlns:w="https://watcher.invalid/opml"/></outline>'
)


def foreign() -> Feed:
    ((feed, _),) = read_opml(outlines(FOREIGN)).feeds
    return feed


def test_an_import_takes_no_labels_intervals_or_agreements_unless_trusted() -> None:
    minute = timedelta(minutes=1)
    feed = imported(foreign(), min_interval=minute, trust_labels=False)
    assert feed == Feed("https://xn--bcher-kva.example/%C3%A4?q=%C3%BC", "A & B's", {"folder": "Ports"})
    trusted = imported(foreign(), min_interval=minute, trust_labels=True)
    assert trusted.labels == {"folder": "Ports", "trust": "high"}
    assert (trusted.interval, trusted.moves_to) == (minute, ("evil.example",))


def test_what_a_feed_may_move_to_is_written_and_read() -> None:
    feed = Feed("https://a.example/f", moves_to=("b.example", "c.example"))
    ((read, _),) = read_opml(write_opml([feed])).feeds
    assert read == feed


def test_feeds_are_removed_and_the_rest_stays() -> None:
    data = outlines('<outline text="x"><!-- mine -->' + A + A.replace("a.example", "b.example") + "</outline>")
    left = remove_from_opml(data, ["https://a.example/f"])
    assert isinstance(left, bytes)
    assert [feed.url for feed, _ in read_opml(left).feeds] == ["https://b.example/f"]
    assert b"<!-- mine -->" in left
    nested = outlines('<outline text="T" xmlUrl="https://t.example/f">' + A + "</outline>")
    within = remove_from_opml(nested, ["https://t.example/f"])
    assert isinstance(within, bytes)
    assert [feed.url for feed, _ in read_opml(within).feeds] == ["https://a.example/f"]


def test_a_damaged_list_is_read_but_not_written() -> None:
    damaged = outlines(A.replace('"A"', '"Q&A"'))
    assert read_opml(damaged).problems == ()
    assert isinstance(append_to_opml(damaged, []), OpmlProblem)
    assert isinstance(remove_from_opml(damaged, []), OpmlProblem)


@given(st.binary(max_size=400) | st.text(max_size=300).map(outlines))
def test_nothing_that_is_no_opml_raises(data: bytes) -> None:
    assert isinstance(read_opml(data), OpmlFeeds)


DAMAGED: dict[str, Callable[[int], bytes]] = {
    "depth": lambda size: b"<outline>" * size + b"&",
    "quotes": lambda size: b'<outline text="' * size,
    "apostrophes": lambda size: b"='" * (3 * size) + b"&",
    "blanks": lambda size: b"&" + b" " * (2 * size),
    "attributes": lambda size: (
        (b"<outline " + b" ".join(b'a%d=""' % one for one in range(99)) + b"/>") * (size // 99) + b"&"
    ),
    "prefixes": lambda size: b" ".join(b'<outline a%d:b="&"/>' % number for number in range(size)),
    "ampersands": lambda size: b"&" * (3 * size),
}
"""Lists on which a pattern or a parser might work for the square of their size."""


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.slow
def test_repairing_a_damaged_list_costs_in_proportion_to_its_size(name: str) -> None:
    def cost(size: int) -> float:
        data = b"<opml><body>" + DAMAGED[name](size)
        started = time.process_time()
        found = read_opml(data)
        spent = time.process_time() - started
        assert found.problems or found.notes
        return spent

    times, size = 8, 5_000
    small = min(cost(size) for _ in range(3))
    # In proportion it is 8 times as much, by the square 64 times. A few milliseconds are none of the list.
    assert cost(times * size) < 3 * times * max(small, 0.005)
