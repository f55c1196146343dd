"""What the lxml reader handles by itself, each case against what the specifications say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watcher.model.entry import Entry, ParsedFeed, ReaderName, UpdateHints
from watcher.parse.document import parse_document

URL = "https://example.org/feeds/feed.xml"


def rss(item: str, channel: str = "", root: str = "") -> ParsedFeed:
    body = f'<rss version="2.0"{root}><channel><title>T</title>{channel}<item>{item}</item></channel></rss>'
    return parse_document(body.encode(), url=URL, headers={})


def atom(entry: str, feed: str = "", root: str = "") -> ParsedFeed:
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"{root}><title>T</title>{feed}<entry>{entry}</entry></feed>'
    return parse_document(body.encode(), url=URL, headers={})


def only(feed: ParsedFeed) -> Entry:
    assert feed.reader is ReaderName.LXML
    (entry,) = feed.entries
    return entry


def test_rss_fields() -> None:
    entry = only(
        rss(
            "<guid>http://example.org/1</guid><title>A &amp; B</title><link>http://example.org/1?a=1&amp;b=2</link>"
            "<description>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;two&lt;/p&gt;</description>"
            "<pubDate>Mon, 06 Jan 2025 10:00:00 +0100</pubDate><category>x</category><category>y</category>"
            "<author>a@example.org (Ann)</author>"
        )
    )
    assert entry.title == "A & B"
    assert entry.link == "http://example.org/1?a=1&b=2"
    assert entry.summary == "One\ntwo"
    assert entry.published == datetime(2025, 1, 6, 9, tzinfo=UTC)
    assert entry.categories == ("x", "y")
    assert entry.author == "a@example.org (Ann)"


def test_a_guid_that_is_no_permalink_is_never_resolved() -> None:
    assert only(rss('<guid isPermaLink="false">a/b</guid>')).id == "a/b"
    assert only(rss('<guid isPermaLink="false">a/b</guid>')).link == ""
    assert only(rss("<guid>a/b</guid>")).id == "https://example.org/feeds/a/b"


def test_relative_links_follow_xml_base() -> None:
    entry = only(atom('<id>urn:1</id><link href="x"/>', root=' xml:base="http://other.example/y/"'))
    assert entry.link == "http://other.example/y/x"
    assert only(rss("<link>../n</link>")).link == "https://example.org/n"


def test_content_beside_summary() -> None:
    root = ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    entry = only(
        rss("<description>short</description><content:encoded>&lt;b&gt;lo&lt;/b&gt;ng</content:encoded>", "", root)
    )
    assert (entry.summary, entry.content) == ("short", "long")


def test_atom_text_is_not_markup_and_xhtml_is() -> None:
    assert only(atom('<title type="text">a &lt;b&gt; c</title>')).title == "a <b> c"
    assert only(atom('<title type="html">a &lt;b&gt;c&lt;/b&gt;</title>')).title == "a c"
    xhtml = '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; b</p><p>c</p></div></content>'
    assert only(atom(xhtml)).content == "a & b\nc"


def test_xhtml_with_a_prefix_is_xhtml() -> None:
    root = ' xmlns:h="http://www.w3.org/1999/xhtml"'
    content = '<content type="xhtml"><h:div>one<h:br/>two<h:p>three</h:p></h:div></content>'
    assert only(atom(content, root=root)).content == "one\ntwo\nthree"


def test_authors_in_dublin_core_and_podcasts() -> None:
    assert only(atom("<id>urn:1</id><author><name>Ann</name><email>a@x.org</email></author>")).author == "Ann (a@x.org)"
    assert (
        only(
            rss("<title>t</title><dc:creator>Ben</dc:creator>", "", ' xmlns:dc="http://purl.org/dc/elements/1.1/"')
        ).author
        == "Ben"
    )
    itunes = ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    entry = only(
        rss("<title>t</title><itunes:author>Cem</itunes:author><itunes:keywords>a, b</itunes:keywords>", "", itunes)
    )
    assert (entry.author, entry.categories) == ("Cem", ("a", "b"))


def test_media_titles_and_descriptions_do_not_replace_those_of_the_entry() -> None:
    media = ' xmlns:media="http://search.yahoo.com/mrss/"'
    group = "<media:group><media:title>photo</media:title><media:description>a photo</media:description></media:group>"
    entry = only(rss(f"<title>Story</title><description>text</description>{group}", "", media))
    assert (entry.title, entry.summary, entry.content) == ("Story", "text", "a photo")


def test_the_source_is_the_publisher() -> None:
    assert (
        only(rss('<title>t</title><source url="https://reuters.example/rss">Reuters</source>')).publisher == "Reuters"
    )
    assert (
        only(rss('<title>t</title><source url="https://reuters.example/rss"/>')).publisher
        == "https://reuters.example/rss"
    )
    assert only(atom("<id>urn:1</id><source><title>Planet</title></source>")).publisher == "Planet"


def test_languages() -> None:
    assert rss("", "<language>en-GB</language>").language == "en-GB"
    assert atom("", root=' xml:lang="tr"').language == "tr"
    entry = only(atom('<title xml:lang="ar">عنوان</title>', root=' xml:lang="en"'))
    assert entry.language == "ar"


def test_rss_090_and_rdf() -> None:
    for uri in ("http://my.netscape.com/rdf/simple/0.9/", "http://purl.org/rss/1.0/"):
        body = (
            f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="{uri}"><channel><title>C</title>'
            '</channel><item rdf:about="urn:a"><title>I</title><link>http://example.org/i</link></item></rdf:RDF>'
        )
        feed = parse_document(body.encode(), url=URL, headers={})
        assert (feed.title, only(feed).title, only(feed).link, only(feed).id) == (
            "C",
            "I",
            "http://example.org/i",
            "urn:a",
        )


def test_ttl() -> None:
    assert rss("", "<ttl>60</ttl>").ttl == 60
    assert rss("", "<ttl>soon</ttl>").ttl is None


def test_hints_on_when_to_poll() -> None:
    root = ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    syndication = "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"
    skip = "<skipHours><hour>0</hour><hour>23</hour><hour>24</hour><hour>x</hour></skipHours>"
    days = "<skipDays><day>Saturday</day><day>sunday</day><day>Someday</day></skipDays>"
    hints = rss("<title>t</title>", syndication + skip + days, root).hints
    assert hints == UpdateHints(timedelta(hours=6), (0, 23), (5, 6))
    assert rss("<title>t</title>").hints == UpdateHints()
    assert rss("<title>t</title>", "<sy:updatePeriod>never</sy:updatePeriod>", root).hints == UpdateHints()
    odd = rss("<title><b>t</b></title>", syndication, root)
    assert (odd.reader, odd.hints.interval) == (ReaderName.FEEDPARSER, timedelta(hours=6))


@pytest.mark.parametrize(
    ("entry", "field", "value"),
    [
        ('<content type="application/octet-stream" mode="base64">aGVsbG8=</content>', "content", "hello"),
        ("<title>a <b>c</b></title>", "title", "a c"),
        ("<image><title>photo</title><category>c</category></image><title>t</title>", "title", "t"),
    ],
)
def test_what_is_odd_is_left_to_feedparser(entry: str, field: str, value: str) -> None:
    feed = atom(f"{entry}")
    assert feed.reader is ReaderName.FEEDPARSER
    assert getattr(feed.entries[0], field) == value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1254", "cp037"])
def test_encodings_by_declaration_or_byte_order(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><item><title>Ça va</title></item></channel></rss>'
    body = text.encode(encoding)
    assert parse_document(body, url=URL, headers={"content-type": "application/xml"}).entries[0].title == "Ça va"


def test_a_wrong_charset_does_no_harm() -> None:
    body = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><item><title>Ça va</title></item></channel></rss>'
    for content_type in ("text/xml", "text/xml; charset=us-ascii", "application/xml; charset=nonsense", "text/html"):
        feed = parse_document(body.encode(), url=URL, headers={"content-type": content_type})
        assert feed.entries[0].title == "Ça va", content_type
    latin = body.encode("iso-8859-1")
    assert parse_document(latin, url=URL, headers={}).entries[0].title == "Ça va"
