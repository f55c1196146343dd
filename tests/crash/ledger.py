"""Append-only logs of JSON lines: what happened in the world, whatever became of the program under test."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Ledger:
    """One log. Every line carries `t`, the seconds since 1970; `synced` logs survive a loss of power, too."""

    def __init__(self, path: Path, *, synced: bool = False) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8")
        self._synced = synced
        self.lines = 0

    def write(self, *lines: Line) -> None:
        now = time.time()
        for line in lines:
            self._file.write(json.dumps({"t": now, **line}, ensure_ascii=False) + "\n")
        self.lines += len(lines)
        self._file.flush()
        if self._synced:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[Line]:
    """The lines of a log; other things that a program wrote among them are passed over."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("{"):
                try:
                    yield json.loads(line)
                except json.JSONDecodeError:
                    continue
