"""The e-mail channel against a real Postfix on loopback; prints what each situation comes to.

    sudo python bench/live/postfix.py          (needs Debian's packages postfix and openssl)

Makes an instance of its own in a temporary folder, on a free port, and ends it again; the system's Postfix and its
configuration are not touched. Situations: STARTTLS with AUTH, wrong password, certificate not trusted, 4xx greylisting
and its retry, some recipients refused, 5xx, a message too large, and a connection dropped after DATA (by a proxy in
front of Postfix that hears the 250 and does not pass it on).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.deliver.channel import MailServer
from watcher.deliver.mail_message import Email, EmailChannel
from watcher.model.notification import Delivered, Notification, Outcome, TryAgain
from watcher.model.route import ChannelRef
from watcher.model.settings import Smtp
from watcher.render.message import render_message
from watcher.render.sample import sample_notification

DEADLINE = timedelta(seconds=20)
PASSWORD = "correct horse"

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
mail_owner = postfix
myhostname = localhost
mydestination = localhost, example.org
mynetworks = 192.0.2.0/24
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = {log}
maillog_file_prefixes = {folder}
alias_maps =
local_recipient_maps =
local_transport = discard:
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_path = inet:127.0.0.1:{accounts}
smtpd_sasl_type = dovecot
message_size_limit = 60000
smtpd_client_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{grey@example.org = 450 4.7.1 greylisted}}, {{nobody@example.org = 550 5.1.1 no such user}} }}, permit_sasl_authenticated, reject
smtpd_sender_restrictions = check_sender_access inline:{{ {{blocked@example.org = 550 5.7.1 blocked sender}} }}
"""

MASTER_CF = """
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
anvil unix - - n - 1 anvil
discard unix - - n - - discard
error unix - - n - - error
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def postfix(folder: Path, accounts: int) -> Iterator[tuple[int, Path, Path]]:
    """A running instance: its port, its certificate, its log."""
    port = free_port()
    places = {name: folder / name for name in ("queue", "data", "etc")}
    for place in places.values():
        place.mkdir()
    shutil.chown(places["data"], "postfix", "postfix")
    certificate, key, log = folder / "certificate.pem", folder / "key.pem", folder / "mail.log"
    _run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate)  # fmt: skip
    settings = {**places, "certificate": certificate, "key": key, "log": log, "folder": folder, "accounts": accounts}
    (places["etc"] / "main.cf").write_text(MAIN_CF.format(**settings))
    (places["etc"] / "master.cf").write_text(MASTER_CF.format(port=f"127.0.0.1:{port}"))
    _run("postfix", "-c", places["etc"], "start")
    try:
        _wait_for(port)
        yield port, certificate, log
    finally:
        _run("postfix", "-c", places["etc"], "stop")


def _run(*command: object) -> None:
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{ended.stdout}{ended.stderr}")


def _wait_for(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as line:
            if line.recv(3) == b"220":
                return
        time.sleep(0.1)
    sys.exit("Postfix does not answer")


class Accounts:
    """Answers Postfix's questions about passwords in the protocol of Dovecot's auth service."""

    HANDSHAKE = b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n"

    def __init__(self) -> None:
        self.port = free_port()

    def __enter__(self) -> Accounts:
        answer = self._answer

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(Accounts.HANDSHAKE)
                for line in self.rfile:
                    self.wfile.write(answer(line.decode().strip().split("\t")))

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, words: list[str]) -> bytes:
        if words[0] != "AUTH":
            return b""
        given = next((word[5:] for word in words if word.startswith("resp=")), "")
        good = base64.b64decode(given) == f"\0watcher\0{PASSWORD}".encode()
        return f"{'OK' if good else 'FAIL'}\t{words[1]}\tuser=watcher\n".encode()


class Dropper:
    """Passes everything on in both directions until Postfix has queued a message; then cuts, saying nothing.

    It speaks to Postfix inside a TLS session of its own, because the answers must be read.
    """

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self._port = port
        self._tls = tls
        self.queued = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self._line(inner_reader)
        inner_writer.write(b"EHLO localhost\r\nSTARTTLS\r\n")
        while not (await inner_reader.readline()).startswith(b"220"):
            pass
        await inner_writer.start_tls(self._tls, server_hostname="localhost")
        writer.write(b"220 localhost ESMTP\r\n")
        there = asyncio.create_task(self._pass(reader, inner_writer))
        try:
            while line := await inner_reader.readline():
                if b"queued as" in line:
                    self.queued = line.decode().strip()
                    break
                writer.write(line)
        finally:
            there.cancel()
            writer.transport.abort()
            inner_writer.close()

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        return await reader.readline()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)


def told(marker: int) -> Notification:
    return sample_notification(ChannelRef("desk", "email"), datetime.now(UTC) + timedelta(microseconds=marker))


async def situations(port: int, certificate: Path) -> None:
    trust = ssl.create_default_context(cafile=str(certificate))
    smtp = Smtp("localhost", "watcher@example.org", port, "starttls", "watcher", PASSWORD)
    desk = Email(("desk@example.org", "night@example.org"))

    async def send(
        settings: Smtp,
        options: Email = desk,
        *,
        notification: Notification | None = None,
        tls: ssl.SSLContext | None = trust,
        big: bool = False,
    ) -> Outcome:
        notification = notification or told(1)
        message = render_message(notification, zone="Europe/Istanbul")
        if big:
            message = replace(message, text=message.text * 500)
        return await EmailChannel(options, MailServer(settings, tls=lambda: tls)).send(notification, message, DEADLINE)

    def report(name: str, outcome: Outcome) -> None:
        print(f"{name:<34} {type(outcome).__name__:<10} {getattr(outcome, 'reason', ''):<18} {outcome.detail}")
        if accepted := getattr(outcome, "accepted", ()):
            print(f"{'':<34} taken by {', '.join(accepted)}")

    report("STARTTLS, AUTH", await send(smtp))
    report("wrong password", await send(replace(smtp, password="wrong")))
    report("no login", await send(replace(smtp, username=None, password=None)))
    report("certificate not trusted", await send(smtp, tls=None))
    report("no TLS, though AUTH needs it", await send(replace(smtp, tls="none")))
    one = told(2)
    grey = await send(smtp, Email(("desk@example.org", "grey@example.org")), notification=one)
    report("one greylisted (450)", grey)
    assert isinstance(grey, TryAgain)
    again = await send(
        smtp, Email(("desk@example.org", "later@example.org")), notification=replace(one, accepted=grey.accepted)
    )
    report("… its retry to the rest", again)
    report("one unknown (550)", await send(smtp, Email(("desk@example.org", "nobody@example.org"))))
    report("sender refused (550)", await send(replace(smtp, sender="blocked@example.org")))
    report("too large (552)", await send(smtp, big=True))
    dropper = Dropper(port, trust)
    server = await asyncio.start_server(dropper.serve, "127.0.0.1", 0)
    front = replace(smtp, port=server.sockets[0].getsockname()[1], tls="none")
    same = told(3)
    report("dropped after DATA", await send(front, notification=same))
    print(f"{'':<34} Postfix had said: {dropper.queued}")
    outcome = await send(smtp, notification=same)
    report("… its retry, same Message-ID", outcome)
    assert isinstance(outcome, Delivered)
    server.close()
    report("nobody listens", await send(replace(smtp, port=free_port())))


def main() -> None:
    if shutil.which("postfix") is None:
        sys.exit("Postfix is missing: apt-get install postfix")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Accounts() as accounts, postfix(folder, accounts.port) as (port, certificate, log):
            try:
                asyncio.run(situations(port, certificate))
            except AssertionError:
                sys.exit(log.read_text())
            ids = [line.split("message-id=")[1] for line in log.read_text().splitlines() if "message-id=" in line]
            print(f"\n{len(ids)} messages reached Postfix, {len(set(ids))} of them different by Message-ID")


if __name__ == "__main__":
    main()
