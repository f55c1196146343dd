"""Stores of earlier schemas are copied, upgraded, interrupted on the way, and restored, with nothing lost.

`make upgrades` does it with 100,000 entries, for every schema, and with kills at random moments.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.upgrades import Trial
from watcher.store import schema

ENTRIES = 1000
STEPS = len(schema.VERSIONS) - 1


@pytest.mark.parametrize(
    ("version", "failpoint"),
    [("0001", f"migration.step:{STEPS // 2}"), ("0006", ""), (schema.VERSIONS[-2], "")],
)
@pytest.mark.slow
def test_a_file_is_upgraded_and_restored(tmp_path: Path, version: str, failpoint: str) -> None:
    trial = Trial(tmp_path, version, ENTRIES)
    assert trial.before["entries"] > ENTRIES
    trial.back_up()
    if failpoint:
        trial.kill(failpoint=failpoint)
        assert trial.kills == {"killed": 1}
    trial.upgrade()
    trial.restore()


@pytest.mark.slow
def test_a_database_on_a_server_is_upgraded(tmp_path: Path, postgres_empty_url: str) -> None:
    trial = Trial(tmp_path, "0001", ENTRIES, postgres_empty_url)
    trial.kill(failpoint="upgrade.before_commit:1")
    trial.upgrade()
