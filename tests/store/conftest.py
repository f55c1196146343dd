"""A store on each engine that is there to be tested."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from watcher.store.interface import Store
from watcher.store.open import open_store

POSTGRES = os.environ.get("WATCHER_TEST_POSTGRES")
ENGINES = ("sqlite", "postgres") if POSTGRES else ("sqlite",)
"""What the contract suite runs on; test_postgres.py says why PostgreSQL is left out where it is."""


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    store = open_store("sqlite:///watcher.db", base=tmp_path)
    store.upgrade()
    yield store
    store.close()


@pytest.fixture
def postgres_url() -> str:
    """An empty schema of its own, inside the database that WATCHER_TEST_POSTGRES names."""
    if POSTGRES is None:
        pytest.skip("WATCHER_TEST_POSTGRES names no database (postgresql+psycopg://USER@HOST/DATABASE)")
    server = create_engine(POSTGRES)
    with server.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS watcher_test CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA watcher_test")
    server.dispose()
    inside = make_url(POSTGRES).update_query_dict({"options": "-c search_path=watcher_test"})
    return inside.render_as_string(hide_password=False)


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    store = open_store(postgres_url, base=Path("/nowhere"))
    store.upgrade()
    yield store
    store.close()


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue(f"{request.param}_store")
