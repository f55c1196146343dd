"""The recipes of docs/routing.md are configurations that work, and say what the text above them says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from watcher.config.load import read_settings
from watcher.route.tree import routes_for

WRITTEN = re.findall(r"```yaml\n(.*?)```", (Path(__file__).parents[2] / "docs/routing.md").read_text(), re.DOTALL)
RECIPES = [text for text in WRITTEN if text.startswith("route:")]
COMPLETE = [text for text in WRITTEN if text.startswith("store:")]

FRAME = """
store: sqlite:///watcher.db
feeds: [{{url: "https://news.example/feed", labels: {{region: iraq}}}}]
topics: [{{name: ceasefires, title: Ceasefires, terms: {{3: [ceasefire*]}}}}]
smtp: {{host: mail.example, from: watcher@example.org}}
receivers:
{receivers}
{recipe}
"""


@pytest.mark.parametrize("number", range(len(RECIPES)))
def test_recipes(number: int, tmp_path: Path) -> None:
    names = sorted({"desk", *re.findall(r"receiver: (\w+)", RECIPES[number])})
    receivers = "\n".join(f"  - {{name: {name}, email: {{to: [{name}@example.org]}}}}" for name in names)
    file = tmp_path / "config.yaml"
    file.write_text(FRAME.format(receivers=receivers, recipe=RECIPES[number]))
    reading = read_settings(file, env={}, secrets="require")
    assert [str(problem) for problem in reading.problems] == []


def test_there_are_five() -> None:
    assert len(RECIPES) == 5


def test_the_complete_file_loads_without_a_warning_and_sends_as_it_says(tmp_path: Path) -> None:
    (text,) = COMPLETE
    file = tmp_path / "config.yaml"
    file.write_text(text)
    secrets = {"SMTP_PASSWORD": "x", "SLACK_URL": "https://hooks.example/x", "ARCHIVE_SECRET": "x"}
    reading = read_settings(file, env=secrets, secrets="require")
    assert reading.problems == reading.warnings == ()
    assert reading.settings is not None
    assert reading.settings.route is not None
    important = [route.receiver for route in routes_for(reading.settings.route, {"level": "focus"})]
    assert important == ["archive", "chat", "desk"]
    assert [route.receiver for route in routes_for(reading.settings.route, {})] == ["archive", "desk"]
