"""Failpoints: complete, deadly where they are asked for, and nothing at all in service."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import watcher
from watcher import failpoints
from watcher.failpoints import FAILPOINTS, STEPS, TRANSACTIONS, VARIABLE, armed

SOURCES = [file.read_text(encoding="utf-8") for file in Path(watcher.__file__).parent.rglob("*.py")]
PASSES = "from watcher.failpoints import pass_by; [pass_by('send.after') for _ in range(5)]; print('alive')"


def child(value: str) -> subprocess.CompletedProcess[str]:
    """A process that passes `send.after` five times."""
    return subprocess.run(
        [sys.executable, "-c", PASSES], env={**os.environ, VARIABLE: value}, capture_output=True, text=True, check=False
    )


def written(pattern: str) -> set[str]:
    return {
        name for source in SOURCES for call in re.findall(pattern, source) for name in re.findall(r'"([\w.]+)"', call)
    }


def test_every_transaction_of_the_store_is_named() -> None:
    assert written(r"database\.write\(([^)]*)\)") == set(TRANSACTIONS)


def test_every_other_place_is_named() -> None:
    assert written(r"pass_by\((\"[^)]*)\)") == set(STEPS)


def test_in_service_nothing_is_armed() -> None:
    assert VARIABLE not in os.environ
    assert failpoints.pass_by is failpoints._do_nothing


@pytest.mark.parametrize("value", ["send.after:5", "send.before:1,send.after:2"])
def test_the_process_dies_at_the_passage_asked_for(value: str) -> None:
    died = child(value)
    assert died.returncode == -signal.SIGKILL
    assert '"name": "send.after"' in died.stderr


def test_a_passage_that_does_not_come_harms_nobody() -> None:
    assert child("send.after:6").stdout == "alive\n"


def test_a_process_that_was_stopped_goes_on_when_it_is_continued() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PASSES],
        env={**os.environ, VARIABLE: "send.after:1:stop"},
        stdout=subprocess.PIPE,
        text=True,
    )
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.communicate()[0] == "alive\n"


@pytest.mark.parametrize("value", ["send.later:1", "send.after", "send.after:x", "send.after:1:explode", ""])
def test_what_cannot_be_understood_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="watcher debug failpoints"):
        armed(value)


def test_both_sides_of_every_commit_have_a_name() -> None:
    assert len(FAILPOINTS) == 2 * len(TRANSACTIONS) + len(STEPS)
