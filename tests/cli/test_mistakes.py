"""Everyday mistakes: one message with cause and remedy, the right exit code, never a traceback."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from socket import create_server

import pytest

from tests.harness.harness import Harness, Item
from watcher.cli.os_errors import explain_os_error

LABELLED = '{"id": "1", "title": "Bread", "content": "", "labels": {"ceasefires": false}}\n'


def nothing(harness: Harness) -> None:
    """No preparation."""


def replaced(old: str, new: str) -> Callable[[Harness], None]:
    def change(harness: Harness) -> None:
        text = harness.config.read_text()
        assert old in text
        harness.config.write_text(text.replace(old, new))

    return change


def wrote(name: str, content: bytes) -> Callable[[Harness], None]:
    return lambda harness: (harness.folder / name).write_bytes(content) and None


def made(name: str, make: Callable[[Path], object]) -> Callable[[Harness], None]:
    return lambda harness: make(harness.folder / name) and None


def copied(harness: Harness) -> None:
    """A store with a feed in it."""
    harness.publish("/wire", [])
    harness.once()


STORE = "sqlite:///watcher.db"
MISTAKES: list[tuple[str, Callable[[Harness], None], list[str], int, list[str]]] = [
    ("a folder that is missing", nothing, ["init", "-c", "nodir/x.yaml"], 2, ["nodir/x.yaml", "mkdir -p nodir"]),
    ("a file that exists", nothing, ["init"], 2, ["config.yaml", "-c"]),
    ("a place where nobody may write", nothing, ["init", "-c", "/proc/x.yaml"], 2, ["/proc/x.yaml"]),
    ("no configuration", nothing, ["check", "-c", "other.yaml"], 2, ["other.yaml", "watcher init"]),
    ("a folder as configuration", nothing, ["check", "-c", "."], 2, []),
    ("a picture as configuration", wrote("x.yaml", b"\x89PNG\xff"), ["check", "-c", "x.yaml"], 2, ["UTF-8"]),
    ("an unknown key", replaced("polling:", "pollling:"), ["check"], 2, ['"polling"']),
    ("a missing text", nothing, ["explain", "--text", "none.txt"], 2, ["none.txt"]),
    ("a folder as text", nothing, ["explain", "--text", "."], 2, []),
    ("a misspelt topic", nothing, ["explain", "--topic", "ceasefire", "--text", "config.yaml"], 2, ['"ceasefires"']),
    (
        "scores into a missing folder",
        wrote("judged.jsonl", LABELLED.encode()),
        ["evaluate", "--entries", "judged.jsonl", "--scores", "nodir/out.jsonl"],
        2,
        ["mkdir -p nodir"],
    ),
    (
        "scores on a full disk",
        wrote("judged.jsonl", LABELLED.encode()),
        ["evaluate", "--entries", "judged.jsonl", "--scores", "/dev/full"],
        1,
        ["/dev/full"],
    ),
    ("feeds on a full disk", nothing, ["feeds", "export", "/dev/full"], 1, ["/dev/full"]),
    ("feeds into a missing folder", nothing, ["feeds", "export", "nodir/feeds.opml"], 2, ["mkdir -p nodir"]),
    (
        "a file where a folder must be",
        nothing,
        ["preview", "--output", "config.yaml/out"],
        2,
        ["config.yaml"],
    ),
    ("a file as the demo's folder", nothing, ["demo", "--output", "config.yaml"], 2, ["config.yaml"]),
    ("a missing OPML file", nothing, ["feeds", "import", "none.opml"], 2, ["opml"]),
    (
        "a backup into a missing folder",
        lambda harness: harness.store().upgrade() and None,
        ["db", "backup", "nodir/copy.db"],
        2,
        ["mkdir -p nodir"],
    ),
    ("a backup over a file", nothing, ["db", "backup", "config.yaml"], 2, ["config.yaml"]),
    ("a store in a missing folder", replaced(STORE, "sqlite:///nodir/w.db"), ["alerts", "list"], 1, ["nodir"]),
    ("a store that is none", wrote("watcher.db", b"no database" * 99), ["alerts", "list"], 1, ["watcher.db"]),
    ("a folder as store", replaced(STORE, "sqlite:///."), ["alerts", "list"], 1, ["this is a folder"]),
    ("a socket as store", replaced(STORE, "sqlite:////dev/null"), ["status"], 1, ["no ordinary file"]),
    (
        "a link that leads nowhere as store",
        made("watcher.db", lambda path: path.symlink_to("none/w.db")),
        ["status"],
        1,
        ["symbolic link", "mkdir -p"],
    ),
    (
        "a database of another program",
        made("watcher.db", lambda path: sqlite3.connect(path).execute("CREATE TABLE t (a)").close()),
        ["db", "upgrade"],
        1,
        ["tables of something else"],
    ),
    ("a NUL in the store's name", replaced(STORE, "sqlite:///w\\0.db"), ["status"], 2, ["config.yaml:1:", "NUL"]),
    ("a NUL in a topic", replaced("ceasefire*", '"cease\\0fire*"'), ["check"], 2, ["NUL"]),
    ("a named pipe as configuration", made("pipe", os.mkfifo), ["check", "-c", "pipe"], 2, ["named pipe", "-c"]),
    (
        "a link in a circle",
        made("x.yaml", lambda path: path.symlink_to("x.yaml")),
        ["check", "-c", "x.yaml"],
        2,
        ["-c"],
    ),
    (
        "a link that leads nowhere as configuration",
        made("x.yaml", lambda path: path.symlink_to("none")),
        ["check", "-c", "x.yaml"],
        2,
        ["x.yaml", "watcher init"],
    ),
    ("nothing as configuration", nothing, ["check", "-c", "/dev/null"], 2, ["watcher init"]),
    ("a database as labelled entries", copied, ["evaluate", "--entries", "watcher.db"], 2, ["UTF-8"]),
    ("a socket with a long name", nothing, ["web", "--listen", f"unix:/tmp/{'a' * 120}"], 2, ["too long", "--listen"]),
    ("an address of another machine", nothing, ["web", "--listen", "192.0.2.1:8080"], 2, ["192.0.2.1", "--listen"]),
    ("a duration of centuries", nothing, ["alerts", "list", "--since", "99999999w"], 2, ["--since", "ten years"]),
    ("a limit of nothing", nothing, ["entries", "list", "--limit", "0"], 2, ["--limit"]),
    ("an unknown alert", nothing, ["alerts", "show", "00000000"], 2, ["watcher alerts list"]),
    ("an unknown entry", nothing, ["entries", "show", "00000000"], 2, ["watcher entries search"]),
    ("an unknown message", nothing, ["outbox", "drop", "00000000"], 2, ["watcher outbox list"]),
    ("an unknown command", nothing, ["alert"], 2, ["alert"]),
    ("an unknown option", nothing, ["alerts", "list", "--topik", "x"], 2, ["--topik"]),
    ("a duration without a unit", nothing, ["alerts", "list", "--since", "7"], 2, ["--since 7:", "2d"]),
    ("a time that is none", nothing, ["alerts", "list", "--since", "5x"], 2, ["--since 5x:", "4w"]),
    ("an unknown level", nothing, ["alerts", "list", "--level", "high"], 2, ["'mention', 'focus'"]),
    ("an unknown state", nothing, ["outbox", "list", "--state", "lost"], 2, ["'ready', 'leased'"]),
    ("half a matcher", nothing, ["silence", "add", "topic=", "--for", "1h", "--comment", "c"], 2, ["level="]),
    ("a broken pattern", nothing, ["silence", "add", "topic=~(", "--for", "1h", "--comment", "c"], 2, ["missing )"]),
    ("a silence that is not there", nothing, ["silence", "expire", "none"], 2, ["watcher silence list"]),
    ("a label without a value", nothing, ["routes", "test", "topic"], 2, ["name=value"]),
    ("an unknown receiver", nothing, ["receivers", "test", "boss"], 2, ["boss", "desk"]),
    ("an unknown feed to show", nothing, ["feeds", "show", "none"], 2, ["watcher feeds list"]),
    ("an unknown feed to poll", nothing, ["feeds", "poll", "none"], 2, ["watcher feeds list"]),
    ("another scheme", nothing, ["feeds", "add", "ftp://x.example/rss"], 1, ["ftp", "http and https"]),
    ("an unknown shell", nothing, ["completion", "powershell"], 2, ["'bash', 'zsh', 'fish'"]),
    ("a port that is none", nothing, ["run", "--metrics", "70000"], 2, ["--metrics 70000", "HOST:PORT"]),
    ("an unknown role", nothing, ["run", "--role", "reader"], 2, ["poll, notify"]),
    ("one word too many", nothing, ["nodes", "all"], 2, ["all"]),
    ("an empty text", nothing, ["explain", "--text", "/dev/null"], 2, ["no text in /dev/null"]),
    ("nothing to explain", nothing, ["explain"], 2, ["--text FILE", "--entry"]),
    ("a topic of no words", nothing, ["topics", "draft", ""], 2, ["name the subject"]),
    ("a copy of a store onto itself", copied, ["db", "copy", STORE, STORE], 2, ["not empty"]),
    ("an option without its value", nothing, ["check", "-c"], 2, ["-c"]),
    ("a missing copy to restore", nothing, ["db", "restore", "none.db"], 2, ["none.db"]),
    ("a feed list that is no OPML", nothing, ["feeds", "import", "config.yaml"], 2, ["config.yaml:1"]),
    ("a label that every alert has", nothing, ["feeds", "add", "x.example", "--label", "topic=a"], 2, ["another name"]),
    ("a silence without a comment", nothing, ["silence", "add", "level=focus", "--for", "1h"], 2, ["--comment"]),
]


@pytest.mark.parametrize(
    ("prepare", "words", "code", "said"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_mistake_gets_one_message_and_the_right_code(
    harness: Harness, prepare: Callable[[Harness], None], words: list[str], code: int, said: list[str]
) -> None:
    harness.feed_urls = ["http://127.0.0.1:9/none"]
    harness.write()
    prepare(harness)
    done = harness.command(*words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert all(text in done.stderr for text in said), done.stderr
    assert not list(harness.folder.glob(".*.*")), "a temporary file was left behind"


def test_there_are_many() -> None:
    assert len(MISTAKES) >= 65


def test_a_port_in_use_is_named(harness: Harness) -> None:
    harness.publish("/wire", [])
    harness.write()
    with create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = harness.command("run", "--metrics", address)
    assert (done.returncode, address in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(13, "Permission denied", "/etc/watcher/config.yaml"), 2),
        (OSError(30, "Read-only file system", "/mnt/x"), 2),
        (OSError(28, "No space left on device", "/var/x"), 1),
        (OSError(122, "Disk quota exceeded", "/home/x"), 1),
    ],
)
def test_errors_of_the_system_name_the_file_and_a_remedy(error: OSError, code: int) -> None:
    found = explain_os_error(error)
    assert found is not None
    assert (found.exit_code, str(error.filename) in found.message, ";" in found.message) == (code, True, True)


def test_an_error_without_a_file_is_a_defect() -> None:
    assert explain_os_error(OSError(104, "Connection reset by peer")) is None


def run(harness: Harness, *words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "watcher", *words],
        cwd=harness.folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), **variables},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_titles_that_the_locale_cannot_print_end_no_command(harness: Harness, encoding: str) -> None:
    harness.publish("/wire", [Item("a", "Ceasefire وقف إطلاق النار", harness.clock.now() - timedelta(minutes=1))])
    harness.once()
    done = run(harness, "entries", "list", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert b"Ceasefire " in done.stdout


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_no_error(harness: Harness, closed: str) -> None:
    harness.feed_urls = ["http://127.0.0.1:9/none"]
    harness.write()
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = f"{sys.executable} -m watcher check {closed}"
    done = subprocess.run(command, shell=True, cwd=harness.folder, env=env, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr


def test_a_full_disk_behind_a_redirection_is_said(harness: Harness) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = f"{sys.executable} -m watcher man > /dev/full"
    done = subprocess.run(command, shell=True, cwd=harness.folder, env=env, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr, b"space" in done.stderr) == (1, False, True), done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "xx_YY.UTF-8", "LANG": "none"},
        {"TZ": "Mars/Olympus"},
        {"TERM": "dumb", "COLUMNS": "20"},
        {"COLUMNS": "wide"},
        {"HOME": ""},
        {"HOME": "/nonexistent"},
        {"http_proxy": "::::"},
    ],
    ids=str,
)
def test_an_odd_environment_ends_no_command(harness: Harness, variables: dict[str, str]) -> None:
    harness.feed_urls = ["http://127.0.0.1:9/none"]
    harness.write()
    harness.store().upgrade()
    done = harness.command("feeds", "list", **variables)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_goes_away_is_no_error(harness: Harness) -> None:
    harness.write()
    command = f"{sys.executable} -m watcher debug failpoints | true"
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, shell=True, cwd=harness.folder, env=env, capture_output=True, check=False)
    assert done.stderr == b""
