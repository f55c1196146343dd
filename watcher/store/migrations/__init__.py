"""Migrations of the schema. Importing this package imports Alembic, which costs a third of a second."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def run(connection: Connection, target: str) -> None:
    """Runs the missing migrations up to `target` inside the transaction that `connection` is in."""
    config = Config()
    config.set_main_option("script_location", "watcher.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, target)
