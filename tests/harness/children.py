"""The sandbox without its child: the same worker in this process, for tests of many inputs of which none is hostile.

Starting a child takes longer than what it does for them. That it is started, limited and understood, other tests say.
"""

from __future__ import annotations

from importlib import import_module

import pytest

from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import BlockingChild, Finished


class WorkerHere(BlockingChild):
    """A `BlockingChild` that has no process, nor limits."""

    def __init__(self, module: str, limits: Limits) -> None:
        self._answer = import_module(module).answer

    def __exit__(self, *_: object) -> None:
        """Nothing is left to end."""

    def run(self, head: bytes, body: bytes) -> Finished:
        return Finished(tuple(self._answer(head, body)))


async def run_job_here(module: str, head: bytes, body: bytes, limits: Limits) -> Finished:
    """`run_job` without a child."""
    return WorkerHere(module, limits).run(head, body)


def work_here(patch: pytest.MonkeyPatch) -> None:
    """Jobs run in this process from now on: those of callers in a thread, and those for which pages are looked at."""
    patch.setattr("watcher.fetch.discover.run_job", run_job_here)
    for module in ("watcher.sandbox.oneshot", "watcher.web.trying"):
        patch.setattr(f"{module}.BlockingChild", WorkerHere)
