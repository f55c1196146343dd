"""`alerts mark`, `topics suggest` and `backtest`: learning from what was really seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.harness import Harness, Item

PLACES = ("Idlib", "Homs", "Daraa", "Hasakah", "Raqqa", "Deir ez-Zor")
GAMES = ("chess", "handball", "curling", "cricket", "darts", "snooker")


@pytest.fixture
def read(harness: Harness) -> Harness:
    """A harness that has read six real ceasefires, six of sports, one near miss and bread."""
    harness.clock.set(datetime.now(UTC))
    earlier = harness.clock.now() - timedelta(minutes=5)
    titles = [
        *(f"Ceasefire signed by militias near {place}" for place in PLACES),
        *(f"Ceasefire between fans of {game}, says the referee" for game in GAMES),
        "Talks go on",
        "A recipe for bread",
    ]
    harness.publish("/wire", [Item(title, title, earlier) for title in titles])
    harness.once()
    return harness


def mark_all(harness: Harness) -> None:
    for alert in json.loads(harness.command("alerts", "list", "--json").stdout):
        verdict = "irrelevant" if "referee" in alert["title"] else "relevant"
        assert harness.command("alerts", "mark", alert["id"][:12], verdict).returncode == 0


def test_a_mark_is_in_the_life_of_the_alert_and_can_be_changed_and_taken_back(read: Harness) -> None:
    alert = json.loads(read.command("alerts", "list", "--json").stdout)[0]
    assert json.loads(read.command("alerts", "show", alert["id"], "--json").stdout)["marked"] is None
    read.command("alerts", "mark", alert["id"], "irrelevant")
    assert json.loads(read.command("alerts", "show", alert["id"], "--json").stdout)["marked"] == "irrelevant"
    assert "irrelevant" in read.command("alerts", "show", alert["id"]).stdout
    read.command("alerts", "mark", alert["id"], "relevant")
    assert json.loads(read.command("alerts", "show", alert["id"], "--json").stdout)["marked"] == "relevant"

    read.command("alerts", "mark", alert["id"], "unmarked")
    assert json.loads(read.command("alerts", "show", alert["id"], "--json").stdout)["marked"] is None


def test_a_draft_is_tried_on_the_stored_entries(read: Harness) -> None:
    before = read.config.read_text()
    found = json.loads(read.command("topics", "draft", "ceasefire", "--json").stdout)
    assert found["topic"]["use"] == "conflict/ceasefire"
    assert found["entries"] >= found["sent"] > 0
    assert all(one["level"] != "none" for one in found["would_send"])
    assert all(one["level"] == "none" for one in found["just_below"])
    printed = read.command("topics", "draft", "ceasefire, sourdough").stdout
    assert "use: conflict/ceasefire" in printed
    assert read.config.read_text() == before


def test_suggestions_come_from_the_marks(read: Harness) -> None:
    mark_all(read)
    before = read.config.read_text()
    found = json.loads(read.command("topics", "suggest", "--topic", "ceasefires", "--json").stdout)
    assert (found["relevant"], found["others"]) == (6, 6)
    assert any("militias" in change["term"] and change["after"] > 0 for change in found["changes"])
    table = read.command("topics", "suggest", "--topic", "ceasefires", "--most", "1")
    assert len(table.stdout.splitlines()) == 2
    assert read.config.read_text() == before


def test_stored_entries_can_stand_for_what_is_irrelevant(read: Harness) -> None:
    mark_all(read)
    words = ("topics", "suggest", "--topic", "ceasefires", "--json", "--background", "1d")
    assert json.loads(read.command(*words).stdout)["others"] == 8


def test_backtest_counts_days_hits_and_near_misses(read: Harness) -> None:
    result = json.loads(read.command("backtest", "--topic", "ceasefires", "--since", "2d", "--json").stdout)
    assert (result["entries"], result["alerts"], sum(result["per_day"].values())) == (14, 12, 12)
    assert [one["title"] for one in result["near_misses"]] == ["Talks go on"]

    lines = read.command("backtest", "--topic", "ceasefires", "--since", "2d", "--show", "1").stdout.splitlines()
    assert lines[0] == "ceasefires: at most 12 alerts (12 focus, 0 mention); entries read: 14"
    assert [line.split()[-1] for line in lines[1:4]] == ["0", "0", "12"]
    assert "hits, the best 1 (more with --show):" in lines
    assert lines[lines.index("near misses:") + 2].split("\t")[-1] == "Talks go on"


def test_backtest_tries_the_topic_as_it_is_written_now(read: Harness) -> None:
    read.topics = read.topics.replace("ceasefire*, truce*", "bread")
    read.write()
    result = json.loads(read.command("backtest", "--topic", "ceasefires", "--json").stdout)
    assert [one["title"] for one in result["hits"]] == ["A recipe for bread"]


def test_overlap_with_other_topics(read: Harness) -> None:
    read.topics = read.topics.replace("2: [detainee*]", "9: [militias]")
    read.write()
    assert (
        "6 of them would have alerted for detention-facilities"
        in read.command("backtest", "--topic", "ceasefires").stdout
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backtest", "--topic", "weather"], 'no topic is named "weather"'),
        (["backtest", "--topic", "ceasefires", "--since", "week"], "--since week: not a duration"),
        (["backtest", "--topic", "ceasefires", "--zone", "Mars"], "--zone Mars"),
        (["topics", "suggest", "--topic", "ceasefires"], "watcher alerts mark"),
        (["topics", "draft", "what is it"], "no word"),
        (["topics", "draft", "truces", "--languages", "english"], "ISO 639"),
        (["alerts", "mark", "00000000", "relevant"], "watcher alerts list"),
        (["alerts", "mark", "00000000", "good"], "'good'"),
    ],
)
def test_wrong_use_names_the_remedy(harness: Harness, words: list[str], said: str) -> None:
    harness.feed_urls = ["http://127.0.0.1:9/none"]
    harness.write()
    done = harness.command(*words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
