"""The commented configuration that `watcher init` writes."""

from __future__ import annotations

from importlib.resources import files


def starter_text() -> str:
    """A configuration that passes `check` as it stands, with comments that say what to change."""
    return files("watcher.config").joinpath("starter.yaml").read_text(encoding="utf-8")
