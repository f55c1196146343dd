"""The child's side of the sandbox: takes jobs from its standard input and writes the answers to its standard output.

Everything is a frame: its length in four bytes, then its content. A job is three frames: a tag that no other job of the
child has, a head and a body. An answer is the tag, any number of frames, and a mark that ends it. The parent compares
the tags: the answer to another job would give one feed the entries of another.
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
    while (job := _read_job(source)) is not None:
        tag, head, body = job
        allow_cpu(cpu_seconds)
        _write_frame(sink, tag)
        try:
            for frame in answer(head, body):
                _write_frame(sink, frame)
        except MemoryError:
            sink.write(OUT_OF_MEMORY)
            sink.flush()
            return
        allow_cpu(0)  # taking the next job is no part of this one
        sink.write(READY)
        sink.flush()


def as_job(tag: bytes, head: bytes, body: bytes) -> tuple[bytes, ...]:
    """What the parent writes for a job. The tag is not empty."""
    return tuple(part for frame in (tag, head, body) for part in (LENGTH.pack(len(frame)), frame))


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent; whatever a library prints goes to standard error instead."""
    for descriptor in (0, 1):
        with suppress(OSError):  # above the user's limit, or no pipe: slower, nothing else
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, sink


def _write_frame(sink: BinaryIO, frame: bytes) -> None:
    sink.write(LENGTH.pack(len(frame)))
    sink.write(frame)
    sink.flush()


def _read_job(source: BinaryIO) -> tuple[bytes, bytes, bytes] | None:
    """Tag, head and body of the next job; None at the end of the input."""
    tag, head, body = _read_frame(source), _read_frame(source), _read_frame(source)
    return None if tag is None or head is None or body is None else (tag, head, body)


def _read_frame(source: BinaryIO) -> bytes | None:
    prefix = source.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(prefix)
    frame = source.read(length)
    return frame if len(frame) == length else None
