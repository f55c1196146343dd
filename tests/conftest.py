"""Fixtures of all tests: real servers on loopback, a clock that the test sets, the corpus."""

from __future__ import annotations

import functools
import gc
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.harness import postgres, stores
from tests.harness.certificates import Certificate, make_certificate
from tests.harness.corpus import Corpus, find_corpus
from tests.harness.harness import Harness
from tests.harness.servers import FakeClock, FeedServer, ScriptedMailSink, WebhookSink

TESTS = Path(__file__).parent

# A busy machine is no failure. What a run says depends on the change alone: WATCHER_EXPLORE=1 looks for new examples.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("explore"), derandomize=True)
settings.load_profile("explore" if os.environ.get("WATCHER_EXPLORE") else "same")


SLOW = {"crash", "hostile", "integration", "mutation", "cli", "demo"} | {
    "test_accounting.py",
    "test_alarm.py",
    "test_breakers.py",
    "test_daemon.py",
    "test_discover.py",
    "test_executors.py",
    "test_feed_report_messages.py",
    "test_isolation.py",
    "test_node.py",
    "test_poller.py",
    "test_pool.py",
    "test_readers_agree.py",
    "test_render_user_templates.py",
    "test_resolver.py",
    "test_restart.py",
    "test_route_year.py",
    "test_schema.py",
    "test_sqlite.py",
    "test_topics_page.py",
}
"""Folders and files whose tests start processes, wait, walk a whole year or read the corpus: not part of
`make test-fast`. Single tests have the marker `slow`.
"""

TOGETHER = {"test_browser.py", "test_mutated_feeds.py", "test_run_demo.py"}
"""Files of long tests that share what takes long to make: one process runs all of them."""

MEMORY = Path("/dev/shm")
ENOUGH_MEMORY = 2 << 30

LEFT_OUT = (
    "left out: what starts processes, waits, walks the whole flow, reads the corpus or needs PostgreSQL (make test)"
)

FIRST = (
    "crash",
    "test_browser.py",
    "test_restart.py",
    "test_two_daemons.py",
    "test_daemon.py",
    "test_hostile_company.py",
    "test_stories.py",
    "integration",
    "notify",
    "service",
    "hostile",
    "cli",
    "test_meaning.py",
    "test_search_contract.py",
    "test_contract_stories.py",
    "test_explain_page.py",
    "test_pages.py",
    "test_door.py",
    "test_match_draft.py",
    "parse",
    "store",
    "web",
    "match",
)
"""Folders and files with the longest tests, longest first: a test of half a minute that begins last would be waited for
by all processes but one. Short files are handed out whole, so that the longest of these count, too.
"""


def pytest_configure(config: pytest.Config) -> None:
    """Names the run, so that all its processes share one PostgreSQL server."""
    os.environ.setdefault("WATCHER_TEST_RUN", f"{os.getpid()}-{time.monotonic_ns()}")
    _keep_files_in_memory()
    # rich's tracebacks show every variable of pytest, too: a tenth of a second and more for each exception in the log.
    structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback
    gc.set_threshold(50_000, 20, 100)


def _keep_files_in_memory() -> None:
    """Puts the folders of tests into memory where there is enough: a store waits for the disk at each commit."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir():
        found = os.statvfs(MEMORY)
        if found.f_bavail * found.f_frsize > ENOUGH_MEMORY and not found.f_flag & os.ST_NOEXEC:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """Thousands of tests and their modules stay: the cyclic collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.PrivateServer(postgres.private_folder(os.environ["WATCHER_TEST_RUN"])).stop()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out slow files without importing them, which would take a third of the time of `make test-fast`."""
    return (_is_fast(config) and _is_slow(collection_path)) or None


def _is_fast(config: pytest.Config) -> bool:
    return "not slow" in config.getoption("markexpr")


@functools.cache
def _is_slow(path: Path) -> bool:
    return not SLOW.isdisjoint(path.relative_to(TESTS).parts)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _is_slow(item.path) or _needs_postgres(item):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: _place(item.path))


def _needs_postgres(item: pytest.Item) -> bool:
    of_an_engine = hasattr(item, "callspec") and "postgres" in item.callspec.params.values()
    return of_an_engine or "postgres_server" in getattr(item, "fixturenames", ())


@functools.cache
def _place(path: Path) -> int:
    """Where the tests of a file come: before others when they are longer."""
    parts = path.relative_to(TESTS).parts
    return next((place for place, name in enumerate(FIRST) if name in parts), len(FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hands out short tests by the file and long ones one by one.

    The scheduler looks through all that a process was given at every test that ends: with each of the nine thousand
    tests by itself, it took as long as the tests of a large package.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = config.rootpath / nodeid.partition("::")[0]
            return nodeid if _is_slow(path) and path.name not in TOGETHER else str(path)

    return Scheduler(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if _is_fast(config):
        terminalreporter.write_line(LEFT_OUT)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of a PostgreSQL server; skips where there is none."""
    if not postgres.is_available():
        pytest.skip(postgres.MISSING)
    named = os.environ.get(postgres.VARIABLE)
    return named or postgres.PrivateServer(postgres.private_folder(os.environ["WATCHER_TEST_RUN"])).url()


@pytest.fixture
def postgres_empty_url(postgres_server: str, worker_id: str) -> str:
    """An empty schema of its own on the PostgreSQL server."""
    return postgres.empty_schema(postgres_server, f"watcher_test_{worker_id}_empty")


@pytest.fixture(scope="session")
def postgres_tables_url(postgres_server: str, worker_id: str) -> str:
    """A schema of this process with the tables of a store."""
    url = postgres.empty_schema(postgres_server, f"watcher_test_{worker_id}")
    stores.make_tables(url)
    return url


@pytest.fixture
def postgres_url(postgres_tables_url: str) -> str:
    """A store of this version on the PostgreSQL server, empty."""
    stores.empty_tables(postgres_tables_url)
    return postgres_tables_url


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that nobody but the tests trusts."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def feed_server() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def webhook_sink() -> Iterator[WebhookSink]:
    with WebhookSink() as sink:
        yield sink


@pytest.fixture
def mail_sink() -> Iterator[ScriptedMailSink]:
    with ScriptedMailSink() as sink:
        yield sink


@pytest.fixture
def clock() -> FakeClock:
    """Shows noon UTC of a Saturday until a test sets it."""
    return FakeClock(datetime(2026, 1, 24, 12, tzinfo=UTC))


@pytest.fixture
def harness(
    tmp_path: Path, feed_server: FeedServer, mail_sink: ScriptedMailSink, webhook_sink: WebhookSink, clock: FakeClock
) -> Harness:
    return Harness(tmp_path, feed_server, mail_sink, webhook_sink, clock)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return find_corpus()
