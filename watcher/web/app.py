"""All pages as one application, and serving it."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn

from watcher.clock import Clock
from watcher.errors import ConfigError, UsageError
from watcher.model.secret import reveal
from watcher.model.web import Listen
from watcher.search.index import open_index
from watcher.store.store import Store
from watcher.web.door import Door
from watcher.web.filling import keep_filled
from watcher.web.pages import (
    acts,
    alerts,
    api,
    api_writes,
    embedded,
    entries,
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
from watcher.web.site import ServedConfig, Site

log = structlog.get_logger()

GROUPS = (
    fixed, sign_in, today, alerts, search, topics, entries, feeds, outbox, silences, routes, status, links, outgoing,
    api, api_writes, embedded, acts,
)  # fmt: skip
"""Modules of pages. A new one is added here, and nowhere else."""
LARGEST_HEAD = 16_384
GRACE_SECONDS = 5


def all_pages() -> tuple[Page, ...]:
    return tuple(page for group in GROUPS for page in group.PAGES)


def build_door(config: ServedConfig, store: Store, clock: Clock) -> Door:
    """The application for an ASGI server."""
    return Door(Site(config, store, clock), Router(all_pages()))


def serve(config: ServedConfig, store: Store, clock: Clock, listen: Listen, reload: Callable[[], ServedConfig]) -> None:
    """Serves the pages until SIGTERM or SIGINT; SIGHUP reads the configuration again. Raises `UsageError` where the
    address cannot be used.
    """
    index = open_index(reveal(config.settings.store), base=config.settings.file.parent)
    site = Site(config, store, clock, index)
    door = Door(site, Router(all_pages()))
    try:
        asyncio.run(_serve(door, site, listen, reload))
    finally:
        door.close()
        index.close()


class _Server(uvicorn.Server):
    """Ends in order on a signal: uvicorn itself would end the process by the signal once it has served."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


async def _serve(door: Door, site: Site, listen: Listen, reload: Callable[[], ServedConfig]) -> None:
    sock = _bound(listen)
    server = _Server(
        uvicorn.Config(
            door, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False,
            server_header=False, h11_max_incomplete_event_size=LARGEST_HEAD,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )  # fmt: skip

    def read_again() -> None:
        try:
            site.config = reload()
        except ConfigError as error:
            log.error("reload.refused", problems=len(error.problems), first=str(error.problems[0]))
        else:
            log.info("reload.completed", topics=len(site.config.topics))

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, read_again)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    where = str(listen) if listen.socket else f"http://{Listen(listen.host, sock.getsockname()[1])}"
    log.info("web.started", address=where, url=site.settings.web.url or where)
    filling = asyncio.create_task(keep_filled(site))
    await server.serve(sockets=[sock])
    filling.cancel()
    await asyncio.gather(filling, return_exceptions=True)
    log.info("web.stopped")


def _bound(listen: Listen) -> socket.socket:
    """A socket that listens there. One in the file system may be used by whoever may write to it: owner and group."""
    try:
        if listen.socket is not None:
            if listen.socket.is_socket():  # an earlier process left it behind
                listen.socket.unlink()
            bound = socket.socket(socket.AF_UNIX)
            bound.bind(str(listen.socket))
            listen.socket.chmod(0o660)
        else:
            family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
            bound = socket.socket(family)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((listen.host, listen.port))
        bound.listen(128)
    except OSError as error:
        raise UsageError(f"cannot listen at {listen}: {error.strerror}; name another with --listen") from error
    bound.setblocking(False)
    return bound
