"""The tables of nodes, of the feeds they have under lease, and of the configurations they work with."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from watcher.store.columns import Instant, RowId, metadata

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

Index("ix_nodes_died", nodes.c.died_at)

feed_leases = Table(
    "feed_leases",
    metadata,
    Column("feed_id", RowId, primary_key=True, autoincrement=False),
    Column("host_id", RowId, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("epoch", Integer, nullable=False),
)
"""Feeds that are being polled: a row is added when a feed is acquired and deleted when its poll is saved. A lease that
has ended otherwise stays until the feed is acquired again: its epoch counts.
"""

Index("ix_feed_leases_host", feed_leases.c.host_id)

configurations = Table(
    "configurations",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", Text, nullable=False),
    Column("announced_at", Instant, nullable=False),
)
"""Configurations that were put in force, each newer than those before it."""
