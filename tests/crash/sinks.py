"""The receivers: a webhook and a mail server that log each message before they answer, and misbehave on purpose.

A line of the log is one try that reached a sink: `accepted` (the receiver has it now), `told` (the sender was given a
chance to know), `fault`, the notification's `id`, the `tokens` in it, the sender's `run` (which start of which node) and
who held the notification's lease in the store at that moment.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import re
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

from tests.crash.ledger import Ledger, Line
from tests.crash.published_log import TOKEN
from tests.crash.web import Answer, Request, port_of, serve, tear_down

MAIL_LIMIT = 8 * 1024 * 1024
LeaseOf = Callable[[str], Line]
HTTP_FAULTS = ("503", "429", "reset before", "reset after", "late")
SMTP_FAULTS = ("451", "421", "drop before", "drop after", "late")


class Mood:
    """Decides which tries meet a fault; `share` may be set to 0 when the faults end."""

    def __init__(self, seed: int, share: float, late: float) -> None:
        self.share = share
        self.late = late
        self._random = random.Random(seed)

    def fault(self, faults: tuple[str, ...]) -> str:
        return self._random.choice(faults) if self._random.random() < self.share else ""

    def retry_after(self) -> int:
        return self._random.choice((1, 2, 3))


class WebhookSink:
    """`POST /hook/RECEIVER/RUN`."""

    def __init__(self, log: Ledger, mood: Mood, lease_of: LeaseOf) -> None:
        self._log = log
        self._mood = mood
        self._lease_of = lease_of
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await serve(self._respond)

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def url(self, receiver: str, run: str) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{port_of(self._server)}/hook/{receiver}/{run}"

    def _respond(self, request: Request) -> Answer:
        _, _, receiver, run = request.path.split("/")
        fault = self._mood.fault(HTTP_FAULTS)
        wait = self._mood.retry_after() if fault == "429" else None
        key = request.headers["webhook-id"]
        self._log.write(
            {
                "channel": f"{receiver}/webhook/0",
                "run": run,
                "id": key,
                "opened": request.opened,
                "tokens": _tokens(
                    " ".join(alert["entry"]["title"] for alert in json.loads(request.body)["data"]["alerts"])
                ),
                "accepted": fault in {"", "reset after", "late"},
                "told": fault == "",
                "fault": fault,
                "retry_after": wait,
                **self._lease_of(key),
            }
        )
        if fault in {"reset before", "reset after"}:
            return Answer(reset=True)
        if fault == "429":
            return Answer(429, {"Retry-After": str(wait)})
        return Answer(503) if fault == "503" else Answer(204, after=self._mood.late if fault == "late" else 0)


class MailSink:
    """SMTP (RFC 5321) without TLS. The recipient of the envelope names the receiver.

    The run is the password of AUTH PLAIN (RFC 4616), or else the sender's address is `RUN@example.org`.
    """

    def __init__(self, log: Ledger, mood: Mood, lease_of: LeaseOf) -> None:
        self._log = log
        self._mood = mood
        self._lease_of = lease_of
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", 0, backlog=512, limit=MAIL_LIMIT)

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def port(self) -> int:
        assert self._server is not None
        return port_of(self._server)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await _Session(reader, writer, self._mood, self._receive).run()
        writer.close()

    def _receive(self, session: _Session, fault: str) -> None:
        message = message_from_bytes(session.data, policy=policy.default)
        text = message.get_body(("plain",))
        key = str(message["Message-ID"]).strip("<> ").partition("@")[0]
        self._log.write(
            {
                "channel": f"{session.recipient.partition('@')[0]}/email/0",
                "run": session.run_of_client or session.sender.partition("@")[0],
                "id": key,
                "opened": session.opened,
                "tokens": _tokens(_without_reports(str(text.get_content()) if text else "")),
                "accepted": fault in {"", "drop after", "late"},
                "told": fault == "",
                "fault": fault,
                "retry_after": None,
                **self._lease_of(key),
            }
        )


class _Session:
    """One connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        mood: Mood,
        receive: Callable[[_Session, str], None],
    ) -> None:
        self.opened = time.time()
        self.sender = self.recipient = self.run_of_client = ""
        self.data = b""
        self._reader = reader
        self._writer = writer
        self._mood = mood
        self._receive = receive

    async def run(self) -> None:
        await self._say("220 sink ready")
        while line := (await self._reader.readline()).decode("latin-1").strip():
            verb, _, rest = line.partition(" ")
            if not await self._command(verb.upper(), rest):
                return

    async def _command(self, verb: str, rest: str) -> bool:
        if verb == "QUIT":
            await self._say("221 bye")
            return False
        if verb == "DATA":
            return await self._take()
        if verb == "AUTH":
            self.run_of_client = base64.b64decode(rest.removeprefix("PLAIN ")).rpartition(b"\0")[2].decode()
            await self._say("235 2.7.0 welcome")
            return True
        if verb == "MAIL":
            self.sender = _address(rest)
        if verb == "RCPT":
            self.recipient = _address(rest)
        await self._say("250 sink" if verb != "EHLO" else "250-SIZE 20000000\r\n250 AUTH PLAIN")
        return True

    async def _take(self) -> bool:
        await self._say("354 go on")
        self.data = (await self._reader.readuntil(b"\r\n.\r\n"))[:-5].replace(b"\r\n..", b"\r\n.")
        fault = self._mood.fault(SMTP_FAULTS)
        self._receive(self, fault)
        if fault in {"drop before", "drop after"}:
            tear_down(self._writer)
            return False
        if fault == "late":
            await asyncio.sleep(self._mood.late)
        await self._say({"451": "451 4.3.0 later", "421": "421 4.3.2 closing"}.get(fault, "250 2.0.0 kept"))
        return fault != "421"

    async def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()


REPORT = re.compile(r"\s+(also reported by .*|\S.*: .*\shttps?://\S+)")
"""The publishers of copies, and a folded report: publisher, colon, headline and link on one line."""


LATE = "Also, on stories of earlier messages"
"""What follows lists copies of alerts that an earlier mail shows."""


def _without_reports(text: str) -> str:
    """A mail without the headlines of reports that were folded: they are shown beside the alert, not delivered as one."""
    return "\n".join(line for line in text.partition(LATE)[0].splitlines() if not REPORT.fullmatch(line))


def _tokens(text: str) -> list[str]:
    return sorted(set(TOKEN.findall(text)))


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def open_sinks(folder: Path, mood: Mood, lease_of: LeaseOf) -> tuple[WebhookSink, MailSink, Ledger]:
    """Both sinks over one log, `tries.jsonl`."""
    log = Ledger(folder / "tries.jsonl")
    return WebhookSink(log, mood, lease_of), MailSink(log, mood, lease_of), log
