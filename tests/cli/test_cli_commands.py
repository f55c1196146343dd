"""Every command as a person runs it: real files, exit codes, what stands on the screen.

A few run as child processes, to see that the way from `python -m watcher` to the exit code is whole.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from houses import DIGEST_AT_SEVEN, PROMPT_CHAT, TOPICS, House, Item, rss
from servers import Answer

from watcher.flush import Early
from watcher.model.notification import NotificationState


@pytest.fixture
def walked(house: House) -> House:
    """A house after one round: one alert told to the chat, at the hour it is now."""
    house.clock.set(datetime.now(UTC))
    house.publish(
        "/wire", [Item("a", "Ceasefire agreed", house.clock.now() - timedelta(minutes=1), "Officials said so.")]
    )
    house.once()
    return house


def test_init_writes_what_check_accepts(house: House) -> None:
    house.child("init", "-c", "mine.yaml")
    checked = house.command("check", "-c", "mine.yaml")
    assert checked.returncode == 0, checked.stderr
    again = house.child("init", "-c", "mine.yaml")
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_init_gives_each_file_a_store_of_its_own(house: House) -> None:
    stores = {}
    for name in ("config.yaml", "mine.yaml", "mine 2.yaml"):
        assert house.command("init", "-c", name).returncode == 0
        (stores[name],) = [
            line.split()[1] for line in (house.folder / name).read_text().splitlines() if "sqlite" in line
        ]
    assert stores == {
        "config.yaml": "sqlite:///watcher.db",
        "mine.yaml": "sqlite:///mine.db",
        "mine 2.yaml": "sqlite:///watcher.db",
    }


def test_check_names_every_problem_with_its_line(house: House) -> None:
    house.write()
    good = house.config.read_text().splitlines()
    broken = [line.replace("spacing: 0s", "spacing: never").replace("focus: 5", "fokus: 5") for line in good]
    house.config.write_text("\n".join(broken) + "\n")
    checked = house.command("check")
    assert checked.returncode == 2
    wrong = [number for number, line in enumerate(broken, 1) if "never" in line or "fokus" in line]
    named = {int(line.split(":")[1]) for line in checked.stderr.splitlines() if line.startswith("config.yaml:")}
    assert named == set(wrong)
    assert "focus" in checked.stderr


def test_check_runs_the_examples(house: House) -> None:
    house.topics = house.topics.replace(
        "    title: Ceasefires\n",
        "    title: Ceasefires\n    examples: [{text: A ceasefire begins, level: none}, {text: A ceasefire begins, level: focus}]\n",
    )
    house.write()
    checked = house.command("check")
    assert checked.returncode == 2
    assert "the example reaches focus with 9 points, not none" in checked.stderr
    assert checked.stderr.count("the example reaches") == 1


def test_explain_adds_up(house: House) -> None:
    house.write()
    (house.folder / "article.txt").write_text("\n\nTruce and ceasefire\nA truce, said the detainees.\n")
    found = json.loads(house.command("explain", "--text", "article.txt", "--json").stdout)
    assert [one["topic"] for one in found] == ["ceasefires", "detention-facilities"]
    for one in found:
        assert round(sum(part["points"] for part in one["parts"]), 2) == one["score"]
    assert found[0]["level"] == "focus"
    single = json.loads(house.command("explain", "--topic", "ceasefires", "--text", "article.txt", "--json").stdout)
    assert single == found[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain"], "--text FILE"),
        (["explain", "--text", "no-such-file"], "cannot read no-such-file"),
        (["explain", "--text", "-"], "there is no text in standard input"),
        (["explain", "--entry", "00000000"], "watcher alerts list"),
        (["explain", "--topic", "weather", "--text", "config.yaml"], "no topic is named weather"),
        (["alerts", "show", "00000000"], "watcher alerts list"),
        (["outbox", "retry", "00000000"], "watcher outbox list"),
        (["routes", "test", "focus"], "write name=value"),
        (["evaluate", "--entries", "no-such-file"], "cannot read no-such-file: No such file or directory\n"),
        (["run", "--metrics", "localhost"], "write HOST:PORT"),
        (["run", "--metrics", "127.0.0.1:99999"], "write HOST:PORT"),
        (["feeds", "import", "config.yaml"], "does not include feeds.opml"),
        (["once", "-c", "nowhere.yaml"], "watcher init"),
    ],
)
def test_wrong_use_names_the_remedy_and_exits_2(house: House, words: list[str], said: str) -> None:
    house.feed_urls = ["http://127.0.0.1:9/none"]
    house.write()
    done = house.command(*words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["alerts", "mark", "0", "irelevant"], "'irelevant' is not one of 'relevant', 'irrelevant'."),
        (["outbox", "list", "--state", "deed"], "'deed' is not one of 'ready', 'leased', 'sent', 'dead'."),
    ],
)
def test_a_word_that_is_none_is_answered_with_those_that_are(house: House, words: list[str], said: str) -> None:
    done = house.command(*words)
    assert (done.returncode, done.stderr.splitlines()[-1].partition("': ")[2]) == (2, said)


def test_evaluate_prints_shares_and_scores(house: House) -> None:
    house.write()
    judged = [
        {"id": "1", "title": "Ceasefire agreed", "content": "", "labels": {"ceasefires": True}},
        {"id": "2", "title": "Bread", "content": "", "labels": {"ceasefires": False, "ceasefire": True}},
        {"id": "3", "title": "Truce", "content": "", "labels": {"ceasefires": None}},
    ]
    (house.folder / "judged.jsonl").write_text("".join(json.dumps(one) + "\n" for one in judged))
    done = house.command("evaluate", "--entries", "judged.jsonl", "--json", "--scores", "scores.jsonl")
    assert 'no topic is named "ceasefire": what was judged of it is left out; did you mean' in done.stderr
    quality = json.loads(done.stdout)
    assert quality["topics"]["ceasefires"]["f1"] == 1.0
    scores = [json.loads(line) for line in (house.folder / "scores.jsonl").read_text().splitlines()]
    assert {"id": "1", "topic": "ceasefires", "score": 9.0, "level": "focus"} in scores


def test_alerts_tell_their_whole_life(walked: House) -> None:
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


def test_explain_says_what_is_too_few_and_what_was_not_read(house: House) -> None:
    house.write()
    (house.folder / "article.txt").write_text("Bread\nA truce.\n" + " ".join(f"w{at}" for at in range(20_000)))
    said = house.command("explain", "--topic", "ceasefires", "--text", "article.txt").stdout.splitlines()
    assert any(line.strip().startswith("too few: ") and line.endswith("points for focus") for line in said), said
    assert any(line.strip().startswith("not read: the last ") for line in said), said


def test_explain_tells_an_untrue_query_from_what_is_missing(house: House) -> None:
    house.topics = TOPICS.replace("    focus: 5\n", "    focus: 5\n    query: truce AND border\n", 1)
    house.write()
    (house.folder / "article.txt").write_text("Bread\nA truce.\n")
    said = house.command("explain", "--topic", "ceasefires", "--text", "article.txt").stdout.splitlines()
    assert "  query not true, lacks: border" in said
    assert not any(line.strip().startswith("missing") for line in said)


def test_explain_and_backtest_know_the_language_of_a_stored_entrys_feed(house: House) -> None:
    house.clock.set(datetime.now(UTC))
    house.topics = TOPICS.replace("    focus: 5\n", "    focus: 5\n    require: lang:tr\n", 1)
    body = rss("wire", [Item("a", "Ceasefire agreed", house.clock.now() - timedelta(minutes=1))])
    house.feed_urls.append(house.feeds.put("/wire", body.replace(b"<channel>", b"<channel><language>tr</language>")))
    house.once()
    (alert,) = json.loads(house.command("alerts", "list", "--json").stdout)
    words = ("--topic", "ceasefires", "--json")
    explained = json.loads(house.command("explain", *words, "--entry", alert["entry"]).stdout)
    assert (explained["level"], explained["missing"]) == (alert["level"], None)
    assert json.loads(house.command("backtest", *words, "--since", "1d").stdout)["alerts"] == 1


def test_explaining_a_stored_entry_knows_its_feed(walked: House) -> None:
    (alert, *_) = json.loads(walked.command("alerts", "list", "--json").stdout)
    text = walked.config.read_text()
    elsewhere = walked.folder / "elsewhere.yaml"
    elsewhere.write_text(text.replace("  - name: ceasefires\n", "  - name: ceasefires\n    feeds: {desk: elsewhere}\n"))
    assert "elsewhere" in elsewhere.read_text()
    explained = walked.command("explain", "-c", str(elsewhere), "--topic", "ceasefires", "--entry", alert["entry"])
    assert "missing: a feed with the labels {desk: elsewhere}" in explained.stdout


def fates(house: House) -> list[str]:
    """The column of `alerts list`, newest first."""
    head, *rows = (line.split("\t") for line in house.command("alerts", "list").stdout.splitlines())
    return [row[head.index("fate")] for row in rows]


TEXT = "Officials of both sides said so after nine days of talks in the capital, and the guns fell silent at noon."


def test_alerts_list_says_what_became_of_each(house: House) -> None:
    house.clock.set(datetime.now(UTC))
    house.route = """
    receiver: desk
    routes:
      - {receiver: chat, group_wait: 0s, continue: true}
      - {receiver: desk, digest: {at: ["07:00"], zone: UTC}}
    """
    house.publish("/wire", [Item("a", "Ceasefire agreed", house.clock.now() - timedelta(minutes=1), TEXT)])
    house.once()
    assert fates(house) == ["delivered 1, waiting 1"]
    house.once(early=Early.DIGESTS)
    assert fates(house) == ["delivered"]
    told = json.loads(house.command("alerts", "list", "--json").stdout)[0]
    house.publish("/other", [Item("b", "Ceasefire agreed", house.clock.now() - timedelta(minutes=1), TEXT)])
    house.once()
    assert fates(house) == [f"folded into {told['id'][:8]}", "delivered"]
    copy = json.loads(house.command("alerts", "list", "--json").stdout)[0]
    shown = house.command("alerts", "show", told["id"]).stdout.splitlines()
    (named,) = [line for line in shown if line.startswith("also reported by other, ")]
    assert named.endswith(f": Ceasefire agreed ({copy['id'][:8]})")
    life = json.loads(house.command("alerts", "show", told["id"], "--json").stdout)
    assert [(one["id"], one["feed"]) for one in life["copies"]] == [(copy["id"], "other")]


def test_outbox_list_knows_of_a_channels_pause(house: House) -> None:
    house.clock.set(datetime.now(UTC))
    house.publish("/wire", [Item("a", "Ceasefire agreed", house.clock.now() - timedelta(minutes=1))])
    house.chat.script = [Answer(429, {"Retry-After": "7200"}), 204]

    async def run() -> tuple[str, str]:
        async with house.open() as app:
            await app.once()
            done = await asyncio.to_thread(house.command, "outbox", "list")
            (facts,) = json.loads((await asyncio.to_thread(house.command, "outbox", "list", "--json")).stdout)
            assert facts["paused_until"] > facts["created_at"]
            assert (
                "when its channel no longer pauses"
                in (await asyncio.to_thread(house.command, "outbox", "show", facts["key"])).stdout
            )
            return done.stdout, done.stderr

    _, said = asyncio.run(run())
    assert "chat/webhook/0 pauses until" in said
    assert house.command("outbox", "list").stderr == ""  # whoever paused it has ended


def test_a_dead_letter_is_retried_under_the_same_key(house: House) -> None:
    house.clock.set(datetime.now(UTC))
    house.publish("/wire", [Item("a", "Ceasefire agreed", house.clock.now() - timedelta(minutes=1))])
    house.chat.script = [410]
    assert house.once().dead == 1
    assert house.command("outbox", "list", "--state", "dead").stdout.count("chat/webhook/0") == 1
    (dead,) = house.store().notifications(state=NotificationState.DEAD)
    (facts,) = json.loads(house.command("outbox", "list", "--json").stdout)
    assert (facts["key"], facts["state"], facts["channel"]) == (dead.key, "dead", "chat/webhook/0")
    assert house.command("outbox", "drop", dead.key[:8]).returncode == 0
    (row,) = house.command("outbox", "list", "--state", "dead").stdout.splitlines()[1:]
    assert row.split("\t")[2] == "dead, dropped"
    assert json.loads(house.command("outbox", "list", "--json").stdout)[0]["dropped"] is True
    assert "is dead, dropped" in house.command("outbox", "drop", dead.key[:8]).stderr
    assert house.command("outbox", "retry", dead.key[:8]).returncode == 0
    assert house.command("once").returncode == 0
    attempts = house.command("outbox", "show", dead.key).stdout.splitlines()[-3:]
    assert [line.split("\t")[0] for line in attempts] == ["1", "2", "3"]
    assert [line.split("\t")[4] for line in attempts[1:]] == ["dropped", ""]
    ids = [request.headers["webhook-id"] for request in house.chat.requests]
    assert ids == [dead.key, dead.key]


def test_feeds_list_shows_what_is_wrong(walked: House) -> None:
    walked.feed_urls.append(walked.feeds.url("/nothing"))
    walked.clock.advance(timedelta(minutes=1))
    walked.once()
    feeds = json.loads(walked.command("feeds", "list", "--json").stdout)
    assert [feed["reason"] for feed in feeds] == [None, "http_not_found"]
    assert "http_not_found" in walked.command("feeds", "list").stdout


def test_feeds_go_out_and_come_in_as_opml(walked: House) -> None:
    assert walked.command("feeds", "export", "out.opml").returncode == 0
    (walked.folder / "feeds.opml").write_text('<opml version="2.0"><head/><body/></opml>')
    config = walked.config.read_text()
    walked.config.write_text(config.replace("feeds: [", "feeds: [{opml: feeds.opml}, ", 1))
    more = (walked.folder / "out.opml").read_text().replace("/wire", "/other")
    (walked.folder / "more.opml").write_text(more)
    imported = walked.command("feeds", "import", "more.opml")
    assert "added 1 feed to" in imported.stdout, imported.stderr
    assert "/other" in walked.command("feeds", "export").stdout
    assert "added 0 feeds to" in walked.command("feeds", "import", "more.opml").stdout


def test_a_backup_of_the_live_store_holds_the_same(walked: House) -> None:
    assert walked.command("db", "backup", "copy.db").returncode == 0
    assert walked.command("db", "backup", "copy.db").returncode == 2
    with closing(sqlite3.connect(walked.folder / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM alerts").fetchone() == (1,)
    assert "alerts, routed\t1" in walked.command("db", "stats").stdout
    assert walked.command("db", "upgrade").returncode == 0


def test_routes_test_says_who_and_why(house: House) -> None:
    house.route = """
    receiver: desk
    routes:
      - {matchers: ['level="focus"'], receiver: chat}
    """
    house.write()
    focus = house.command("routes", "test", "level=focus", "topic=ceasefires")
    assert focus.stdout.splitlines()[-1] == "receivers: chat"
    mention = house.command("routes", "test", "level=mention")
    assert mention.stdout.splitlines()[-1] == "receivers: desk"
    assert "does not hold for 'mention'" in mention.stdout


def test_routes_test_doubts_what_no_alert_can_have(house: House) -> None:
    house.write()
    done = house.command("routes", "test", "topic=ceasfires", "level=high", "regoin=iraq")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        'warning: no alert has a label "regoin"; known: feed, language, level, publishers, score, story, topic',
        'warning: no topic is named "ceasfires"; did you mean "ceasefires"?',
        'warning: no level is named "high"; known: focus, mention',
    ]


def test_check_warns_of_feeds_inside_private_networks(house: House) -> None:
    house.feed_urls = [
        "http://192.168.7.9/feed",
        "http://[fd00::1]/feed",
        "http://127.0.0.1/feed",
        "http://9.9.9.9/feed",
    ]
    house.write()
    done = house.command("check")
    assert done.returncode == 0
    warnings = [line for line in done.stderr.splitlines() if "private" in line]
    assert len(warnings) == 2
    assert "http://192.168.7.9/feed is inside a private or special network" in warnings[0]
    assert "allow: [192.168.7.9/32]" in warnings[0]
    assert "allow: [fd00::1/128]" in warnings[1]


def test_preview_writes_the_next_digest_and_sends_nothing(house: House) -> None:
    house.route = DIGEST_AT_SEVEN
    house.clock.set(datetime.now(UTC))
    house.publish("/wire", [Item("a", "Ceasefire agreed", house.clock.now() - timedelta(minutes=1))])
    house.once()
    written = [Path(line) for line in house.command("preview").stdout.splitlines()]
    assert sorted(path.suffix for path in written) == [".html", ".txt"]
    assert all("Ceasefire agreed" in (house.folder / path).read_text() for path in written)
    assert house.mail.mails == []


@pytest.mark.parametrize(
    ("route", "kinds"), [(DIGEST_AT_SEVEN, {"desk-email"}), (PROMPT_CHAT, {"desk-email", "chat-webhook"})]
)
def test_preview_of_nothing_is_made_up_and_says_so(house: House, route: str, kinds: set[str]) -> None:
    house.route = route
    house.publish("/wire", [])
    house.write()
    done = house.command("preview")
    assert done.returncode == 0, done.stderr
    assert "made up" in done.stderr
    files = [house.folder / line for line in done.stdout.splitlines()]
    assert {file.stem.partition("-")[2] for file in files} == kinds
    assert all("it was only a test" in file.read_text() for file in files)


def test_the_password_of_a_mail_server_that_nobody_uses_may_be_missing(house: House) -> None:
    house.publish("/wire", [])
    config = (
        house.write().read_text().replace("from: watcher@", "username: me, password: {env: NOT_SET}, from: watcher@")
    )
    house.config.write_text(config)
    refused = house.command("once")
    assert (refused.returncode, "NOT_SET is not set" in refused.stderr) == (2, True), refused.stderr
    unused = [line for line in config.splitlines() if "name: desk" not in line]
    house.config.write_text("\n".join(unused))
    assert house.command("once").returncode == 0
    assert "warning: " in house.command("check").stderr


def test_receivers_test_lists_the_names_and_says_how_long_to_wait(house: House) -> None:
    house.publish("/wire", [])
    house.write()
    unnamed = house.command("receivers", "test")
    assert (unnamed.returncode, "say which receiver to test: desk, chat" in unnamed.stderr) == (2, True), unnamed.stderr
    house.chat.script = [Answer(429, {"Retry-After": "90"})]
    refused = house.command("receivers", "test", "chat")
    assert (refused.returncode, "; it asks to wait 90 s" in refused.stdout) == (1, True), refused.stdout


def test_an_empty_address_is_called_empty(house: House) -> None:
    house.more_receivers = ["  - {name: own, slack: {url: ''}}"]
    house.write()
    assert "receivers.2.slack.url: is empty; give it a text, or one of {env: NAME}" in house.command("check").stderr


def test_one_is_not_many(house: House) -> None:
    house.publish("/wire", [])
    house.write()
    assert "1 feed, 2 topics, 0 examples as expected, 2 receivers" in house.command("check").stdout


def test_once_exits_1_when_nothing_answers(house: House) -> None:
    house.feed_urls = ["http://127.0.0.1:9/none"]
    house.write()
    done = house.child("once", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "feeds": 1, "fetched": 0, "not_modified": 0, "failed": 1,
        "entries_new": 0, "alerts": 0, "folded": 0, "delivered": 0, "dead": 0, "postponed": 0, "waiting": 0, "held": 0,
    }  # fmt: skip


def test_once_counts_what_it_leaves_behind(house: House) -> None:
    house.route = """
    receiver: desk
    digest: {at: ["07:00"], zone: Europe/Istanbul}
    routes:
      - {receiver: chat, group_wait: 30s, hold: {between: "00:00-23:59", zone: UTC}, continue: true}
      - {receiver: desk}
    """
    house.publish("/wire", [Item("a", "Ceasefire agreed", house.clock.now() - timedelta(minutes=1))])
    report = house.once()
    assert (report.delivered, report.waiting, report.held) == (0, 1, 1)


def test_a_server_named_by_a_secret_is_asked_for_and_its_password_not_shown(house: House) -> None:
    house.publish("/wire", [])
    house.write()
    house.config.write_text("store: {env: STORE}\n" + house.config.read_text())
    missing = house.command("alerts", "list")
    assert (missing.returncode, "env STORE, which is missing" in missing.stderr) == (2, True), missing.stderr
    refused = house.command("db", "stats", STORE="postgresql+psycopg://ana:hunter2@127.0.0.1:9/watcher")
    assert (refused.returncode, "127.0.0.1" in refused.stderr) == (1, True), refused.stderr
    assert "hunter2" not in refused.stderr + refused.stdout
    found = house.command("db", "stats", STORE="sqlite:///elsewhere.db")
    assert (found.returncode, (house.folder / "elsewhere.db").exists()) == (0, True), found.stderr
