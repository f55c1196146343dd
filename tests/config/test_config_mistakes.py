"""Broken configurations, each with every problem that must be reported beside it (`NAME.yaml`, `NAME.expected`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.config.load import problem_of_topic, read_settings
from watcher.errors import Problem
from watcher.match.percolator import compile_topics

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.yaml"))


def test_there_are_samples() -> None:
    assert len(MISTAKES) >= 25


@pytest.mark.parametrize("file", MISTAKES, ids=lambda file: file.stem)
def test_every_problem_is_reported_at_once_with_its_place(file: Path) -> None:
    reading = read_settings(file, env={}, secrets="require")

    assert reading.settings is None
    assert [_without_folder(problem, file) for problem in reading.problems] == expected(file)


@pytest.mark.parametrize("file", MISTAKES, ids=lambda file: file.stem)
def test_compiling_what_could_be_read_reports_nothing_twice(file: Path) -> None:
    reading = read_settings(file, env={}, secrets="require")

    problems = compile_topics(reading.topics)[1]
    assert [problem_of_topic(file, topic, problem) for topic, problem in problems] == []


def expected(file: Path) -> list[str]:
    lines = file.with_suffix(".expected").read_text(encoding="utf-8").splitlines()
    assert lines, "a broken configuration needs at least one expected problem"
    return lines


def _without_folder(problem: Problem, file: Path) -> str:
    return str(problem).replace(f"{file.parent}/", "")
