"""A process that looks for feeds in one web page: `python -m watcher.fetch.page_worker URL < PAGE`.

Writes the candidates as one JSON list of [url, title, sure].
"""

from __future__ import annotations

import json
import sys
from dataclasses import astuple

from watcher.fetch.feed_links import candidates
from watcher.sandbox.oneshot import apply_limits


def main(url: str) -> None:
    page = sys.stdin.buffer.read()
    apply_limits()
    sys.stdout.write(json.dumps([astuple(candidate) for candidate in candidates(page, url=url)]))


if __name__ == "__main__":
    main(sys.argv[1])
