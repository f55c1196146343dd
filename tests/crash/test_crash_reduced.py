"""The crash bench, reduced: one seed with the most delicate kills, and one mutant that the judge must see."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.faults import Episode, at_the_start
from tests.crash.judge import Verdict
from tests.crash.mutations import MUTATIONS
from tests.crash.seed import Setting, run_seed
from tests.harness.harness import Harness
from tests.harness.stores import put_sqlite_store

EPISODES = [
    Episode("kill at", "save_polls.before_commit", 2),
    Episode("kill at", "send.before", 2),
    Episode("kill at", "send.after", 2),
    Episode("kill", after=0.5, trouble="backup"),
]


def test_nothing_is_lost_and_nothing_is_doubled_without_a_reason(tmp_path: Path) -> None:
    first = at_the_start(["upgrade.before_commit", "upgrade.after_commit"])
    verdict = asyncio.run(run_seed(Setting(tmp_path, 1, 100, EPISODES, first=first, patience=60)))
    assert {name: getattr(verdict, name) for name in verdict.broken} == {}
    assert verdict.accepted > 40
    wanted = {
        "upgrade.before_commit",
        "upgrade.after_commit",
        *(episode.place for episode in EPISODES if episode.place),
    }
    assert set(verdict.failpoints) == wanted


def test_the_judge_sees_a_program_that_marks_before_it_sends(tmp_path: Path) -> None:
    mutation = MUTATIONS["mark_before_send"]
    setting = Setting(
        tmp_path,
        1,
        60,
        mutation.episodes,
        mutant="mark_before_send",
        patience=4,
        entries_a_feed=mutation.entries_a_feed,
    )
    verdict: Verdict = asyncio.run(run_seed(setting))
    assert verdict.lost
    assert verdict.false_claims


@pytest.mark.parametrize("words", [["run"], ["once"], ["db", "upgrade"]])
def test_a_newer_schema_is_refused(harness: Harness, words: list[str]) -> None:
    harness.publish("/wire", [])
    harness.write()
    put_sqlite_store(harness.folder)
    with closing(sqlite3.connect(harness.folder / "watcher.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999', oldest_program = '9999'")
    refused = harness.child(*words) if words == ["run"] else harness.command(*words)
    assert refused.returncode == 1
    assert "9999" in refused.stderr
    assert harness.feeds.requests == []
