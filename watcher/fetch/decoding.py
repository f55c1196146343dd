"""Content codings, decoded in bounded pieces: what a body can grow to is decided here, not by its sender.

The header Content-Encoding is often wrong: it names a character encoding, or a compression that a proxy has undone
or applied twice. The first bytes of the body decide; the header only says what to expect of `br` and `deflate`, which
have no signature.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

from watcher.errors import FetchError, PollReason

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

ACCEPT_ENCODING = "gzip, deflate, br, zstd"

_PIECE = 1 << 18
"""Bytes decoded at a time: few enough not to block the event loop."""

_SNIFFED = 512
"""Bytes of a body that are looked at to recognise its coding."""

_MOST_MEMBERS = 1_000
"""Compressed streams one after another in one body: a million empty ones would only cost time."""

_LONGEST_GZIP_HEADER = 1 << 13
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW_LOG = 23  # RFC 9659: a decoder of web content need not offer more than 8 MB
_COMPRESSIONS = {"gzip", "x-gzip", "deflate", "br", "zstd"}


class _Decoder(Protocol):
    finished: bool

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What `data` decodes to, in pieces of bounded size."""


class BodyCollector:
    """Collects one body through its content coding, up to `max_bytes` decoded bytes.

    Raises `FetchError`: `bad_encoding` for a damaged stream, `too_large` beyond the cap. `repairs` names what the
    server said wrongly about the body.
    """

    def __init__(self, content_encoding: str, max_bytes: int) -> None:
        declared = [part.strip().lower() for part in content_encoding.split(",")]
        self._outer = _Layer(next((name for name in reversed(declared) if name in _COMPRESSIONS), ""))
        self._inner = _Layer("")
        self._declared = {name for name in declared if name not in {"", "identity"}}
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._size = 0
        self._received = 0
        self._between = 0
        self._was_cut_off = False

    @property
    def received(self) -> int:
        """Bytes of the body so far, as sent."""
        return self._received

    def take(self, data: bytes, *, last: bool = False) -> Iterator[int]:
        """Decodes one chunk of the body and yields the sizes of the pieces: between two, other tasks may run."""
        self._received += len(data)
        if self._received > self._max_bytes:
            raise too_large(self._max_bytes)
        try:
            for piece in self._outer.pieces(data, last=last):
                yield from self._unwrapped(piece, last=False)
            if last:
                yield from self._unwrapped(b"", last=True)
        except (zlib.error, brotli.error, ZstdError, EOFError) as error:
            raise FetchError(
                PollReason.BAD_ENCODING, f"the compressed body is damaged ({error}); the server must fix it"
            ) from error

    def end(self, *, cut_off: bool = False) -> Iterator[int]:
        """The body is complete, or the connection ended before it was. Yields as `take` does."""
        yield from self.take(b"", last=True)
        self._was_cut_off = cut_off or not (self._outer.finished and self._inner.finished)
        if self._was_cut_off and not self._size:
            raise FetchError(PollReason.BAD_ENCODING, "the body ended before anything could be read; it is tried again")
        if self._inner.coding and self._pieces[0].startswith((_GZIP, _ZSTD)):
            raise FetchError(PollReason.BAD_ENCODING, "the body is compressed more than twice; the server must fix it")

    @property
    def was_cut_off(self) -> bool:
        """The body or its compressed stream ended early; what came until then can be read."""
        return self._was_cut_off

    @property
    def repairs(self) -> tuple[str, ...]:
        """What is wrong with the answer although its body could be read."""
        found = tuple(dict.fromkeys(filter(None, (self._outer.coding, self._inner.coding))))
        is_said = {"gzip" if name == "x-gzip" else name for name in self._declared} == set(found)
        wrong = () if is_said or not self._received else ("Content-Encoding",)
        return (*wrong, *(("cut off",) if self._was_cut_off else ()))

    def body(self) -> bytes:
        """The whole body, as far as it came."""
        return b"".join(self._pieces)

    def _unwrapped(self, piece: bytes, *, last: bool) -> Iterator[int]:
        self._between += len(piece)
        if self._between > self._max_bytes:
            raise too_large(self._max_bytes)
        for decoded in self._inner.pieces(piece, last=last):
            self._size += len(decoded)
            if self._size > self._max_bytes:
                raise too_large(self._max_bytes)
            self._pieces.append(decoded)
            yield len(decoded)


def too_large(max_bytes: int) -> FetchError:
    return FetchError(
        PollReason.TOO_LARGE, f"the document is larger than {max_bytes:,} bytes; raise polling.max_bytes to read it"
    )


class _Layer:
    """One coding around a body, recognised by the first bytes; `coding` is "" until then and for none."""

    def __init__(self, declared: str) -> None:
        self._declared = declared
        self._head = b""
        self._decoder: _Decoder | None = None
        self.coding = ""

    @property
    def finished(self) -> bool:
        return self._decoder is None or self._decoder.finished

    def pieces(self, data: bytes, *, last: bool) -> Iterator[bytes]:
        """What `data` decodes to; `last`: nothing follows."""
        if self._decoder is None:
            self._head += data
            if not self._head or (len(self._head) < _SNIFFED and not last):
                return
            self.coding = _coding_of(self._head, self._declared)
            self._decoder = _decoder(self.coding)
            data, self._head = self._head, b""
        yield from self._decoder.pieces(data)


def _coding_of(head: bytes, declared: str) -> str:
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(_ZSTD):
        return "zstd"
    if declared in {"br", "deflate"} and _decodes(_decoder(declared), head):
        return declared
    return ""


def _decodes(decoder: _Decoder, head: bytes) -> bool:
    """Whether a body that begins like this can be of a coding without a signature."""
    if not head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith((b"<", b"{")):
        return True  # not text either: a damaged stream is reported as such
    try:
        next(iter(decoder.pieces(head)), b"")
    except (zlib.error, brotli.error):
        return False
    return True


def _decoder(coding: str) -> _Decoder:
    match coding:
        case "gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
        case _:
            return _Identity()


def _counted(members: int) -> int:
    if members >= _MOST_MEMBERS:
        raise FetchError(PollReason.BAD_ENCODING, "the body is compressed in very many parts; the server must fix it")
    return members + 1


class _Identity:
    finished = True

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Gzip:
    """RFC 1952: members one after another; what follows the last is padding (§2.2 and common practice).

    Checksums are not compared: browsers read a document whose checksum is wrong, and so its text arrives.
    """

    finished = False

    def __init__(self) -> None:
        self._header = b""
        self._inflate: zlib._Decompress | None = None
        self._trailer = 0
        self._members = 0

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate is None:
                data = self._begun(data)
                continue
            if self._trailer:
                self._trailer -= (passed := min(self._trailer, len(data)))
                data = data[passed:]
                if not self._trailer:
                    self._inflate = None
                continue
            yield self._inflate.decompress(data, _PIECE)
            data = self._inflate.unconsumed_tail or self._inflate.unused_data
            if self._inflate.eof:
                self.finished, self._trailer = True, 8

    def _begun(self, data: bytes) -> bytes:
        """Reads a member's header; returns what is behind it, nothing when there is no further member."""
        self._header += data
        if not _GZIP.startswith(self._header[:2]):
            self._header = b""
            return b""
        length = _gzip_header_length(self._header)
        if length is None:
            if len(self._header) > _LONGEST_GZIP_HEADER:
                raise zlib.error("its header has no end")
            return b""
        rest, self._header = self._header[length:], b""
        self._members = _counted(self._members)
        self._inflate, self.finished = zlib.decompressobj(-zlib.MAX_WBITS), False
        return rest


def _gzip_header_length(data: bytes) -> int | None:
    """RFC 1952 §2.3; None while the header is incomplete."""
    if len(data) < 10:
        return None
    flags, at = data[3], 10
    if flags & 4:
        at += 2 + int.from_bytes(data[10:12], "little")
    for flag in (8, 16):
        if flags & flag:
            end = data.find(b"\0", at)
            if end < 0:
                return None
            at = end + 1
    at += 2 if flags & 2 else 0
    return at if at <= len(data) else None


class _Deflate:
    """RFC 9110 §8.4.1.2: the zlib format, but some send the bare deflate stream."""

    finished = False

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj()
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        # Behind its end zlib copies whatever comes to `unused_data`, all of it again at each call.
        while data and not self.finished:
            try:
                piece = self._inflate.decompress(data, _PIECE)
            except zlib.error:
                if self._begun:
                    raise
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
                piece = self._inflate.decompress(data, _PIECE)
            self._begun = True
            yield piece
            data = self._inflate.unconsumed_tail
            self.finished = self._inflate.eof


class _Brotli:
    """RFC 7932."""

    finished = False

    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        # The library returns a part of what it has decoded and keeps the rest for the next call, also when it says that
        # it can accept more data. In a body that is cut off there is no next call: ask until nothing comes.
        while not self.finished:
            piece = self._brotli.process(data, output_buffer_limit=_PIECE)
            data, self.finished = b"", self._brotli.is_finished()
            if not piece and self._brotli.can_accept_more_data():
                return
            yield piece


class _Zstd:
    """RFC 8878, frames one after another; what follows the last is padding."""

    finished = False

    def __init__(self) -> None:
        self._zstd = self._fresh()
        self._frames = 1

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._zstd.needs_input or self._zstd.eof):
            if self._zstd.eof:
                if not data.startswith(_ZSTD[: len(data)]):
                    return
                self._frames = _counted(self._frames)
                self._zstd = self._fresh()
            yield self._zstd.decompress(data, _PIECE)
            data = self._zstd.unused_data if self._zstd.eof else b""
            self.finished = self._zstd.eof

    @staticmethod
    def _fresh() -> ZstdDecompressor:
        return ZstdDecompressor(options={DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
