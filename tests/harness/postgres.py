"""A PostgreSQL server for tests: the one that WATCHER_TEST_POSTGRES names, else a private one, else none.

The private server listens on a free loopback port, keeps its files in a temporary folder and ends with the test run. It
is started by the first test that needs it and shared by all processes of the run. `initdb` refuses to work as root: the
server then runs as the user `postgres`, whom Debian's package creates, else as `nobody`.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError

VARIABLE = "WATCHER_TEST_POSTGRES"
REQUIRED = "WATCHER_TEST_POSTGRES_REQUIRED"
"""Set where a run without PostgreSQL would prove too little: in CI."""
TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""Where pytest has the folders of tests."""

MISSING = (
    f"no PostgreSQL: install its server (Debian: apt install postgresql), or name one by {VARIABLE}"
    "=postgresql+psycopg://USER@HOST/DATABASE"
)
_OPTIONS = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
    " -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=512MB -c checkpoint_timeout=1h -c jit=off"
    " -c dynamic_shared_memory_type=mmap -c autovacuum=off"
)
"""Nothing need outlive a power cut, so nothing is written twice or waited for; shared memory lies in the folder. Tables
shrink in the midst of no test: autovacuum works when it likes, and sizes are compared.
"""


def server_programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl`, of the newest version that is installed."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda it: int(it.parts[-3]))
    return folders[-1].parent if folders else None


def is_available() -> bool:
    """Whether tests on PostgreSQL can run here."""
    if VARIABLE in os.environ or server_programs() is not None:
        return True
    if REQUIRED in os.environ:
        raise RuntimeError(MISSING)
    return False


class PrivateServer:
    """One server in `folder`, for all processes of a test run; `stop` ends it, by whichever process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._address = folder / "address"

    def url(self) -> str:
        """The address of the running server; starts it when no process of this run has done so."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._address.exists():
                self._address.write_text(self._start())
        return self._address.read_text()

    def stop(self) -> None:
        if self._address.exists():
            self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self._data))
        shutil.rmtree(self._folder, ignore_errors=True)

    def halt(self) -> None:
        """Stops the server as a restart does; its files stay."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self._data))

    def resume(self) -> None:
        """Starts it again, with the options that it had."""
        self._run("pg_ctl", "restart", "-w", "-D", str(self._data), "-l", str(self._folder / "log"))

    def _start(self) -> str:
        if (user := _server_user()) is not None:
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._run("initdb", "-D", str(self._data), "-U", "watcher", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= {_OPTIONS}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", str(self._data), "-l", log, "-o", options)
        return f"postgresql+psycopg://watcher@127.0.0.1:{port}/postgres"

    def _run(self, program: str, *arguments: str) -> None:
        programs, user = server_programs(), _server_user()
        assert programs is not None
        as_user = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        done = subprocess.run(
            [programs / program, *arguments],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            **as_user,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()}")


def _server_user() -> pwd.struct_passwd | None:
    """Who runs the server: None is this user."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def private_folder(run: str) -> Path:
    """The folder of the server of one test run, which every user may enter: in memory where the tests' folders are."""
    return Path(os.environ.get(TEMPORARY) or tempfile.gettempdir()) / f"watcher-postgres-{run}"


def empty_schema(server: str, name: str) -> str:
    """Makes an empty schema of this name on the server; the address of a store in it."""
    engine = create_engine(server)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
            connection.exec_driver_sql(f'CREATE SCHEMA "{name}"')
    except OperationalError as error:
        raise RuntimeError(f"{VARIABLE} names a server that cannot be used: {error}") from error
    finally:
        engine.dispose()
    inside = make_url(server).update_query_dict({"options": f"-c search_path={name}"})
    return inside.render_as_string(hide_password=False)
