"""The full text of a web page, and whether a site lets us read it: a worker of the sandbox (`watcher-news[full-text]`).

The head of a job is JSON. `{"page": URL, "charset": NAME or ""}` with the page as body is answered with
`{"text": …}`, "" when there is none. `{"robots": URL, "agent": NAME}` with a robots.txt (RFC 9309) as body is answered
with `{"allowed": …}`.
"""

from __future__ import annotations

import codecs
import json

from watcher.model.entry import TEXT_LIMIT
from watcher.parse.plaintext import plain_text
from watcher.sandbox.child import serve


def text_of_page(body: bytes, charset: str) -> str:
    """The main text of an HTML page, without navigation, comments and other stories.

    trafilatura was chosen by measurement (`bench/quality/pages.py`): it takes the least that is not the story. With
    `favor_precision` the navigation of a page without a story is not taken for one.
    """
    from trafilatura import extract

    found = extract(_decoded(body, charset), include_comments=False, include_tables=True, favor_precision=True)
    return plain_text(found or "", markup=False)[:TEXT_LIMIT]


def is_allowed(robots: bytes, url: str, agent: str) -> bool:
    """Whether a robots.txt lets a crawler of this name read an address."""
    from protego import Protego

    return bool(Protego.parse(robots.decode("utf-8", "replace")).can_fetch(url, agent))


def _decoded(body: bytes, charset: str) -> str | bytes:
    """By the charset that the server declares, else as it is: the library looks for one in the page, then guesses."""
    try:
        return body.decode(codecs.lookup(charset).name, "replace") if charset else body
    except (LookupError, UnicodeError):
        return body


def answer(head: bytes, body: bytes) -> list[bytes]:
    asked = json.loads(head)
    if "robots" in asked:
        return [json.dumps({"allowed": is_allowed(body, asked["robots"], asked["agent"])}).encode()]
    return [json.dumps({"text": text_of_page(body, asked["charset"])}).encode()]


def main() -> None:
    """Serves pages until the input ends."""
    import protego
    import trafilatura  # before the first job, whose time is limited

    assert protego, trafilatura
    serve(answer)


if __name__ == "__main__":
    main()
