"""A store on each engine that is there to be tested."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from watcher.store.interface import Store
from watcher.store.open import open_store

POSTGRES = os.environ.get("WATCHER_TEST_POSTGRES")


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    store = open_store("sqlite:///watcher.db", base=tmp_path)
    store.upgrade()
    yield store
    store.close()


@pytest.fixture(params=["sqlite"])
def store(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue(f"{request.param}_store")
