"""Settings of the C library's allocator."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

GROWS_IN_SIX_THREADS = """
import ctypes, sys, threading
from watcher.service.memory import limit_arenas
if sys.argv[1] == "together":
    assert limit_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
met = threading.Barrier(6)
regions = set()
def take():
    met.wait(10)
    regions.add(libc.malloc(ctypes.c_size_t(1000)) >> 26)
    met.wait(10)
threads = [threading.Thread(target=take) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(regions))
"""


def arenas(how: str) -> int:
    """In how many regions of 64 MiB, an arena's, six threads get their memory."""
    done = subprocess.run([sys.executable, "-c", GROWS_IN_SIX_THREADS, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have one arena")
def test_threads_share_two_arenas() -> None:
    assert arenas("apart") > 2
    assert arenas("together") <= 2


FREES_BETWEEN_BLOCKS = """
import ctypes
from pathlib import Path
from watcher.service.memory import trim_memory, limit_arenas
limit_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
blocks = [libc.malloc(ctypes.c_size_t(100_000)) for _ in range(500)]
for block in blocks:
    ctypes.memset(block, 1, 100_000)
for block in blocks[:-1]:
    libc.free(block)
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1])
before = resident()
trim_memory()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give back by themselves, or never")
def test_what_is_free_below_a_block_in_use_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", FREES_BETWEEN_BLOCKS], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 5_000
