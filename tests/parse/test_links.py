"""The link of an entry: its own, else an id that is an address, else that of its content or an enclosure."""

from __future__ import annotations

import pytest

from watcher.parse.document import parse_document

BASE = "https://feeds.example.org/dir/feed.xml"


def link(entry: str, *, atom: bool = False) -> str:
    head = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>t</title>'
        if atom
        else "<rss><channel><item><title>t</title>"
    )
    tail = "</entry></feed>" if atom else "</item></channel></rss>"
    return parse_document((head + entry + tail).encode(), url=BASE, headers={}).entries[0].link


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("<link>http://e.org/a</link><guid>http://e.org/g</guid>", "http://e.org/a"),
        ("<guid>http://e.org/g</guid>", "http://e.org/g"),
        ('<guid isPermaLink="false">http://e.org/g</guid>', "http://e.org/g"),
        ('<guid isPermaLink="false">urn:1</guid>', ""),
        ('<guid isPermaLink="false">1</guid><enclosure url="http://e.org/1.mp3"/>', "http://e.org/1.mp3"),
        ('<enclosure url="ftp://e.org/1.mp3"/><enclosure url="/2.mp3"/>', "https://feeds.example.org/2.mp3"),
        ('<link>N/A</link><enclosure url="http://e.org/1.mp3"/>', "http://e.org/1.mp3"),
        ('<link/><guid isPermaLink="false">http://e.org/g</guid>', "http://e.org/g"),
        ("<link>/p/1</link>", "https://feeds.example.org/p/1"),
        ("<link>p/1</link>", "https://feeds.example.org/dir/p/1"),
        ("<link>www.e.org/a</link>", "http://www.e.org/a"),
        ("<link>WWW.e.org</link>", "http://WWW.e.org"),
        ("<link>www.html</link>", "https://feeds.example.org/dir/www.html"),
        ("<link>feed://e.org/a</link>", "http://e.org/a"),
        ("<link>feed:https://e.org/a</link>", "https://e.org/a"),
        ("<link>http://https://e.org/a</link>", "https://e.org/a"),
        ("<link> http://e.org/a b </link>", "http://e.org/a%20b"),
        ("<link>\n http://e.org/a\n</link>", "http://e.org/a"),
        *(
            (f"<link>{nothing}</link>", "")
            for nothing in ("N/A", "n/a", "NA", "none", "null", "undefined", "#", "-", "about:blank")
        ),
        *(
            (f"<link>{unsafe}</link>", "")
            for unsafe in ("javascript:x()", "mailto:a@b.c", "data:text/html,x", "file:///x")
        ),
    ],
)
def test_links_of_rss(entry: str, expected: str) -> None:
    assert link(entry) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('<link href="http://e.org/a"/><link rel="enclosure" href="http://e.org/e"/>', "http://e.org/a"),
        (
            '<link rel="enclosure" href="http://e.org/e"/><link rel="alternate" href="http://e.org/a"/>',
            "http://e.org/a",
        ),
        ('<link rel="enclosure" href="http://e.org/e"/><id>http://e.org/id</id>', "http://e.org/id"),
        ('<link rel="enclosure" href="http://e.org/e"/><content src="c"/>', "https://feeds.example.org/dir/c"),
        ('<content type="video/mp4" src="http://e.org/c"/>', "http://e.org/c"),
        ('<link rel="enclosure" href="http://e.org/e"/><id>urn:1</id>', "http://e.org/e"),
        ('<link rel="self" href="http://e.org/s"/>', ""),
        ("<id>tag:e.org,2024:1</id>", ""),
    ],
)
def test_links_of_atom(entry: str, expected: str) -> None:
    assert link(entry, atom=True) == expected


def test_feedparser_gives_the_same_links() -> None:
    odd = "<title><b>t</b></title>"
    assert link('<guid isPermaLink="false">1</guid><enclosure url="http://e.org/1.mp3"/>' + odd) == "http://e.org/1.mp3"
    assert link('<content src="http://e.org/c"/>' + odd, atom=True) == "http://e.org/c"
    assert link("<link>www.e.org/a</link>" + odd) == "http://www.e.org/a"
    assert link("<link>N/A</link>" + odd) == ""
