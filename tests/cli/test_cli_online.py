"""`check` with own templates and `--online`, `receivers test`: does it hold where it will be used?"""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.servers import Answer
from watcher.render.sample import TITLE
from watcher.sandbox.limits import Limits


@pytest.fixture
def ready(harness: Harness) -> Harness:
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.write()
    return harness


def rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines() if "\t" in line][1:]


def test_check_online_says_what_each_feed_answers(ready: Harness) -> None:
    ready.feed_urls.append(ready.feeds.url("/nothing"))
    ready.feed_urls.append(ready.feeds.redirect("/old", ready.feed_urls[0], 301))
    ready.write()
    done = ready.command("check", "--online")
    assert done.returncode == 0, done.stderr
    wire, nothing, old = rows(done.stdout)
    assert wire[:4] == ["wire", "ok", "1", "2026-01-24 11:59:00Z"]
    assert nothing[1] == "http_not_found"
    assert "watcher feeds discover" in nothing[4]
    assert old[4] == f"moved permanently to {ready.feed_urls[0]}"
    assert done.stdout.splitlines()[-1] == "2 of 3 feeds answered"


def test_a_page_is_explained_and_one_that_costs_too_much_is_given_up(
    ready: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.dryrun.page.Limits", partial(Limits, cpu_seconds=1))
    html = {"Content-Type": "text/html"}
    body = (
        b"<html><head><title>News</title></head><body><nav>menu</nav><article>A ceasefire was agreed.</article></body>"
    )
    page = ready.feeds.put("/page", Answer(200, html, body))
    found = json.loads(ready.command("explain", "--topic", "ceasefires", "--url", page, "--json").stdout)
    assert found["score"] > 0
    attributes = b"<div " + b" ".join(b"a%d=x" % number for number in range(800_000)) + b">"
    bomb = ready.feeds.put("/bomb", Answer(200, html, attributes))
    refused = ready.command("explain", "--topic", "ceasefires", "--url", bomb)
    assert (refused.returncode, refused.stdout, bomb in refused.stderr) == (2, "", True), refused.stderr
    nothing = ready.feeds.put("/empty", Answer(200, html, b""))
    empty = ready.command("explain", "--topic", "ceasefires", "--url", nothing)
    assert (empty.returncode, empty.stdout, nothing in empty.stderr) == (2, "", True), empty.stderr


def test_check_online_fails_when_no_feed_answers(harness: Harness) -> None:
    harness.feed_urls = ["http://127.0.0.1:9/none"]
    harness.write()
    done = harness.command("check", "--online")
    assert (done.returncode, "connect" in done.stdout + done.stderr) == (1, True), done.stderr


def test_check_tries_own_templates(ready: Harness) -> None:
    folder = ready.folder / "templates"
    folder.mkdir()
    (folder / "subject.txt.j2").write_text("{{ digest.subject }}")
    assert ready.command("check").returncode == 0
    (folder / "message.txt.j2").write_text("{{ digest.subject.nothing.of.it }}")
    done = ready.command("check")
    assert done.returncode == 2
    assert "receivers.desk: the template message.txt.j2 failed" in done.stderr


def test_a_test_message_reaches_each_channel_and_is_marked(ready: Harness) -> None:
    assert [row[:2] for row in rows(ready.command("receivers", "test", "chat").stdout)] == [
        ["chat/webhook/0", "delivered"]
    ]
    (message,) = ready.messages()
    assert message["data"]["reason"] == "test"  # type: ignore[index]
    assert ready.alerted_titles() == [TITLE]

    assert ready.command("receivers", "test", "desk").returncode == 0
    (mail,) = ready.mail.mails
    assert "test" in mail.message["Subject"].lower()
    assert not (ready.folder / "watcher.db").exists()


def test_a_test_that_fails_says_why(ready: Harness) -> None:
    ready.chat.script = [410]
    done = ready.command("receivers", "test", "chat")
    assert done.returncode == 1
    assert rows(done.stdout)[0][:3] == ["chat/webhook/0", "never", "gone"]


def test_receivers_are_listed_and_unknown_ones_refused(ready: Harness) -> None:
    assert rows(ready.command("receivers", "list").stdout) == [
        ["desk", "desk/email/0", "desk@example.org"],
        ["chat", "chat/webhook/0", "127.0.0.1"],
    ]
    done = ready.command("receivers", "test", "nobody")
    assert (done.returncode, "desk, chat" in done.stderr) == (2, True)
