"""Small facts that outlive the process, such as a fingerprint of the routes in force."""

from __future__ import annotations

from sqlalchemy import select

from watcher.store.database import StorePart
from watcher.store.tables import facts


class Facts(StorePart):
    """Texts by name."""

    def remember(self, name: str, value: str) -> None:
        """Keeps a fact; an earlier value of the same name is replaced."""
        with self._database.write("remember") as connection:
            connection.execute(self._database.upsert(facts, ("name",), ("value",)), [{"name": name, "value": value}])

    def recall(self, name: str) -> str | None:
        """The value kept by `remember`; None when there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(facts.c.value).where(facts.c.name == name))
