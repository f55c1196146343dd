"""How glibc hands out memory to a process that runs for months.

By default every thread gets an arena of its own and large blocks move into them after a while; what polls and the store's
page caches free there in one thread is of no use to another, and the process grows for hours. With few arenas and
large blocks always mapped by themselves (mallopt(3)), and with what is free given back now and then, it stays as large as
its work needs.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""The parameters' numbers in malloc.h."""

_SETTINGS = {_ARENA_MAX: 2, _MMAP_THRESHOLD: 256 * 1024, _TRIM_THRESHOLD: 1024 * 1024}


def keep_memory_together() -> bool:
    """Must come before the first thread. Returns whether this C library takes it; another is left as it is."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(parameter, value) for parameter, value in _SETTINGS.items())


def give_back_free_memory() -> None:
    """Returns to the system what is free between blocks in use (malloc_trim(3)); takes milliseconds."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
