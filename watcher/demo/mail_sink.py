"""A real SMTP server on loopback that keeps every message and forwards none."""

from __future__ import annotations

import asyncio
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from watcher.lazy_dataclass import dataclass

ACCEPTED = "250 2.0.0 Kept"


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted message: the envelope, and the bytes as received."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.data, policy=policy.default)

    @property
    def html(self) -> str:
        """The text of the HTML part, "" without one."""
        return self._part("html")

    @property
    def text(self) -> str:
        """The plain text, "" without one."""
        return self._part("plain")

    def _part(self, subtype: str) -> str:
        part = self.message.get_body((subtype,))
        return str(part.get_content()) if part is not None else ""


class MailSink:
    """Accepts mail for anybody. A context manager; the port is kept over `stop` and `start`.

    `options` go to `aiosmtpd.smtp.SMTP` (`tls_context`, `authenticator`, `data_size_limit` …). Subclasses
    change the answers by overriding `answer_recipient` and `answer_data`.
    """

    def __init__(self, host: str = "127.0.0.1", **options: Any) -> None:
        self.host = host
        self.port = 0
        self.mails: list[Mail] = []
        self._options = options
        self._changed = threading.Condition()
        self._controller: _Controller | None = None

    def start(self) -> None:
        controller = _Controller(_Handler(self), hostname=self.host, port=self.port, **self._smtp_options())
        controller.start()
        self.port = controller.port
        self._controller = controller

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def answer_recipient(self, address: str) -> str:
        """The reply to RCPT TO."""
        return ACCEPTED

    def answer_data(self, mail: Mail) -> str | None:
        """The reply to the message; only a reply of 2xx keeps it. None closes the connection without a reply."""
        return ACCEPTED

    def receive(self, mail: Mail) -> str | None:
        reply = self.answer_data(mail)
        if reply is not None and reply.startswith("2"):
            self.keep(mail)
        return reply

    def keep(self, mail: Mail) -> None:
        with self._changed:
            self.mails.append(mail)
            self._changed.notify_all()

    def wait_for(self, count: int, seconds: float = 10) -> None:
        """Returns once `count` messages were kept; raises `TimeoutError` after `seconds`."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.mails) >= count, seconds):
                raise TimeoutError(f"{len(self.mails)} messages came within {seconds} s, not {count}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _smtp_options(self) -> dict[str, Any]:
        return {"server_hostname": "localhost", "ident": "watcher sink", **self._options}


class _Handler:
    """aiosmtpd's hooks, passed on to the sink."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        reply = self._sink.answer_recipient(address)
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        data = content if isinstance(content, bytes) else (content or "").encode()
        reply = self._sink.receive(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), data))
        if reply is None:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            return "451 4.4.2 Cut"
        return reply


class _Controller(Controller):
    def factory(self) -> SMTP:
        return SMTP(self.handler, loop=self.loop, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        # aiosmtpd proves that it listens by connecting; only now is the number behind port 0 known.
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
