"""All pages as one application, and serving it."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog
from uvicorn.config import Config
from uvicorn.server import Server

from watcher.clock import Clock
from watcher.model.secret import reveal
from watcher.model.web import Listen
from watcher.search.index import open_index
from watcher.store.store import open_store
from watcher.web.door import Door
from watcher.web.filling import keep_filled
from watcher.web.handover import Handover
from watcher.web.pages import (
    acts,
    alerts,
    api,
    api_page,
    api_writes,
    embedded,
    entries,
    explain,
    feeds,
    fixed,
    links,
    outbox,
    outgoing,
    routes,
    search,
    sign_in,
    silences,
    status,
    today,
    topics,
)
from watcher.web.router import Page, Router
from watcher.web.site import Site

log = structlog.get_logger()

GROUPS = (
    fixed, sign_in, today, alerts, search, topics, entries, explain, feeds, outbox, silences, routes, status, links,
    outgoing, api, api_page, api_writes, embedded, acts,
)  # fmt: skip
"""Modules of pages. A new one is added here, and nowhere else."""
LARGEST_HEAD = 16_384
GRACE_SECONDS = 5
CACHE_KIB = 2 * 1024
"""A page reads little of the store, which the system's own cache has."""
TRIM_SECONDS = 30.0


def all_pages() -> tuple[Page, ...]:
    return tuple(page for group in GROUPS for page in group.PAGES)


def serve(site: Site, door: Door, reload: Sequence[str], sock: socket.socket, trim: Callable[[], None]) -> None:
    """Serves the pages until SIGTERM or SIGINT. On SIGHUP, the command `reload` reads the configuration again. `trim`
    gives free memory back.
    """
    try:
        asyncio.run(_serve(door, site, sock, reload, trim))
    finally:
        door.close()
        if site.index is not None:
            site.index.close()
        site.store.close()


def opened(handover: Handover, clock: Clock) -> tuple[Site, Door]:
    """The site and what answers requests, over the store of the configuration."""
    config, base = handover.config, handover.config.settings.file.parent
    url = reveal(config.settings.store)
    store = open_store(url, base=base, cache_kib=CACHE_KIB)
    site = Site(config, store, clock, open_index(url, base=base, cache_kib=CACHE_KIB))
    site.templates.prepare(handover.templates)
    return site, Door(site, Router(all_pages()))


class _Server(Server):
    """Ends in order on a signal: uvicorn itself would end the process by the signal once it has served."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


async def _serve(door: Door, site: Site, sock: socket.socket, reload: Sequence[str], trim: Callable[[], None]) -> None:
    server = _Server(
        Config(
            door, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False,
            server_header=False, h11_max_incomplete_event_size=LARGEST_HEAD,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )  # fmt: skip
    listen = site.settings.web.listen
    where = str(listen) if listen.socket else f"http://{Listen(listen.host, sock.getsockname()[1])}"
    reload_wanted = asyncio.Event()
    work = (keep_filled(site), _trim_regularly(trim), keep_configured(site, reload, reload_wanted))
    tasks = [asyncio.create_task(one) for one in work]
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, reload_wanted.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    log.info("web.started", address=where, url=site.settings.web.url or where)
    await server.serve(sockets=[sock])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    log.info("web.stopped")


async def _trim_regularly(trim: Callable[[], None]) -> None:
    """Filling an index and lists of thousands of rows take memory for a moment, which would else be kept."""
    while True:
        await asyncio.sleep(TRIM_SECONDS)
        trim()


async def keep_configured(site: Site, command: Sequence[str], wanted: asyncio.Event) -> None:
    """Has the command read the configuration whenever that is wanted, once at a time.

    Side by side, what was read first could come last, and stay. What is wanted while the file is read is done after it.
    """
    while True:
        await wanted.wait()
        wanted.clear()
        try:
            await _read_again(site, command)
        except Exception:
            log.exception("reload.failed", remedy="please report this; the old configuration stays in force")


async def _read_again(site: Site, command: Sequence[str]) -> None:
    """A bad configuration is refused, with its problems, and the old one served on."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    try:
        printed, problems = await process.communicate()
    finally:
        if process.returncode is None:  # the pages end meanwhile
            process.kill()
            await process.communicate()
    if process.returncode:
        lines = problems.decode("utf-8", "replace").splitlines() or [""]
        log.error("reload.refused", problems=max(len(lines) - 1, 1), first=lines[0])
        return
    site.config = Handover.read(printed).config
    log.info("reload.completed", topics=len(site.config.topics))
