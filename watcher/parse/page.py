"""A web page as one entry: for trying topics on an article before its feed is watched.

Run as a worker of the sandbox: the head of its job is the page's address, the answer JSON, `{"title", "content"}` or
`{"error"}`.
"""

from __future__ import annotations

import json

from lxml import html

from watcher.errors import ParseError, PollReason
from watcher.model.entry import Entry
from watcher.parse.plaintext import one_line, plain_text
from watcher.sandbox.child import serve

_NO_TEXT = "//script|//style|//nav|//header|//footer|//aside|//form|//noscript"
_TEXT = ("//article", "//main", "//body")


def read_page(body: bytes, *, url: str) -> Entry:
    """Title and main text of an HTML page: its `article`, else its `main`, else its body. Raises `ParseError`."""
    try:
        tree = html.fromstring(body, base_url=url)
    except (ValueError, html.etree.ParserError) as error:
        raise ParseError(PollReason.NOT_A_FEED, f"neither a feed nor a page: {error}") from error
    title = _first(tree, "//meta[@property='og:title']/@content", "//h1", "//title")
    for node in tree.xpath(_NO_TEXT):
        node.drop_tree()
    text = next((found for path in _TEXT if (found := _first(tree, path))), "")
    return Entry(id=url, link=url, title=one_line(title, markup=False), content=plain_text(text, markup=False))


def _first(tree: html.HtmlElement, *paths: str) -> str:
    """The text at the first of the paths that has any."""
    for path in paths:
        for found in tree.xpath(path):
            text = found if isinstance(found, str) else " ".join(found.itertext())
            if text.strip():
                return str(text)
    return ""


def answer(url: bytes, page: bytes) -> list[bytes]:
    try:
        entry = read_page(page, url=url.decode())
    except ParseError as error:
        return [json.dumps({"error": error.detail}).encode()]
    return [json.dumps({"title": entry.title, "content": entry.content}).encode()]


if __name__ == "__main__":
    serve(answer)
