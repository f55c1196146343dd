"""Real servers on loopback that tests can script; plain ones live in watcher.demo."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watcher.demo.http_server import Answer, HttpServer, Request
from watcher.demo.mail_sink import ACCEPTED, Mail, MailSink

__all__ = [
    "Answer",
    "Document",
    "FakeClock",
    "FeedServer",
    "Mail",
    "Request",
    "ScriptedMailSink",
    "WebhookSink",
    "free_port",
]

RESET = "reset"
"""In a script: cut the connection without an answer."""


def free_port() -> int:
    """A port on loopback that a child process may listen on.

    It lies below those that the kernel gives to connections and to servers that ask for any: until the child listens,
    only another call of this function could take it.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")


class FakeClock:
    """A `watcher.clock.Clock` that moves only when the test moves it."""

    def __init__(self, now: datetime) -> None:
        assert now.tzinfo is not None
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, step: timedelta) -> datetime:
        self._now += step
        return self._now


@dataclass(frozen=True, slots=True)
class Document:
    """A document behind a path; `etag` "" means made from the body, None means no validator at all."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/xml"})
    etag: str | None = ""
    last_modified: str | None = None


Script = Document | Answer | Callable[[Request], Answer]


class FeedServer(HttpServer):
    """Serves what `put` placed at each path: documents with conditional requests, or any answer; else 404."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__(self._serve, host)
        self._scripts: dict[str, Script] = {}
        self._released = threading.Event()

    def put(self, path: str, script: Script | bytes | str) -> str:
        """Places a document (or its text) or an answer at `path`; returns the URL."""
        if isinstance(script, str):
            script = script.encode()
        self._scripts[path] = Document(script) if isinstance(script, bytes) else script
        return self.url(path)

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        return self.put(path, Answer(status, {"Location": to}))

    def drip(self, path: str, body: bytes, seconds: float, headers: Mapping[str, str] | None = None) -> str:
        """One byte at a time, `seconds` between two; ends early when the server stops."""
        return self.put(path, lambda _: Answer(headers=headers or {}, body=self._pieces(body, seconds)))

    def stall(self, path: str) -> str:
        """Takes the request and says nothing until the server stops."""
        return self.put(path, self._say_nothing)

    def stop(self) -> None:
        self._released.set()
        super().stop()

    def start(self) -> None:
        self._released.clear()
        super().start()

    def _serve(self, request: Request) -> Answer:
        script = self._scripts.get(request.path)
        if script is None:
            return Answer(404, {"Content-Type": "text/plain"}, b"nothing here")
        if isinstance(script, Answer):
            return script
        return _conditional(script, request) if isinstance(script, Document) else script(request)

    def _pieces(self, body: bytes, seconds: float) -> Iterator[bytes]:
        for position in range(len(body)):
            if self._released.wait(seconds):
                return
            yield body[position : position + 1]

    def _say_nothing(self, _: Request) -> Answer:
        self._released.wait()
        return Answer(raw=True)


def _conditional(document: Document, request: Request) -> Answer:
    """RFC 9110 §13: If-None-Match decides where it is present, else If-Modified-Since."""
    etag = document.etag
    if etag == "":
        etag = f'"{hashlib.sha256(document.body).hexdigest()[:16]}"'
    validators = {"ETag": etag, "Last-Modified": document.last_modified}
    headers = dict(document.headers) | {name: value for name, value in validators.items() if value is not None}
    asked = request.headers.get("if-none-match")
    if asked is not None:
        unchanged = etag is not None and asked == etag
    else:
        since = request.headers.get("if-modified-since")
        unchanged = since is not None and since == document.last_modified
    return Answer(304, headers) if unchanged else Answer(200, headers, document.body)


class WebhookSink(HttpServer):
    """Keeps what is posted. `script` are the next answers in order — a status, `RESET` or an answer; then 204."""

    def __init__(self, *script: int | str | Answer, host: str = "127.0.0.1") -> None:
        super().__init__(self._receive, host)
        self.script: list[int | str | Answer] = list(script)

    def bodies(self) -> list[bytes]:
        return [request.body for request in self.requests]

    def _receive(self, _: Request) -> Answer:
        step = self.script.pop(0) if self.script else 204
        if isinstance(step, Answer):
            return step
        if isinstance(step, int):
            return Answer(step)
        assert step == RESET, step
        # An empty body without a head: the client sees the connection end before any answer.
        return Answer(raw=True)


class ScriptedMailSink(MailSink):
    """A mail sink that misbehaves on request.

    `recipients` maps an address to the reply to RCPT TO. `script` are the next replies to messages, in order:
    a reply such as "451 4.3.0 later", "550 5.7.1 no", "cut" (the line is cut, nothing kept) or "keep and cut"
    (kept, but the client never hears of it); then everything is accepted.
    """

    def __init__(self, *script: str, recipients: Mapping[str, str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.script = list(script)
        self.recipients = dict(recipients or {})

    def answer_recipient(self, address: str) -> str:
        return self.recipients.get(address, ACCEPTED)

    def answer_data(self, mail: Mail) -> str | None:
        reply = self.script.pop(0) if self.script else ACCEPTED
        if reply == "keep and cut":
            self.keep(mail)
        return None if reply in {"cut", "keep and cut"} else reply
