"""Addresses of stores: `sqlite:///PATH`, or `postgresql+psycopg://USER@HOST/DATABASE`."""

from __future__ import annotations

from pathlib import Path

SQLITE = "sqlite:///"
POSTGRES = "postgresql+psycopg://"


def file_of_store(url: str, base: Path = Path()) -> Path | None:
    """The file of a store in SQLite, which need not exist, with a relative path below `base`; None for all others."""
    return base / url.removeprefix(SQLITE) if url.startswith(SQLITE) else None
