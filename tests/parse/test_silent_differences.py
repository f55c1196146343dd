"""Documents that an earlier lxml reader read otherwise than feedparser, without leaving them to it.

Each was found by comparing both readers over mutated feeds and made as small as it gets.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watcher.model.entry import ParsedFeed

ATOM = "http://www.w3.org/2005/Atom"
MEDIA = ' xmlns:media="http://search.yahoo.com/mrss/"'
ITUNES = ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
UNKNOWN = ' xmlns:x="http://unknown.example/"'

DOCUMENTS = {
    "entry in a name": "<feed><name><entry><id>a</id></entry></name><entry><id>b</id></entry></feed>",
    "entry in a category": "<rss><category><item/></category><item/></rss>",
    "title in a name": "<feed><entry><name><title>t</title></name></entry></feed>",
    "language in a name": "<rss><channel><name><language>tr</language></name></channel></rss>",
    "link in a category of the feed": "<feed><category><link>http://e.example/</link></category></feed>",
    "text of a media group in an author": (
        f"<feed{MEDIA}><entry><author><media:group>who</media:group></author></entry></feed>"
    ),
    "text of a media group in a source": f"<rss{MEDIA}><item><source><media:group>x</media:group></source></item></rss>",
    "address in a source": "<feed><entry><source><uri>https://e.example/</uri></source></entry></feed>",
    "thumbnail with text in a source": (
        f"<rss{MEDIA}><item><source><media:thumbnail>http://e.example/</media:thumbnail></source></item></rss>"
    ),
    "content after the text of a source": "<feed><item><source>who<content/></source></item></feed>",
    "text inside a podcast category": (
        f"<rss{ITUNES}><item><itunes:category><docs mode='x'>a</docs></itunes:category></item></rss>"
    ),
    "drawing inside a podcast category": (
        f"<rss{ITUNES}><item><itunes:category>"
        "<s:svg xmlns:s='http://www.w3.org/2000/svg'>a</s:svg></itunes:category></item></rss>"
    ),
    "link after a name in an image": "<rss><channel><image><name/><link>http://e.example/</link></image></channel></rss>",
    "detail of a title": '<rss><item xml:lang="ar"><title/><title_detail/></item></rss>',
    "detail of a summary": ("<feed><entry><abstract>&lt;b&gt;x&lt;/b&gt;</abstract><summary_detail/></entry></feed>"),
    "prefix rdf that is another": f'<rss{UNKNOWN.replace("x=", "rdf=")}><entry rdf:about="http://e.example/"/></rss>',
    "prefix that becomes Atom's": (
        f'<rss{UNKNOWN}><channel><entry xmlns:x="{ATOM}"/><x:title>y</x:title></channel></rss>'
    ),
    "known prefix that becomes Atom's": (
        f'<rss{MEDIA}><item xmlns:media="{ATOM}"/><entry><media:content>a</media:content></entry></rss>'
    ),
    "a content of the feed before its first entry": (
        '<feed xmlns:content="http://purl.org/rss/1.0/modules/content/"><content:encoded/><entry><description>a</description>'
        "<description>b</description></entry></feed>"
    ),
    "known prefix borrowed by an unknown namespace": (
        '<rss xmlns:dc="https://purl.org/dc/elements/1.1/"><n:title xmlns:n="http://purl.org/dc/elements/1.1/"/>'
        "<item><dc:creator>who</dc:creator></item></rss>"
    ),
    "prefix that loses its namespace": (
        "<rss xmlns:p='urn:one'><channel><category xmlns:p='urn:two'/><p:title>t</p:title></channel></rss>"
    ),
    "version declared inside": (
        "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><item xmlns:a='http://www.w3.org/2005/Atom'>"
        "<title>&amp;lt;b&amp;gt;x&amp;lt;/b&amp;gt;</title></item></r:RDF>"
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_lxml_reads_what_feedparser_reads_or_leaves_it_to_that(
    name: str, by_lxml: Callable[[bytes], ParsedFeed | None], by_feedparser: Callable[[bytes], ParsedFeed | None]
) -> None:
    body = DOCUMENTS[name].encode()
    feed = by_lxml(body)
    assert feed is None or feed == by_feedparser(body)
