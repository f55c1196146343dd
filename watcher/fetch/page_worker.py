"""Finds the feeds that one web page names, as a worker of the sandbox.

The head of a job is the page's address, the answer one JSON list of [url, title, sure].
"""

from __future__ import annotations

import json
from dataclasses import astuple

from watcher.fetch.feed_links import candidates
from watcher.sandbox.child import serve


def answer(url: bytes, page: bytes) -> list[bytes]:
    return [json.dumps([astuple(candidate) for candidate in candidates(page, url=url.decode())]).encode()]


if __name__ == "__main__":
    serve(answer)
