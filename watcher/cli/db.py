"""`watcher db`: the database itself."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, command_group, load_to_read, store_of
from watcher.cli.tables import say, show_json, show_table
from watcher.errors import UsageError

app = command_group("Upgrade, back up, restore and check the store.")


@app.command(epilog="Example: watcher db upgrade")
def upgrade(config: Config = DEFAULT_CONFIG) -> None:
    """Bring the database to this version's schema.

    Safe to repeat, also after a crash half-way. Processes of an earlier version that could not go on
    with the new schema must be stopped first.
    """
    from watcher.service.load import UPGRADE_PATIENCE, settings_store, upgrade_store

    with closing(settings_store(load_to_read(config).settings)) as store:
        typer.echo(f"schema {upgrade_store(store, UPGRADE_PATIENCE)}")


@app.command(epilog="Example: watcher db backup /var/backups/watcher --keep 7")
def backup(
    target: Annotated[
        Path, typer.Argument(help="Write the copy to this new file, or to a new file in this existing folder.")
    ],
    keep: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="In a folder, keep only this many of the newest copies.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write a consistent copy of the database, also while the daemon runs, and before an upgrade.

    Only its owner can read the copy.
    """
    from watcher.service.load import settings_store

    into_folder = target.is_dir()
    if keep is not None and not into_folder:
        raise UsageError(f"--keep needs a folder, and {target} is not one: mkdir -p {target}")
    file = target / f"watcher-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db" if into_folder else target
    if os.path.lexists(file):
        raise UsageError(f"{file} exists already; name a file that does not")
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent}; create it first: mkdir -p {file.parent}")
    with closing(settings_store(load_to_read(config).settings)) as store:
        store.check_known_schema()
        store.backup(file)
    say(f"{file}: {file.stat().st_size:,} bytes")
    if keep is not None:
        for old in sorted(one for one in target.iterdir() if _COPY.fullmatch(one.name))[:-keep]:
            old.unlink()
            say(f"removed {old}")


_COPY = re.compile(r"watcher-\d{8}T\d{6}Z\.db")
"""Names of copies in a folder; they sort by age."""


@app.command(epilog="Example: watcher db restore /var/backups/watcher/watcher-20260124T070000Z.db")
def restore(
    copy: Annotated[Path, typer.Argument(help="Restore this copy, as `watcher db backup` wrote it.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put a copy of the database in place. Never overwrites a database.

    Stop the daemon and move the old database away first. Checks the copy before it is put in place.
    """
    from watcher.service.load import settings_store
    from watcher.store.file_copy import copy_database, problems_of_file

    target = _store_file(config)
    beside = [one for one in (target, *(Path(f"{target}{end}") for end in ("-wal", "-shm"))) if os.path.lexists(one)]
    if beside:
        moves = " && ".join(f"mv {one} {one}.before" for one in beside)
        raise UsageError(f"{beside[0]} exists: stop the daemon, then move it away: {moves}")
    if not copy.is_file():
        raise UsageError(f"there is no file {copy}")
    try:
        problems = problems_of_file(copy)
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{copy} is not a database: {error}") from error
    if problems:
        raise UsageError(f"{copy} is damaged, restore another copy: {problems[0]}")
    copy_database(copy, target)
    with closing(settings_store(load_to_read(config).settings)) as store:
        say(f"{target}: restored, schema {store.upgrade()}")


@app.command(
    "copy",
    epilog="Example: watcher db copy sqlite:////var/lib/watcher/watcher.db postgresql+psycopg://watcher@db/watcher",
)
def copy_database_to(
    source: Annotated[str, typer.Argument(help="Copy the store with this address; write it as under `store`.")],
    target: Annotated[str, typer.Argument(help="Fill this empty store. Keep its password in ~/.pgpass.")],
) -> None:
    """Copy a whole store into another, for example from SQLite to PostgreSQL.

    Stop the daemon first. The copy is one transaction and is compared with the original before it is kept.
    """
    from watcher.store.store import open_store

    here = Path.cwd()
    with closing(open_store(source, base=here)) as old, closing(open_store(target, base=here)) as new:
        old.check_schema()
        new.upgrade()
        copied = old.copy_into(new, datetime.now(UTC))
    for table, count in copied.items():
        say(f"{table}: {count:,} rows, equal in both")
    say("now write the new address under `store`, then: watcher check && watcher run")


def _store_file(config: Path) -> Path:
    """The file of the store that a configuration names."""
    from watcher.model.secret import reveal
    from watcher.model.store_address import file_of_store

    file = file_of_store(reveal(load_to_read(config).settings.store))
    if file is None:
        raise UsageError("the store is on a server: restore it there, with pg_restore")
    return file


@app.command("check", epilog="Example: watcher db check")
def check_database(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Check the database file and what must always hold in it.

    Reads everything once, also while the daemon runs. Exit 1: something is wrong.
    """
    with store_of(config) as store:
        problems = store.problems()
    if as_json:
        show_json({"ok": not problems, "problems": problems})
    else:
        for problem in problems:
            say(problem)
        say("restore a backup: watcher db restore" if problems else "nothing is wrong", err=bool(problems))
    raise typer.Exit(1 if problems else 0)


@app.command(epilog="Example: watcher db stats --json")
def stats(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Count what the store holds, and the deliveries in each state."""
    with store_of(config) as store:
        counts = asdict(store.stats())
    if as_json:
        show_json(counts)
        return
    rows: list[tuple[str, str]] = []
    for name, value in counts.items():
        if isinstance(value, dict):
            rows += [(f"{name}, {state}", f"{count:,}") for state, count in sorted(value.items())]
        else:
            rows.append((name, f"{value:,}" if isinstance(value, int) else str(value)))
    show_table(("what", "count"), rows, empty="nothing")
