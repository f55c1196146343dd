"""A migration that is killed half-way and begun again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.crash.daemon_process import CHECKOUT

PLACE = "migration.step"
MIGRATE = """
import sys
from datetime import timedelta
from pathlib import Path
from watcher.store import schema
from watcher.store.sqlite import SqliteDatabase

with SqliteDatabase(Path(sys.argv[1]), timedelta(seconds=5)).write("upgrade") as connection:
    schema.migrate(connection)
"""


def kill_in_a_migration(folder: Path) -> Counter[str]:
    """Migrates an empty database, dying after each migration in turn, until it is done; returns the hits."""
    target, hits = folder / "migrated.db", 0
    target.unlink(missing_ok=True)
    while True:
        failpoint = {"WATCHER_FAILPOINT": f"{PLACE}:{hits + 1}"}
        child = subprocess.run(
            [sys.executable, "-c", MIGRATE, str(target)],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), **failpoint},
            capture_output=True,
            check=False,
        )
        if child.returncode == 0:
            return Counter({PLACE: hits})
        if child.returncode != -signal.SIGKILL:
            raise RuntimeError(child.stderr.decode())
        hits += 1
