"""Every command explains itself: what it does, and an example that works as it stands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.harness.harness import Harness
from watcher.cli.main import COMMANDS as TABLE
from watcher.cli.main import HIDDEN, load_command


def commands(name: str) -> Iterator[tuple[str, ...]]:
    """The words of a command, or of every command of a group."""
    loaded = load_command(name)
    yield from ((name, inner) for inner in loaded.commands) if hasattr(loaded, "commands") else [(name,)]


COMMANDS = sorted(path for name in TABLE for path in commands(name))


def command(path: tuple[str, ...]) -> object:
    found = load_command(path[0])
    for name in path[1:]:
        found = found.commands[name]
    return found


@pytest.mark.parametrize("name", TABLE)
def test_the_table_says_what_the_command_says(name: str) -> None:
    assert load_command(name).help.partition("\n")[0] == TABLE[name]


def test_all_commands_of_the_design_are_there() -> None:
    wanted = (
        "demo init run once check explain evaluate backtest preview feeds/list feeds/add feeds/discover feeds/import "
        "feeds/export feeds/health alerts/list alerts/show alerts/mark outbox/list outbox/show outbox/retry outbox/drop "
        "silence/add silence/list silence/expire routes/test receivers/test topics/suggest db/upgrade db/backup db/stats"
    )
    assert set(wanted.split()) <= {"/".join(path) for path in COMMANDS}


@pytest.mark.parametrize("path", COMMANDS, ids="-".join)
def test_help_says_what_it_does_and_gives_an_example_that_the_command_takes(path: tuple[str, ...]) -> None:
    one = command(path)
    assert one.help  # type: ignore[attr-defined]
    example = re.sub(r"^Example: (\w+=\S+ )?", "", one.epilog)  # type: ignore[attr-defined]
    program, *words = shlex.split(example)
    assert program == "watcher"
    if path[0] == "debug":
        return
    assert tuple(words[: len(path)]) == path
    # Parsing alone: an option that does not exist, or a value of the wrong kind, raises.
    one.make_context(" ".join(path), words[len(path) :])  # type: ignore[attr-defined]


def test_help_goes_out_with_0_and_wrong_words_with_2(harness: Harness) -> None:
    for option in ("-h", "--help"):
        shown = harness.command("silence", "add", option)
        assert (shown.returncode, "Example: watcher silence add" in shown.stdout) == (0, True)
    assert set(re.findall(r"^  (\w+) ", harness.command("-h").stdout, re.MULTILINE)) >= set(TABLE) - HIDDEN
    assert harness.command("-V").stdout == harness.command("--version").stdout
    assert harness.command("no-such-command").returncode == 2
    assert harness.command("feeds", "list", "--no-such-option").returncode == 2
