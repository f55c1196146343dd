"""Everyday failures of files and disks as one line with cause and remedy, instead of a traceback."""

from __future__ import annotations

import errno
from pathlib import Path

from watcher.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class OsFailure:
    """What to print, and the exit code: 2 where other arguments help, 1 where the machine needs attention."""

    message: str
    exit_code: int


def explain_os_error(error: OSError) -> OsFailure | None:
    """The message for an error of the operating system; None for one that the user cannot have caused: a defect."""
    name = error.filename2 or error.filename
    if name is None and error.errno not in _FULL:
        return None
    path = Path(name.decode(errors="replace") if isinstance(name, bytes) else str(name or "the disk"))
    if error.errno in _FULL:
        where = "there" if name else "for the output"
        return OsFailure(
            f"cannot write{f' {path}' if name else ''}: no space is left {where}; free some space, then try again", 1
        )
    remedy = _remedy(error.errno or 0, path)
    return None if remedy is None else OsFailure(f"{path}: {_cause(error)}; {remedy}", 2)


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def _cause(error: OSError) -> str:
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def _remedy(number: int, path: Path) -> str | None:
    if number == errno.ENOENT:
        folder = path.parent
        return f"create the folder first: mkdir -p {folder}" if not folder.exists() else "name a file that exists"
    return {
        errno.EACCES: "change its owner or permissions, run as a user who may use it, or name another path",
        errno.EPERM: "change its owner or permissions, run as a user who may use it, or name another path",
        errno.EROFS: "name a path on a file system that is not read-only",
        errno.EISDIR: "this is a folder; name a file",
        errno.ENOTDIR: "a part of this path is a file; name a folder",
        errno.EEXIST: "name a path that does not exist yet",
        errno.ENAMETOOLONG: "name a shorter path",
        errno.ELOOP: "its symbolic links lead in a circle; name the file itself",
    }.get(number)
