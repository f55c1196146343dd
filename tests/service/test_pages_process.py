"""The pages as a child of the daemon."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.harness.servers import free_port
from tests.harness.web import BASE
from watcher.service.pages_process import PagesProcess, serving_pages

pytestmark = pytest.mark.slow


async def answered(port: int, pages: PagesProcess) -> bytes:
    """What /healthz says, once the child listens."""
    while True:
        try:
            return await asyncio.to_thread(lambda: urlopen(f"http://127.0.0.1:{port}/healthz", timeout=20).read())
        except OSError:
            assert pages._process is None or pages._process.returncode is None
            await asyncio.sleep(0.1)


def test_the_pages_serve_while_the_daemon_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.service.pages_process.STOPS_WITHIN", 60.0)  # on a busy machine
    config, port = tmp_path / "config.yaml", free_port()
    config.write_text(BASE)

    async def run() -> int | None:
        async with asyncio.timeout(90), serving_pages(config, f"127.0.0.1:{port}") as pages:
            assert pages is not None
            assert await answered(port, pages) == b"ok\n"
            pages.reload()
            assert await answered(port, pages) == b"ok\n"
            child = pages._process
        assert child is not None
        return child.returncode

    assert asyncio.run(run()) == 0


def test_pages_that_cannot_start_are_not_tried_again(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(BASE)

    async def run() -> None:
        pages = PagesProcess(config, "192.0.2.1:80")  # everybody on the network could do everything there
        async with asyncio.timeout(90):
            await pages.keep()
        await pages.stop()

    asyncio.run(run())
