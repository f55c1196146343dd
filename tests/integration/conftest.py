"""The application on each engine that is available; tests marked `sqlite_only` are about its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import postgres, stores
from tests.harness.harness import Harness
from tests.harness.servers import FakeClock, FeedServer, ScriptedMailSink, WebhookSink

ENGINES = ("sqlite", "postgres") if postgres.is_available() else ("sqlite",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", ENGINES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if not (item.get_closest_marker("sqlite_only") and _engine(item) == "postgres")]


def _engine(item: pytest.Item) -> str:
    return str(item.callspec.params.get("engine", "")) if hasattr(item, "callspec") else ""


@pytest.fixture
def harness(
    tmp_path: Path,
    feed_server: FeedServer,
    mail_sink: ScriptedMailSink,
    webhook_sink: WebhookSink,
    clock: FakeClock,
    engine: str,
    request: pytest.FixtureRequest,
) -> Harness:
    harness = Harness(tmp_path, feed_server, mail_sink, webhook_sink, clock)
    if engine == "postgres":
        harness.store_url = request.getfixturevalue("postgres_url")
    else:
        stores.put_sqlite_store(tmp_path)
    return harness
