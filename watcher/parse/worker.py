"""A parser child: reads documents from its standard input until that ends; `python -m watcher.parse.worker`.

The parent kills it when a job takes too long; its own limits stop what a document could do in the meantime.
"""

from __future__ import annotations

import fcntl
import gc
import os
import resource
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import BinaryIO

from watcher.errors import ParseError, PollReason
from watcher.model.feed import ParseFailed
from watcher.parse.document import parse_document
from watcher.parse.ipc import LENGTH, decode_job, encode_failure, encode_feed

OUT_OF_MEMORY = ParseFailed(
    PollReason.PARSE_MEMORY, "reading the document needed more memory than a feed may have; tell its publisher"
)


_PIPE_BYTES = 1 << 20
"""Of a pipe, so that most documents pass it at once; the kernel's limit for a user without privileges."""


def main(memory_bytes: int, cpu_seconds: int) -> None:
    """Serves jobs. `cpu_seconds` is what one job may cost; passing it ends the process with SIGXCPU."""
    source, sink = _take_streams()
    gc.freeze()  # what was imported is no garbage
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sink.write(LENGTH.pack(0))
    sink.flush()
    while (head := _read_frame(source)) is not None:
        body = _read_frame(source)
        if body is None:
            return
        url, headers = decode_job(head)
        _allow_cpu(cpu_seconds)
        for frame in _answer(body, url, headers):
            sink.write(LENGTH.pack(len(frame)))
            sink.write(frame)
        sink.flush()


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent; whatever a library prints goes to standard error instead."""
    for descriptor in (0, 1):
        with suppress(OSError):  # above the user's limit, or no pipe: slower, nothing else
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, sink


def _allow_cpu(seconds: int) -> None:
    # RLIMIT_CPU counts over the whole life of a process: what is used already is added, rounded up.
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))


def _read_frame(source: BinaryIO) -> bytes | None:
    prefix = source.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(prefix)
    frame = source.read(length)
    return frame if len(frame) == length else None


def _answer(body: bytes, url: str, headers: Mapping[str, str]) -> Iterable[bytes]:
    try:
        return list(encode_feed(parse_document(body, url=url, headers=headers)))
    except ParseError as error:
        return encode_failure(ParseFailed(error.reason, error.detail))
    except MemoryError:
        return encode_failure(OUT_OF_MEMORY)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
