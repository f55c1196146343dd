"""What each command imports: counted, not timed, so that a busy machine says the same."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.harness import DIGEST_AT_SEVEN, Harness, Item
from watcher.cli.main import COMMANDS

HEAVY = frozenset(
    [
        "alembic",
        "aiosmtplib",
        "apprise",
        "apscheduler",
        "asyncio",
        "css_inline",
        "feedparser",
        "httpcore2",
        "httpx2",
        "jinja2",
        "lxml",
        "nh3",
        "prometheus_client",
        "psycopg",
        "pydantic",
        "re2",
        "requests",
        "rich",
        "snowballstemmer",
        "sqlalchemy",
        "sqlalchemy.dialects.postgresql",
        "structlog",
        "tldextract",
        "watcher.deliver.chat",
        "watcher.match.explain",
        "watcher.match.percolator",
        "yaml",
    ]
)
COMMAND = {"pydantic"}
"""typer imports it for the arguments of a command."""
CONFIGURATION = {"pydantic", "yaml", "snowballstemmer", "watcher.deliver.chat"}
"""Also the module of each kind of channel that is configured, but no index of the topics."""
SCORING = {"watcher.match.percolator", "re2"}
STORE = {*CONFIGURATION, "sqlalchemy", "asyncio"}
HTTP = {"httpx2", "httpcore2"}
LOG = {"structlog"}

SCRIPT = f"""
import sys
sys.argv = ["watcher", *sys.argv[1:]]
try:
    from watcher.cli.main import main
    main()
except SystemExit as end:
    assert not end.code, end.code
    print(*sorted(set({sorted(HEAVY)!r}) & set(sys.modules)), sep="\\n", file=sys.stderr)
"""


def imported(harness: Harness, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], cwd=harness.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {line for line in done.stderr.splitlines() if line in HEAVY}


@pytest.mark.parametrize("words", [("--version",), ("--help",)])
def test_help_and_version_import_nothing_heavy(harness: Harness, words: tuple[str, ...]) -> None:
    assert imported(harness, *words) == set()


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "debug"])
def test_help_of_a_command_imports_nothing_but_its_arguments(harness: Harness, name: str) -> None:
    assert imported(harness, name, "--help") <= COMMAND


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (("init", "-c", "mine.yaml"), COMMAND),
        (("man",), COMMAND),  # the build of the wheel runs it, with nothing else installed
        (("completion", "bash"), COMMAND),
        (("check",), CONFIGURATION | SCORING | HTTP),
        (("explain", "--text", "config.yaml"), CONFIGURATION | SCORING | {"watcher.match.explain"}),
        (("routes", "test", "level=focus"), CONFIGURATION),
        (("receivers", "list"), CONFIGURATION),
        (("alerts", "list"), STORE),
        (("alerts", "list", "--json"), STORE),
        (("outbox", "list"), STORE | LOG | {"rich"}),
        (("silence", "list"), STORE),
        (("feeds", "list"), STORE),
        (("feeds", "health"), STORE),
        (("db", "stats"), STORE),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_imports_only_what_it_uses(harness: Harness, words: tuple[str, ...], allowed: set[str]) -> None:
    harness.route = DIGEST_AT_SEVEN
    harness.publish("/wire", [Item("a", "Bread", datetime.now(UTC) - timedelta(minutes=1))])
    harness.write()
    harness.store().upgrade()
    assert imported(harness, *words) <= allowed


def test_once_with_nothing_due_imports_no_parser_and_no_templates(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Bread", harness.clock.now() - timedelta(minutes=1))])
    harness.once()
    assert imported(harness, "once") <= STORE | LOG | HTTP


def test_a_check_of_receivers_of_mail_alone_imports_no_http_library(harness: Harness) -> None:
    harness.route = DIGEST_AT_SEVEN
    path = harness.write()
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if "name: chat" not in line), encoding="utf-8")
    assert imported(harness, "check") <= (CONFIGURATION | SCORING) - {"watcher.deliver.chat"}
