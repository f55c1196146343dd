"""A module of ours run as a process that may die of what it is given: for strangers' pages, one at a time.

Documents of feeds have a warm pool instead (`watcher.parse.sandbox`).
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from contextlib import suppress

CPU_SECONDS = 2
MEMORY_BYTES = 512_000_000
DEADLINE = 10.0
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "HOME")
"""The only variables that children see: secrets live in the others."""


def child_environment() -> dict[str, str]:
    """The variables of ours that a child gets which reads what strangers wrote."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


async def run_limited(module: str, *arguments: str, given: bytes) -> bytes | None:
    """What `python -m module` writes when it is given some bytes; None when it died, failed, or took longer than 10 s."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=child_environment(),
    )
    try:
        async with asyncio.timeout(DEADLINE):
            told, _ = await process.communicate(given)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return told if process.returncode == 0 else None


def apply_limits() -> None:
    """Bounds the time and memory of this process; called by the module that is run."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
