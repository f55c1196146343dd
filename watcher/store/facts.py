"""Small facts that outlive the process, such as a fingerprint of the routes in force."""

from __future__ import annotations

from sqlalchemy import Connection, select

from watcher.store.database import Database, StorePart
from watcher.store.tables import facts


class Facts(StorePart):
    """Texts by name."""

    def remember(self, name: str, value: str) -> None:
        """Keeps a fact; an earlier value of the same name is replaced."""
        with self._database.write("remember") as connection:
            keep_fact(self._database, connection, name, value)

    def recall(self, name: str) -> str | None:
        """The value kept by `remember`; None when there is none."""
        with self._database.read() as connection:
            return fact(connection, name)


def keep_fact(database: Database, connection: Connection, name: str, value: str) -> None:
    """Keeps a fact inside a transaction."""
    connection.execute(database.upsert(facts, ("name",), ("value",)), [{"name": name, "value": value}])


def fact(connection: Connection, name: str) -> str | None:
    """The value of a fact inside a transaction; None when there is none."""
    return connection.scalar(select(facts.c.value).where(facts.c.name == name))
