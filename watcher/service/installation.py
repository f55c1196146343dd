"""The files of a system service: units, a configuration to start from, and hints for credentials. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from watcher.lazy_dataclass import dataclass

UNITS = ("watcher.service", "watcher-web.service", "watcher-backup.service", "watcher-backup.timer")
PROGRAM = "/opt/watcher/bin/watcher"
"""As it is written in the units that are part of the package."""
CONFIG = Path("/etc/watcher/config.yaml")
PACKAGE_PROGRAM, PACKAGE_UNITS = Path("/usr/bin/watcher"), Path("/usr/lib/systemd/system")
"""Where a package of the distribution puts them: its units are used as they are."""
HIDDEN_FROM_SERVICES = ("/home", "/root", "/run/user")
"""`ProtectHome=yes` of the unit."""

_CREDENTIAL = re.compile(r"\bcredential:\s*[\"']?([\w.-]+)")


class FileAction(StrEnum):
    """What happens to a file. A configuration that exists is kept; a unit that differs is replaced."""

    CREATE = "create"
    REPLACE = "replace"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class ServiceFile:
    """A file of the service, and what happens to it."""

    path: Path
    content: str
    action: FileAction


def service_files(
    units: Mapping[str, str], starter: str, program: Path, config: Path, existing: Callable[[Path], str | None]
) -> list[ServiceFile]:
    """The files for a program at `program`. `units` are the packaged ones by name; `existing` reads what is there.

    Raises `ValueError` for a program that the service could not start.
    """
    if hidden := next((folder for folder in HIDDEN_FROM_SERVICES if program.is_relative_to(folder)), None):
        raise ValueError(
            f"the service cannot start {program}, since it sees nothing in {hidden}; install watcher for the whole "
            "machine first: a virtual environment in /opt/watcher, or the Debian package"
        )
    folder = Path("/etc/systemd/system")
    written = existing(config)
    found = [
        ServiceFile(PACKAGE_UNITS / name, "", FileAction.KEEP)
        if program == PACKAGE_PROGRAM and existing(PACKAGE_UNITS / name) is not None
        else _file(folder / name, _adapted(units[name], program, config), existing, replace=True)
        for name in UNITS
    ]
    found.append(_file(config, starter, existing, replace=False))
    drop_in = folder / "watcher.service.d" / "credentials.conf"
    found.append(_file(drop_in, credentials_text(starter if written is None else written, config), existing))
    return found


def credentials_text(configuration: str, config: Path) -> str:
    """A drop-in that hands the credentials over that a configuration names; an example where it names none."""
    names = list(dict.fromkeys(_CREDENTIAL.findall(_without_comments(configuration))))
    lines = [f"LoadCredential={name}:{config.parent / name}" for name in names]
    if not lines:
        lines = [f"#LoadCredential=smtp-password:{config.parent / 'smtp-password'}"]
    return (
        "# Secrets that the configuration names as {credential: NAME}, each in a file that only root can read:\n"
        "# install -m 600 /dev/stdin FILE, then paste the secret and press Ctrl-D.\n"
        "[Service]\n" + "\n".join(lines) + "\n"
    )


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)(^|\s)#.*$", "", text)


def _adapted(unit: str, program: Path, config: Path) -> str:
    named = unit.replace(PROGRAM, shlex.quote(str(program))).replace(str(CONFIG), shlex.quote(str(config)))
    return named.replace(f"{CONFIG.parent}/", f"{config.parent}/") if config.parent != CONFIG.parent else named


def _file(path: Path, content: str, existing: Callable[[Path], str | None], *, replace: bool = False) -> ServiceFile:
    before = existing(path)
    if before is None:
        return ServiceFile(path, content, FileAction.CREATE)
    return ServiceFile(path, content, FileAction.REPLACE if replace and before != content else FileAction.KEEP)
