"""A small real HTTP/1.1 server on loopback, for the demo and for tests. Not for the open network."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self

from watcher.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request; header names are in lower case, `path` includes the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's response.

    A `body` of bytes is sent with its length; any other iterable is sent piece by piece, as it comes, and
    the connection is closed after it: so an answer can drip, stall or never end. `raw` sends the body
    alone, without status line and headers.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    raw: bool = False


Responder = Callable[[Request], Answer]


class HttpServer:
    """Answers every request through `respond`, each connection in a thread; keeps the requests.

    A context manager. The port is chosen at the first start and kept over `stop` and `start`.
    """

    def __init__(self, respond: Responder, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = 0
        self.requests: list[Request] = []
        self._respond = respond
        self._changed = threading.Condition()
        self._server: _Listener | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._server = _Listener((self.host, self.port), self._handler())
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="loopback-http", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stops accepting; open connections end by themselves."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}:{self.port}{path}"

    def paths(self) -> list[str]:
        """The paths asked for so far, in order."""
        return [request.path for request in self.requests]

    def wait_for(self, count: int, seconds: float = 10) -> None:
        """Returns once `count` requests have come; raises `TimeoutError` after `seconds`."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, seconds):
                raise TimeoutError(f"{len(self.requests)} requests came within {seconds} s, not {count}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answer(self, request: Request) -> Answer:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
        return self._respond(request)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(_Handler):
            def answer(self, request: Request) -> Answer:
                return answer(request)

        return Handler


class _Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    # Not http.server.HTTPServer: that one asks the name service for the machine's full name at every start.
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores clients that disconnect."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def respond(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.answer(Request(self.command, self.path, headers, self.rfile.read(length)))
        if answer.raw or not isinstance(answer.body, bytes):
            self.close_connection = True
        if not answer.raw:
            self._send_head(answer)
        if self.command == "HEAD" or answer.status == 304:
            return
        for piece in [answer.body] if isinstance(answer.body, bytes) else answer.body:
            self.wfile.write(piece)
            self.wfile.flush()

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        named = {name.lower() for name in answer.headers}
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(answer.body, bytes) and "content-length" not in named and answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection and "connection" not in named:
            self.send_header("Connection", "close")
        self.end_headers()

    do_GET = do_POST = do_HEAD = do_PUT = respond

    def log_message(self, format: str, *args: object) -> None:
        """Prints nothing: requests are kept as values."""
