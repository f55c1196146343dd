"""What an administrator does with watcher, as the documentation prints it: every command is accepted, and works."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harness.harness import Harness, Item
from watcher.cli.main import COMMANDS, load_command

ROOT = Path(__file__).parents[2]
PRINTED = [
    *(file for file in ROOT.glob("*.md") if file.name != "CONTRIBUTING.md"),  # its examples add commands
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "docs/monitoring/alerts.yaml",
    ROOT / "watcher/config/starter.yaml",
    *(ROOT / "watcher/service/units").iterdir(),
]
GLOBAL = {"-c", "--config", "--utc", "-V", "--version", "-h", "--help"}


def printed_commands() -> set[tuple[str, str]]:
    """Commands in code, inline or in blocks, with the file that prints them; `a/b` stands for two commands."""
    found = set()
    for file in PRINTED:
        text = file.read_text(encoding="utf-8")
        codes = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^(?!#).*$", text, re.MULTILINE)
        for code in codes:
            for words in re.findall(r"(?:^|[\s=/])watcher ((?:[a-z]+)(?: [^|`&;#<>()]*)?)", code):
                if words.split()[0] in COMMANDS:
                    found.add((file.name, words.strip()))
    return found


def options_of(command: Any) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | GLOBAL


@pytest.mark.parametrize(("file", "printed"), sorted(printed_commands()))
def test_a_printed_command_exists_with_its_options(file: str, printed: str) -> None:
    name, *words = printed.replace("…", "").split()
    command = load_command(name)
    members = getattr(command, "commands", None)
    if members is not None and words and re.fullmatch(r"[a-z][a-z/-]*", words[0]):
        wanted, words = words[0].split("/"), words[1:]
        assert set(wanted) <= set(members), file
        known = set().union(*(options_of(members[one]) for one in wanted))
    else:
        known = options_of(command) if members is None else GLOBAL
    used = {word.split("=")[0].strip(".,:'\"") for word in words if re.match(r"--?[a-z]", word)}
    assert used <= known, file


def test_the_documentation_prints_many_commands() -> None:
    assert len({printed for _, printed in printed_commands()}) > 60


@pytest.fixture
def running(harness: Harness) -> dict[str, str]:
    """A folder in which watcher has been at work for a while; the names that the operations use."""
    harness.clock.set(datetime.now(UTC))
    moment = harness.clock.now() - timedelta(minutes=1)
    harness.publish("/wire", [Item("a", "Ceasefire agreed", moment), Item("b", "A recipe for bread", moment)])
    harness.feed_urls[:] = [{"url": harness.feeds.url("/wire"), "name": "Wire"}]  # type: ignore[list-item]
    harness.once()
    store = harness.store()
    (alert,) = store.alerts.newest()
    (sent,) = store.outbox.newest()
    bread = next(one for one in store.entries.since(moment - timedelta(days=1)) if "bread" in one.entry.title)
    store.close()
    (harness.folder / "backups").mkdir()
    (harness.folder / "labelled.jsonl").write_text('{"id": "1", "title": "Truce", "labels": {"ceasefires": true}}\n')
    (harness.folder / "text.txt").write_text("Ceasefire holds\nTalks go on.")
    return {"alert": alert.id[:8], "message": sent.key[:8], "entry": bread.key[:8]}


OPERATIONS: list[tuple[str, str]] = [
    ("check", "1 feed"),
    ("check --diff", ""),
    ("check --show-defaults", "feed_reports"),
    ("check --schema", '"title": "Configuration of watcher"'),
    ("once --all --json", '"feeds": 1'),
    ("feeds list", "Wire"),
    ("feeds show Wire", "next poll"),
    ("feeds health --json", "[]"),
    ("feeds poll Wire", "not_modified"),
    ("feeds export feeds.opml", "wrote 1 feed"),
    ("entries list", "bread"),
    ("entries show {entry}", "bread"),
    ("alerts list --json", '"Ceasefire agreed"'),
    ("alerts show {alert}", "delivered"),
    ("alerts mark {alert} relevant", "relevant"),
    ("outbox list", ""),
    ("outbox show {message}", "delivered"),
    ("silence add 'topic=\"ceasefires\"' --for 1h --comment drill", "of 1 alert"),
    ("silence list", "drill"),
    ("routes test topic=ceasefires level=focus", "chat"),
    ("receivers list", "chat"),
    ("receivers test chat", ""),
    ("explain --text text.txt", "ceasefire*"),
    ("preview --output digest", ""),
    ("db stats", "entries"),
    ("db backup backups --keep 2", "bytes"),
    ("db check", ""),
    ("db upgrade", "schema"),
    ("status", "nothing"),
    ("nodes --json", '"role'),
    ("entries search 'ceasefire OR bread' --json", "bread"),
    ("entries mark {entry} --missed --topic ceasefires", "missed"),
    ("explain --entry {entry} --topic ceasefires", "too few"),
    ("explain --text text.txt --json", '"parts"'),
    ("backtest --topic ceasefires --since 4w", "Ceasefire agreed"),
    ("backtest --topic ceasefires --misses", "bread"),
    ("topics draft 'strikes in ports' --since 1d", "strikes-in-ports"),
    ("alerts list --state delivered --since 2h", "Ceasefire"),
    ("alerts list --marked relevant --json", '"Ceasefire agreed"'),
    ("outbox list --state sent", "chat"),
    ("outbox show {message} --json", '"attempts"'),
    ("silence list --json", "drill"),
    ("receivers list --json", '"chat"'),
    ("routes test topic=watcher level=focus --json", '"receivers"'),
    ("feeds show Wire --json", '"why_then"'),
    ("feeds list --utc", "Wire"),
    ("evaluate --entries labelled.jsonl --scores scores.jsonl", "ceasefires"),
    ("init -c other.yaml", "other.yaml"),
    ("-c other.yaml check", "1 topic"),
    ("db copy sqlite:///watcher.db sqlite:///copied.db", ""),
    ("man", ".TH WATCHER 1"),
    ("completion bash", "complete"),
]


def test_every_operation_works_as_printed(harness: Harness, running: dict[str, str]) -> None:
    """One after the other in one folder, as in an administrator's day; all that fail are named."""
    failed = []
    for words, expected in OPERATIONS:
        done = harness.command(*shlex.split(words.format(**running)))
        if done.returncode != 0 or expected not in done.stdout or "Traceback" in done.stderr:
            failed.append((words, done.returncode, done.stdout[-300:], done.stderr[-300:]))
    assert failed == []
    assert len(OPERATIONS) >= 50


def test_a_copy_is_restored_and_the_state_is_there_again(harness: Harness, running: dict[str, str]) -> None:
    assert harness.command("db", "backup", "copy.db").returncode == 0
    for part in harness.folder.glob("watcher.db*"):
        part.rename(part.with_name(f"before-{part.name}"))
    assert harness.command("db", "restore", "copy.db").returncode == 0
    assert harness.command("alerts", "show", running["alert"]).returncode == 0
    assert harness.command("db", "restore", "copy.db").returncode == 2, "a database is never overwritten"


def test_status_is_for_monitors(harness: Harness, running: dict[str, str]) -> None:
    done = harness.command("status", "--json")
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, True)
