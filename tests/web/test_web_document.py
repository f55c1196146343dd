"""docs/web.md: its pictures are there, its pages exist, and its examples are valid configurations."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.web import KEY, Client
from watcher.web.app import all_pages
from watcher.web.passwords import hash_password

DOCUMENT = Path(__file__).parents[2] / "docs/web.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_every_picture_is_there_and_shown() -> None:
    shown = set(re.findall(r"\((pictures/[\w-]+\.png)\)", TEXT))
    there = {f"pictures/{path.name}" for path in (DOCUMENT.parent / "pictures").glob("*.png")}
    assert shown <= there


def test_every_page_of_the_table_exists() -> None:
    paths = {re.sub(r"\{\w+\}", "ID", page.path) for page in all_pages()}
    named = re.findall(r"^\| \w+ `(/[^`]*)` \|", TEXT, re.MULTILINE)
    assert len(named) >= 10
    assert {re.sub(r"(ID|KEY|NAME)", "ID", path) for path in named} <= paths


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(web:.*?)```", TEXT, re.DOTALL))
def test_examples_are_valid(make_client: Callable[..., Client], tmp_path: Path, example: str) -> None:
    (tmp_path / "web-key").write_text(KEY)
    (tmp_path / "web-key").chmod(0o600)
    web = make_client(example.replace("scrypt:15:8:1:…", hash_password("a long password"))).site.settings.web
    assert not web.is_open
    assert web.is_secure
