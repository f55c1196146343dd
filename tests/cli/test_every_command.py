"""What holds for every command: its options, its JSON, and its text on a terminal of any width."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from tests.cli.test_cli_help import COMMANDS, command
from tests.harness.harness import Harness, Item
from tests.harness.servers import Answer
from watcher.cli.main import main

WITHOUT_CONFIGURATION = {("demo",), ("completion",), ("man",), ("web", "password"), ("web", "token"), ("db", "copy")}
WITHOUT_JSON = {
    "files": {("demo",), ("init",), ("preview",), ("feeds", "export"), ("service", "install"), ("completion",), ("man",)},
    "actions": {
        ("run",), ("feeds", "add"), ("feeds", "import"), ("feeds", "remove"), ("feeds", "poll"), ("entries", "mark"),
        ("alerts", "mark"), ("outbox", "retry"), ("outbox", "drop"), ("silence", "add"), ("silence", "expire"),
        ("receivers", "test"), ("db", "upgrade"), ("db", "backup"), ("db", "restore"), ("db", "copy"),
        ("web", "password"), ("web", "token"),
    },
    "verdicts": {("check",)},
}  # fmt: skip
"""Commands that list nothing. Whatever is added must have --json, or a place here."""
REPORTS = [
    "status",
    "nodes",
    "once",
    "explain --text text.txt",
    "backtest --topic ceasefires",
    "backtest --topic ceasefires --misses",
    "topics draft ceasefire",
    "feeds list",
    "feeds show Wire",
    "feeds health",
    "entries list",
    "entries search bread",
    "entries show {entry}",
    "alerts list",
    "alerts show {alert}",
    "outbox list",
    "outbox show {message}",
    "silence list",
    "routes test topic=ceasefires level=focus score=3",
    "receivers list",
    "db check",
    "db stats",
]
WHOLE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")


@pytest.mark.parametrize("path", [path for path in COMMANDS if path[0] != "debug"], ids="-".join)
def test_a_command_takes_a_configuration_and_what_it_lists_can_be_had_as_json(path: tuple[str, ...]) -> None:
    found = {one.name for one in command(path).params}  # type: ignore[attr-defined]
    assert ("config" in found) is (path not in WITHOUT_CONFIGURATION)
    assert ("as_json" in found) is not any(path in some for some in WITHOUT_JSON.values())
    assert ("utc" in found) is ("as_json" in found)


@pytest.fixture
def reports(harness: Harness) -> list[str]:
    """The commands of `REPORTS`, in a folder where watcher was at work: alerts, messages, a silence, a failing feed."""
    harness.clock.set(datetime.now(UTC))
    moment = harness.clock.now() - timedelta(minutes=1)
    long = "Ceasefire agreed after a night of talks between delegations that had not met since the spring of last year"
    harness.publish("/wire", [Item("a", long, moment), Item("b", "A recipe for bread", moment)])
    urls = [harness.feeds.url("/wire"), harness.feeds.put("/gone", Answer(410))]
    harness.feed_urls[:] = [{"url": url, "name": name} for url, name in zip(urls, ("Wire", "Gone"), strict=True)]  # type: ignore[misc]
    harness.once()
    (harness.folder / "text.txt").write_text(long)
    done = harness.command(
        "silence", "add", 'topic="ceasefires"', "--for", "1h", "--comment", "a drill of an hour " * 6
    )
    assert done.returncode == 0
    store = harness.store()
    bread = next(one for one in store.entries.since(moment - timedelta(days=1)) if "bread" in (one.entry.title or ""))
    names = {
        "alert": store.alerts.newest()[0].id[:8],
        "message": store.outbox.newest()[0].key[:8],
        "entry": bread.key[:8],
    }
    store.close()
    return [words.format(**names) for words in REPORTS]


def values(found: object, name: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from values(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from values(value, name)
    else:
        yield name, found


def test_json_has_nulls_and_whole_times(harness: Harness, reports: list[str]) -> None:
    times = 0
    for words in reports:
        done = harness.command(*words.split(), "--json")
        assert "Traceback" not in done.stderr, words
        for name, value in values(json.loads(done.stdout)):
            assert value not in ("-", "None"), (words, name)
            if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[T ]", value):
                times += 1
                assert WHOLE_TIME.fullmatch(value), (words, name)
    assert times > 20


class Terminal:
    """A terminal of `width` columns that a command prints to in this process."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._screen, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        self._side = os.fdopen(side, "w", encoding="utf-8")
        self._read: list[bytes] = []
        self._reader = threading.Thread(target=self._keep_reading)

    def _keep_reading(self) -> None:
        with suppress(OSError):  # how Linux says that the other side is closed
            while piece := os.read(self._screen, 1 << 16):
                self._read.append(piece)

    def lines(self, folder: Path, *words: str) -> list[str]:
        """What the command prints, both streams, without colours."""
        self._reader.start()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(self._side), redirect_stderr(self._side):
            patch.chdir(folder)
            patch.setenv("COLUMNS", str(self.width))  # rich asks the process's own streams for their width
            patch.setenv("TERM", "xterm")
            with pytest.raises(SystemExit):
                main(words)
            structlog.reset_defaults()
        self._side.close()
        self._reader.join()
        os.close(self._screen)
        text = b"".join(self._read).decode()
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r", "").splitlines()


def test_text_folds_at_words(harness: Harness, reports: list[str]) -> None:
    refused = ["check -c " + "folder/" * 12 + "config.yaml", "feeds show nothing-of-this-name"]
    for words in [*reports, *refused]:
        wide = Terminal(4_000).lines(harness.folder, *words.split())
        for width in (60, 120):
            narrow = Terminal(width).lines(harness.folder, *words.split())
            assert "Traceback" not in "".join(narrow)
            too_long = [line for line in narrow if len(line) > width and len(max(line.split(), key=len)) < width - 20]
            assert too_long == [], words
            cut = {word for line in wide for word in line.split()} - {word for line in narrow for word in line.split()}
            assert {word for word in cut if len(word) < width - 20 and not re.search(r"\d", word)} == set(), words
