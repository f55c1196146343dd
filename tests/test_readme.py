"""What the README promises holds: its topic, its commands, its files; and the unit keeps its rating."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from watcher.cli.main import COMMANDS, load_command
from watcher.match.explain import explain
from watcher.model.entry import Entry
from watcher.model.topic import Level
from watcher.service.load import load_config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
UNIT = ROOT / "watcher/service/units/watcher.service"
TOLERABLE_EXPOSURE = 15
"""Tenths of a point in the rating of systemd-analyze; 100 is wide open."""


def readme_topic(folder: Path) -> Path:
    found = re.search(r"```yaml\n(topics:.*?)```", README, re.DOTALL)
    assert found
    config = folder / "config.yaml"
    config.write_text(found[1], encoding="utf-8")
    return config


def test_the_example_topic_keeps_its_own_examples_and_the_sentence_below_it(tmp_path: Path) -> None:
    (compiled,) = load_config(readme_topic(tmp_path), {}, secrets="defer").topics
    sentence = re.search(r'echo "(.+?)" \| \.venv/bin/watcher explain', README)
    assert sentence
    for text, level in [*((one.text, one.level) for one in compiled.topic.examples), (sentence[1], Level.FOCUS)]:
        assert explain(compiled, Entry("", "", text)).level is level, text


def test_the_readme_lists_each_command_and_no_other() -> None:
    groups = {name: set(getattr(load_command(name), "commands", {})) for name in COMMANDS if name != "debug"}
    table = re.findall(r"`(\w+)(?: ([\w/]+))?`", "\n".join(re.findall(r"^\| (`[a-z].*?`) \|", README, re.MULTILINE)))
    listed: dict[str, set[str]] = {}
    for name, members in table:
        listed.setdefault(name, set()).update(set(members.split("/")) - {""})
    assert listed == groups


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_keeps_its_rating() -> None:
    analysis = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={TOLERABLE_EXPOSURE}", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unrecognized option" in analysis.stderr:
        pytest.skip("this systemd-analyze is older than 250")
    assert analysis.returncode == 0, analysis.stdout + analysis.stderr


def test_every_unit_is_found_in_the_folder_systemd() -> None:
    """The files are in the package, so that the wheel has them."""
    links = {link.name: link.resolve() for link in (ROOT / "systemd").iterdir()}
    assert links == {file.name: file for file in UNIT.parent.iterdir()}
