"""The tables of nodes and of the configurations they work with."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from watcher.store.columns import Instant, metadata

nodes = Table(
    "nodes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("alive_until", Instant, nullable=False),
    Column("died_at", Instant),
    Column("version", Text),
    Column("roles", Text),
    Column("generation", Integer),
    Column("schema", Text),
)
"""Processes that poll or notify. Leases name a node; all leases of a node end when `died_at` is set. `generation` is
that of the configuration a node works with; NULL before it has one. `schema` is the version that its program was made
for; NULL for programs from before this column.
"""

NODE_IS_DEAD = nodes.c.died_at.is_not(None)

configurations = Table(
    "configurations",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", Text, nullable=False),
    Column("announced_at", Instant, nullable=False),
)
"""Configurations that were put in force, each newer than those before it."""
