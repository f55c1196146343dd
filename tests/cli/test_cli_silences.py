"""`watcher silence`: from the words on the command line to alerts that are not told."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.harness import Harness, Item


@pytest.fixture
def ready(harness: Harness) -> Harness:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.write()
    return harness


def add(harness: Harness, *words: str) -> str:
    done = harness.command("silence", "add", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(harness: Harness, *words: str) -> list[dict[str, object]]:
    return json.loads(harness.command("silence", "list", "--json", *words).stdout)


def test_what_is_silenced_is_not_sent_until_the_silence_is_over(ready: Harness) -> None:
    add(ready, "topic=ceasefires", 'level="focus"', "--for", "2h", "--comment", "known")
    (silence,) = listed(ready)
    assert silence["matchers"] == ['topic="ceasefires"', 'level="focus"']
    ready.clock.set(datetime.now(UTC))
    ready.once()
    assert ready.alerted_titles() == []

    assert ready.command("silence", "expire", str(silence["id"])[:8]).returncode == 0
    assert listed(ready) == []
    assert [one["state"] for one in listed(ready, "--all")] == ["over"]
    ready.publish("/wire", [Item("b", "Truce collapses", ready.clock.now())])
    ready.clock.advance(timedelta(hours=1))
    ready.once()
    assert ready.alerted_titles() == ["Truce collapses"]


def test_adding_says_what_it_would_have_silenced(ready: Harness) -> None:
    ready.once()
    matched = add(ready, 'feed=~".*wir."', "score>=5", "--for", "1d", "--comment", "drill", "--author", "Ana")
    assert "of 1 alert in the last 7 days it matches 1" in matched
    misses = ready.command("silence", "add", "topic=ceasefire", "--for", "30m", "--comment", "misspelt")
    assert "of 1 alert in the last 7 days it matches 0" in misses.stdout
    assert 'no topic is named "ceasefire"; did you mean "ceasefires"?' in misses.stderr


def test_the_table_says_who_wanted_it_and_why(ready: Harness) -> None:
    add(ready, "level=mention", "--for", "2h", "--comment", "drill", "--author", "Ana")
    add(ready, "level=mention", "--for", "1h", "--comment", "short")
    header, first, second = ready.command("silence", "list").stdout.splitlines()
    assert header.split("\t") == ["id", "state", "until", "matchers", "author", "comment"]
    assert first.split("\t")[1::2] == ["in force", 'level="mention"', "short"]
    assert first.split("\t")[4] == getpass.getuser()
    assert second.split("\t")[4:] == ["Ana", "drill"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "topic ceasefires", "--for", "2h", "--comment", "x"], "topic ceasefires"),
        (["add", 'topic=~"("', "--for", "2h", "--comment", "x"], 'topic=~"("'),
        (["add", "topic=x", "--for", "2", "--comment", "x"], "--for 2:"),
        (["add", "topic=x", "--for", "0s", "--comment", "x"], "--for 0s"),
        (["add", "topic=x", "--comment", "x"], "--for"),
        (["expire", "00000000"], "watcher silence list"),
    ],
)
def test_wrong_use_names_the_remedy(ready: Harness, words: list[str], said: str) -> None:
    done = ready.command("silence", *words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
