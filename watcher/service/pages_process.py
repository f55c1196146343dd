"""`watcher run --web`: the pages as a child process of the daemon, started again when it ends by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from watcher.sandbox.limits import ENDS_WITH_PARENT

log = structlog.get_logger()

AGAIN_AFTER = 10.0
STOPS_WITHIN = 6.0
BAD_CONFIGURATION = 2
PACKAGE_FOLDER = str(Path(__file__).parents[2])
"""Where this program is imported from; it need not be one of the interpreter's own folders."""


class PagesProcess:
    """The child. Belongs to the event loop."""

    def __init__(self, config: Path, address: str) -> None:
        self._command = [sys.executable, "-m", "watcher", "web", "--config", str(config), "--listen", address]
        self._process: asyncio.subprocess.Process | None = None

    def reload(self) -> None:
        """Makes it read the configuration again."""
        self._signal(signal.SIGHUP)

    async def keep(self) -> None:
        """Starts it, and again whenever it ends by itself; not after a bad configuration or address."""
        while True:
            folders = (PACKAGE_FOLDER, os.environ.get("PYTHONPATH", ""))
            env = {**os.environ, ENDS_WITH_PARENT: "1", "PYTHONPATH": os.pathsep.join(filter(None, folders))}
            self._process = await asyncio.create_subprocess_exec(*self._command, env=env)
            code = await self._process.wait()
            if code == BAD_CONFIGURATION:
                log.error("pages.refused", remedy="see the line above; the daemon goes on without its pages")
                return
            log.error("pages.ended", exit_code=code, remedy="they are started again")
            await asyncio.sleep(AGAIN_AFTER)

    async def stop(self) -> None:
        """Ends it; kills it when it takes too long."""
        self._signal(signal.SIGTERM)
        if self._process is None:
            return
        try:
            async with asyncio.timeout(STOPS_WITHIN):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


@asynccontextmanager
async def serving_pages(config: Path, address: str | None) -> AsyncIterator[PagesProcess | None]:
    """The pages for the time of the block; None without an address."""
    if address is None:
        yield None
        return
    pages = PagesProcess(config, address)
    task = asyncio.create_task(pages.keep())
    try:
        yield pages
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await pages.stop()
