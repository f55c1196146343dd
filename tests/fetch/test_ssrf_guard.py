"""The guard at connect time, in every spelling of an address."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from tests.harness.servers import FeedServer
from watcher.errors import PollReason
from watcher.fetch import pools
from watcher.fetch.address_policy import AddressPolicy
from watcher.fetch.client import Fetcher
from watcher.model.feed import Feed, Fetched, FetchFailed, Validators

REFUSED = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.5",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "100::1",
    "168.63.129.16",
    "::ffff:168.63.129.16",
    "3fff::1",
    "5f00::1",
    "::ffff:0:10.0.0.1",
    "4000::1",
    "a000::a9fe:a9fe",
    "2a00::5efe:10.0.0.1",
    "2600:1:2:3:200:5efe:a9fe:a9fe",
    "64:ff9b::a83f:8110",
    "2002:a83f:8110::1",
    "fd00:ec2::254",
]
PERMITTED = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", REFUSED)
def test_special_addresses_are_refused(address: str) -> None:
    assert not AddressPolicy().permits(ip_address(address))


@pytest.mark.parametrize("address", PERMITTED)
def test_global_addresses_are_permitted(address: str) -> None:
    assert AddressPolicy().permits(ip_address(address))


def test_ones_own_ranges_are_permitted() -> None:
    policy = AddressPolicy(("10.0.0.0/8", "fd00::/8"))
    assert policy.permits(ip_address("10.1.2.3"))
    assert policy.permits(ip_address("::ffff:10.1.2.3"))
    assert policy.permits(ip_address("fd12::1"))
    assert not policy.permits(ip_address("192.168.1.1"))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "[::]",
    ],
)
def test_no_spelling_of_loopback_is_dialled(host: str, feed_server: FeedServer, fetch: Any) -> None:
    feed_server.put("/f", b"<rss/>")
    failed = fetch(f"http://{host}:{feed_server.port}/f", allow=())
    assert isinstance(failed, FetchFailed)
    assert failed.reason in {PollReason.ADDRESS_REFUSED, PollReason.DNS, PollReason.PROTOCOL}
    assert not feed_server.requests


def test_a_name_is_resolved_once_and_the_vetted_address_is_dialled(
    feed_server: FeedServer, fetch: Any, monkeypatch: Any
) -> None:
    """A name that is public at the first look and loopback at the second gains nothing by it."""
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    asked = []

    def rebinding(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", (address, port)) for address in next(answers)]

    monkeypatch.setattr("watcher.fetch.resolver.socket.getaddrinfo", rebinding)
    dialled: list[str] = []

    async def dial(_: Any, host: str, *rest: Any) -> Any:
        dialled.append(host)
        raise ConnectionAbortedError

    monkeypatch.setattr("httpcore2.AnyIOBackend.connect_tcp", dial)
    with pytest.raises(ConnectionAbortedError):
        fetch(f"http://rebind.example:{feed_server.port}/f", allow=())
    assert dialled == ["93.184.215.14"]
    assert asked == ["rebind.example"]
    assert fetch(f"http://rebind.example:{feed_server.port}/f", allow=()).reason is PollReason.ADDRESS_REFUSED


def test_one_private_address_among_public_ones_is_enough(fetch: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        "watcher.fetch.resolver.socket.getaddrinfo",
        lambda host, port, **_: [(2, 1, 6, "", (address, port)) for address in ("93.184.215.14", "192.168.0.1")],
    )
    assert fetch("http://mixed.example/", allow=()).reason is PollReason.ADDRESS_REFUSED


def test_an_allowed_range_is_read(feed_server: FeedServer, fetch: Any) -> None:
    assert isinstance(fetch(feed_server.put("/f", b"<rss/>"), allow=("127.0.0.1/32",)), Fetched)


def test_a_range_is_allowed_for_one_feed(feed_server: FeedServer, with_fetcher: Any) -> None:
    """Also where another feed has just opened a connection that could be used again."""
    url = feed_server.put("/f", b"<rss/>")

    async def body(fetcher: Fetcher) -> Any:
        internal = Feed(url, allow=("127.0.0.0/8",))
        return [await fetcher.fetch(feed, Validators()) for feed in (internal, Feed(url), internal)]

    first, second, third = with_fetcher(body, allow=())
    assert isinstance(first, Fetched)
    assert isinstance(third, Fetched)
    assert second.reason is PollReason.ADDRESS_REFUSED


def test_a_chain_that_was_public_never_enters_an_allowed_range(
    feed_server: FeedServer, with_fetcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """127.0.0.2 plays a public address: what it redirects to must be public, too, whatever is allowed."""
    monkeypatch.setattr(pools, "_PUBLIC", AddressPolicy(("127.0.0.2/32",)))
    feed_server.put("/secret", b"<rss/>")
    inside = feed_server.redirect("/inside", "/secret")
    with FeedServer("127.0.0.2") as public:
        hostile = public.redirect("/f", feed_server.url("/secret"))

        async def body(fetcher: Fetcher) -> Any:
            return [await fetcher.fetch(Feed(url), Validators()) for url in (inside, hostile, inside)]

        first, second, third = with_fetcher(body)
    assert isinstance(first, Fetched)
    assert isinstance(third, Fetched)
    assert second.reason is PollReason.ADDRESS_REFUSED
    assert feed_server.paths() == ["/inside", "/secret"] * 2
