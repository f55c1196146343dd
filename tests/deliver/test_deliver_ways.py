"""The ways to receivers: own authorities and proxies, for all of them or one."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.harness.factories import alert, notification
from tests.harness.servers import ScriptedMailSink
from watcher.deliver.http_clients import HttpClients
from watcher.deliver.mail_message import Email
from watcher.deliver.registry import build_channels
from watcher.deliver.webhook import Webhook
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, Outcome, TryAgain
from watcher.model.route import ChannelOptions, ChannelRef, Receiver
from watcher.model.settings import Network, Smtp
from watcher.render.message import render_message


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def tls_hook(context: ssl.SSLContext) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hook) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}/hook"
        server.shutdown()


class _Connect(socketserver.StreamRequestHandler):
    """An HTTP proxy that knows CONNECT only (RFC 9110 section 9.3.6)."""

    def handle(self) -> None:
        _, target, _ = self.rfile.readline().decode().split()
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        self.server.targets.append(target)  # type: ignore[attr-defined]
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            self.connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_copy, args=(there, self.connection), daemon=True)
            back.start()
            _copy(self.connection, there)
            back.join(timeout=5)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """Its address, and the targets that it was asked for."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Connect) as server:
        server.daemon_threads, server.targets = True, []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", server.targets  # type: ignore[attr-defined]
        server.shutdown()


def send(
    options: ChannelOptions,
    network: Network,
    *,
    smtp: Smtp | None = None,
    own_proxy: str | None = None,
    own_ca: Path | None = None,
) -> Outcome:
    ref = ChannelRef("desk", type(options).__name__.lower())
    receiver = Receiver("desk", {ref: options}, own_proxy, own_ca)
    told = notification(alert())

    async def once() -> Outcome:
        async with HttpClients(network) as clients:
            channel = build_channels({"desk": receiver}, smtp, clients)[ref]
            return await channel.send(told, render_message(told, zone="UTC"), timedelta(seconds=60))

    return asyncio.run(once())


def test_an_own_authority_is_trusted_by_webhooks_where_it_is_configured(certificate) -> None:
    with tls_hook(certificate.server()) as url:
        refused = send(Webhook(url), Network())
        assert isinstance(refused, TryAgain)
        assert refused.reason is AttemptReason.TLS
        assert "network.ca_file" in refused.detail
        assert isinstance(send(Webhook(url), Network(ca_file=certificate.certificate)), Delivered)
        assert isinstance(send(Webhook(url), Network(), own_ca=certificate.certificate), Delivered)


@pytest.mark.parametrize("own", [False, True])
def test_an_own_authority_is_trusted_by_mail_where_it_is_configured(certificate, own: bool) -> None:
    with ScriptedMailSink(tls_context=certificate.server()) as sink:
        smtp = Smtp("localhost", "w@example.org", sink.port, "starttls")
        assert isinstance(send(Email(("a@example.org",)), Network(), smtp=smtp), TryAgain)
        network = Network(ca_file=None if own else certificate.certificate)
        trusted = certificate.certificate if own else None
        assert isinstance(send(Email(("a@example.org",)), network, smtp=smtp, own_ca=trusted), Delivered)


def test_webhooks_and_mail_go_through_the_proxy_for_deliveries(certificate) -> None:
    with proxy() as (address, targets), tls_hook(certificate.server()) as url, ScriptedMailSink() as sink:
        network = Network(delivery_proxy=address, ca_file=certificate.certificate)
        assert isinstance(send(Webhook(url), network), Delivered)
        smtp = Smtp("127.0.0.1", "w@example.org", sink.port, "none")
        assert isinstance(send(Email(("a@example.org",)), network, smtp=smtp), Delivered)
        assert len(sink.mails) == 1
    assert [target.rpartition(":")[0] for target in targets] == ["127.0.0.1", "127.0.0.1"]


def test_a_receiver_may_have_its_own_proxy_or_none(certificate) -> None:
    with proxy() as (address, targets), tls_hook(certificate.server()) as url:
        network = Network(delivery_proxy="http://127.0.0.1:9", ca_file=certificate.certificate)
        assert isinstance(send(Webhook(url), network, own_proxy="none"), Delivered)
        assert targets == []
        assert isinstance(send(Webhook(url), network, own_proxy=address), Delivered)
        assert len(targets) == 1


@pytest.mark.parametrize("kind", ["webhook", "email"])
def test_a_proxy_that_is_not_there_is_tried_again(kind: str) -> None:
    smtp = Smtp("127.0.0.1", "w@example.org", 2525, "none")
    options = Webhook("https://127.0.0.1/x") if kind == "webhook" else Email(("a@example.org",))
    outcome = send(options, Network(delivery_proxy="http://127.0.0.1:9"), smtp=smtp)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.CONNECT
