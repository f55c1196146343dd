"""A user who may only read the database's file can look at it, while a daemon runs and while none does."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.harness import stores
from tests.harness.store_samples import FEED, NOW
from watcher.errors import StoreError
from watcher.store.store import Store, open_store

NOBODY = 65534


@contextmanager
def reader(folder: Path) -> Iterator[Store]:
    """The store, opened by a user who may write neither the folder nor the files in it."""
    writable = dict.fromkeys(folder.glob("watcher.db*"), 0o644) | {folder: 0o755}
    for path, mode in writable.items():
        path.chmod(mode if os.geteuid() == 0 else mode & 0o555)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
    try:
        with closing(open_store(stores.SQLITE_URL, base=folder)) as store:
            yield store
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        for path, mode in writable.items():
            path.chmod(mode)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as made:
        stores.put_sqlite_store(Path(made))
        yield Path(made)


def test_without_a_daemon_the_file_alone_is_read(folder: Path) -> None:
    with closing(open_store(stores.SQLITE_URL, base=folder)) as store:
        store.feeds.sync([FEED], NOW)
    with reader(folder) as store:
        store.check_schema()
        assert [state.url for state in store.feeds.states()] == [FEED]
        assert store.problems() == []
        with pytest.raises(StoreError, match="write permission"):
            store.feeds.sync([], NOW)
    assert [file.name for file in folder.iterdir()] == ["watcher.db"]


def test_beside_a_daemon_its_log_is_read_too(folder: Path) -> None:
    with closing(open_store(stores.SQLITE_URL, base=folder)) as daemon:
        daemon.feeds.sync([FEED], NOW)
        with reader(folder) as store:
            assert [state.url for state in store.feeds.states()] == [FEED]
            assert store.problems() == []


def test_a_file_that_may_not_be_read_is_named_with_a_remedy(folder: Path) -> None:
    with reader(folder) as store:
        if os.getuid() == 0:
            os.seteuid(0)
        (folder / "watcher.db").chmod(0)
        if os.getuid() == 0:
            os.seteuid(NOBODY)
        with pytest.raises(StoreError, match="as the user of the daemon"):
            store.check_schema()
