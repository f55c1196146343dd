"""A document is the same feed whether entries that are known are cut out of it or not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.corpus import Corpus
from watcher.errors import ParseError, PollReason
from watcher.model.entry import Entry, ParsedFeed
from watcher.parse import normalise
from watcher.parse.document import parse_document
from watcher.parse.lxml_reader import TreeWalk
from watcher.parse.pieces import Pieces

URL = "https://example.org/feed.xml"
RSS = (
    '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"{}><channel><title>Feed</title>{}{}</channel></rss>'
)
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"{}><title>Feed</title>{}{}</feed>'
RDF = (
    '<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"{}>'
    "<channel><title>Feed</title><items/></channel>{}{}</rdf:RDF>"
)


def item(number: int, inside: str = "", name: str = "item") -> str:
    return (
        f"<{name}><title>Report {number}</title><link>/{number}</link><guid>{number}</guid>"
        f"<description>Text {number}</description>{inside}</{name}>\n"
    )


def rss(*items: str, head: str = "", attributes: str = "") -> str:
    return RSS.format(attributes, head, "".join(items))


def read(document: str, known: Collection[str] | None = ()) -> ParsedFeed | PollReason:
    try:
        return parse_document(document.encode(), url=URL, headers={}, known_hashes=known)
    except ParseError as error:
        return error.reason


def second_reading(first: str, second: str) -> ParsedFeed:
    """The second document for a reader that knows the entries of the first."""
    before = read(first)
    assert isinstance(before, ParsedFeed)
    after = read(second, before.hashes)
    assert isinstance(after, ParsedFeed)
    return after


def check(first: str, second: str) -> int:
    """Compares readings of the second document; how many of its entries the first had."""
    before, whole, bare = read(first), read(second), read(second, None)
    known = before.hashes if isinstance(before, ParsedFeed) else ()
    short = read(second, known)
    assert bare == whole
    if not isinstance(whole, ParsedFeed):
        assert short == whole
        return 0
    assert isinstance(short, ParsedFeed)
    by_hash: dict[str, Entry] = dict(zip(whole.hashes, whole.entries, strict=True))
    assert short == replace(
        whole, entries=tuple(one for hash_, one in zip(whole.hashes, whole.entries, strict=True) if hash_ not in known)
    )
    assert sorted((*short.hashes, *short.unchanged)) == sorted(whole.hashes)
    if isinstance(before, ParsedFeed):
        shared = [(hash_, one) for hash_, one in zip(before.hashes, before.entries, strict=True) if hash_ in by_hash]
        assert all(by_hash[hash_] == one for hash_, one in shared)
    return len(short.unchanged)


def test_entries_of_the_corpus_are_known_by_their_bytes(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    by_bytes = 0
    monkeypatch.setattr(normalise, "_hash", lambda *_: None)  # of what was read
    for path in corpus.feeds[::8]:
        body = path.read_bytes()
        whole = parse_document(body, url=URL, headers={}, known_hashes=())
        short = parse_document(body, url=URL, headers={}, known_hashes=whole.hashes)
        by_bytes += bool(short.unchanged) and short == replace(whole, entries=())
    assert by_bytes == len(corpus.feeds[::8])


QUOTED = "<comments><![CDATA[{}]]></comments>"


@pytest.mark.parametrize(
    ("quoted", "is_cut"),
    [("</item>", True), ("</item> <b>", True), ("</item></items>", True), ("<item>", False), ("</item><item>", False)],
)
def test_an_entry_may_quote_its_end_tag(quoted: str, is_cut: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quoted start tag is one place too many where an entry may begin."""
    items = [item(1, QUOTED.format(quoted)), item(2), item(3, QUOTED.format(quoted))]
    assert check(rss(*items[1:]), rss(*items)) == 2
    monkeypatch.setattr(normalise, "_hash", lambda *_: None)  # of what was read
    feed = read(rss(*items))
    assert isinstance(feed, ParsedFeed)
    assert len(feed.hashes) == (3 if is_cut else 0)


SHAPES = {
    "RSS": (RSS, "item"),
    "Atom": (ATOM, "entry"),
    "RDF": (RDF, "item"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_only_new_entries_are_walked(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    template, name = SHAPES[shape]
    first, second = (template.format("", "", "".join(item(n, name=name) for n in range(*ns))) for ns in ((9,), (1, 10)))
    known = read(first)
    assert isinstance(known, ParsedFeed)
    walked = []
    children = TreeWalk.children
    monkeypatch.setattr(TreeWalk, "children", lambda walk, element, depth: walked.append(element) or children(walk, element, depth))  # fmt: skip
    after = read(second, known.hashes)
    assert isinstance(after, ParsedFeed)
    assert ([one.title for one in after.entries], len(after.unchanged)) == (["Report 9"], 8)
    assert sum(element.tag.endswith(name) and len(element) > 0 for element in walked) == 1


OTHERS: dict[str, tuple[str, str]] = {
    "another base of links": (rss(item(1)), rss(item(1), attributes=' xml:base="https://else.org/"')),
    "another language": (rss(item(1), head="<language>en</language>"), rss(item(1), head="<language>pl</language>")),
    "another language in CDATA": (
        rss(item(1), head="<language><![CDATA[en]]></language>"),
        rss(item(1), head="<language><![CDATA[pl]]></language>"),
    ),
    "another language of an element around": (
        rss(item(1), attributes=' xml:lang="en"'),
        rss(item(1), attributes=' xml:lang="pl"'),
    ),
    "another meaning of a prefix": (
        rss(item(1, "<x:creator>A</x:creator>"), attributes=' xmlns:x="http://purl.org/dc/elements/1.1/"'),
        rss(item(1, "<x:creator>A</x:creator>"), attributes=' xmlns:x="https://else.org/"'),
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_changes_the_meaning_of_an_entry_makes_it_another(name: str) -> None:
    first, second = OTHERS[name]
    assert check(first, second) == 0
    assert check(second, second) == 1


SAME_HEAD = "<lastBuildDate>Mon, 04 May 2026 10:00:00 GMT</lastBuildDate>"


def test_what_changes_at_every_build_does_not() -> None:
    assert check(rss(item(1), head=SAME_HEAD), rss(item(2), item(1), head=SAME_HEAD.replace("10:00", "10:05"))) == 1


IN_FULL: dict[str, str] = {
    "a start tag in CDATA": rss(item(1, "<dc:x><![CDATA[<item>]]></dc:x>"), item(2)),
    "an end tag in CDATA": rss(item(1, "<dc:x><![CDATA[</item>]]></dc:x>"), item(2)),
    "both in CDATA": rss(item(1, "<dc:x><![CDATA[</item> <item>]]></dc:x>"), item(2)),
    "both in a comment": rss(item(1, "<!-- </item> <item> -->"), item(2)),
    "an entry in a comment": rss(item(1), "<!--", item(2), "-->", item(3)),
    "an entry in CDATA": rss(item(1), "<dc:x><![CDATA[", item(2), "]]></dc:x>", item(3)),
    "both in an instruction": rss(item(1, "<?x </item> <item> ?>"), item(2)),
    "an entry without an end tag": rss("<item/>", item(1), '<item a="b"/>', item(2)),
    "an instruction around the end": rss(item(1), '<item rdf="x"/><?x </item></a ?>'),
    "upper case": rss(item(1), item(2, name="ITEM"), item(3)),
    "a prefix": rss(item(1), item(2, name="a:item"), attributes=' xmlns:a="http://purl.org/rss/1.0/"'),
    "another namespace": rss(item(1), '<x xmlns="https://else.org/">', item(2), "</x>", item(3)),
    "elements between": rss(item(1), "<title>Another</title>", item(2)),
    "elements behind": rss(item(1), item(2), "<language>pl</language>"),
    "an entry inside an entry": rss(item(1, item(2)), item(3)),
    "both kinds": rss(item(1), item(2, name="entry"), item(3)),
    "hints in an entry": rss(
        item(1, "<s:updatePeriod>daily</s:updatePeriod>"),
        item(2),
        attributes=' xmlns:s="http://purl.org/rss/1.0/modules/syndication/"',
    ),
    "content before the first entry": rss(item(1), item(2), head="<content>Text</content>"),
    "an entity": '<!DOCTYPE rss [<!ENTITY e "one">]>' + rss(item(1, "<author>&e;</author>"), item(2)),
    "cut off": rss(item(1), item(2))[:-60],
    "an unclosed entry": rss(item(1), item(2).replace("</item>", ""), item(3)),
    "a raw ampersand": rss(item(1, "<author>A & B</author>"), item(2)),
    "an undeclared prefix": rss(item(1, "<y:z>1</y:z>"), item(2)),
    "text behind the document": rss(item(1), item(2)) + "<script>1</script>",
    "a control character": rss(item(1), "\x0b", item(2)),
}


@pytest.mark.parametrize("name", IN_FULL)
def test_what_is_not_plain_is_read_as_before(name: str) -> None:
    document = IN_FULL[name]
    check(document, document)
    for other in (rss(item(1), item(2), item(3)), rss(item(9), item(1))):
        check(document, other)
        check(other, document)


def test_what_is_hashed_is_bounded() -> None:
    for document in (rss("<item><guid>1</guid></item>" * 20_001), rss(item(1), head="<a></a>" * 80_000)):
        assert Pieces.of(document.encode(), url=URL, language=None) is None


def test_an_entry_listed_twice_is_counted_twice() -> None:
    after = second_reading(rss(item(1)), rss(item(1), item(1)))
    assert len(after.unchanged) == 2


TOKENS = st.sampled_from(
    [
        "<item>", "</item>", "<item/>", "<item a='1'>", "</item >", "<entry>", "</entry>", "<Item>", "</Item>", "<x:item>",
        "<![CDATA[", "]]>", "<!--", "-->", "<?x", "?>", "<", ">", "&", "'", '"', "&lt;item&gt;", "&#60;", "\x00", "\x0b", "\u2028",
        "<title>Other</title>", "<content>Other</content>", "<link>/9</link>", "<language>pl</language>", "<x>", "</x>",
        ' xmlns="https://else.org/"', ' xmlns:dc="https://else.org/"', ' xml:base="https://else.org/"', ' xml:lang="pl"',
        '<div xmlns="http://www.w3.org/1999/xhtml">', "</div>", "<dc:language>", "<source><title>S</title></source>",
        "<image><title>I</title></image>", "</channel>", "</rss>", "<channel>", "<summary>S</summary>", "",
    ]
)  # fmt: skip
ITEMS = st.builds(item, st.integers(1, 5), st.sampled_from(["", "", "<!-- a -->", "<dc:x>&lt;b></dc:x>", "<dc:x><![CDATA[<b>]]></dc:x>"]))  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A feed with up to three tokens put anywhere, most often between or around tags."""
    template, name = SHAPES[draw(st.sampled_from(["RSS", "RSS", "Atom", "RDF"]))]
    entries = "".join(draw(st.lists(ITEMS, max_size=5))).replace("item>", f"{name}>")
    document = template.format("", draw(st.sampled_from(["", SAME_HEAD, "<language>en</language>"])), entries)
    for token in draw(st.lists(TOKENS, max_size=3)):
        places = [place for place, one in enumerate(document) if one in "<>"]
        place = draw(st.sampled_from(places)) + draw(st.integers(0, 1))
        document = document[:place] + token + document[place:]
    return document


@settings(max_examples=60, deadline=None)
@given(documents(), documents())
@pytest.mark.slow
def test_known_entries_change_nothing(first: str, second: str) -> None:
    check(first, second)
    check(second, second)
