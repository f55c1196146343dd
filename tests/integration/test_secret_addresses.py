"""A feed whose address is a secret: read at it, and known everywhere by its host and where the secret comes from."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.harness.harness import Harness, Item, rss
from tests.harness.servers import Answer

TOKEN, OTHER = "pathSECRETpath", "querySECRETquery"
COMMANDS = (
    ("check",),
    ("check", "--online"),
    ("feeds", "list"),
    ("feeds", "list", "--json"),
    ("feeds", "health"),
    ("feeds", "health", "--json"),
    ("feeds", "show", "Private"),
    ("feeds", "show", "Private", "--json"),
    ("feeds", "export"),
    ("alerts", "list", "--json"),
    ("entries", "list", "--json"),
    ("check", "--show-defaults"),
    ("status",),
)


@pytest.fixture
def private(harness: Harness) -> Harness:
    """One feed of a secret address (path and query), with a name; its document has a relative link."""
    harness.clock.set(datetime.now(UTC))
    path = f"/{TOKEN}/feed?key={OTHER}"
    harness.feeds.put(path, rss("Wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))]))
    harness.publish("/open", [])
    harness.write()
    harness.route = "{receiver: chat, group_wait: 0s}"
    text = harness.config.read_text().replace("feeds: [", "feeds: [{url: {env: FEED_URL}, name: Private}, ", 1)
    harness.config.write_text(text.replace("group_wait: 30s", "group_wait: 0s"))
    return harness


def run(harness: Harness, *words: str, path: str = f"/{TOKEN}/feed?key={OTHER}") -> str:
    done = harness.command(*words, FEED_URL=harness.feeds.url(path), TZ="UTC")
    return done.stdout + done.stderr


def assert_nowhere(folder: Path, text: str) -> None:
    assert TOKEN not in text
    assert OTHER not in text
    for file in folder.glob("watcher.db*"):
        data = file.read_bytes()
        assert TOKEN.encode() not in data
        assert OTHER.encode() not in data


def test_it_is_read_and_nobody_sees_it(private: Harness) -> None:
    said = run(private, "once", "--all")
    assert private.alerted_titles() == ["Ceasefire agreed"]
    said += "".join(run(private, *words) for words in COMMANDS)
    said += b"".join(private.chat.bodies()).decode()
    assert_nowhere(private.folder, said)
    (feed,) = [one for one in json.loads(run(private, "feeds", "list", "--json")) if one["name"] == "Private"]
    assert feed["url"].startswith("http://127.0.0.1:")
    assert "env=FEED_URL" in feed["url"]


@pytest.mark.sqlite_only  # what a failure says is made above the store, whose file is searched for the secret, too
@pytest.mark.parametrize(
    "answer",
    [
        Answer(404),
        Answer(401),
        Answer(500, body=TOKEN.encode()),
        Answer(200, {"Content-Type": "text/html"}, f"<html>{OTHER}</html>".encode()),
        Answer(301, {"Location": f"/{TOKEN}/moved?key={OTHER}"}),
        Answer(302, {"Location": f"ftp://127.0.0.1/{TOKEN}?key={OTHER}"}),
        Answer(302, {"Location": f"http://{TOKEN.lower()}.invalid/{TOKEN}?key={OTHER}"}),
    ],
    ids=["404", "401", "500", "page", "moved", "scheme", "elsewhere"],
)
def test_a_failure_does_not_repeat_it(private: Harness, answer: Answer) -> None:
    path = f"/{TOKEN}/feed?key={OTHER}"
    private.feeds.put(path, answer)
    private.feeds.put(f"/{TOKEN}/moved?key={OTHER}", rss("Wire", []))
    said = run(private, "once", "--all") + "".join(run(private, *words) for words in COMMANDS)
    assert_nowhere(private.folder, said)


def test_another_token_is_the_same_feed(private: Harness) -> None:
    run(private, "once", "--all")
    path = "/renewed/feed?key=other"
    private.feeds.put(path, rss("Wire", [Item("a", "Ceasefire agreed", private.clock.now() - timedelta(minutes=1))]))
    run(private, "once", "--all", path=path)
    assert private.alerted_titles() == ["Ceasefire agreed"]
    assert len(private.store().feeds.states()) == 2


def test_what_is_missing_or_no_address_is_said_without_its_value(private: Harness) -> None:
    missing = private.command("once")
    assert missing.returncode == 2
    assert "FEED_URL" in missing.stderr
    listed = private.command("feeds", "list")
    assert listed.returncode == 0
    wrong = private.command("check", FEED_URL=f"ftp://127.0.0.1/{TOKEN}")
    assert wrong.returncode == 2
    assert "env FEED_URL" in wrong.stderr
    assert TOKEN not in wrong.stderr
