"""Settings of glibc's allocator for a process that runs for months.

By default every thread gets an arena of its own, and large blocks move into the arenas after a while. What one thread
frees there is of no use to another, so that the process grows for hours. Few arenas, large blocks always mapped by
themselves (mallopt(3)) and a trim now and then keep it at the size that its work needs.
"""

from __future__ import annotations

import ctypes
import gc

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""The parameters' numbers in malloc.h."""

_SETTINGS = {_MMAP_THRESHOLD: 256 * 1024, _TRIM_THRESHOLD: 1024 * 1024}

NEW_OBJECTS = 10_000
"""How many new objects the cyclic garbage collector waits for in a process that runs for months."""


def limit_arenas(most: int = 2) -> bool:
    """Must be called before the first thread starts. False when the C library has no mallopt.

    With one arena, threads wait for each other now and then, and what one frees is of use to all.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    settings = {**_SETTINGS, _ARENA_MAX: most}
    return mallopt is not None and all(mallopt(parameter, value) for parameter, value in settings.items())


def freeze_objects(new_objects: int = NEW_OBJECTS) -> None:
    """To be called after the start: the garbage collector does not look at what is there by then again, and waits for
    so many new objects.

    What is garbage by then stays, too: some hundred objects, which to find would take a tenth of a second.
    """
    gc.freeze()
    gc.set_threshold(new_objects)


def trim_memory() -> None:
    """Returns free memory between used blocks to the system (malloc_trim(3)); takes milliseconds."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
