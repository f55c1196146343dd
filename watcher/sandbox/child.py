"""The child's side of the sandbox: takes jobs from its standard input and writes the answers to its standard output.

Everything is a frame: its length in four bytes, then its content. A job is two frames, an answer any number of them
and a mark that ends it.
"""

from __future__ import annotations

import fcntl
import gc
import os
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import BinaryIO

from watcher.sandbox.limits import allow_cpu, limit_memory

Answer = Callable[[bytes, bytes], Iterable[bytes]]
"""What a module does with a job: its head and its body to the frames of the answer, none of them empty."""

LENGTH = struct.Struct(">I")
READY = LENGTH.pack(0)
"""A child writes this when it can take jobs, and after each answer."""

OUT_OF_MEMORY = LENGTH.pack(0xFFFFFFFF)
"""Ends an answer that needed more memory than it may have; the child ends after it."""

_PIPE_BYTES = 1 << 20
"""Of a pipe, so that most documents pass it at once; the kernel's limit for a user without privileges."""


def serve(answer: Answer) -> None:
    """The main function of a worker module; its arguments are `Limits.as_arguments`. Returns when its input ends."""
    memory_bytes, cpu_seconds = map(int, sys.argv[1:3])
    source, sink = _take_streams()
    gc.freeze()  # what was imported is no garbage
    limit_memory(memory_bytes)
    sink.write(READY)
    sink.flush()
    while (head := _read_frame(source)) is not None and (body := _read_frame(source)) is not None:
        allow_cpu(cpu_seconds)
        try:
            for frame in answer(head, body):
                sink.write(LENGTH.pack(len(frame)))
                sink.write(frame)
                sink.flush()
        except MemoryError:
            sink.write(OUT_OF_MEMORY)
            sink.flush()
            return
        sink.write(READY)
        sink.flush()


def as_job(head: bytes, body: bytes) -> tuple[bytes, ...]:
    return LENGTH.pack(len(head)), head, LENGTH.pack(len(body)), body


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent; whatever a library prints goes to standard error instead."""
    for descriptor in (0, 1):
        with suppress(OSError):  # above the user's limit, or no pipe: slower, nothing else
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, sink


def _read_frame(source: BinaryIO) -> bytes | None:
    prefix = source.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(prefix)
    frame = source.read(length)
    return frame if len(frame) == length else None
