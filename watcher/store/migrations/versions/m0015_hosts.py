"""Hosts, so that several nodes are polite to each together; no index with a column that changes with every poll.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.text.domains import domain_of

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CHUNK = 10_000


def upgrade() -> None:
    hosts = op.create_table(
        "hosts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("asked_at", sa.BigInteger()),
        sa.Column("paused_until", sa.BigInteger()),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_hosts"),
        sa.UniqueConstraint("name", name="uq_hosts_name"),
        postgresql_with={"fillfactor": 80},
    )
    for name in ("ix_feeds_due", "ix_feeds_leased"):
        op.drop_index(name, "feeds")
    op.add_column("feeds", sa.Column("host_id", sa.BigInteger().with_variant(sa.Integer, "sqlite")))
    _name_hosts(op.get_bind(), hosts)
    op.create_index("ix_feeds_host", "feeds", ["host_id"])
    _partial_index("ix_hosts_due", ["due_at", "name"], "lease_owner IS NULL")
    _partial_index("ix_hosts_leased", ["lease_owner"], "lease_owner IS NOT NULL")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE feeds SET (fillfactor = 80)")


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "hosts", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _name_hosts(connection: sa.Connection, hosts: sa.Table) -> None:
    """Gives each feed its host. Leases of feeds stay; a host is due when its first feed is."""
    feeds = sa.table("feeds", *(sa.column(name) for name in ("id", "url", "host_id", "next_poll_at", "paused")))
    ids: dict[str, int] = {}
    last = 0
    while True:
        page = sa.select(feeds.c.id, feeds.c.url).where(feeds.c.id > last).order_by(feeds.c.id).limit(CHUNK)
        rows = connection.execute(page).all()
        if not rows:
            break
        last = rows[-1].id
        domains = {row.id: domain_of(row.url) for row in rows}
        new = sorted(set(domains.values()) - ids.keys())
        added = [{"id": len(ids) + number, "name": name} for number, name in enumerate(new, 1)]
        if added:
            connection.execute(hosts.insert(), added)
        ids |= {name: len(ids) + number for number, name in enumerate(new, 1)}
        named = sa.update(feeds).where(feeds.c.id == sa.bindparam("row_id")).values(host_id=sa.bindparam("host"))
        connection.execute(named, [{"row_id": row, "host": ids[name]} for row, name in domains.items()])
    first = sa.select(sa.func.min(feeds.c.next_poll_at)).where(
        feeds.c.host_id == hosts.c.id, feeds.c.paused.is_(sa.false())
    )
    connection.execute(sa.update(hosts).values(due_at=first.scalar_subquery()))
    if ids and connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('hosts', 'id'), :last)"), {"last": len(ids)})
