"""What the parse tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from watcher.model.entry import ParsedFeed
from watcher.parse.feedparser_reader import read_with_feedparser, shown_headers
from watcher.parse.normalise import normalise

URL = "https://example.org/feeds/feed.xml"


@pytest.fixture(scope="session")
def by_feedparser() -> Callable[[bytes], ParsedFeed | None]:
    """Reads with feedparser and our normalisation, whatever the swift reader would do."""

    def read(body: bytes) -> ParsedFeed | None:
        raw = read_with_feedparser(body, headers=shown_headers({}, URL))
        return raw and replace(normalise(raw, url=URL), reader="any")

    return read
