"""Files that commands write, whole or not at all, and those of judged entries that they read."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.match.evaluation import JudgedEntry


def write_atomically(path: Path, content: str | bytes, *, new: bool = False, private: bool = False) -> None:
    """Writes a file so that a crash or a full disk leaves the old one, never half of the new one.

    With `new` an existing file is refused with `UsageError`. A file that is replaced keeps its permissions; a symbolic
    link keeps pointing to the file that is replaced. A new file that is `private` is for its owner only. Raises
    `OSError` that names `path`, never the temporary file.
    """
    target = path.resolve()
    data = content.encode() if isinstance(content, str) else content
    if new and path.exists():
        raise UsageError(f"{path} exists already; name a file that does not")
    try:
        if target.exists() and not target.is_file():  # a device or a pipe has no content to protect
            target.write_bytes(data)
        else:
            _replace(target, data, private=private)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _replace(target: Path, data: bytes, *, private: bool) -> None:
    mode = target.stat().st_mode & 0o7777 if target.exists() else 0o600 if private else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def judged_entries(file: Path) -> list[JudgedEntry]:
    """The entries of a file that were judged by hand, one JSON object a line. Raises UsageError with the line."""
    from watcher.match.evaluation import JudgedProblem, read_judged

    try:
        text = file.read_text(encoding="utf-8").removesuffix("\n")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {file}: it is not UTF-8 text; save it as UTF-8") from error
    lines = text.split("\n") if text else []  # not `splitlines`: a text may have a line separator of Unicode
    judged: list[JudgedEntry] = []
    for number, line in enumerate(lines, 1):
        found = read_judged(line)
        if isinstance(found, JudgedProblem):
            raise UsageError(f"{file}:{number}: {found.message}")
        judged.append(found)
    return judged
