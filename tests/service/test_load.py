"""Compiling a configuration leaves the interpreter as it was, and gives the same fingerprints everywhere."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.harness import Harness
from watcher.model.secret import Secret
from watcher.service.changes import text_of
from watcher.service.load import collector_paused

PRINT_FINGERPRINTS = """
import sys
from pathlib import Path
from watcher.service.load import fingerprint_of, load_config
config = load_config(Path(sys.argv[1]), {}, secrets="require", must_run=True)
print(fingerprint_of(config), config.routing_fingerprint, config.reach_fingerprint, config.interval_fingerprint)
"""


def test_the_collector_is_paused_only_for_the_moment() -> None:
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_collector_goes_on_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), collector_paused():
        _ = 1 // 0
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.slow
def test_a_configuration_has_the_same_fingerprints_in_every_process(harness: Harness) -> None:
    """Sets are written in another order in each: nodes with one file once held each other's for a newer one."""
    harness.route = """
        receiver: chat
        digest: {at: ["07:00"], zone: UTC, days: [mon, tue, wed, thu, fri]}
        hold: {between: "22:00-06:00", zone: UTC}
    """
    harness.feed_urls = ["https://example.org/feed.xml"]
    file = harness.write()

    def fingerprints(seed: str) -> str:
        program = [sys.executable, "-c", PRINT_FINGERPRINTS, str(file)]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.run(program, env=environment, check=True, capture_output=True, text=True).stdout

    assert fingerprints("1") == fingerprints("2")


def test_a_text_shows_neither_the_order_of_a_set_nor_a_secret() -> None:
    one, other = frozenset([0, 8, 16]), frozenset([16, 8, 0])
    assert list(one) != list(other)
    assert text_of({"days": (one,)}) == text_of({"days": (other,)})
    assert "token" not in text_of((Secret("env TOKEN", "token"),))
