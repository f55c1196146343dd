"""The process that serves the pages: `watcher web` becomes it, so that it holds nothing that only commands need."""
# ruff: noqa: E402 - what is left out must be so before anything imports it

from __future__ import annotations

import os
import socket
import sys

from watcher.web.left_out import leave_out

leave_out()

from watcher.cli.logs import configure_logs
from watcher.clock import SystemClock
from watcher.sandbox.limits import end_with_parent, hide_from_children
from watcher.service.memory import freeze_objects, limit_arenas, trim_memory
from watcher.web.app import opened, serve
from watcher.web.handover import Handover

NEW_OBJECTS = 2_000
"""A page makes tens of thousands, and what it leaves behind in cycles would be twice as much for a moment."""


def main(handover: str, listening: str) -> None:
    """Both are numbers of inherited descriptors."""
    hide_from_children()
    end_with_parent()
    limit_arenas(1)
    with os.fdopen(int(handover), "rb") as file:
        given = Handover.read(file.read())
    configure_logs(verbose=given.verbose, as_text=given.as_text)
    (site, door), reload = opened(given, SystemClock()), given.reload
    del given  # the code of the templates is loaded
    freeze_objects(NEW_OBJECTS)
    serve(site, door, reload, socket.socket(fileno=int(listening)), trim_memory)


if __name__ == "__main__":
    main(*sys.argv[1:])
