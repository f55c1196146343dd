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
from watcher.web.app import serve
from watcher.web.handover import Handover


def main(handover: str, listening: str) -> None:
    """Both are numbers of inherited descriptors."""
    hide_from_children()
    end_with_parent()
    limit_arenas()
    with os.fdopen(int(handover), "rb") as file:
        given = Handover.read(file.read())
    configure_logs(verbose=given.verbose, as_text=given.as_text)
    freeze_objects()
    serve(given, socket.socket(fileno=int(listening)), SystemClock(), trim_memory)


if __name__ == "__main__":
    main(*sys.argv[1:])
