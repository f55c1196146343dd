"""Tokens for some topics: every address is closed to them that was not opened for them, and lists keep to the topics."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.harness.servers import FakeClock
from tests.harness.store_samples import alert, save_alerts
from tests.harness.web import BASE, Client, site_of
from watcher.cli.web import app
from watcher.service.load import load_config
from watcher.store.store import Store
from watcher.web.app import all_pages
from watcher.web.identity import token_hash

OPENED = {
    "/topics/{name}.svg", "/topics/{name}.atom", "/topics/{name}.json", "/embed/topics/{name}", "/api/alerts", "/api/alerts/{id}",
    "/api/alerts/{id}/mark", "/api/stories", "/api/topics", "/api/topics/{name}/volume",
}  # fmt: skip
"""What a token for topics may ask for, written down a second time."""
TOPICS = BASE.replace("topics:\n", "topics:\n  - {name: strikes, title: Strikes, terms: {3: [walkout]}}\n")


def section(topics: str) -> str:
    hashed = token_hash("wa_x")
    return f'web: {{tokens: [{{name: partner, hash: "sha256:{hashed}", may: act, topics: {topics}}}]}}\n'


@pytest.fixture
def partner(tmp_path: Path, store: Store, web_clock: FakeClock) -> Callable[[str], Client]:
    """A program with a token for these topics."""

    def made(topics: str) -> Client:
        site = site_of(tmp_path, store, web_clock, section(topics), TOPICS)
        return Client(site, headers={"authorization": "Bearer wa_x"})

    return made


def items(client: Client, path: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(client.get(path).text)["items"]
    return found


@pytest.fixture
def others(store: Store) -> tuple[str, str]:
    """An alert of a topic, and one of another."""
    own, other = alert("own"), alert("other", topic="strikes")
    save_alerts(store, own, other)
    return own.id, other.id


def test_every_other_address_is_closed(partner: Callable[[str], Client]) -> None:
    client, answers = partner("[ceasefires]"), {}
    for page in all_pages():
        path = page.path.replace("{name}", "ceasefires").replace("{id}", "0" * 32).replace("{key}", "0" * 32)
        if page.may.value != "anyone":
            answers[page.path] = client.send(page.method, path).status_code
    assert {path for path, status in answers.items() if status != 403} == OPENED


def test_lists_keep_to_the_topic(partner: Callable[[str], Client], others: tuple[str, str]) -> None:
    client = partner("[ceasefires]")
    assert [one["id"] for one in items(client, "/api/alerts")] == [others[0]]
    assert {one["topic"] for one in items(client, "/api/stories?days=14")} == {"ceasefires"}
    assert [one["name"] for one in items(client, "/api/topics")] == ["ceasefires"]
    assert [client.get(f"/api/alerts/{name}").status_code for name in others] == [200, 404]
    assert client.get("/topics/strikes.atom").status_code == 404
    assert client.get("/api/alerts?topic=strikes").status_code == 403


def test_a_token_for_several_topics_names_one(partner: Callable[[str], Client], others: tuple[str, str]) -> None:
    client = partner("[ceasefires, strikes]")
    assert client.get("/api/alerts").status_code == 403
    assert [
        [one["id"] for one in items(client, f"/api/alerts?topic={name}")] for name in ("ceasefires", "strikes")
    ] == [
        [others[0]],
        [others[1]],
    ]


def test_only_alerts_of_the_topic_are_marked(
    partner: Callable[[str], Client], others: tuple[str, str], store: Store
) -> None:
    client = partner("[ceasefires]")
    body = b'{"verdict": "relevant"}'
    answers = [
        client.send("POST", f"/api/alerts/{name}/mark", body, content_type="application/json") for name in others
    ]
    assert [one.status_code for one in answers] == [200, 404]
    assert store.marks.of_alerts(list(others)) == {others[0]: True}


def test_the_line_that_the_command_prints_is_understood(tmp_path: Path) -> None:
    options = ["token", "partner", "--topic", "ceasefires", "--topic", "strikes"]
    printed = CliRunner().invoke(app, options).stdout.splitlines()
    line = printed[1].partition("web.tokens: ")[2]
    (tmp_path / "printed.yaml").write_text(f"{TOPICS}web: {{tokens: [{line}]}}\n")
    (token,) = load_config(tmp_path / "printed.yaml", {}, secrets="defer").settings.web.tokens
    assert (token.name, token.topics) == ("partner", ("ceasefires", "strikes"))
    assert token.hash == token_hash(printed[0].rpartition(" ")[2])
