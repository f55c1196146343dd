"""The crash bench, reduced: one seed with the most delicate kills, and one mutant that the judge must see."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.faults import Episode, at_the_start
from tests.crash.judge import Verdict
from tests.crash.mutations import MUTATIONS
from tests.crash.seed import Setting, run_seed

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
def test_a_newer_schema_is_refused(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "config.yaml").write_text(
        "feeds: [https://example.org/feed]\n"
        "topics: [{name: a, title: A, terms: {3: [ceasefire]}, focus: 5}]\n"
        "receivers: [{name: chat, webhook: {url: 'http://127.0.0.1:9/'}}]\n"
        "route: {receiver: chat, group_wait: 0s, group_interval: 0s}\n"
    )
    watcher = [sys.executable, "-m", "watcher"]
    subprocess.run([*watcher, "db", "upgrade"], cwd=tmp_path, check=True, capture_output=True)
    stamp = "import sqlite3; d = sqlite3.connect('watcher.db'); d.execute(\"UPDATE alembic_version SET version_num = '9999'\"); d.commit()"
    subprocess.run([sys.executable, "-c", stamp], cwd=tmp_path, check=True)
    refused = subprocess.run([*watcher, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert refused.returncode == 1
    assert "9999" in refused.stderr
    assert "newer version" in refused.stderr
