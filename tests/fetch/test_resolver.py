"""Names that do not resolve, or hang, do not delay others."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from watcher.errors import FetchError
from watcher.fetch import resolver as resolver_module
from watcher.fetch.resolver import ASKER, Asker, Resolver
from watcher.text.domains import registrable_domain


class Names:
    """The system's resolver: names that begin with `hang` do not answer until released, `no` ones do not exist."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.asked: list[str] = []

    async def are_asked(self, count: int) -> None:
        """Returns once so many names have been looked up, or are."""
        while len(self.asked) < count:  # noqa: ASYNC110 - the threads of the system's resolver have no event to wait for
            await asyncio.sleep(0.005)

    def look_up(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        if host.startswith("hang"):
            self.released.wait(30)
        if host.startswith(("no", "hang")):
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port))]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    names = Names()
    registrable_domain("example.org")  # reads the list of suffixes, which takes its time once
    monkeypatch.setattr(resolver_module.socket, "getaddrinfo", names.look_up)
    monkeypatch.setattr(resolver_module, "_TIMEOUT", 2.0)
    monkeypatch.setattr(resolver_module, "_SLOW", 0.1)
    monkeypatch.setattr(resolver_module, "_THREADS", {"proven": 4, "new": 40, "slow": 4})
    yield names
    names.released.set()


def run(body: Callable[[Resolver], Coroutine[Any, Any, Any]]) -> Any:
    async def whole() -> Any:
        resolver = Resolver()
        try:
            return await body(resolver)
        finally:
            resolver.close()

    return asyncio.run(whole())


async def outcome(resolver: Resolver, host: str, asker: Asker | None = None) -> str:
    ASKER.set(asker)
    try:
        return str((await resolver.resolve(host, 80))[0])
    except FetchError as error:
        return error.reason


HANGING = {
    "of one domain": (lambda number: f"hang{number}.evil.com", lambda number: None, 4),
    "of many domains": (lambda number: f"hang{number}.com", lambda number: None, 40),
    "redirected to by one domain": (lambda number: f"hang{number}.com", lambda number: Asker(f"{number}.evil.com"), 4),
    "of feeds that worked before": (
        lambda number: f"hang{number}.com",
        lambda number: Asker(f"hang{number}.com", is_proven=True),
        4,
    ),
    "redirected to by a feed that worked before": (
        lambda number: f"hang{number}.com",
        lambda number: Asker("www.evil.com", is_proven=True),
        4,
    ),
}
"""Names that hang, for whom they are looked up, and how many threads they can get at most."""


@pytest.mark.parametrize("kind", HANGING)
def test_hundreds_of_hanging_names_leave_threads_to_others(kind: str, names: Names) -> None:
    host, asker, most = HANGING[kind]
    proven = "proven" if kind == "of feeds that worked before" else "new"
    honest = Asker("news.com", is_proven=proven == "new")

    async def body(resolver: Resolver) -> Any:
        tasks = [asyncio.create_task(outcome(resolver, host(number), asker(number))) for number in range(300)]
        await names.are_asked(most)
        found = await asyncio.create_task(outcome(resolver, "news.com", honest))
        hanging = len(names.asked) - 1
        return found, hanging, await asyncio.gather(*tasks)

    found, hanging, failed = run(body)
    assert found == "93.184.215.14"
    assert hanging == most
    assert set(failed) <= {"dns", "host_busy"}


def test_a_name_that_got_no_thread_has_not_failed(names: Names) -> None:
    async def body(resolver: Resolver) -> Any:
        tasks = [asyncio.create_task(outcome(resolver, f"hang{number}.com")) for number in range(40)]
        await names.are_asked(40)
        waited = await asyncio.create_task(outcome(resolver, "news.com"))
        names.released.set()
        await asyncio.gather(*tasks)
        return waited, await outcome(resolver, "news.com")

    assert run(body) == ("host_busy", "93.184.215.14")


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7"])
def test_an_address_is_not_looked_up(host: str, names: Names) -> None:
    async def body(resolver: Resolver) -> Any:
        return await outcome(resolver, host)

    assert run(body) == host
    assert names.asked == []


def test_names_that_hang_again_and_again_share_few_threads(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver_module, "_FAILED_FOR", 0.0)

    async def body(resolver: Resolver) -> Any:
        hosts = [f"hang{number}.com" for number in range(20)]
        await asyncio.gather(*(outcome(resolver, host) for host in hosts))
        names.asked.clear()
        again = [asyncio.create_task(outcome(resolver, host)) for host in hosts]
        honest = await outcome(resolver, "news.example")
        await asyncio.gather(*again)
        return honest

    assert run(body) == "93.184.215.14"
    assert sum(name.startswith("hang") for name in names.asked) <= 4


def test_a_failure_is_remembered_for_a_while_and_a_success_forgets_it(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(resolver: Resolver) -> Any:
        first = [await outcome(resolver, "no.example") for _ in range(3)]
        monkeypatch.setattr(resolver_module, "_FAILED_FOR", 0.0)
        return [*first, await outcome(resolver, "no.example")]

    assert run(body) == ["dns"] * 4
    assert names.asked == ["no.example"] * 2


def test_who_gives_up_gives_the_place_back(names: Names) -> None:
    async def body(resolver: Resolver) -> Any:
        tasks = [asyncio.create_task(resolver.resolve(f"hang{number}.evil.com", 80)) for number in range(6)]
        await names.are_asked(4)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        names.released.set()
        return await outcome(resolver, "www.evil.com")

    assert run(body) == "93.184.215.14"
