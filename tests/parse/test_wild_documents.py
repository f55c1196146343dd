"""Documents as they are in the wild, by kind, each with the value that the standards or browsers give."""

from __future__ import annotations

import pytest

from watcher.errors import ParseError, PollReason
from watcher.model.entry import Entry, ParsedFeed
from watcher.parse import document
from watcher.parse.document import parse_document

URL = "http://feeds.example.org/dir/feed.xml"
ARABIC = "إضراب في الميناء"
DECLARED = '<?xml version="1.0" encoding="{}"?>'


def read(body: str | bytes, content_type: str = "application/rss+xml") -> ParsedFeed:
    body = body.encode() if isinstance(body, str) else body
    return parse_document(body, url=URL, headers={"content-type": content_type})


def rss(title: str, rest: str = "", *, head: str = '<?xml version="1.0"?>') -> str:
    sound = "<item><title>Sound</title><link>http://e.org/g</link></item>"
    return f"{head}<rss version='2.0'><channel><title>T</title><item><title>{title}</title>{rest}</item>{sound}</channel></rss>"


def atom(entry: str) -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry>{entry}</entry></feed>'


def entry_of(body: str) -> Entry:
    feed = read(body)
    assert len(feed.entries) == (2 if "Sound" in body else 1)
    return feed.entries[0]


ENCODINGS = [
    ("windows-1256", "cp1256", ARABIC),
    ("x-cp1251", "cp1251", "Порт закрыт"),
    ("CP1251", "cp1251", "Порт закрыт"),
    ("iso-8859-9", "cp1254", "Grev “liman” ığş"),
    ("ISO-8859-8-I", "iso8859-8", "שביתה בנמל"),
    ("x-x-big5", "big5hkscs", "港口罷工"),
    ("gbk", "gb18030", "港口€𠀀"),
    ("GB_2312-80", "gbk", "港口罢工"),
    ("iso-2022-jp", "iso2022_jp", "港湾スト"),
    ("koi8-u", "koi8_u", "Порт ґї"),
    ("tis-620", "cp874", "ท่าเรือ"),
    ("us-ascii", "cp1252", "Café “x” €"),
    ("macintosh", "mac_roman", "Café"),
    ("cp-1252", "cp1252", "Café"),
    ("latin2", "iso8859-2", "Łódź"),
    ("UTF_8", "utf-8", ARABIC),
    ("none", "utf-8", ARABIC),
    ("utf-8", "utf-8-sig", ARABIC),
    ("utf-8", "cp1252", "Café “x”"),
    ("utf-16", "utf-8", ARABIC),
    ("ISO-10646-UCS-2", "utf-8", ARABIC),
    ("utf-16", "utf-16-be", ARABIC),
    ("iso-8859-1", "utf-16", ARABIC),
    ("utf-8", "utf-32", ARABIC),
]


@pytest.mark.parametrize(("label", "codec", "text"), ENCODINGS)
@pytest.mark.parametrize("before", ["", "\r\n\r\n", "<!-- made by hand -->\n"])
def test_encodings_declared_in_the_document(label: str, codec: str, text: str, before: str) -> None:
    body = (before + rss(text, head=DECLARED.format(label))).encode(codec)
    assert read(body).entries[0].title == text


@pytest.mark.parametrize(
    ("content_type", "codec"),
    [
        ("text/xml;charset='windows-1251'", "cp1251"),
        ('text/xml; Charset = "CP1251"', "cp1251"),
        ("text/xml; charset=koi8-r; boundary=x", "koi8-r"),
        ("text/xml; charset=", "utf-8"),
        ("text/xml; charset=none", "utf-8"),
        ("text/xml; charset=iso-8859-1", "utf-8"),
    ],
)
def test_encodings_declared_in_the_header(content_type: str, codec: str) -> None:
    body = rss("Порт закрыт").encode(codec)
    assert read(body, content_type).entries[0].title == "Порт закрыт"


@pytest.mark.parametrize(
    ("label", "codec", "bad", "shown"),
    [
        ("utf-8", "utf-8", b"\xe9", "\ufffd"),
        ("utf-8", "utf-8", b"\xd8", "\ufffd"),
        ("gb2312", "gb18030", b"\xff", "\ufffd"),
        ("shift_jis", "cp932", b"\x81", "\ufffd"),
        ("euc-kr", "cp949", b"\xb0", "\ufffd"),
        ("euc-jp", "euc_jp", b"\x8f", "\ufffd"),
        ("big5", "cp950", b"\xa4", "\ufffd"),
    ],
)
def test_a_bad_byte_before_a_tag_costs_itself(label: str, codec: str, bad: bytes, shown: str) -> None:
    text = {"cp949": "항구"}.get(codec, "港")
    body = rss(text + "@", head=DECLARED.format(label)).encode(codec).replace(b"@", bad)
    first, second = read(body).entries
    assert first.title == text + shown
    assert second.title == "Sound"


TITLES = {
    "Tom &amp;amp; Jerry": "Tom & Jerry",
    "caf&eacute; Q&A": "café Q&A",
    "1 &lt; 2 and 3 &gt; 2": "1 < 2 and 3 > 2",
    "&nosuch; &#-5; &#x; &#;": "&nosuch; &#-5; &#x; &#;",
    "&#xD83D;&#xDE00; &#1114112;": "😀 \ufffd",
    "Ship &#147;sails&#148; on&#133;": "Ship “sails” on…",
    "&amp;lt;b&amp;gt;": "<b>",
    "&amp;amp;#8217;": "’",
    "<![CDATA[Port<br/>strike]]>": "Port strike",
    "Port&lt;wbr&gt;strike": "Port strike",
    "<![CDATA[Macy&#39;s &amp; co]]>": "Macy's & co",
    "&lt;![CDATA[Port &amp; strike]]&gt;": "Port & strike",
    "<![CDATA[<p>Port strike</p>]]>": "Port strike",
    "<![CDATA[Port <strong>strike]]>": "Port strike",
    "<![CDATA[<a href='x'>Port</a> strike]]>": "Port strike",
    "<![CDATA[Port <unknown-tag>strike</unknown-tag>]]>": "Port strike",
    "<![CDATA[Use the <video> element]]>": "Use the <video> element",
    "<![CDATA[List<String> in Java]]>": "List<String> in Java",
    "x &lt;style&gt;p{}&lt;/style&gt; y": "x y",
}


@pytest.mark.parametrize("written", TITLES)
def test_titles(written: str) -> None:
    assert entry_of(rss(written)).title == TITLES[written]


UNTYPED = {
    "A &amp;amp; B": "A & B",
    "Port&amp;nbsp;strike": "Port strike",
    "Tom&amp;#039;s": "Tom's",
    "The &amp;nbsp; entity": "The &nbsp; entity",
    "What nbsp is for: a&amp;nbsp;b": "What nbsp is for: a&nbsp;b",
    "a &amp;lt; b": "a &lt; b",
}


@pytest.mark.parametrize("written", UNTYPED)
def test_untyped_titles_of_atom(written: str) -> None:
    assert entry_of(atom(f"<title>{written}</title><id>1</id>")).title == UNTYPED[written]


TEXTS = {
    "&lt;![CDATA[Dockers &lt;b&gt;walk&lt;/b&gt; out]]&gt;": "Dockers walk out",
    "<![CDATA[<![CDATA[Dockers walk out]]]]>&gt;": "Dockers walk out",
    "a&lt;BR CLEAR=all&gt;b": "a\nb",
    "a&lt;wbr&gt;b": "a b",
    "&lt;li&gt;a&lt;li&gt;b": "a\nb",
    "&lt;td&gt;a&lt;/td&gt;&lt;td&gt;b": "a\nb",
    "<![CDATA[D&D; x]]>": "D&D; x",
    "D&D club": "D&D club",
}


@pytest.mark.parametrize("written", TEXTS)
def test_texts(written: str) -> None:
    assert entry_of(rss("x", f"<description>{written}</description>")).summary == TEXTS[written]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss PUBLIC "x"\n "http://e.org/d">\n',
        '<!doctype rss system "x.dtd">',
        "<!DOCTYPE rss [<!ENTITY % latin1 PUBLIC 'x' 'y'> %latin1; ]>",
        '<!DOCTYPE rss [<!ENTITY ouml "&#246;"><!ENTITY amp2 "&#38;amp;">]>',
        '<?xml version="1.0"?><!-- <!DOCTYPE x> --><!DOCTYPE rss>',
    ],
)
def test_document_types_take_no_letter_away(doctype: str) -> None:
    assert entry_of(doctype + rss("K&ouml;ln &mdash; R&amp;D", head="")).title == "Köln — R&D"


LINKS = {
    "<link>http://e.org/?x=1&section=2&para=3&lt=4</link>": "http://e.org/?x=1&section=2&para=3&lt=4",
    "<link>http://e.org/?a=1&amp;amp;reg=2</link>": "http://e.org/?a=1&reg=2",
    "<link>//e.org/x</link>": "http://e.org/x",
    "<link>TBA/NA</link>": "http://feeds.example.org/dir/TBA/NA",
    "<link>nil</link>": "",
    "<link>feed:https://e.org/x</link>": "https://e.org/x",
    "<link>http://</link>": "",
    "<guid>abc-123</guid><enclosure url='http://e.org/1.mp3'/>": "http://e.org/1.mp3",
    "<guid>abc-123</guid>": "http://feeds.example.org/dir/abc-123",
    "<guid>/p/1</guid><enclosure url='http://e.org/1.mp3'/>": "http://feeds.example.org/p/1",
    "<guid isPermaLink='FALSE'>abc</guid>": "",
    "<link>N/A</link><guid isPermaLink='false'>https://e.org/g</guid>": "https://e.org/g",
    "<enclosure url='http://e.org/a?x=1&y=2' length='1' type='a/b'/>": "http://e.org/a?x=1&y=2",
}


@pytest.mark.parametrize("written", LINKS)
def test_links(written: str) -> None:
    assert entry_of(rss("x", written)).link == LINKS[written]


ITEMS = '"items": [{"id": "1", "title": "@"}, {"id": "2", "title": "Two"}]'
JSON = '{"version": "https://jsonfeed.org/version/1.1", ' + ITEMS + "}"


@pytest.mark.parametrize(
    ("document", "title"),
    [
        (JSON.replace("@", "a\tb"), "a b"),
        (JSON.replace("@", r"Tom\'s"), "Tom's"),
        (JSON.replace("@", r"a \x b\q \u12 c"), "a x bq u12 c"),
        (JSON.replace("@", r"a \ud83d\udea2 b \"c\" \\"), 'a 🚢 b "c" \\'),
        (JSON.replace("@", r"\e").replace("}]", "},]"), "e"),
        ("<b>Warning</b>: foo in <b>x.php</b>\n" + JSON.replace("@", "a"), "a"),
        ("callback(" + JSON.replace("@", "a") + ");", "a"),
        ("\ufeff\n" + JSON.replace("@", "a") + "\n<!-- cached -->", "a"),
        ("{" + ITEMS.replace("@", "a") + "}", "a"),
        (JSON.replace("@", "Tom&#8217;s &amp; co"), "Tom’s & co"),
        (JSON.replace("@", "a &lt;b&gt; tag"), "a &lt;b&gt; tag"),
    ],
)
def test_damaged_json(document: str, title: str) -> None:
    feed = read(document, "application/feed+json")
    assert [entry.title for entry in feed.entries] == [title, "Two"]


@pytest.mark.parametrize(
    "page", ['<html><script>var x = {"version": "1", "items": []}</script></html>', "callback({})"]
)
def test_json_inside_something_else_is_no_feed(page: str) -> None:
    with pytest.raises(ParseError) as refused:
        read(page)
    assert refused.value.reason in {PollReason.HTML, PollReason.NOT_A_FEED}


CUT = {
    "<item><title>Two</title><description><![CDATA[<p>abc": ("Two", "abc"),
    "<item><title>Two</title><description><![CDATA[<p>abc]": ("Two", "abc"),
    "<item><title>Two</title><description>a &am": ("Two", "a"),
    '<item><title>Two</title><enclosure url="http:': ("Two", ""),
    "<item><title>Two</title><!-- abc": ("Two", ""),
    "<item><guid>2</guid><title>": ("", ""),
    "<item><title>Two</title></ite": ("Two", ""),
}


@pytest.mark.parametrize("tail", CUT)
def test_documents_that_end_early(tail: str) -> None:
    feed = read(rss("One").removesuffix("</channel></rss>") + tail)
    assert [entry.title for entry in feed.entries] == ["One", "Sound", CUT[tail][0]]
    assert feed.entries[2].summary == CUT[tail][1]
    assert feed.truncated


SKIPS = "<skipHours><hour>0</hour> <hour> 23 </hour></skipHours><skipDays><day>Sunday</day><Day>monday</Day></skipDays>"
MANY = "<item><title>A<b></title><link>http://e.org/</link></item>" * 2_500
"""More tags than are read of a document with `few_tags`."""


@pytest.fixture
def few_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of what is read of a document that is not well-formed: reading all of it takes seconds."""
    for name in ("MOST_ODD_TAGS", "MOST_BROKEN_TAGS"):
        monkeypatch.setattr(document, name, getattr(document, name) // 10)


@pytest.mark.parametrize("odd", ["", "<item><title><b>x</b></title></item>", "<item><title>x<b></title></item>", MANY])
def test_every_reader_reads_the_hours_and_days_without_polls(few_tags: None, odd: str) -> None:
    feed = read(f"<rss version='2.0'><channel><title>T</title><ttl>60</ttl>{SKIPS}{odd}</channel></rss>")
    assert (feed.ttl, feed.hints.skip_hours, feed.hints.skip_days) == (60, (0, 23), (6, 0))


BROKEN = {
    "unclosed paragraphs": ("<item><title>A</title>" + "<p>x" * 10_000 + "</item>", 1),
    "crossed tags": ("<item><title>A</title>" + "<a><b></a></b>" * 10_000 + "</item>", 1),
    "half tags": ("<item><title>A</title>" + "<a " * 10_000 + "</item>", 1),
    "end tags without a start": ("<item><title>A</title>" + "</p>x" * 10_000 + "</item>", 1),
    "a broken title in each entry": (MANY, 500),
    "an image in each text": (
        "<item><title>A</title><description><img src=x>y</description></item>" * 3_000,
        500,
    ),
    "entries that do not end": ("<item><title>A</title>" * 10_000, 500),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_beginning_of_a_document_with_very_many_broken_tags_is_read(few_tags: None, name: str) -> None:
    entries, least = BROKEN[name]
    feed = read(f"<rss version='2.0'><channel><title>T</title>{entries}</channel></rss>")
    assert feed.entries[0].title == "A"
    assert len(feed.entries) >= least
    assert feed.truncated
