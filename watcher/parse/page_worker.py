"""A process that reads one web page as an entry: `python -m watcher.parse.page_worker URL < PAGE`.

Writes a JSON object: `title` and `content`, or `error`.
"""

from __future__ import annotations

import json
import sys

from watcher.errors import ParseError
from watcher.parse.page import read_page
from watcher.sandbox.oneshot import apply_limits


def main(url: str) -> None:
    page = sys.stdin.buffer.read()
    apply_limits()
    try:
        entry = read_page(page, url=url)
    except ParseError as error:
        told = {"error": error.detail}
    else:
        told = {"title": entry.title, "content": entry.content}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
