"""A process that looks for feeds in one web page and may die of it: `python -m watcher.fetch.page_child URL < PAGE`.

Writes the candidates as one JSON list of [url, title, sure].
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import astuple

from watcher.fetch.candidates import candidates

CPU_SECONDS = 2
MEMORY_BYTES = 512_000_000


def main(url: str) -> None:
    page = sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    found = [astuple(candidate) for candidate in candidates(page, url=url)]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
