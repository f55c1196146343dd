"""Heads of answers, repaired: whatever comes is accepted by the HTTP library or refused with a reason."""

from __future__ import annotations

import asyncio

import h11
import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import FetchError, PollReason
from watcher.fetch.byte_limit import LimitedStream
from watcher.fetch.http_head import head_end, refuse_unless_http, repaired_head
from watcher.fetch.redirects import Chain, Hop, read_address
from watcher.model.feed import Feed, Validators
from watcher.net.bounded import HEAD_BYTES

LINES = st.lists(
    st.binary(max_size=40)
    | st.sampled_from([b"Content-Length", b"transfer-encoding", b"X", b" ", b"\t"]).flatmap(
        lambda name: st.binary(max_size=12).map(lambda value: name + b": " + value)
    ),
    max_size=8,
)
STATUS_LINES = st.binary(max_size=20) | st.sampled_from(
    [b"HTTP/1.1 200 OK", b"HTTP/1.0 404", b"ICY 200 OK", b"http/1.1 304 \xff", b"HTTP/3 200", b"HTTP/1.1 103 Early"]
)


@given(STATUS_LINES, LINES, st.sampled_from([b"\n", b"\r\n"]))
def test_whatever_is_repaired_is_accepted(status_line: bytes, lines: list[bytes], end: bytes) -> None:
    try:
        status, head = repaired_head(end.join([status_line, *lines, b"", b""]))
    except FetchError:
        return
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "example.org")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(head)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError as error:
        refused = str(error)
    else:
        assert getattr(event, "status_code", status) == status
        return
    assert status == 101 or status < 100 or "Transfer" in refused, refused


@given(st.binary(max_size=200))
def test_the_end_of_a_head_is_found_wherever_the_data_is_cut(data: bytes) -> None:
    whole = head_end(data)
    for cut in range(len(data) + 1):
        first = head_end(data[:cut])
        assert first == (whole if whole is not None and whole <= cut else None)
        if first is None:
            assert head_end(data, cut) == whole


class Wire(httpcore2.AsyncNetworkStream):
    """A connection on which some bytes arrive, so many at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step, self.taken = data, step, 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the interface's
        data = self._data[self.taken : self.taken + min(self._step, max_bytes)]
        self.taken += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the interface's
        pass


async def read_all(wire: Wire) -> bytes:
    stream, came = LimitedStream(wire), b""
    while piece := await stream.read(65_536):
        came += piece
    return came


ANSWER = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nX : y\r\n\r\n\r\n\r\nbody\r\n"


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50, 1_000])
def test_a_head_is_repaired_however_it_arrives_and_a_body_is_left_alone(step: int) -> None:
    came = asyncio.run(read_all(Wire(ANSWER, step)))
    assert came == b"HTTP/1.1 103\r\nLink: </a>\r\n\r\nHTTP/1.1 200\r\nX: y\r\n\r\n\r\n\r\nbody\r\n"


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, b"HTTP/1.1 100 C\r\n\r\n" * 100_000, b"\r\n" * 100_000],
    ids=["headers", "interim answers", "empty lines"],
)
@pytest.mark.parametrize("step", [1, 8_192])
@pytest.mark.slow
def test_of_a_head_without_end_no_more_is_read_than_a_head_may_have(data: bytes, step: int) -> None:
    wire = Wire(data, step)
    with pytest.raises(FetchError) as refused:
        asyncio.run(read_all(wire))
    assert refused.value.reason is PollReason.PROTOCOL
    assert wire.taken <= HEAD_BYTES + step


@given(st.binary(max_size=30))
def test_what_cannot_become_http_is_refused_at_its_first_bytes(data: bytes) -> None:
    try:
        refuse_unless_http(data)
    except FetchError:
        assert not data.upper().startswith((b"HTTP/", b"ICY "))
    else:
        start = data.lstrip(b"\r\n")[:4].upper()
        assert b"HTTP".startswith(start) or b"ICY ".startswith(start)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60))
def test_no_location_is_too_odd(location: str) -> None:
    chain = Chain(Feed("https://example.org/f"), Validators(), "watcher/test")
    try:
        hop = chain.next_hop(Hop(read_address("https://example.org/f")), 302, location)
    except FetchError:
        return
    assert hop.url.scheme == "https"
    assert str(hop.url).isascii() or hop.url.host
