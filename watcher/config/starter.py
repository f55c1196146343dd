"""The commented configuration that `watcher init` writes."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

_STORE = "sqlite:///watcher.db "
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)


def starter_text(file: Path) -> str:
    """A configuration that passes `check` as it stands, with comments that say what to change.

    Two files in one folder must not share a store unasked: it is named after the file, `config.yaml` apart.
    """
    text = files("watcher.config").joinpath("starter.yaml").read_text(encoding="utf-8")
    if file.stem == "config" or not _PLAIN_NAME.fullmatch(file.stem):
        return text
    return text.replace(_STORE, f"sqlite:///{file.stem}.db ", 1)
