"""Web pages and lists of feeds that mean harm, by name: what `feeds discover` and `feeds import` are given."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.documents import LAUGHS


def hostile_pages() -> Iterator[tuple[str, bytes]]:
    yield "page, 200,000 deep", b"<div>" * 200_000
    yield "page, 3,000,000 deep", b"<b>" * 3_000_000
    yield "page, 800,000 attributes", b"<div " + b" ".join(b"a%d=x" % number for number in range(800_000)) + b">"
    yield "page, anchors in anchors", b"<a href=feed>x" * 600_000
    yield "page, 400,000 anchors", b"".join(b"<a href=/feed/%d>a</a>" % number for number in range(400_000))
    yield "page, 150,000 feeds", b"".join(_ALTERNATE % number for number in range(150_000))
    yield "page, an address of 9 MB", b'<a href="feed' + b"x" * 9_000_000 + b'">x</a>'
    yield "page, a title of 9 MB", b"<a href=feed>" + b"w " * 4_500_000 + b"</a>"
    yield "page, comments without end", b"<!--" * 2_400_000
    yield "page, half tags", b"<a href=feed " * 700_000
    yield "page, scripts without end", b"<script>" * 1_200_000
    yield "page, tables in tables", b"<table><tr><td>" * 600_000
    yield "page, NULs", b"\0" * 9_000_000


_ALTERNATE = b"<link rel=alternate type=application/rss+xml href=/%d>"


def hostile_lists() -> Iterator[tuple[str, bytes]]:
    bomb = b'<!DOCTYPE x [<!ENTITY l0 "lol">' + LAUGHS + b"]>"
    yield "list, a billion laughs in an attribute", bomb + _opml(b'<outline text="&l9;" xmlUrl="http://e/"/>')
    yield "list, a billion laughs in a text", bomb + _opml(b'<outline xmlUrl="http://e/">&l9;</outline>')
    yield (
        "list, an external entity",
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + _opml(b'<outline text="&a;" xmlUrl="http://e/"/>'),
    )
    yield "list, 200,000 deep", _opml(b"<outline>" * 200_000 + b"</outline>" * 200_000)
    yield (
        "list, 100,000 feeds below names of 240 kB",
        _opml(_folder(1_000) * 240 + b'<outline xmlUrl="http://e/"/>' * 100_000 + b"</outline>" * 240),
    )
    yield (
        "list, a folder with a name of 9 MB",
        _opml(_folder(9_000_000) + b'<outline xmlUrl="http://e/"/>' * 100_000 + b"</outline>"),
    )
    yield "list, a million feeds", _opml(b"".join(b'<outline xmlUrl="http://e/%d"/>' % n for n in range(1_000_000)))
    yield "list, 2,000,000 empty outlines", _opml(b"<outline/>" * 2_000_000)
    yield "list, 500,000 attributes", _opml(b"<outline " + b" ".join(b'a%d="x"' % n for n in range(500_000)) + b"/>")
    yield "list, NULs", b"\0" * 9_000_000
    yield "list, 60 MB", b" " * 60_000_000


def _folder(letters: int) -> bytes:
    return b'<outline text="' + b"n" * letters + b'">'


def _opml(body: bytes) -> bytes:
    return b'<opml version="2.0"><body>' + body + b"</body></opml>"
