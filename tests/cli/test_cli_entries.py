"""`entries`, `backtest --misses`, `alerts list` with filters: what was read, and why it did not alert."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.harness import Harness, Item


@pytest.fixture
def read(harness: Harness) -> Harness:
    """A harness that has read one alert, a near miss, an excluded entry, one without a term, and an old one."""
    harness.clock.set(datetime.now(UTC))
    now = harness.clock.now()
    harness.topics = harness.topics.replace("    focus: 5\n", "    focus: 5\n    exclude: football\n", 1)
    harness.publish(
        "/wire",
        [
            Item("a", "Ceasefire agreed", now - timedelta(minutes=5), "The guns fell silent."),
            Item("b", "Talks go on", now - timedelta(minutes=5)),
            Item("c", "Truce of football fans", now - timedelta(minutes=5)),
            Item("d", "Küstenwache übt", now - timedelta(minutes=5)),
            Item("e", "Ceasefire of last week", now - timedelta(days=5)),
        ],
    )
    harness.once()
    return harness


def rows(harness: Harness, *words: str) -> list[dict[str, object]]:
    done = harness.command(*words, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def key_of(harness: Harness, title: str) -> str:
    (found,) = rows(harness, "entries", "search", title)
    return str(found["key"])


def test_every_entry_is_listed_with_its_alerts(read: Harness) -> None:
    listed = {str(row["title"]): row["alerts"] for row in rows(read, "entries", "list")}
    assert len(listed) == 5
    (alert,) = listed["Ceasefire agreed"]  # type: ignore[misc]
    assert (alert["topic"], alert["level"]) == ("ceasefires", "focus")
    assert listed["Talks go on"] == []
    assert len(rows(read, "entries", "list", "--limit", "2")) == 2
    assert rows(read, "entries", "list", "--feed", "nobody") == []


@pytest.mark.parametrize("text", ["küsten*", "KUSTENWACHE", "title:küstenwache feed:wire", "https://wire.example/d"])
def test_search_finds_words_in_any_case_and_whole_links(read: Harness, text: str) -> None:
    assert [row["title"] for row in rows(read, "entries", "search", text)] == ["Küstenwache übt"]


def test_times_are_rfc_3339_and_what_is_missing_is_null(read: Harness) -> None:
    for row in (*rows(read, "entries", "list"), *rows(read, "alerts", "list")):
        for name in ("first_seen", "created_at", "published"):
            if row.get(name) is not None:
                assert datetime.fromisoformat(str(row[name])).tzinfo is not None
                assert str(row[name]).endswith("Z")
        assert "-" not in row.values()


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Talks go on", "too_few"),
        ("Truce of football fans", "excluded"),
        ("Küstenwache übt", "no_term"),
        ("Ceasefire of last week", "old"),
    ],
)
def test_an_entry_says_why_it_has_no_alert(read: Harness, title: str, reason: str) -> None:
    page = json.loads(read.command("entries", "show", key_of(read, title), "--json").stdout)
    assert page["why_not"]["reason"] == reason
    assert page["why_not"]["text"] in read.command("entries", "show", title).stdout
    misses = {
        str(miss["title"]): miss["why_not"] for miss in rows(read, "backtest", "--topic", "ceasefires", "--misses")
    }
    assert misses[title]["reason"] == reason  # type: ignore[index]
    assert "Ceasefire agreed" not in misses


def test_a_topic_that_changed_since_is_said(read: Harness) -> None:
    read.topics = read.topics.replace("ceasefire*, truce*", "ceasefire*, truce*, talks")
    read.write()
    page = json.loads(read.command("entries", "show", "Talks go on", "--json").stdout)
    assert page["why_not"]["reason"] == "matches_now"


@pytest.mark.parametrize("by", ["key", "title", "link", "alert"])
def test_an_entry_is_named_by_key_title_link_or_alert(read: Harness, by: str) -> None:
    (entry,) = rows(read, "entries", "search", "Ceasefire agreed")
    (alert,) = entry["alerts"]  # type: ignore[misc]
    name = str(alert["id"] if by == "alert" else entry[by])
    found = json.loads(read.command("explain", "--topic", "ceasefires", "--entry", name, "--json").stdout)
    assert found["score"] == alert["score"]


def test_a_name_that_fits_several_entries_lists_them(read: Harness) -> None:
    done = read.command("entries", "show", "ceasefire")
    assert done.returncode == 2
    assert {key_of(read, "Ceasefire agreed")[:8], key_of(read, "Ceasefire of last week")[:8]} <= set(
        done.stderr.split()
    )


def test_what_was_missed_is_kept_and_taken_back(read: Harness) -> None:
    words = ("entries", "mark", "Talks go on", "--topic", "ceasefires")
    assert read.command(*words, "--missed").returncode == 0
    assert json.loads(read.command("entries", "show", "Talks go on", "--json").stdout)["missed_by"] == ["ceasefires"]
    found = json.loads(read.command("topics", "suggest", "--topic", "ceasefires", "--json").stdout)
    assert found["relevant"] == 1
    assert read.command(*words, "--not-missed").returncode == 0
    assert read.command(*words, "--not-missed").returncode == 2
    assert read.command("entries", "mark", "Talks go on", "--topic", "weather").returncode == 2
    refused = read.command("entries", "mark", "Ceasefire agreed", "--topic", "ceasefires")
    assert (refused.returncode, "watcher alerts mark" in refused.stderr) == (2, True)


def test_alerts_are_filtered(read: Harness) -> None:
    (alert,) = rows(read, "alerts", "list")
    same = [
        ("--level", "focus"),
        ("--feed", "WIRE"),
        ("--since", "1h"),
        ("--state", "delivered"),
        ("--marked", "unmarked"),
    ]
    for words in (*same, ("--story", str(alert["story"])), ("--topic", "ceasefires")):
        assert [row["id"] for row in rows(read, "alerts", "list", *words)] == [alert["id"]], words
    for words in (("--level", "mention"), ("--feed", "other"), ("--state", "dead"), ("--marked", "relevant")):
        assert rows(read, "alerts", "list", *words) == [], words
    read.command("alerts", "mark", str(alert["id"]), "relevant")
    assert [row["marked"] for row in rows(read, "alerts", "list", "--marked", "relevant")] == ["relevant"]
