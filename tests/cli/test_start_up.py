"""What each command imports: counted, not timed, so that a busy machine says the same."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.harness import DIGEST_AT_SEVEN, Harness, Item
from tests.harness.store_samples import alert, save_alerts
from tests.harness.stores import SQLITE_URL, put_sqlite_store
from tests.harness.web import CHEAP
from watcher.cli.main import COMMANDS
from watcher.parse.pool import ParserPool
from watcher.service.load import load_config
from watcher.store.store import open_store
from watcher.web.handover import Handover, ServedConfig
from watcher.web.passwords import hash_password
from watcher.web.rendering import Templates

HEAVY = frozenset(
    [
        "alembic",
        "aiosmtplib",
        "apprise",
        "apscheduler",
        "asyncio",
        "css_inline",
        "email.headerregistry",
        "feedparser",
        "httpcore2",
        "httpx2",
        "jinja2",
        "lxml",
        "msgspec",
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
SCORING = {"watcher.match.percolator"}
STORE = {*CONFIGURATION, "sqlalchemy", "asyncio"}
LOG = {"structlog"}

SCRIPT = f"""
import gc, json, sys
from watcher.cli.main import main
collections = sum(one["collections"] for one in gc.get_stats())
for words in json.loads(sys.argv[1]):
    try:
        main(words)
    except SystemExit as end:
        assert not end.code, (words, end.code)
    print(json.dumps(sorted({sorted(HEAVY)!r} & sys.modules.keys())), file=sys.stderr)
print(json.dumps({{
    "modules": len(sys.modules), "collections": sum(one["collections"] for one in gc.get_stats()) - collections
}}))
"""


def run(harness: Harness, *commands: str) -> subprocess.CompletedProcess[str]:
    """One process that runs these commands one after another."""
    words = json.dumps([command.split() for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, words], cwd=harness.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def imported(harness: Harness, *commands: str) -> dict[str, set[str]]:
    """What has been imported after each of these commands."""
    lines = run(harness, *commands).stderr.splitlines()
    lists = [set(json.loads(line)) for line in lines if line.startswith("[")]
    return dict(zip(commands, lists, strict=True))


def too_many(harness: Harness, allowed: set[str], *commands: str) -> dict[str, set[str]]:
    """The commands after which more is imported than is allowed; the first of them is to blame."""
    return {command: found - allowed for command, found in imported(harness, *commands).items() if found - allowed}


def test_help_and_version_import_nothing_heavy(harness: Harness) -> None:
    assert too_many(harness, set(), "--version", "--help") == {}


def test_help_of_a_command_imports_nothing_but_its_arguments(harness: Harness) -> None:
    assert too_many(harness, COMMAND, *(f"{name} --help" for name in COMMANDS if name != "debug")) == {}


@pytest.mark.parametrize(
    ("commands", "allowed"),
    [
        # The build of the wheel runs `man`, with nothing else installed.
        (("init -c mine.yaml", "man", "completion bash"), COMMAND),
        (("check",), CONFIGURATION | SCORING),
        (("explain --text config.yaml",), CONFIGURATION | SCORING | {"watcher.match.explain"}),
        (("routes test level=focus", "receivers list"), CONFIGURATION),
        (("alerts list", "alerts list --json", "silence list", "feeds list", "feeds health", "db stats"), STORE),
        (("outbox list",), STORE | LOG | {"rich"}),
    ],
    ids=lambda value: value[0].partition(" ")[0] if isinstance(value, tuple) else "",
)
def test_a_command_imports_only_what_it_uses(harness: Harness, commands: tuple[str, ...], allowed: set[str]) -> None:
    harness.route = DIGEST_AT_SEVEN
    harness.publish("/wire", [Item("a", "Bread", datetime.now(UTC) - timedelta(minutes=1))])
    harness.write()
    put_sqlite_store(harness.folder)
    assert too_many(harness, allowed, *commands) == {}


def test_commands_import_few_modules_and_collect_no_garbage(harness: Harness) -> None:
    """Some more than they do now, for other versions of Python and of libraries."""
    harness.route = DIGEST_AT_SEVEN
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Bread", harness.clock.now() - timedelta(hours=1))])
    harness.once()
    for command, most in {"check": 430, "alerts list": 620, "once": 650}.items():
        counted = json.loads(run(harness, command).stdout.splitlines()[-1])
        assert counted["modules"] <= most, command
        assert counted["collections"] == 0, command


def test_once_with_nothing_due_imports_no_parser_and_no_templates(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Bread", harness.clock.now() - timedelta(minutes=1))])
    harness.once()
    assert too_many(harness, STORE | LOG, "once") == {}


def test_a_poll_that_sends_nothing_imports_no_templates_and_reads_no_list_of_domains(harness: Harness) -> None:
    harness.route = DIGEST_AT_SEVEN
    harness.publish("/wire", [Item("a", "Bread", datetime.now(UTC) - timedelta(minutes=1))])
    harness.write()
    of_others = {"css_inline", "feedparser", "jinja2", "lxml", "nh3", "requests", "tldextract"}
    assert imported(harness, "once --all")["once --all"].isdisjoint(of_others)


def test_the_parser_starts_early_for_feeds_that_were_never_polled(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(ParserPool, "start_soon", lambda _, documents: asked.append(documents))
    harness.route = DIGEST_AT_SEVEN
    harness.publish("/wire", [Item("a", "Bread", datetime.now(UTC) - timedelta(minutes=1))])
    harness.write()
    put_sqlite_store(harness.folder)
    for _ in range(2):
        assert "feeds 1" in harness.command("once", "--all").stdout
    assert asked == [1]


def test_a_poll_that_finds_nothing_new_compiles_no_index(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Bread", harness.clock.now() - timedelta(minutes=1))])
    harness.once()
    assert imported(harness, "once --all")["once --all"].isdisjoint({*SCORING, "watcher.match.explain"})


def test_a_check_of_receivers_of_mail_alone_imports_no_chats(harness: Harness) -> None:
    harness.route = DIGEST_AT_SEVEN
    path = harness.write()
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if "name: chat" not in line), encoding="utf-8")
    assert too_many(harness, (CONFIGURATION | SCORING) - {"watcher.deliver.chat"}, "check") == {}


PAGES = {
    "asyncio",
    "jinja2",
    "msgspec",
    "snowballstemmer",
    "sqlalchemy",
    "watcher.match.explain",
    "watcher.match.percolator",
}
"""Configurations and mails are made by others."""
OF_OTHERS = HEAVY | {
    "_hashlib", "_ssl", "anyio", "click", "multiprocessing", "stopwordsiso", "typer", "watcher.config.reader"
}  # fmt: skip
SERVING = """
import sys
import watcher.cli.web_process
from watcher.clock import SystemClock
from watcher.web.app import all_pages, opened
from watcher.web.handover import Handover
from watcher.web.passwords import is_password

def imported():
    return [name for name, module in sys.modules.items() if module]

print(*imported(), file=sys.stderr)
site, door = opened(Handover.read(sys.stdin.buffer.read()), SystemClock())
for page in all_pages():
    if page.method == "GET" and "{" not in page.path:
        scope = {
            "type": "http", "method": "GET", "path": page.path, "raw_path": page.path.encode(),
            "query_string": b"q=bread", "headers": [(b"host", b"127.0.0.1:8080")], "client": ("127.0.0.1", 1),
        }
        assert door._reply(scope, b"").status < 500, page.path
assert (is_password("é", sys.argv[1]), is_password("", sys.argv[1])) == (True, False)
print(*imported(), file=sys.stderr)
door.close()
"""


def test_the_process_that_serves_the_pages_holds_nothing_that_only_others_need(harness: Harness) -> None:
    compiled = load_config(harness.write(), {}, secrets="defer")
    put_sqlite_store(harness.folder)
    store = open_store(SQLITE_URL, base=harness.folder)
    save_alerts(store, alert("one"), now=datetime.now(UTC))
    store.close()
    served = ServedConfig(compiled.settings, compiled.topics).without_options()
    handover = Handover(served, (), verbose=False, as_text=None, templates=Templates().prepare())
    command = [sys.executable, "-c", SERVING, hash_password("é", CHEAP)]
    done = subprocess.run(command, input=handover.written(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    at_start, after_pages = (set(line.split()) for line in done.stderr.decode().splitlines())
    assert at_start & OF_OTHERS <= {*LOG, *PAGES}
    assert after_pages & OF_OTHERS <= {*LOG, *PAGES}
