"""Upgrades a store of every released schema: backup, SIGKILL at random, resume, compare, restore: `make upgrades`.

One line for each schema and engine; exit code 1 when anything was lost. PostgreSQL takes part where it is installed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, make_url
from typer.testing import CliRunner

from tests.crash.daemon_process import CHECKOUT
from tests.harness import postgres
from tests.harness.released_stores import FIXTURE, counts, make_store, schema_of
from watcher.cli.main import app
from watcher.store import schema


class Trial:
    """One store of an earlier schema, in a folder with its configuration; SQLite's unless `url` names a server."""

    def __init__(self, folder: Path, version: str, entries: int, url: str | None = None) -> None:
        self.version = version
        self.url = url or f"sqlite:///{folder}/demo.db"
        self._folder = folder
        written = (FIXTURE / "config.yaml").read_text("utf-8")
        (folder / "config.yaml").write_text(written.replace("sqlite:///demo.db", self.url), "utf-8")
        make_store(self.url, version, entries)
        self.before = counts(self.url)
        self.kills = Counter[str]()

    def run(self, *words: str) -> int:
        """Runs a command of watcher in this process; its exit code."""
        done = CliRunner().invoke(app, [*words, "-c", str(self._folder / "config.yaml")])
        return done.exit_code

    def back_up(self) -> None:
        """A copy in `copy.db`, or by the server's own program."""
        if self._is_file:
            assert self.run("db", "backup", str(self._folder / "copy.db")) == 0
        else:
            self._server_program("pg_dump", "--format=custom", "--file", str(self._folder / "copy.dump"))

    def kill(self, *, failpoint: str = "", seconds: float | None = None) -> None:
        """Begins an upgrade that dies, and sees that all is as before or, when it was over already, as wanted."""
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "WATCHER_FAILPOINT": failpoint}
        words = [sys.executable, "-m", "watcher", "db", "upgrade", "-c", str(self._folder / "config.yaml")]
        with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            try:
                code = child.wait(seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                code = child.wait()
        assert code in (0, -signal.SIGKILL), code
        self.kills["completed before the kill" if code == 0 else "killed"] += 1
        found = (schema_of(self.url), counts(self.url))
        assert found in ((self.version, self.before), (schema.CURRENT, self.before)), found

    def upgrade(self) -> None:
        """Completes the upgrade; nothing is missing, and `db check` finds nothing."""
        assert self.run("db", "upgrade") == 0
        assert (schema_of(self.url), counts(self.url)) == (schema.CURRENT, self.before)
        assert self.run("db", "check") == 0

    def restore(self) -> None:
        """Puts the copy back in place of the database; SQLite's `db restore` upgrades it at once."""
        if self._is_file:
            for part in self._folder.glob("demo.db*"):
                part.unlink()
            assert self.run("db", "restore", str(self._folder / "copy.db")) == 0
            assert (schema_of(self.url), counts(self.url)) == (schema.CURRENT, self.before)
        else:
            empty_database(self.url)
            self._server_program("pg_restore", "--dbname", self.url.rpartition("/")[2], str(self._folder / "copy.dump"))
            assert (schema_of(self.url), counts(self.url)) == (self.version, self.before)

    @property
    def _is_file(self) -> bool:
        return self.url.startswith("sqlite")

    def _server_program(self, name: str, *words: str) -> None:
        programs, url = postgres.server_programs(), make_url(self.url)
        assert programs is not None
        server = {"PGHOST": url.host, "PGPORT": str(url.port), "PGUSER": url.username, "PGDATABASE": url.database}
        environment = os.environ | {name: value for name, value in server.items() if value}
        subprocess.run([programs / name, *words], env=environment, check=True, capture_output=True)


def empty_database(url: str) -> str:
    """Makes the database of this address, in place of one that is there; the address."""
    name = make_url(url).database
    engine = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return url


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=4, help="for each schema, at random moments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--versions", nargs="*", default=schema.VERSIONS[:-1])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = postgres.PrivateServer(postgres.private_folder(f"upgrades-{os.getpid()}"))
        engines: dict[str, Callable[[str], str | None]] = {"sqlite": lambda _: None}
        if postgres.server_programs() is not None:
            engines["postgres"] = lambda version: empty_database(f"{server.url().rpartition('/')[0]}/v{version}")
        try:
            failed = [
                f"{engine} {version}"
                for engine, url in engines.items()
                for version in options.versions
                if not _is_kept(engine, Path(folder) / engine / version, version, url(version), options)
            ]
        finally:
            server.stop()
    print(f"failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def _is_kept(engine: str, folder: Path, version: str, url: str | None, options: argparse.Namespace) -> bool:
    """Tries one store and prints what came of it."""
    chance = random.Random(f"{options.seed} {engine} {version}")
    folder.mkdir(parents=True)
    began, cpu = time.monotonic(), _cpu()
    trial = Trial(folder, version, options.entries, url)
    said = "kept"
    try:
        trial.back_up()
        began_upgrade = time.monotonic()
        trial.kill(failpoint="upgrade.before_commit:1")
        longest = time.monotonic() - began_upgrade
        for _ in range(options.kills - 1):
            trial.kill(seconds=chance.uniform(0.2, 1) * longest)
        trial.upgrade()
        trial.restore()
    except AssertionError as error:
        said = f"FAILED: {error}"
    spent = f"{time.monotonic() - began:.0f} s, {_cpu() - cpu:.0f} s of CPU"
    rows = ", ".join(f"{trial.before[name]:,} {name}" for name in ("entries", "alerts", "deliveries"))
    print(f"{engine} {version}: {said}; {rows}; {dict(trial.kills)}; {spent}", flush=True)
    shutil.rmtree(folder)
    return said == "kept"


def _cpu() -> float:
    """Seconds of this process and its children."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


if __name__ == "__main__":
    sys.exit(main())
