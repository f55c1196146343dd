"""Loss of power, as far as a program can test it: every write of the store is recorded, and cut at random moments.

What was written before a file's last sync is kept; of what came after, each sector of 512 bytes is kept or lost by
chance, as a disk without its cache would have it. What is left is opened again and must be a store: whole, with its
invariants, and knowing every message that had reached a receiver before the cut (I2, I3).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.daemon_process import Deployment
from tests.crash.driver import until
from tests.crash.invariants import broken_invariants
from tests.crash.ledger import Line, read
from tests.crash.published_log import Author
from tests.crash.publisher import Publisher
from tests.crash.sinks import Mood, open_sinks
from tests.crash.stores import MICROSECONDS, SqliteStore
from tests.crash.timeouts import LATE

HEADER = struct.Struct("<iiqqq")
WRITE, TRUNCATE, SYNC = 1, 2, 3
SECTOR = 512
SUFFIXES = ("", "-wal")
TRIES = 10
"""How many must have reached the sinks before the program is killed."""

TIDY = 40
"""Entries in each of the feeds while it is recorded."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing done to a file of the store; `moment` in seconds since 1970."""

    kind: int
    file: int
    offset: int
    data: bytes
    moment: float


@dataclass(slots=True)
class Disk:
    """One file: what is safe, and what was done since."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)

    def do(self, operation: Operation) -> None:
        if operation.kind != SYNC:
            self.pending.append(operation)
            return
        for earlier in self.pending:
            _apply(self.safe, earlier)
        self.pending.clear()

    def after_the_cut(self, chance: random.Random) -> bytes:
        """What is found on the disk when power returns."""
        left = bytearray(self.safe)
        keep = chance.choice((0.0, 0.5, 0.9, 1.0))
        for operation in self.pending:
            if operation.kind == TRUNCATE:
                if chance.random() < keep:
                    _apply(left, operation)
                continue
            for start in range(0, len(operation.data), SECTOR):
                if chance.random() < keep:
                    piece = operation.data[start : start + SECTOR]
                    _apply(left, Operation(WRITE, operation.file, operation.offset + start, piece, operation.moment))
        return bytes(left)


def _apply(content: bytearray, operation: Operation) -> None:
    if operation.kind == TRUNCATE:
        del content[operation.offset :]
        content.extend(bytes(max(0, operation.offset - len(content))))
        return
    end = operation.offset + len(operation.data)
    content.extend(bytes(max(0, end - len(content))))
    content[operation.offset : end] = operation.data


def operations(journal: Path) -> Iterator[Operation]:
    """What `journal.c` wrote down, in order; a record that its writer's death cut short is left out."""
    content = journal.read_bytes()
    position = 0
    while position + HEADER.size <= len(content):
        kind, file, offset, length, moment = HEADER.unpack_from(content, position)
        position += HEADER.size
        data = content[position : position + length] if kind == WRITE else b""
        position += len(data)
        if len(data) == length or kind != WRITE:
            yield Operation(kind, file, offset, data, moment / MICROSECONDS)


def compiler() -> str | None:
    """A C compiler, without which nothing can be recorded."""
    return shutil.which("cc")


def recorder(folder: Path) -> Path:
    """The compiled `journal.c`."""
    library, source = folder / "journal.so", Path(__file__).with_name("journal.c")
    subprocess.run([compiler() or "cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


async def record(folder: Path, library: Path, entries: int) -> Path:
    """Runs the program over a store whose writes are recorded, and kills it; returns the journal."""
    journal = folder / "journal"
    store = SqliteStore(folder / "watcher.db")
    publisher = Publisher(folder, Author(1, feeds := max(1, entries // TIDY)), feeds, 10**6)
    hook, mail, tries = open_sinks(folder, Mood(1, 0.25, LATE), store.lease_of)
    for part in (publisher, hook, mail):
        await part.start()
    deployment = Deployment(folder, store.url, publisher, hook, mail, interval="1s")
    config = deployment.write("power")
    await (await deployment.start(config, "db", "upgrade")).end()
    shutil.copy(store.file, folder / "base.db")
    recorded = {"LD_PRELOAD": str(library), "JOURNAL": str(journal), "JOURNAL_OF": store.file.name}
    run = await deployment.start(config, "run", variables=recorded)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(run.ready.wait(), 60)
    for _ in range(entries // 20):
        publisher.publish(20)
        await asyncio.sleep(0.5)
    await until(lambda: tries.lines >= TRIES, 60)
    run.process.kill()
    await run.end()
    for part in (publisher, hook, mail):
        part.stop()
    tries.close()
    return journal


def cut(folder: Path, journal: Path, cuts: int, seed: int, *, obeyed: bool = True) -> list[str]:
    """Cuts at `cuts` random operations; returns every problem that was found.

    `obeyed` False: a disk that lies about syncs; what it leaves shows that this test can see damage.
    """
    chance = random.Random(seed)
    done = list(operations(journal))
    chosen = set(chance.sample(range(len(done)), min(cuts, len(done))))
    tries = sorted(read(folder / "tries.jsonl"), key=lambda line: line["t"])
    disks = [Disk(bytearray((folder / "base.db").read_bytes())), Disk()]
    problems: list[str] = []
    for number, operation in enumerate(done):
        if number in chosen:
            left = [disk.after_the_cut(chance) for disk in disks]
            known = [line for line in tries if line["t"] < operation.moment]
            problems += [
                f"cut {number} of {len(done)}: {problem}" for problem in _examine(folder / "cut.db", left, known)
            ]
        if obeyed or operation.kind != SYNC:
            disks[operation.file].do(operation)
    return problems


def _examine(target: Path, left: list[bytes], reached: list[Line]) -> list[str]:
    for leftover in target.parent.glob(f"{target.name}*"):
        leftover.unlink()
    for suffix, content in zip(SUFFIXES, left, strict=True):
        target.with_name(target.name + suffix).write_bytes(content)
    store = SqliteStore(target)
    try:
        with store.connect(write=True) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        problems = broken_invariants(store)
    except sqlite3.DatabaseError as error:
        return [str(error)]
    keys = {bytes(key).hex() for (key,) in store.rows("SELECT key FROM notifications")}
    return problems + [f"{line['id']} had reached {line['channel']}" for line in reached if line["id"] not in keys]
