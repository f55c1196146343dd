"""Documents that an earlier swift reader read otherwise than feedparser, and did not say so.

Each was found by comparing both readers over mutated feeds and made as small as it gets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from watcher.model.entry import ParsedFeed
from watcher.parse.entry_builder import NeedsFeedparser
from watcher.parse.feedparser_reader import shown_headers
from watcher.parse.lxml_reader import read_well_formed
from watcher.parse.normalise import normalise

URL = "https://example.org/feeds/feed.xml"
ATOM = "http://www.w3.org/2005/Atom"
MEDIA = ' xmlns:media="http://search.yahoo.com/mrss/"'
ITUNES = ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
UNKNOWN = ' xmlns:x="http://unknown.example/"'
XHTML = ' xmlns:h="http://www.w3.org/1999/xhtml"'

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
    "version told inside": (
        "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><item xmlns:a='http://www.w3.org/2005/Atom'>"
        "<title>&amp;lt;b&amp;gt;x&amp;lt;/b&amp;gt;</title></item></r:RDF>"
    ),
    "damaged, a namespace inside": f'\n<?xml?><rss{XHTML}><item xmlns="http://www.w3.org/1999/xhtml"/></rss>',
    "damaged, an attribute of unknown meaning": (
        f"\n<?xml?><rss{UNKNOWN}><item><link x:href='http://x.example/'>http://e.example/</link></item></rss>"
    ),
    "damaged, a reference in the link of the feed": (
        "\n<?xml?><rss><channel><link>http://e.example/?a=1&amp;b=2</link></channel></rss>"
    ),
    "damaged, references written twice": (
        "\n<?xml?><rss><item><description type='plain'>&lt;b&gt;I&amp;apos;ve&lt;/b&gt;</description></item></rss>"
    ),
    "damaged, a lone ampersand": "\n<?xml?><rss><item><link><![CDATA[&]]></link></item></rss>",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_swift_reads_what_feedparser_reads_or_says_that_it_is_not_certain(
    name: str, by_feedparser: Callable[[bytes], ParsedFeed]
) -> None:
    body = DOCUMENTS[name].encode()
    try:
        raw = read_well_formed(body, url=URL, headers=shown_headers({}, URL))
    except NeedsFeedparser:
        return
    assert replace(normalise(raw, url=URL), reader="any") == by_feedparser(body)
