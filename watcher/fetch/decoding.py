"""Content codings, decoded in bounded pieces: what a body can grow to is decided here, not by its sender."""

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
"""Bytes decoded at a time: little enough not to hold the event loop."""

_MOST_MEMBERS = 1_000
"""Compressed streams one after another in one body; a million empty ones are nothing but work."""

_ZSTD_WINDOW_LOG = 23  # RFC 9659: a decoder of web content need not offer more than 8 MB


class _Decoder(Protocol):
    finished: bool

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What `data` decodes to, in pieces of bounded size."""


class BodyCollector:
    """Collects one body through its content coding, up to `max_bytes` decoded bytes.

    Raises `FetchError`: `bad_encoding` for a coding we do not read, a stack of codings or a broken stream,
    `too_large` beyond the cap.
    """

    def __init__(self, content_encoding: str, max_bytes: int) -> None:
        self._decoder = _decoder(content_encoding)
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._size = 0
        self._received = 0
        self._begun = False

    def take(self, data: bytes) -> Iterator[int]:
        """Decodes one chunk of the body piece by piece, and yields their sizes: between two, others may have their turn."""
        self._begun = True
        self._received += len(data)
        if self._received > self._max_bytes:
            raise too_large(self._max_bytes)
        try:
            for piece in self._decoder.pieces(data):
                self._size += len(piece)
                if self._size > self._max_bytes:
                    raise too_large(self._max_bytes)
                self._pieces.append(piece)
                yield len(piece)
        except (zlib.error, brotli.error, ZstdError, EOFError) as error:
            raise FetchError(
                PollReason.BAD_ENCODING, f"the compressed body is damaged ({error}); the server must mend it"
            ) from error

    def body(self) -> bytes:
        """The whole body; raises when the compressed stream was cut off."""
        if self._begun and not self._decoder.finished:
            raise FetchError(PollReason.BAD_ENCODING, "the compressed body ended early; it is tried again later")
        return b"".join(self._pieces)


def too_large(max_bytes: int) -> FetchError:
    return FetchError(
        PollReason.TOO_LARGE, f"the document is larger than {max_bytes:,} bytes; raise polling.max_bytes to read it"
    )


def _decoder(content_encoding: str) -> _Decoder:
    names = [name for part in content_encoding.split(",") if (name := part.strip().lower()) not in {"", "identity"}]
    if len(names) > 1:
        raise FetchError(PollReason.BAD_ENCODING, "the body is compressed more than once, which no honest server does")
    match names[0] if names else "":
        case "":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
        case name:
            raise FetchError(
                PollReason.BAD_ENCODING, f"the server answers in the coding {name[:40]!r} although we did not offer it"
            )


def _counted(members: int) -> int:
    if members >= _MOST_MEMBERS:
        raise FetchError(PollReason.BAD_ENCODING, "the body is compressed in very many parts; the server must mend it")
    return members + 1


class _Identity:
    finished = True

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Gzip:
    """RFC 1952, members one after another; zeros after the last are padding (§2.2 and common practice)."""

    finished = False

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._members = 1

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate.eof:
                if not data.startswith(b"\x1f\x8b"):
                    return
                self._members = _counted(self._members)
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield self._inflate.decompress(data, _PIECE)
            data = self._inflate.unconsumed_tail or self._inflate.unused_data
            self.finished = self._inflate.eof


class _Deflate:
    """RFC 9110 §8.4.1.2: the zlib format, but some send the bare deflate stream."""

    finished = False

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj()
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
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
        if self.finished:
            return
        yield self._brotli.process(data, output_buffer_limit=_PIECE)
        while not self._brotli.can_accept_more_data():
            yield self._brotli.process(b"", output_buffer_limit=_PIECE)
        self.finished = self._brotli.is_finished()


class _Zstd:
    """RFC 8878, frames one after another."""

    finished = False

    def __init__(self) -> None:
        self._zstd = self._fresh()
        self._frames = 1

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._zstd.needs_input or self._zstd.eof):
            if self._zstd.eof:
                self._frames = _counted(self._frames)
                self._zstd = self._fresh()
            yield self._zstd.decompress(data, _PIECE)
            data = self._zstd.unused_data if self._zstd.eof else b""
            self.finished = self._zstd.eof

    @staticmethod
    def _fresh() -> ZstdDecompressor:
        return ZstdDecompressor(options={DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
