"""A connection to the mail server through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6)."""

from __future__ import annotations

import asyncio
import base64
import socket
from urllib.parse import unquote, urlsplit

HEAD_BYTES = 16_384
"""The longest answer of a proxy that is read."""


class ProxyRefused(OSError):
    """The proxy answered, but did not connect."""


async def connect_through(proxy: str, host: str, port: int) -> socket.socket:
    """A connected, non-blocking socket. Raises `OSError`.

    The answer is read byte by byte: a mail server speaks first, and its greeting may come in the same packet.
    """
    parts = urlsplit(proxy)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    connected = socket.socket(family, kind, protocol)
    connected.setblocking(False)
    try:
        await loop.sock_connect(connected, address)
        await loop.sock_sendall(connected, _request(parts.username, parts.password, host, port))
        head = await _head(loop, connected)
        status = head.split(b" ", 2)[1:2]
        if not (status and status[0].isdigit() and status[0].startswith(b"2")):
            raise ProxyRefused("the proxy did not connect")
    except BaseException:
        connected.close()
        raise
    return connected


def _request(username: str | None, password: str | None, host: str, port: int) -> bytes:
    host = host if host.isascii() else host.encode("idna").decode("ascii")
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if username is not None:
        pair = f"{unquote(username)}:{unquote(password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


async def _head(loop: asyncio.AbstractEventLoop, connected: socket.socket) -> bytes:
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        piece = await loop.sock_recv(connected, 1)
        if not piece or len(head) > HEAD_BYTES:
            raise ProxyRefused("the proxy closed the connection")
        head += piece
    return bytes(head)
