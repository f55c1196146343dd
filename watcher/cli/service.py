"""`watcher service`: watcher as a service of systemd."""

from __future__ import annotations

import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import command_group
from watcher.cli.tables import say
from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.service.installation import ServiceFile

app = command_group("Install watcher as a service of systemd.")

NEXT_STEPS = """
Next:
  1. Edit {config}: feeds, topics and receivers.
  2. Check it: {program} check -c {config}
  3. Put each secret that it names as {{credential: NAME}} into a file beside it, and name it in
     /etc/systemd/system/watcher.service.d/credentials.conf
  4. Start it: systemctl daemon-reload && systemctl enable --now watcher.service watcher-backup.timer
  5. For the pages, add the section `web`, then: systemctl enable --now watcher-web.service
"""


@app.command(epilog="Example: watcher service install --yes")
def install(
    config: Annotated[
        Path, typer.Option("-c", "--config", metavar="FILE", help="The configuration of the service.")
    ] = Path("/etc/watcher/config.yaml"),
    yes: Annotated[bool, typer.Option("--yes", help="Write the files; without it they are only shown.")] = False,
    root: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Write below this folder, for images; / by default.")
    ] = Path("/"),
) -> None:
    """Write the units of systemd, a starter configuration and hints for credentials.

    Without --yes, show what would be written and change nothing. A configuration that exists is kept. Run it again
    after an upgrade: it replaces units that differ.
    """
    from watcher.cli.files import write_atomically

    config = config.absolute()
    program = _program()
    found = _files(program, config, root)
    for one in found:
        say(f"{one.action.value:<8} {one.path}", hang=9)
    if not yes:
        for one in found:
            if one.action.value != "keep":
                typer.echo(f"\n--- {one.path}\n{one.content}", nl=False)
        say("\nnothing was written; run this again with --yes")
        return
    for one in found:
        target = _below(root, one.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if one.action.value != "keep":
            write_atomically(target, one.content)
            target.chmod(0o644)
    typer.echo(NEXT_STEPS.format(config=config, program=program))


def _files(program: Path, config: Path, root: Path) -> list[ServiceFile]:
    from watcher.cli.init import starter_text
    from watcher.service.installation import UNITS, service_files

    def existing(path: Path) -> str | None:
        file = _below(root, path)
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else None

    folder = files("watcher.service") / "units"
    units = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in UNITS}
    try:
        return service_files(units, starter_text(config), program, config, existing)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _program() -> Path:
    """The program that runs now, by its absolute path; symbolic links are kept, since they survive upgrades."""
    started = Path(sys.argv[0])
    found = started if started.name == "watcher" and started.is_file() else shutil.which("watcher")
    if found is None:
        raise UsageError("the program `watcher` is not on the path; run this command by its full path")
    return Path(found).absolute()
