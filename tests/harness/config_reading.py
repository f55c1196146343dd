"""Reads a configuration given as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Protocol

from watcher.config.credentials import SecretMode
from watcher.config.load import Reading, read_settings


class ReadText(Protocol):
    def __call__(self, text: str, *, env: Mapping[str, str] = ..., secrets: SecretMode = ...) -> Reading: ...


class TextReader:
    """Writes the text to `config.yaml` in a folder and reads it there."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.yaml"

    def __call__(self, text: str, *, env: Mapping[str, str] | None = None, secrets: SecretMode = "require") -> Reading:
        self.file.write_text(dedent(text), encoding="utf-8")
        return read_settings(self.file, env=env or {}, secrets=secrets)
