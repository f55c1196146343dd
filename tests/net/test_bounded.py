"""Connections of bounded length, over real sockets."""

from __future__ import annotations

import asyncio

import httpcore2

from watcher.net.bounded import BoundedStream


class Stream(BoundedStream):
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the interface's
        return await self._stream.read(max_bytes, timeout)


def test_an_idle_connection_is_readable_once_the_other_side_has_ended_it() -> None:
    """The library asks before it uses a connection again: a request on an ended one would be lost."""

    async def body() -> list[bool]:
        accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        server = await asyncio.start_server(lambda _, writer: accepted.put_nowait(writer), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            stream = Stream(await httpcore2.AnyIOBackend().connect_tcp("127.0.0.1", port))
            found = [stream.get_extra_info("is_readable")]
            peer = await accepted.get()
            peer.close()
            await stream.read(1)
            found.append(stream.get_extra_info("is_readable"))
            await stream.aclose()
            return [*found, stream.get_extra_info("is_readable")]

    assert asyncio.run(body()) == [False, True, True]
