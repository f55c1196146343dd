"""Random feeds: mostly plausible, in any order, with what real ones get wrong."""

from __future__ import annotations

from hypothesis import strategies as st

ROOTS = (
    '<rss version="2.0"{ns}><channel>{body}</channel></rss>',
    '<rdf:RDF xmlns="http://purl.org/rss/1.0/"{ns}><channel><title>t</title></channel>{body}</rdf:RDF>',
    '<rdf:RDF xmlns="http://my.netscape.com/rdf/simple/0.9/"{ns}>{body}</rdf:RDF>',
    '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="/base/"{ns}>{body}</feed>',
    '<feed version="0.3" xmlns="http://purl.org/atom/ns#"{ns}>{body}</feed>',
    "<feed{ns}>{body}</feed>",
)
NAMESPACES = (
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://unknown.example/"'
    ' xmlns:h="http://www.w3.org/1999/xhtml"'
)
LEAVES = [
    "title",
    "link",
    "guid",
    "id",
    "description",
    "summary",
    "content",
    "content:encoded",
    "author",
    "pubDate",
    "published",
    "updated",
    "dc:date",
    "dc:creator",
    "dc:subject",
    "dc:title",
    "dc:description",
    "dc:language",
    "category",
    "media:title",
    "media:description",
    "media:keywords",
    "media:category",
    "itunes:author",
    "itunes:summary",
    "itunes:keywords",
    "itunes:subtitle",
    "itunes:category",
    "atom:link",
    "atom:title",
    "language",
    "ttl",
    "comments",
    "enclosure",
    "x:other",
    "x:title",
    "date",
    "issued",
    "modified",
    "created",
    "dcterms:modified",
    "rights",
    "subtitle",
    "generator",
    "managingEditor",
    "webMaster",
    "keywords",
    "image",
    "copyright",
    "source",
    "name",
    "email",
    "uri",
    "abstract",
    "media:thumbnail",
    "media:credit",
]
PARENTS = ["source", "media:group", "media:content", "x:box"]
RARE_PARENTS = ["author", "image", "contributor", "itunes:owner", "textInput"]

_texts = st.sampled_from(
    [
        "",
        " ",
        "word",
        "two words",
        " padded ",
        "a &amp; b",
        "AT&amp;T &lt;b&gt;bold&lt;/b&gt;",
        "&lt;p&gt;para&lt;/p&gt;&lt;p&gt;next&lt;/p&gt;",
        "<![CDATA[<p>in <b>CDATA</b> &amp; more</p>]]>",
        "&amp;lt;twice&amp;gt;",
        "http://example.org/a?b=1&amp;c=2",
        "https://example.org/ä/b c",
        "/relative/path",
        "../up#x",
        "urn:uuid:1",
        "javascript:alert(1)",
        "Mon, 06 Jan 2025 10:00:00 +0100",
        "2025-01-06T10:00:00Z",
        "2025-01-06",
        "no date",
        "a@example.org (A Name)",
        "Ann Example",
        "60",
        "en-us",
        "a, b,c",
        "caf\u00c3\u00a9",
        "قسد",
        "x<!-- comment -->y",
        "<?pi x?>",
        "5 &#60; 6",
        "curly \u0093quotes\u0094",
        "<h:b>inline</h:b> text",
    ]
)
_attributes = st.sampled_from(
    [
        "",
        "",
        "",
        "",
        ' type="html"',
        ' type="text"',
        ' type="xhtml"',
        ' type="text/html" mode="escaped"',
        ' mode="base64"',
        ' type="application/xml"',
        ' isPermaLink="false"',
        ' isPermaLink="true"',
        ' href="/a?x=1&amp;y=2"',
        ' href="http://example.org/l" rel="alternate"',
        ' href="http://example.org/s" rel="self"',
        ' url="http://example.org/u"',
        ' rel="alternate" type="text/html" href="b"',
        ' term="t1"',
        ' term="t2" label="L"',
        ' label="only"',
        ' domain="d"',
        ' text="itunes"',
        ' xml:base="http://base.example/x/"',
        ' xml:lang="tr"',
        ' lang="fr_FR"',
        ' x:type="html"',
        ' plain="1"',
        ' rdf:about="http://example.org/about"',
    ]
)


def _element(name: str, attributes: str, inside: str) -> str:
    return f"<{name}{attributes}>{inside}</{name}>"


_leaf = st.builds(_element, st.sampled_from(LEAVES), _attributes, _texts)
_parent = st.builds(_element, st.sampled_from(PARENTS), _attributes, st.lists(_leaf, max_size=4).map("".join))
_rare_parent = st.builds(_element, st.sampled_from(RARE_PARENTS), _attributes, st.lists(_leaf, max_size=2).map("".join))
_person = st.builds(
    lambda role, parts: _element(role, "", "".join(parts)),
    st.sampled_from(["author", "author", "contributor"]),
    st.lists(st.builds(_element, st.sampled_from(["name", "email", "uri"]), st.just(""), _texts), max_size=3),
)
_children = st.lists(
    st.one_of(*[_leaf] * 12, _parent, _person, st.one_of(_leaf, _rare_parent)), min_size=1, max_size=9
).map("".join)
_entry = st.builds(
    _element,
    st.sampled_from(["item", "entry"]),
    st.sampled_from(
        ["", "", ' xml:lang="ar"', ' rdf:about="http://example.org/about"', ' xml:base="http://other.example/"']
    ),
    _children,
)
_body = st.lists(st.one_of(*[_leaf] * 4, _parent, *[_entry] * 6), max_size=6).map("".join)

feeds = st.builds(lambda root, body: root.format(ns=NAMESPACES, body=body).encode(), st.sampled_from(ROOTS), _body)
"""Well-formed documents in UTF-8."""
