"""Host names that mean harm: what a resolver says of them, and what the fetcher makes of it.

127.0.0.2 plays the Internet (it is allowed), every other address of this machine plays what no feed may see. Both have a
server on the same port; the second must never hear of us.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

from tests.hostile.servers import FEED, OK
from watcher.fetch.client import Fetcher
from watcher.model.feed import Feed, Fetched, FetchFailed, Validators
from watcher.model.secret import Secret
from watcher.model.settings import Network, PerHost, Polling

PUBLIC, PRIVATE, SWALLOWING = "127.0.0.2", "127.0.0.1", "127.0.0.3"
PATIENCE = timedelta(seconds=5)
SECRETS = {"Authorization": Secret("env X", "Bearer s3cret"), "Cookie": Secret("env Y", "session=s3cret")}


@dataclass(frozen=True, slots=True)
class Name:
    """What is asked, in order, and what each look-up answers; the outcome that is wanted of each fetch."""

    answers: Sequence[Sequence[str]]
    outcomes: Sequence[str]


NAMES = {
    "rebinds between two polls": Name([[PUBLIC], [PRIVATE]], ["read", "address_refused"]),
    "is public and private at once": Name([[PUBLIC, PRIVATE]], ["address_refused"]),
    "is private, then public": Name([[PRIVATE, PUBLIC]], ["address_refused"]),
    "is at 10.0.0.1": Name([["10.0.0.1"]], ["address_refused"]),
    "is at a cloud's metadata": Name([["169.254.169.254"]], ["address_refused"]),
    "is at mapped IPv4": Name([["::ffff:10.0.0.1"]], ["address_refused"]),
    "is at NAT64": Name([["64:ff9b::a00:1"]], ["address_refused"]),
    "is link-local with a zone": Name([["fe80::1%lo"]], ["address_refused"]),
    "has no address": Name([[]], ["dns"]),
    "has 5,000 addresses": Name([[PUBLIC] * 5_000], ["read"]),
    "has a first address that swallows everything": Name([[SWALLOWING, PUBLIC]], ["read"]),
    "has only addresses that swallow everything": Name([[SWALLOWING] * 3], ["timeout"]),
    "redirects to a name that is private": Name([[PUBLIC], [PRIVATE]], ["address_refused"]),
    "redirects to a stranger, who gets no secret": Name([[PUBLIC]], ["read"]),
}


class Listener:
    """Answers every request with a feed, or with a redirect to another name; keeps what it was sent."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if head.startswith(b"GET /redirect"):
            port = writer.get_extra_info("sockname")[1]
            location = b"Location: http://eve:s3cret@stranger.example:%d/feed\r\n" % port
            writer.write(
                b"HTTP/1.1 301 Moved\r\nSet-Cookie: a=b; Domain=.example\r\n" + location + b"Content-Length: 0\r\n\r\n"
            )
        else:
            writer.write(OK + b"Content-Length: %d\r\n\r\n" % len(FEED) + FEED)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listeners() -> AsyncIterator[tuple[Listener, Listener, int]]:
    """The public server, the private one, and the port of both."""
    public, private = Listener(), Listener()
    one = await asyncio.start_server(public, PUBLIC, 0)
    port = one.sockets[0].getsockname()[1]
    other = await asyncio.start_server(private, PRIVATE, port)
    with ExitStack() as opened:
        full = opened.enter_context(socket.socket())
        full.bind((SWALLOWING, port))
        full.listen(0)
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((SWALLOWING, port))
        async with one, other:
            yield public, private, port


@contextmanager
def resolver(answers: Sequence[Sequence[str]]) -> Iterator[None]:
    """What the system's resolver says from now on: one answer a look-up, the last one for ever."""
    told = chain(answers, repeat(answers[-1]))
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        if not (found := next(told)):
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    socket.getaddrinfo = look_up  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.getaddrinfo = real


async def outcomes_of(name: str, public: Listener, port: int) -> list[str]:
    """What each fetch came to; "told a secret" when a stranger was sent what belongs to the feed's own server."""
    case = NAMES[name]
    path = "/redirect" if name.startswith("redirects") else "/feed"
    feed = Feed(f"http://ann:s3cret@hostile.example:{port}{path}", headers=SECRETS)
    fetcher = Fetcher(
        Polling(timeout=PATIENCE, per_host=PerHost(9, timedelta())),
        Network(allow=(f"{PUBLIC}/32", f"{SWALLOWING}/32")),
        user_agent="watcher/bench (+mailto:test@example.org)",
    )
    with resolver(case.answers):
        came = [_told(await fetcher.fetch(feed, Validators())) for _ in case.outcomes]
    await fetcher.aclose()
    strange = [head.lower() for head in public.heads if b"stranger.example" in head]
    if any(secret in head for head in strange for secret in (b"s3cret", b"authorization", b"cookie")):
        came.append("told a secret")
    return came


def _told(result: object) -> str:
    if isinstance(result, Fetched):
        return "read"
    return str(result.reason) if isinstance(result, FetchFailed) else "not modified"


async def names(wanted: Sequence[str]) -> int:
    """Prints what came of each name; how many came to something else than they should."""
    broken = 0
    print(f"\n{'a name that':<50}came to")
    for name, case in NAMES.items():
        if wanted and name not in wanted:
            continue
        async with listeners() as (public, private, port):
            came = await outcomes_of(name, public, port)
            fine = came == list(case.outcomes) and not private.heads
            broken += not fine
            seen = f"   the private server was asked {len(private.heads)} times" if private.heads else ""
            print(f"{name:<50}{', '.join(came)}{seen}{'' if fine else '   BROKEN'}", flush=True)
    return broken
