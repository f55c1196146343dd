"""Secrets of a configuration: `{env: NAME}`, `{file: PATH}` or `{credential: NAME}` (systemd)."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from watcher.lazy_dataclass import dataclass

SecretKind = Literal["env", "file", "credential"]
_KINDS: tuple[SecretKind, ...] = ("env", "file", "credential")
_LONGEST = 65_536


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a secret is found; never the secret itself."""

    kind: SecretKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class SecretMissing:
    """Why a secret is missing, with the remedy."""

    message: str


@dataclass(frozen=True, slots=True)
class SecretText:
    """A secret that was found; `warning` says what is unsafe about its file."""

    value: str
    warning: str | None = None

    def __repr__(self) -> str:
        return "SecretText(***)"


def read_text_or_secret(value: object) -> str | SecretSource:
    """A text as it is, or one of the three forms of a secret. Raises `ValueError` for anything else."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, dict) and len(value) == 1:
        [(kind, name)] = value.items()
        if kind in _KINDS and isinstance(name, str) and name:
            if kind == "credential" and "/" in name:
                raise ValueError("a credential has a plain name without /; for a path write {file: PATH}")
            return SecretSource(kind, name)
    what = "is empty; give it a text" if isinstance(value, str) else "must be text"
    raise ValueError(f"{what}, or one of {{env: NAME}}, {{file: PATH}}, {{credential: NAME}}")


def find_secret(source: SecretSource, folder: Path, env: Mapping[str, str]) -> SecretText | SecretMissing:
    """Looks a secret up; relative paths start at the configuration file. A newline at its end is dropped."""
    if source.kind == "env":
        return _of_env(source.name, env)
    if source.kind == "file":
        return _of_file(folder / Path(source.name).expanduser())
    directory = env.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return SecretMissing(
            f"the credential {source.name} needs systemd ($CREDENTIALS_DIRECTORY is not set): "
            f"add LoadCredential={source.name}:/path to the unit, or use {{file: PATH}}"
        )
    return _of_file(Path(directory) / source.name)


def _of_env(name: str, env: Mapping[str, str]) -> SecretText | SecretMissing:
    value = env.get(name)
    if value is None:
        return SecretMissing(f"the environment variable {name} is not set: set it before the start")
    return _stripped(value, f"the environment variable {name}")


def _of_file(path: Path) -> SecretText | SecretMissing:
    try:
        with path.open("rb") as file:
            mode, data = path.stat().st_mode, file.read(_LONGEST + 1)
        text = data.decode("utf-8")
    except OSError as error:
        return SecretMissing(f"the secret's file {path} cannot be read: {error.strerror or error}")
    except UnicodeDecodeError:
        return SecretMissing(f"the secret's file {path} is not UTF-8 text")
    if len(data) > _LONGEST:
        return SecretMissing(f"the secret's file {path} is longer than {_LONGEST} bytes; is it the right one?")
    found = _stripped(text, f"the secret's file {path}")
    if isinstance(found, SecretText) and mode & stat.S_IROTH:
        return SecretText(found.value, f"the secret's file {path} can be read by everybody: chmod 600 {path}")
    return found


def _stripped(text: str, origin: str) -> SecretText | SecretMissing:
    value = text.rstrip("\r\n")
    return SecretText(value) if value else SecretMissing(f"{origin} is empty")
