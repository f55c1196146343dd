"""A store with some history, and sites over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.harness import stores
from tests.harness.servers import FakeClock
from tests.harness.store_samples import NOW
from tests.harness.web import Client, site_of
from watcher.store.store import Store, open_store
from watcher.web import remembered


@pytest.fixture
def web_clock() -> FakeClock:
    return FakeClock(NOW + timedelta(minutes=5))


@pytest.fixture(autouse=True)
def patient_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page would show later is waited for: no test depends on how fast the machine is."""
    monkeypatch.setattr(remembered, "PATIENCE_SECONDS", 60.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    stores.put_sqlite_store(tmp_path)
    opened = open_store(stores.SQLITE_URL, base=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def make_client(tmp_path: Path, store: Store, web_clock: FakeClock) -> Callable[..., Client]:
    """A client of the site of a configuration with these sections."""
    return lambda text="", **options: Client(site_of(tmp_path, store, web_clock, text), **options)


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    """Somebody at this machine, where nobody has to sign in."""
    return make_client()
