"""Shell completion, the manual page, and options that come before the command."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from tests.harness.harness import Harness, environment
from watcher.cli.main import COMMANDS, HIDDEN


@pytest.mark.parametrize(
    ("words", "at", "wanted"),
    [
        ("watcher al", 1, {"alerts"}),
        ("watcher alerts list --st", 3, {"--state", "--story"}),
        ("watcher db b", 2, {"backup"}),
    ],
)
def test_bash_completes_commands_and_options(words: str, at: int, wanted: set[str]) -> None:
    asked = {"_WATCHER_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(at)}
    program = "import sys; from watcher.cli.main import main; sys.argv = ['watcher']; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment() | asked, capture_output=True, text=True, check=False
    )
    assert set(done.stdout.split()) == wanted, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_for_each_shell(harness: Harness, shell: str) -> None:
    done = harness.command("completion", shell)
    assert (done.returncode, "_WATCHER_COMPLETE" in done.stdout) == (0, True)
    if found := shutil.which(shell):
        checked = subprocess.run([found, "-n"], input=done.stdout, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr


def test_the_manual_page_has_every_command(harness: Harness) -> None:
    page = harness.command("man").stdout
    named = {found.split()[0] for found in re.findall(r"^\.SS watcher (.*)$", page, re.MULTILINE)}
    assert named == set(COMMANDS) - HIDDEN
    if groff := shutil.which("groff"):
        checked = subprocess.run([groff, "-man", "-ww", "-z"], input=page, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")


def test_options_before_the_command_hold_for_it(harness: Harness) -> None:
    harness.publish("/wire", [])
    harness.write().rename(harness.folder / "other.yaml")
    assert harness.command("check").returncode == 2
    assert harness.command("-c", "other.yaml", "check").returncode == 0
    assert harness.command("check", WATCHER_CONFIG="other.yaml").returncode == 0
    assert harness.command("-c", "other.yaml", "check", "-c", "none.yaml").returncode == 2
    assert harness.command("check", "-c", "other.yaml", WATCHER_CONFIG="none.yaml").returncode == 0
