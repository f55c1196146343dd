"""What Alembic runs: the missing migrations on the connection it is given, without a transaction of its own."""

from __future__ import annotations

from alembic import context

from watcher.failpoints import pass_by
from watcher.store.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    on_version_apply=lambda **_: pass_by("migration.step"),
)
context.run_migrations()
