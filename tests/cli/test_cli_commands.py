"""Every command as a person runs it: real files, exit codes, what stands on the screen.

A few run as child processes, to see that the way from `python -m watcher` to the exit code is whole.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.harness.harness import DIGEST_AT_SEVEN, PROMPT_CHAT, TOPICS, Harness, Item, rss
from tests.harness.servers import Answer
from watcher.model.notification import NotificationState
from watcher.notify.flusher import Early
from watcher.service.once import run_once


@pytest.fixture
def walked(harness: Harness) -> Harness:
    """A harness after one round: one alert told to the chat, at the hour it is now."""
    harness.clock.set(datetime.now(UTC))
    harness.publish(
        "/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1), "Officials said so.")]
    )
    harness.once()
    return harness


def test_init_writes_what_check_accepts(harness: Harness) -> None:
    harness.command("init", "-c", "mine.yaml")
    checked = harness.command("check", "-c", "mine.yaml")
    assert checked.returncode == 0, checked.stderr
    written = harness.folder / "mine.yaml"
    written.write_text("# precious\n")
    again = harness.command("init", "-c", "mine.yaml")
    assert (again.returncode, "mine.yaml" in again.stderr) == (2, True)
    assert written.read_text() == "# precious\n"


def test_init_gives_each_file_a_store_of_its_own(harness: Harness) -> None:
    stores = {}
    for name in ("config.yaml", "mine.yaml", "mine 2.yaml"):
        assert harness.command("init", "-c", name).returncode == 0
        (stores[name],) = [
            line.split()[1] for line in (harness.folder / name).read_text().splitlines() if "sqlite" in line
        ]
    assert stores == {
        "config.yaml": "sqlite:///watcher.db",
        "mine.yaml": "sqlite:///mine.db",
        "mine 2.yaml": "sqlite:///watcher.db",
    }


def test_check_names_every_problem_with_its_line(harness: Harness) -> None:
    harness.write()
    good = harness.config.read_text().splitlines()
    broken = [line.replace("spacing: 0s", "spacing: never").replace("focus: 5", "fokus: 5") for line in good]
    harness.config.write_text("\n".join(broken) + "\n")
    checked = harness.command("check")
    assert checked.returncode == 2
    wrong = [number for number, line in enumerate(broken, 1) if "never" in line or "fokus" in line]
    named = {int(line.split(":")[1]) for line in checked.stderr.splitlines() if line.startswith("config.yaml:")}
    assert named == set(wrong)
    assert "focus" in checked.stderr


def test_check_runs_the_examples(harness: Harness) -> None:
    harness.topics = harness.topics.replace(
        "    title: Ceasefires\n",
        "    title: Ceasefires\n    examples: [{text: A ceasefire begins, level: none}, {text: A ceasefire begins, level: focus}]\n",
    )
    harness.write()
    checked = harness.command("check")
    assert checked.returncode == 2
    (failed,) = [line for line in checked.stderr.splitlines() if line.startswith("config.yaml:")]
    assert {"focus", "9"} <= set(failed.split())
    assert "refused" not in checked.stderr  # `once` runs with it
    harness.publish("/wire", [])
    harness.write()
    assert harness.command("once").returncode == 0


def test_check_shows_what_a_reload_would_change(harness: Harness) -> None:
    harness.publish("/wire", [])
    harness.once()
    assert "a reload would change nothing" in harness.command("check", "--diff").stderr
    harness.publish("/other", [])
    harness.topics = harness.topics.replace("focus: 5", "focus: 6", 1)
    harness.more_receivers = ["  - {name: own, slack: {url: 'https://hooks.example/x'}}"]
    harness.route = PROMPT_CHAT.replace("5m", "10m")
    harness.write()
    shown = {tuple(line.split("\t")) for line in harness.command("check", "--diff").stdout.splitlines() if "\t" in line}
    assert shown == {
        ("section", "change", "name"),
        ("feeds", "added", harness.feed_urls[1]),
        ("topics", "changed", "ceasefires"),
        ("receivers", "added", "own"),
        ("routes", "changed", "/"),
    }
    assert harness.command("once").returncode == 0
    harness.feed_urls.pop()
    harness.config.write_text("# a line more\n" + harness.write().read_text())
    shown = {tuple(line.split("\t")) for line in harness.command("check", "--diff").stdout.splitlines() if "\t" in line}
    assert ("feeds", "removed", harness.feeds.url("/other")) in shown
    assert len(shown) == 2


def test_check_prints_schema_and_defaults_without_a_configuration(harness: Harness) -> None:
    schema = json.loads(harness.command("check", "--schema").stdout)
    assert schema["properties"]["feeds"]["description"]
    assert "interval: auto" in harness.command("check", "--show-defaults").stdout


def test_explain_adds_up(harness: Harness) -> None:
    harness.write()
    (harness.folder / "article.txt").write_text("\n\nTruce and ceasefire\nA truce, said the detainees.\n")
    found = json.loads(harness.command("explain", "--text", "article.txt", "--json").stdout)
    assert [one["topic"] for one in found] == ["ceasefires", "detention-facilities"]
    for one in found:
        assert round(sum(part["points"] for part in one["parts"]), 2) == one["score"]
    assert found[0]["level"] == "focus"
    single = json.loads(harness.command("explain", "--topic", "ceasefires", "--text", "article.txt", "--json").stdout)
    assert single == found[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain"], "--text FILE"),
        (["explain", "--text", "no-such-file"], "cannot read no-such-file"),
        (["explain", "--text", "-"], "there is no text in standard input"),
        (["explain", "--entry", "00000000"], "watcher entries list"),
        (["explain", "--topic", "weather", "--text", "config.yaml"], 'no topic is named "weather"'),
        (["alerts", "show", "00000000"], "watcher alerts list"),
        (["outbox", "retry", "00000000"], "watcher outbox list"),
        (["routes", "test", "focus"], "write name=value"),
        (["evaluate", "--entries", "no-such-file"], "cannot read no-such-file: No such file or directory\n"),
        (["run", "--metrics", "localhost"], "write HOST:PORT"),
        (["run", "--metrics", "127.0.0.1:99999"], "write HOST:PORT"),
        (["feeds", "import", "config.yaml"], "nothing was imported: config.yaml:1"),
        (["once", "-c", "nowhere.yaml"], "watcher init"),
    ],
)
def test_wrong_use_names_the_remedy_and_exits_2(harness: Harness, words: list[str], said: str) -> None:
    harness.feed_urls = ["http://127.0.0.1:9/none"]
    harness.write()
    done = harness.command(*words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["alerts", "mark", "0", "irelevant"], "'irelevant' is not one of 'relevant', 'irrelevant', 'unmarked'."),
        (["outbox", "list", "--state", "deed"], "'deed' is not one of 'ready', 'leased', 'sent', 'dead'."),
    ],
)
def test_a_word_that_is_none_is_answered_with_those_that_are(harness: Harness, words: list[str], said: str) -> None:
    done = harness.command(*words)
    assert (done.returncode, done.stderr.splitlines()[-1].partition("': ")[2]) == (2, said)


def test_evaluate_prints_shares_and_scores(harness: Harness) -> None:
    harness.write()
    judged = [
        {"id": "1", "title": "Ceasefire agreed", "content": "", "labels": {"ceasefires": True}},
        {"id": "2", "title": "Bread", "labels": {"ceasefires": False, "ceasefire": True}},
        {"id": "3", "title": "Truce", "content": "", "labels": {"ceasefires": None}},
    ]
    (harness.folder / "judged.jsonl").write_text("".join(json.dumps(one) + "\n" for one in judged))
    done = harness.command("evaluate", "--entries", "judged.jsonl", "--json", "--scores", "scores.jsonl")
    assert '"ceasefire"' in done.stderr
    quality = json.loads(done.stdout)
    assert quality["topics"]["ceasefires"]["f1"] == 1.0
    scores = [json.loads(line) for line in (harness.folder / "scores.jsonl").read_text().splitlines()]
    assert {"id": "1", "topic": "ceasefires", "score": 9.0, "level": "focus"} in scores


def test_evaluate_lists_its_errors_and_suggest_learns_from_judged_entries(harness: Harness) -> None:
    harness.write()
    texts = [(f"Militias leave town {at}", True) for at in range(6)] + [(f"Bread {at}", False) for at in range(6)]
    texts.append(("Ceasefire of bakers", False))
    rows = [{"id": str(n), "title": text, "labels": {"ceasefires": truth}} for n, (text, truth) in enumerate(texts)]
    (harness.folder / "judged.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    errors = harness.command("evaluate", "--entries", "judged.jsonl", "--errors").stdout.splitlines()
    assert [sum(word in line for line in errors) for word in ("missed", "wrong, focus", "Bread")] == [6, 1, 0]
    learnt = harness.command("topics", "suggest", "--topic", "ceasefires", "--entries", "judged.jsonl", "--json")
    assert any("militias" in change["term"] for change in json.loads(learnt.stdout)["changes"])


def test_alerts_show_their_whole_life(walked: Harness) -> None:
    (alert,) = json.loads(walked.command("alerts", "list", "--json").stdout)
    assert alert["deliveries"] == {"delivered": 1}
    shown = walked.command("alerts", "show", alert["id"][:8])
    assert "Ceasefire agreed" in shown.stdout
    assert "delivered" in shown.stdout.splitlines()
    life = json.loads(walked.command("alerts", "show", alert["id"], "--json").stdout)
    assert [one["state"] for one in life["deliveries"]] == ["delivered"]
    for key in (alert["id"][:8], alert["entry"]):
        explained = walked.command("explain", "--topic", "ceasefires", "--entry", key, "--json")
        assert json.loads(explained.stdout)["score"] == alert["score"]


def test_explain_says_what_is_too_few_and_what_was_not_read(harness: Harness) -> None:
    harness.write()
    (harness.folder / "article.txt").write_text("Bread\nA truce.\n" + " ".join(f"w{at}" for at in range(20_000)))
    words = ("explain", "--topic", "ceasefires", "--text", "article.txt")
    facts = json.loads(harness.command(*words, "--json").stdout)
    assert (facts["score"] + facts["to_focus"], facts["to_mention"]) == (facts["focus"], 0)
    assert facts["unread"] > 0
    said = harness.command(*words).stdout.split()
    assert {f"{facts['to_focus']:g}", f"{facts['unread']:,}"} <= set(said)


def test_explain_distinguishes_an_untrue_query_from_what_is_missing(harness: Harness) -> None:
    harness.topics = TOPICS.replace("    focus: 5\n", "    focus: 5\n    query: truce AND border\n", 1)
    harness.write()
    (harness.folder / "article.txt").write_text("Bread\nA truce.\n")
    words = ("explain", "--topic", "ceasefires", "--text", "article.txt")
    facts = json.loads(harness.command(*words, "--json").stdout)
    assert (facts["query_lacks"], facts["missing"]) == ("border", None)
    assert "border" in harness.command(*words).stdout.split()


def test_explain_and_backtest_know_the_language_of_a_stored_entrys_feed(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.topics = TOPICS.replace("    focus: 5\n", "    focus: 5\n    require: lang:tr\n", 1)
    body = rss("wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.feed_urls.append(
        harness.feeds.put("/wire", body.replace(b"<channel>", b"<channel><language>tr</language>"))
    )
    harness.once()
    (alert,) = json.loads(harness.command("alerts", "list", "--json").stdout)
    words = ("--topic", "ceasefires", "--json")
    explained = json.loads(harness.command("explain", *words, "--entry", alert["entry"]).stdout)
    assert (explained["level"], explained["missing"]) == (alert["level"], None)
    assert json.loads(harness.command("backtest", *words, "--since", "1d").stdout)["alerts"] == 1


def test_explaining_a_stored_entry_knows_its_feed(walked: Harness) -> None:
    (alert, *_) = json.loads(walked.command("alerts", "list", "--json").stdout)
    text = walked.config.read_text()
    elsewhere = walked.folder / "elsewhere.yaml"
    elsewhere.write_text(text.replace("  - name: ceasefires\n", "  - name: ceasefires\n    feeds: {desk: elsewhere}\n"))
    assert "elsewhere" in elsewhere.read_text()
    words = ("explain", "-c", str(elsewhere), "--topic", "ceasefires", "--entry", alert["entry"])
    missing = json.loads(walked.command(*words, "--json").stdout)["missing"]
    assert "{desk: elsewhere}" in missing
    assert missing in walked.command(*words).stdout


def statuses(harness: Harness) -> list[str]:
    """The column of `alerts list`, newest first."""
    head, *rows = (line.split("\t") for line in harness.command("alerts", "list").stdout.splitlines())
    return [row[head.index("status")] for row in rows]


TEXT = "Officials of both sides said so after nine days of talks in the capital, and the guns fell silent at noon."


def test_alerts_list_says_what_became_of_each(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.route = """
    receiver: desk
    routes:
      - {receiver: chat, group_wait: 0s, continue: true}
      - {receiver: desk, digest: {at: ["07:00"], zone: UTC}}
    """
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1), TEXT)])
    harness.once()
    assert statuses(harness) == ["delivered 1, waiting 1"]
    harness.once(early=Early.DIGESTS)
    assert statuses(harness) == ["delivered"]
    told = json.loads(harness.command("alerts", "list", "--json").stdout)[0]
    harness.publish("/other", [Item("b", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1), TEXT)])
    harness.once()
    assert statuses(harness) == [f"folded into {told['id'][:8]}", "delivered"]
    copy = json.loads(harness.command("alerts", "list", "--json").stdout)[0]
    shown = harness.command("alerts", "show", told["id"]).stdout.splitlines()
    (named,) = [line for line in shown if line.startswith("also reported by other, ")]
    assert named.endswith(f": Ceasefire agreed ({copy['id'][:8]})")
    life = json.loads(harness.command("alerts", "show", told["id"], "--json").stdout)
    assert [(one["id"], one["feed"]) for one in life["copies"]] == [(copy["id"], "other")]


def test_outbox_list_knows_of_a_channels_pause(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.chat.script = [Answer(429, {"Retry-After": "7200"}), 204]

    async def run() -> tuple[str, str]:
        async with harness.open() as app:
            await run_once(app)
            done = await asyncio.to_thread(harness.command, "outbox", "list")
            (facts,) = json.loads((await asyncio.to_thread(harness.command, "outbox", "list", "--json")).stdout)
            assert facts["paused_until"] > facts["created_at"]
            assert (
                "when its channel is no longer paused"
                in (await asyncio.to_thread(harness.command, "outbox", "show", facts["key"])).stdout
            )
            return done.stdout, done.stderr

    _, said = asyncio.run(run())
    assert "chat/webhook/0 is paused until" in said
    assert harness.command("outbox", "list").stderr == ""  # whoever paused it has ended


def test_a_dead_letter_is_retried_under_the_same_key(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.chat.script = [410]
    assert harness.once().dead == 1
    assert harness.command("outbox", "list", "--state", "dead").stdout.count("chat/webhook/0") == 1
    (dead,) = harness.store().outbox.newest(state=NotificationState.DEAD)
    (facts,) = json.loads(harness.command("outbox", "list", "--json").stdout)
    assert (facts["key"], facts["state"], facts["channel"]) == (dead.key, "dead", "chat/webhook/0")
    assert harness.command("outbox", "drop", dead.key[:8]).returncode == 0
    (row,) = harness.command("outbox", "list", "--state", "dead").stdout.splitlines()[1:]
    assert row.split("\t")[2] == "dead, dropped"
    assert json.loads(harness.command("outbox", "list", "--json").stdout)[0]["dropped"] is True
    assert "is dead, dropped" in harness.command("outbox", "drop", dead.key[:8]).stderr
    assert harness.command("outbox", "retry", dead.key[:8]).returncode == 0
    assert harness.command("once").returncode == 0
    attempts = harness.command("outbox", "show", dead.key).stdout.splitlines()[-3:]
    assert [line.split("\t")[0] for line in attempts] == ["1", "2", "3"]
    assert [line.split("\t")[4] for line in attempts[1:]] == ["dropped", ""]
    ids = [request.headers["webhook-id"] for request in harness.chat.requests]
    assert ids == [dead.key, dead.key]


def test_feeds_list_shows_what_is_wrong(walked: Harness) -> None:
    walked.feed_urls.append(walked.feeds.url("/nothing"))
    walked.clock.advance(timedelta(minutes=1))
    walked.once()
    feeds = json.loads(walked.command("feeds", "list", "--json").stdout)
    assert [feed["reason"] for feed in feeds] == [None, "http_not_found"]
    assert "http_not_found" in walked.command("feeds", "list").stdout


def test_feeds_go_out_and_come_in_as_opml(walked: Harness) -> None:
    assert walked.command("feeds", "export", "out.opml").returncode == 0
    (walked.folder / "feeds.opml").write_text('<opml version="2.0"><head/><body/></opml>')
    config = walked.config.read_text()
    walked.config.write_text(config.replace("feeds: [", "feeds: [{opml: feeds.opml}, ", 1))
    more = (walked.folder / "out.opml").read_text().replace("/wire", "/other")
    (walked.folder / "more.opml").write_text(more)
    for _ in range(2):
        imported = walked.command("feeds", "import", "more.opml")
        assert imported.returncode == 0, imported.stderr
        assert walked.command("feeds", "export").stdout.count(f'xmlUrl="{walked.feeds.url("/other")}"') == 1


def test_a_backup_of_the_live_store_holds_the_same(walked: Harness) -> None:
    assert walked.command("db", "backup", "copy.db").returncode == 0
    assert walked.command("db", "backup", "copy.db").returncode == 2
    with closing(sqlite3.connect(walked.folder / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM alerts").fetchone() == (1,)
    assert json.loads(walked.command("db", "stats", "--json").stdout)["alerts"]["routed"] == 1
    assert walked.command("db", "upgrade").returncode == 0


def test_routes_test_says_who_and_why(harness: Harness) -> None:
    harness.route = """
    receiver: desk
    routes:
      - {matchers: ['level="focus"'], receiver: chat}
    """
    harness.write()
    for labels, route, receiver in (
        (["level=focus", "topic=ceasefires"], "/0", "chat"),
        (["level=mention"], "/", "desk"),
    ):
        facts = json.loads(harness.command("routes", "test", *labels, "--json").stdout)
        assert facts["receivers"] == [receiver]
        assert [(one["route"], one["receiver"]) for one in facts["routes"]] == [(route, receiver)]
        assert receiver in harness.command("routes", "test", *labels).stdout.splitlines()[-1]


def test_routes_test_doubts_what_no_alert_can_have(harness: Harness) -> None:
    harness.write()
    done = harness.command("routes", "test", "topic=ceasfires", "level=high", "regoin=iraq")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        'warning: no alert has a label "regoin"; known: feed, language, level, publishers, score, story, topic',
        'warning: no topic is named "ceasfires"; did you mean "ceasefires"?',
        'warning: no level is named "high"; known: focus, mention',
    ]


def test_check_warns_of_feeds_inside_private_networks(harness: Harness) -> None:
    harness.feed_urls = [
        "http://192.168.7.9/feed",
        "http://[fd00::1]/feed",
        "http://127.0.0.1/feed",
        "http://9.9.9.9/feed",
    ]
    harness.write()
    done = harness.command("check")
    assert done.returncode == 0
    warnings = [line for line in done.stderr.splitlines() if "private" in line]
    assert len(warnings) == 1
    assert "http://192.168.7.9/feed and 1 other feed" in warnings[0]
    assert "allow: [192.168.7.9/32, fd00::1/128]" in warnings[0]


def test_preview_writes_the_next_digest_and_sends_nothing(harness: Harness) -> None:
    harness.route = DIGEST_AT_SEVEN
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.once()
    written = [Path(line) for line in harness.command("preview").stdout.splitlines()]
    assert sorted(path.suffix for path in written) == [".html", ".txt"]
    assert {(harness.folder / path).stat().st_mode & 0o777 for path in written} == {0o600}
    assert all("Ceasefire agreed" in (harness.folder / path).read_text() for path in written)
    assert harness.mail.mails == []


@pytest.mark.parametrize(
    ("route", "kinds"), [(DIGEST_AT_SEVEN, {"desk-email"}), (PROMPT_CHAT, {"desk-email", "chat-webhook"})]
)
def test_preview_of_nothing_is_made_up_and_says_so(harness: Harness, route: str, kinds: set[str]) -> None:
    harness.route = route
    harness.publish("/wire", [])
    harness.write()
    done = harness.command("preview")
    assert done.returncode == 0, done.stderr
    files = [harness.folder / line for line in done.stdout.splitlines()]
    assert {file.stem.partition("-")[2] for file in files} == kinds
    assert all("it was only a test" in file.read_text() for file in files)


def test_the_password_of_a_mail_server_that_nobody_uses_may_be_missing(harness: Harness) -> None:
    harness.publish("/wire", [])
    config = (
        harness.write().read_text().replace("from: watcher@", "username: me, password: {env: NOT_SET}, from: watcher@")
    )
    harness.config.write_text(config)
    refused = harness.command("once")
    assert (refused.returncode, "NOT_SET is not set" in refused.stderr) == (2, True), refused.stderr
    unused = [line for line in config.splitlines() if "name: desk" not in line]
    harness.config.write_text("\n".join(unused))
    assert harness.command("once").returncode == 0
    assert "warning: " in harness.command("check").stderr


def test_receivers_test_lists_the_names_and_says_how_long_to_wait(harness: Harness) -> None:
    harness.publish("/wire", [])
    harness.write()
    assert harness.command("receivers", "test").returncode == 2
    unknown = harness.command("receivers", "test", "nobody")
    assert (unknown.returncode, "desk, chat" in unknown.stderr) == (2, True), unknown.stderr
    harness.chat.script = [Answer(429, {"Retry-After": "90"})]
    refused = harness.command("receivers", "test", "chat")
    assert (refused.returncode, "; it asks to wait 90 s" in refused.stdout) == (1, True), refused.stdout


def test_an_empty_address_is_called_empty(harness: Harness) -> None:
    harness.more_receivers = ["  - {name: own, slack: {url: ''}}"]
    harness.write()
    assert "receivers.2.slack.url: is empty; give it a text, or one of {env: NAME}" in harness.command("check").stderr


def test_one_is_not_many(harness: Harness) -> None:
    harness.publish("/wire", [])
    harness.write()
    assert "1 feed, 2 topics, 0 examples as expected, 2 receivers" in harness.command("check").stdout


def test_once_exits_1_when_nothing_answers(harness: Harness) -> None:
    harness.feed_urls = ["http://127.0.0.1:9/none"]
    harness.write()
    done = harness.child("once", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "feeds": 1, "fetched": 0, "not_modified": 0, "failed": 1,
        "entries_new": 0, "alerts": 0, "folded": 0, "delivered": 0, "omitted": 0, "dead": 0,
        "postponed": 0, "waiting": 0, "held": 0,
    }  # fmt: skip


def test_once_counts_what_it_leaves_behind(harness: Harness) -> None:
    harness.route = """
    receiver: desk
    digest: {at: ["07:00"], zone: Europe/Istanbul}
    routes:
      - {receiver: chat, group_wait: 30s, hold: {between: "00:00-23:59", zone: UTC}, continue: true}
      - {receiver: desk}
    """
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    report = harness.once()
    assert (report.delivered, report.waiting, report.held) == (0, 1, 1)


def test_a_server_named_by_a_secret_is_asked_for_and_its_password_not_shown(harness: Harness) -> None:
    harness.publish("/wire", [])
    harness.write()
    harness.config.write_text(
        re.sub("^store: .*$", "store: {env: STORE}", harness.config.read_text(), flags=re.MULTILINE)
    )
    missing = harness.command("alerts", "list")
    assert (missing.returncode, "env STORE" in missing.stderr) == (2, True), missing.stderr
    refused = harness.command("db", "stats", STORE="postgresql+psycopg://ana:hunter2@127.0.0.1:9/watcher")
    assert (refused.returncode, "127.0.0.1" in refused.stderr) == (1, True), refused.stderr
    assert "hunter2" not in refused.stderr + refused.stdout
    found = harness.command("db", "stats", STORE="sqlite:///elsewhere.db")
    assert (found.returncode, (harness.folder / "elsewhere.db").exists()) == (0, True), found.stderr
