"""Entries read in C and in Python: the same for every document."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from corpus import Corpus
from feed_generator import feeds
from hypothesis import HealthCheck, given, settings
from lxml import etree
from test_scan import addresses

from watcher.errors import ParseError
from watcher.model.entry import ParsedFeed
from watcher.parse import compiled
from watcher.parse.compiled import is_known_lxml
from watcher.parse.context import Uncertain
from watcher.parse.document import parse_document
from watcher.parse.handlers import HANDLERS
from watcher.parse.raw import NO_TEXT, RawEntry, RawFeed, RawText
from watcher.parse.swift import read_swift
from watcher.parse.tolerant import shown_headers
from watcher.parse.walk import Walk

URL = "https://example.org/feeds/feed.xml"
HEADERS = shown_headers({}, URL)
FOLDER = Path(compiled.__file__).parent
SOURCES = ("_entries.c", "_entries_tree.h", "_entries_fields.h", "_entries_texts.h", "_entries_handlers.h")

only_compiled = pytest.mark.skipif(
    not compiled.IS_COMPILED, reason="not compiled: install a C compiler and run `make clean test`"
)

ITEM = '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:x="http://unknown.example/"><channel><item>{}</item></channel></rss>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><entry>{}</entry></feed>'
ODD = [
    ITEM.format("<title>a<b/>c</title>"),
    ITEM.format("<x:y><x:y><x:y><title>deep</title></x:y></x:y></x:y>"),
    ITEM.format("<x:y>" * 40 + "<title>deeper</title>" + "</x:y>" * 40),
    ITEM.format("<guid>\u00a0 a \u00a0</guid><guid isPermaLink='false'>b</guid><link>c</link>"),
    ITEM.format("<link>?a&amp;amp;b&amp;c;d</link><link>http://example.org:80/?#</link>"),
    ITEM.format("<LINK HREF='x' href='y'/><category TERM='a' term=''>t</category>"),
    ITEM.format("<title>  <![CDATA[ a ]]> b <![CDATA[]]>  </title><title>&#x85;nel&#x85;</title>"),
    ITEM.format("<author>a@example.org</author><author>b</author>"),
    ITEM.format("<author/><author>b</author><author><name>c</name></author>"),
    ITEM.format("<description>a &amp;lt;b</description><description>b</description><description/>"),
    ITEM.format("<source url='u'>s</source><source>t</source><media:group><media:title>m</media:title></media:group>"),
    ITEM.format("<title k\u00e9='1' type='HTML'>&lt;b&gt;</title><title x:type='html'>n</title>"),
    ATOM.format(
        "<author>\n <name>n</name> <uri>u</uri><x xmlns='urn:1'/></author><author> x <email>e</email></author>"
    ),
    ATOM.format("<author><email/><name/></author><author><name>n</name><name>m</name><email>e</email></author>"),
    ATOM.format(
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>d</div></content><content>c</content>"
    ),
    ATOM.format("<summary type='html'>s</summary><content type='html'>s</content><content>caf\u00c3\u00a9</content>"),
    ATOM.format(
        "<link rel='replies' href='/r' t:count='1' xmlns:t='urn:t'/><link href='/a' t:rel='self' xmlns:t='urn:t'/>"
    ),
    ITEM.format("<media:keywords> a,\u00a0b ,,</media:keywords><media:keywords x='1'>c</media:keywords>"),
    ITEM.format(
        "<media:category label=''/><media:category>d</media:category><media:category scheme=''>e</media:category>"
    ),
    ATOM.format("<content xml:base='http://[' xml:lang='tr'>a</content><title xml:lang='tr_TR'>b</title>"),
    ATOM.format("<category term=''/><category label='l'>t</category><category scheme='s'/><category>u</category>"),
    ATOM.format("".join(f"<x xmlns='urn:{number}'>y</x>" for number in range(300)) + "<id>after</id>"),
]


@contextmanager
def in_python() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "IS_COMPILED", False)
        yield


def outcome(body: bytes) -> RawFeed | str:
    """What the swift reader makes of it; why not, where it is not certain."""
    try:
        return read_swift(body, url=URL, headers=HEADERS)
    except Uncertain as uncertain:
        return str(uncertain)


def assert_alike(body: bytes) -> None:
    read = outcome(body)
    with in_python():
        assert read == outcome(body)


@only_compiled
@settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck))
@given(feeds)
def test_any_feed(body: bytes) -> None:
    assert_alike(body)


@only_compiled
@settings(max_examples=500, deadline=None)
@given(addresses)
def test_any_address(address: str) -> None:
    for element in ("<link>{}</link>", "<guid>{}</guid>", "<link href='{}'/>"):
        assert_alike(ITEM.format(element.format(escape(address))).encode())


@only_compiled
@pytest.mark.parametrize("document", ODD)
def test_what_is_odd(document: str) -> None:
    assert_alike(document.encode())


@only_compiled
def test_the_corpus_is_read_alike_and_nearly_all_of_it_compiled(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked = []
    children = Walk.children
    monkeypatch.setattr(Walk, "children", lambda walk, *rest: walked.append(walk.entry) or children(walk, *rest))
    entries = 0
    for path in corpus.feeds:
        read = outcome(path.read_bytes())
        entries += 0 if isinstance(read, str) else len(read.entries)
    assert len({id(entry) for entry in walked if entry}) <= 0.05 * entries
    monkeypatch.undo()
    for path in corpus.feeds:
        assert_alike(path.read_bytes())


def test_a_process_without_anything_compiled_reads_the_same(corpus: Corpus) -> None:
    """The fallback as an installation without a compiler has it: the modules cannot be imported."""
    paths = corpus.feeds[::6]
    blocked = "\n".join(
        [
            "import sys",
            "sys.modules.update(dict.fromkeys(f'watcher.parse.{name}' for name in ('_entries', '_normalise', '_plaintext', '_scan')))",
            "from test_compiled_entries import told",
            "from watcher.parse import compiled, normalise, plaintext, scan",
            "assert not compiled.IS_COMPILED and plaintext.words is plaintext.words_in_python",
            "assert normalise._entry is normalise.entry_in_python and scan.count is scan.count_in_python",
            "for path in sys.argv[1:]: print(told(path))",
        ]
    )
    process = subprocess.run(
        [sys.executable, "-c", blocked, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(entry for entry in sys.path if entry)},
        timeout=300,
    )
    assert process.stdout.split() == [told(path) for path in paths]


def told(path: Path | str) -> str:
    """A digest of all that is read of a document."""
    read: ParsedFeed | str
    try:
        read = parse_document(Path(path).read_bytes(), url=URL, headers={})
    except ParseError as error:
        read = str(error)
    return hashlib.sha256(repr(read).encode("utf-8", "replace")).hexdigest()


@only_compiled
def test_what_is_compiled_is_what_is_there() -> None:
    from watcher.parse._entries import SOURCE

    written = b"".join((FOLDER / name).read_bytes() for name in SOURCES)
    assert hashlib.sha256(written).hexdigest() == SOURCE, "edited since it was compiled: run `make .venv/.ready`"


@only_compiled
def test_names_are_handled_together_only_where_the_walk_does_so() -> None:
    for names in compiled._NAMES_BY_KIND.values():
        assert len({HANDLERS[name] for name in names}) == 1, names
    handlers = [HANDLERS[names[0]] for names in compiled._NAMES_BY_KIND.values()]
    assert len(set(handlers)) == len(handlers)
    assert set(compiled._NAMES_BY_KIND) | set(compiled._OTHER_KINDS) == set(compiled._KINDS)


def test_an_lxml_with_another_tree_is_not_touched() -> None:
    assert is_known_lxml((6, 1, 3, 0), (2, 14, 6))
    assert not is_known_lxml((7, 0, 0, 0), (2, 14, 6))
    assert not is_known_lxml((6, 1, 3, 0), (2, 15, 0))
    assert not is_known_lxml((5, 9, 0, 0), (2, 14, 6))


@only_compiled
def test_wrong_arguments_are_refused() -> None:
    from watcher.parse._entries import EntryReader

    root = etree.fromstring("<a><b/></a>")
    functions = (lambda *_: 1,) * 5
    right = (root, etree._Element, RawEntry, RawText, NO_TEXT, *functions, False)
    for position, wrong in ((0, "a"), (1, str), (1, 1), (2, dict), (3, 0)):
        arguments = (*right[:position], wrong, *right[position + 1 :])
        with pytest.raises(TypeError):
            EntryReader(*arguments)
    with pytest.raises(TypeError):
        EntryReader(*right[:-1])
    reader = EntryReader(*right)
    for arguments in ((), ("a", 1, "", None, None), (root, "a", "", None, None), (root, 1, None, None, None)):
        with pytest.raises(TypeError):
            reader.read(*arguments)


@only_compiled
@pytest.mark.parametrize("answer", [99, -1, "title", None])
def test_a_kind_that_is_none_is_refused(answer: object) -> None:
    from watcher.parse._entries import EntryReader

    root = etree.fromstring("<a><b/></a>")
    functions = (lambda *_: answer,) * 5
    reader = EntryReader(root, etree._Element, RawEntry, RawText, NO_TEXT, *functions, False)
    with pytest.raises((TypeError, ValueError)):
        reader.read(root, 1, "", None, None)
