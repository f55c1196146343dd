"""Documents that are damaged, each read as what it means, with the repair named."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import ParseError, PollReason
from watcher.model.entry import ParsedFeed, ReaderName, RepairKind
from watcher.parse.document import parse_document
from watcher.parse.lxml_reader import parse_xml
from watcher.parse.repair import repair, without_doctype

URL = "https://example.org/dir/feed.xml"
HEAD = '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>Harbour</title>'
GOOD = "<item><title>Sound</title><link>http://e.org/g</link><description>words</description></item>"
TAIL = "</channel></rss>"


def read(document: str | bytes) -> ParsedFeed:
    body = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    return parse_document(body, url=URL, headers={})


def titles(feed: ParsedFeed) -> list[str]:
    return [entry.title for entry in feed.entries]


def kinds(feed: ParsedFeed) -> set[RepairKind]:
    return {repair.kind for repair in feed.repairs}


REFERENCES = {
    "D&D club": "D&D club",
    "AT&T & R&D": "AT&T & R&D",
    "a &nbsp; b": "a b",
    "&eacute;t&eacute; &hellip; &bigstar;": "été … ★",
    "&foo; bar": "&foo; bar",
    "Ship &#55357;&#56994; sails": "Ship 🚢 sails",
    "Ship &#xD83D;&#xdea2; sails": "Ship 🚢 sails",
    "&#x1F6A2; & &#55357;&#56994;": "🚢 & 🚢",
    "x &#55357; y": "x \ufffd y",
    "x &#56994;&#55357; y": "x \ufffd\ufffd y",
    "x &#xD83D; &#xDEA2; y": "x \ufffd \ufffd y",
    "x &#99999999; y": "x \ufffd y",
    "x &#x110000; y": "x \ufffd y",
    "x &#xFFFE; y": "x \ufffd y",
    "x &#0; y": "x \ufffd y",
    "x&#8; y": "x y",
    "x &#9999999999999; y": "x \ufffd y",
    "5 < 6": "5 < 6",
    "I <3 you & me": "I <3 you & me",
}


@pytest.mark.parametrize("written", REFERENCES)
@pytest.mark.parametrize("where", ["title", "description"])
def test_a_reference_costs_itself(written: str, where: str) -> None:
    feed = read(f"{HEAD}<item><{where}>{written}</{where}><guid>1</guid></item>{GOOD}{TAIL}")
    first = feed.entries[0]
    assert (first.title or first.summary) == REFERENCES[written].replace("\ufffe", "")
    assert titles(feed)[1] == "Sound"
    assert feed.reader is ReaderName.LXML
    assert kinds(feed) == {RepairKind.REFERENCES}


@pytest.mark.parametrize("written", [one for one in REFERENCES if "<" not in one and "99999" not in one])
def test_references_in_cdata_are_those_of_html(written: str) -> None:
    feed = read(f"{HEAD}<item><title><![CDATA[{written}]]></title></item>{TAIL}")
    assert titles(feed) == [REFERENCES[written].replace("\ufffe", "")] or "\ufffd" in REFERENCES[written]
    assert not feed.repairs


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("http://e.org/?a=1&b=2&copy=3&lang=en&amp=1", "http://e.org/?a=1&b=2&copy=3&lang=en&amp=1"),
        ("http://e.org/?a=1&amp;copy=3", "http://e.org/?a=1&copy=3"),
        ("<![CDATA[http://e.org/?a=1&amp;b=2&#038;c=3&para=4]]>", "http://e.org/?a=1&b=2&c=3&para=4"),
        ("<![CDATA[http://e.org/?a&notit=1&not;x]]>", "http://e.org/?a&notit=1%C2%ACx"),
    ],
)
def test_references_in_links_follow_the_rule_for_attributes(written: str, link: str) -> None:
    entry = read(f"{HEAD}<item><link>{written}</link></item>{TAIL}").entries[0]
    assert entry.link.replace("¬", "%C2%AC") == link


DAMAGES = {
    "a PHP warning before": ("<br />\n<b>Warning</b>: x in <b>/x.php</b>\n" + HEAD, TAIL, RepairKind.MARKUP),
    "words before": ("garbage " + HEAD, TAIL, RepairKind.MARKUP),
    "words after": (HEAD, TAIL + "<script>x()</script> more", RepairKind.MARKUP),
    "blank lines before": ("\n\n  " + HEAD, TAIL, RepairKind.MARKUP),
    "control characters": (HEAD + "\x00\x08", TAIL, RepairKind.MARKUP),
    "an undeclared prefix": (
        HEAD + "<item><title>Sound</title><dc:creator>me</dc:creator></item>",
        TAIL,
        RepairKind.MARKUP,
    ),
    "an undeclared prefix of an attribute": (
        HEAD + '<item x:y="z"><title>Sound</title></item>',
        TAIL,
        RepairKind.MARKUP,
    ),
    "an unclosed title": (HEAD + "<item><title>Sound</item>", TAIL, RepairKind.MARKUP),
    "an unclosed text": (HEAD + "<item><title>Sound</title><description>y</item>", TAIL, RepairKind.MARKUP),
    "a wrong end tag": (HEAD + "<item><title>Sound</ttle></item>", TAIL, RepairKind.MARKUP),
    "a half end of CDATA": (HEAD + "<item><title><![CDATA[Sound]]</title></item>", TAIL, RepairKind.MARKUP),
    "an entry without its end": (HEAD + "<item><title>Sound</title>", TAIL, RepairKind.FEEDPARSER),
    "a doubled attribute": (HEAD + '<item a="1" a="2"><title>Sound</title></item>', TAIL, RepairKind.FEEDPARSER),
    "an attribute without quotes": (HEAD + "<item a=1><title>Sound</title></item>", TAIL, RepairKind.FEEDPARSER),
    "HTML in a text": (
        HEAD + "<item><title>Sound</title><description><br>y</description></item>",
        TAIL,
        RepairKind.FEEDPARSER,
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_costs_its_place_and_no_other_entry(damage: str) -> None:
    head, tail, kind = DAMAGES[damage]
    feed = read(head + GOOD + GOOD + tail)
    assert titles(feed) == ["Sound"] * (3 if "<item" in head else 2)
    assert kind in kinds(feed)
    assert all(repair.detail for repair in feed.repairs)


@pytest.mark.parametrize(
    ("doctype", "text", "title"),
    [
        (
            '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://e.org/rss-0.91.dtd">',
            "D&uuml;sseldorf",
            "Düsseldorf",
        ),
        ("\n<!DOCTYPE rss SYSTEM 'http://e.org/rss.dtd'>\n", "D&uuml;sseldorf", "Düsseldorf"),
        (
            '<!DOCTYPE rss [<!ENTITY rarr "&amp;rarr;"><!ENTITY co "Acme &amp; Co">]>',
            "a &rarr; b, &co;",
            "a → b, Acme & Co",
        ),
        ("<!DOCTYPE rss [<!-- don't --><!ENTITY % h SYSTEM 'x.dtd'> %h; <!ENTITY a 'A'>]>", "&a; x", "A x"),
        ('<!DOCTYPE rss [<!ENTITY nbsp "&#160;">\n]>', "<![CDATA[a&nbsp;b]]>", "a b"),
        ("<!DOCTYPE html>", "x", "x"),
    ],
)
def test_document_types_and_their_entities(doctype: str, text: str, title: str) -> None:
    feed = read(
        f'<?xml version="1.0"?>{doctype}<rss version="0.91"><channel><item><title>{text}</title></item></channel></rss>'
    )
    assert titles(feed) == [title]


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">',
        f'<!ENTITY a "{"a" * 501}">',
        '<!ENTITY b "&c;"><!ENTITY c "x">',
    ],
)
def test_entities_that_grow_are_refused(declared: str) -> None:
    with pytest.raises(ParseError) as refused:
        read(f"<!DOCTYPE r [{declared}]><rss><channel><item><title>&b;</title></item></channel></rss>")
    assert refused.value.reason is PollReason.MALFORMED


def test_many_uses_of_an_entity_are_refused() -> None:
    with pytest.raises(ParseError) as refused:
        read(f'<!DOCTYPE r [<!ENTITY a "{"a" * 400}">]><rss><item><title>{"&a;" * 20_000}</title></item></rss>')
    assert refused.value.reason is PollReason.MALFORMED


def test_a_document_type_in_a_text_is_text() -> None:
    feed = read(
        f'{HEAD}<item><title>x</title><description><![CDATA[<!DOCTYPE x [<!ENTITY a "b">]> y]]></description></item>{TAIL}'
    )
    assert not feed.repairs


WHOLE = f"{HEAD}{GOOD}<item><title>Two &amp; three</title><description><![CDATA[<p>more words</p>]]></description></item>{TAIL}"


@given(st.integers(len(HEAD) + len(GOOD), len(WHOLE) - 1))
def test_a_document_that_is_cut_off_is_read_as_far_as_it_goes(cut: int) -> None:
    feed = read(WHOLE[:cut])
    assert titles(feed)[0] == "Sound"
    assert len(feed.entries) <= 2
    for entry in feed.entries[1:]:
        assert "Two & three".startswith(entry.title)
        assert "more words".startswith(entry.summary)
    assert feed.truncated
    (said,) = [str(one) for one in feed.repairs if one.kind is RepairKind.TRUNCATED]
    assert re.fullmatch(rf"truncated \({len(feed.entries)} (entry|entries) read\)", said)
    assert feed.reader is ReaderName.LXML


def test_a_whole_document_is_not_truncated() -> None:
    assert not read(WHOLE).repairs
    assert not read(WHOLE + "\n<!-- cached -->\n").truncated


def test_what_is_cut_in_the_middle_of_a_character() -> None:
    body = f"{HEAD}{GOOD}<item><title>إضراب في ميناء".encode()[:-1]
    feed = read(body)
    assert titles(feed)[0] == "Sound"
    assert kinds(feed) == {RepairKind.TRUNCATED, RepairKind.ENCODING}


@pytest.mark.parametrize(
    "entry", ["<item/>", "<item> </item>", "<item><pubDate>Tue, 05 Mar 2024 10:00:00 GMT</pubDate></item>"]
)
def test_an_entry_without_id_link_title_and_text_is_none(entry: str) -> None:
    assert titles(read(f"{HEAD}{entry}{GOOD}{TAIL}")) == ["Sound"]


pieces = st.sampled_from(
    [
        "<item>",
        "</item>",
        "<title>",
        "</title>",
        "&",
        "&amp;",
        "&#55357;",
        "<",
        ">",
        "<![CDATA[",
        "]]>",
        "a",
        "<!--",
        "-->",
        '"',
        "<b ",
    ]
)


@given(st.lists(pieces, max_size=30).map("".join))
def test_any_damage_ends_in_a_feed_and_repairs_are_stable(body: str) -> None:
    document, entities = without_doctype((HEAD + GOOD + body + TAIL).encode())
    fixed = repair(document, entities).document
    if parse_xml(fixed) is not None:
        assert repair(fixed, {}).document == fixed
    assert "Sound" in titles(read(HEAD + GOOD + body + TAIL))
