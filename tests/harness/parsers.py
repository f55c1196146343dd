"""A parser whose child serves all tests of a process: starting a child takes longer than most rounds of a test."""

from __future__ import annotations

import asyncio
import atexit
import functools
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from watcher.model.entry import ParsedFeed
from watcher.model.feed import ParseFailed
from watcher.parse.pool import ParserPool

T = TypeVar("T")


class SharedParser(ParserPool):
    """A `ParserPool` on an event loop of its own, so that it outlives the event loops of tests."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="parser", daemon=True).start()

    async def start(self, documents: int = 1) -> None:
        await self._there(super().start(documents))

    async def parse(self, *document: Any, **described: Any) -> ParsedFeed | ParseFailed:
        return await self._there(super().parse(*document, **described))

    async def aclose(self) -> None:
        """Nothing: the next test needs the child."""

    def end(self) -> None:
        """Ends the child."""
        asyncio.run_coroutine_threadsafe(super().aclose(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


@functools.cache
def shared_parser() -> SharedParser:
    """The parser of this process."""
    parser = SharedParser()
    atexit.register(parser.end)
    return parser
