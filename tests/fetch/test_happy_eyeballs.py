"""Names with several addresses, some of which do not answer; the sockets are real, only the resolver is told what to say."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest

from tests.harness.servers import FeedServer
from watcher.errors import PollReason
from watcher.fetch.happy_eyeballs import dial_order
from watcher.model.feed import Fetched

Names = Callable[..., None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Gives one name the addresses that follow it."""

    def give(name: str, *addresses: str) -> None:
        def look_up(host: str, port: int, **_: Any) -> list[Any]:
            assert host == name
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr("watcher.fetch.resolver.socket.getaddrinfo", look_up)

    return give


@pytest.fixture
def swallowing(feed_server: FeedServer) -> Iterator[str]:
    """An address that answers no one on the feed server's port: its queue of connections is full."""
    address = "127.0.0.77"
    with ExitStack() as opened:
        listener = opened.enter_context(socket.socket())
        listener.bind((address, feed_server.port))
        listener.listen(0)
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((address, feed_server.port))
        yield address


def test_an_address_that_swallows_everything_does_not_hide_the_next(
    names: Names, swallowing: str, feed_server: FeedServer, fetch: Any
) -> None:
    feed_server.put("/f", b"<rss/>")
    names("two.example", swallowing, "127.0.0.1")
    fetched = fetch(f"http://two.example:{feed_server.port}/f", timeout=timedelta(seconds=20))
    assert isinstance(fetched, Fetched)


def test_a_refusal_passes_on_to_the_next_at_once(names: Names, feed_server: FeedServer, fetch: Any) -> None:
    feed_server.put("/f", b"<rss/>")
    names("two.example", "127.0.0.78", "127.0.0.1")
    assert isinstance(fetch(f"http://two.example:{feed_server.port}/f"), Fetched)


def test_where_no_address_answers_the_deadline_holds(
    names: Names, swallowing: str, feed_server: FeedServer, fetch: Any
) -> None:
    names("two.example", swallowing, swallowing)
    failed = fetch(f"http://two.example:{feed_server.port}/f", timeout=timedelta(milliseconds=400))
    assert failed.reason is PollReason.TIMEOUT


def test_where_all_refuse_that_is_the_reason(names: Names, feed_server: FeedServer, fetch: Any) -> None:
    names("two.example", "127.0.0.78", "127.0.0.79")
    assert fetch(f"http://two.example:{feed_server.port}/f").reason is PollReason.CONNECT


def test_families_alternate_and_of_many_addresses_few_are_dialled() -> None:
    texts = ("2606:4700::1", "2606:4700::2", "8.8.8.1", "2606:4700::1", "8.8.8.2", "2606:4700::3")
    order = ["2606:4700::1", "8.8.8.1", "2606:4700::2", "8.8.8.2", "2606:4700::3"]
    assert [str(address) for address in dial_order(map(ip_address, texts))] == order
    assert len(dial_order(ip_address(f"8.8.{number}.1") for number in range(200))) == 8
    assert dial_order([]) == []
