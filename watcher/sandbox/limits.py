"""What a child process may use, and how it is started: isolated, in `/`, with nothing of the parent's environment."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

from watcher.lazy_dataclass import dataclass

_INHERITED = ("LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""The only variables that children get: secrets may be in any other."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4  # prctl(2)
ENDS_WITH_PARENT = "WATCHER_ENDS_WITH_PARENT"
"""Set in the environment of a child of ours that serves as long as we do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may cost: address space in bytes, CPU time in whole seconds, wall time in seconds."""

    memory_bytes: int = 512_000_000
    cpu_seconds: int = 2
    deadline: float = 10.0

    def as_arguments(self) -> tuple[str, str]:
        return str(self.memory_bytes), str(self.cpu_seconds)


_PROGRAMS = str(Path(__file__).parents[2])
"""The folder that this program was imported from."""

_START = "import runpy, sys; sys.path.append(sys.argv.pop(1)); runpy.run_module(sys.argv.pop(1), {}, '__main__', True)"
"""Like `-m`, but also finds a program outside the interpreter's own folders, as a Debian package has it."""


def child_command(module: str, limits: Limits) -> list[str]:
    """Runs one of our modules isolated (`-I`): neither the working directory nor PYTHONPATH can supply code."""
    return [sys.executable, "-I", "-c", _START, _PROGRAMS, module, *limits.as_arguments()]


def own_command(module: str, *arguments: str) -> list[str]:
    """Runs one of our modules as this process was started, but without code of the working directory."""
    return [sys.executable, "-P", "-c", _START, _PROGRAMS, module, *arguments]


def child_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def limit_memory(memory_bytes: int) -> None:
    """Bounds the address space of this process and forbids core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_cpu(seconds: int) -> None:
    """Allows this process so much CPU time from now on; passing it ends the process with SIGPROF. 0 ends the limit.

    Not RLIMIT_CPU: that counts whole seconds of the whole life of a process, and would allow up to one more.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def end_with_parent() -> None:
    """Has this process end with SIGTERM when its parent ends, however that comes, if the parent wants it."""
    if ENDS_WITH_PARENT in os.environ:
        with suppress(OSError, AttributeError):  # not Linux
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def hide_from_children() -> bool:
    """Makes this process's environment and memory unreadable for its children: `run` and `once` call it first.

    They run as the same user, who may otherwise read `/proc/PID/environ`, where secrets are. Has no effect on
    children of root, who may read everything. Returns whether the system did it.
    """
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):  # not Linux
        return False
    return bool(prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
