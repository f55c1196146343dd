"""A store on each engine that is available."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import postgres, stores
from watcher.store.store import Store, open_store

ENGINES = ("sqlite", "postgres") if postgres.is_available() else ("sqlite",)


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    stores.put_sqlite_store(tmp_path)
    store = open_store(stores.SQLITE_URL, base=tmp_path)
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    """A store of its own over connections that are kept."""
    database = stores.kept_server_store(postgres_url)._database
    yield Store(database)
    if database._session_name != "watcher":  # type: ignore[attr-defined]
        database.close()
        stores.kept_server_store.cache_clear()


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest) -> Store:
    """A new store; each test runs once per engine."""
    return request.getfixturevalue(f"{request.param}_store")
