"""Looks for feeds in a web page, in a process that can be killed: a page is a stranger's, and HTML has bombs of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress

from watcher.errors import PollReason
from watcher.fetch.candidates import Candidate
from watcher.model.feed import ParseFailed

_DEADLINE = 10.0
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "HOME")
"""The only variables that the process sees: secrets live in the others."""


async def find_candidates(page: bytes, *, url: str) -> list[Candidate] | ParseFailed:
    """What `candidates` says of a page, or why it could not be read."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "watcher.fetch.page_child",
        url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
    )
    try:
        async with asyncio.timeout(_DEADLINE):
            told, _ = await process.communicate(page)
    except TimeoutError:
        told = b""
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if not told:
        return ParseFailed(
            PollReason.PARSE_TIMEOUT,
            "the page takes too much time or memory to read; give the address of the feed itself",
        )
    return [Candidate(*fields) for fields in json.loads(told)]
