"""The demo, whole: what it promises to show is what happens."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from rich.console import Console

from watcher.deliver.webhook import signature
from watcher.demo.http_server import Request
from watcher.demo.result import DemoResult
from watcher.demo.run import is_signed, perform, program_name, run_demo
from watcher.demo.stage import DemoFiles
from watcher.model.notification import NotificationState
from watcher.model.topic import Level
from watcher.store.store import open_store


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    files = DemoFiles(tmp_path_factory.mktemp("demo"))
    files.clear()
    return perform(files)


def test_what_should_alert_alerts_at_its_level(walked: DemoResult) -> None:
    sent = {(one.alert.topic, one.alert.entry.title): one.alert.level for one in walked.sent}
    assert len(sent) == len(walked.sent) == 13
    mentions = {title for (_, title), level in sent.items() if level is Level.MENTION}
    assert mentions == {"Clinic in Deir ez-Zor takes patients again", "Winter fuel reaches Hasakah"}
    assert {one.alert.labels["language"] for one in walked.sent} == {"en", "ar", "tr"}


def test_the_points_of_every_alert_add_up(walked: DemoResult) -> None:
    for one in walked.sent:
        assert one.alert.score == sum(part.points for part in one.alert.evidence) > 0


def test_three_copies_of_a_wire_story_are_sent_once(walked: DemoResult) -> None:
    folds = [{one.alert.feed_title, *one.folded} for one in walked.sent if one.folded]
    assert folds == [{"Jazira Monitor", "Gulf Morning", "Northern Herald"}]


def test_every_trap_is_avoided_for_its_own_reason(walked: DemoResult) -> None:
    assert {unsent.title: unsent.reason for unsent in walked.unsent} == {
        "Bread prices rise again in Qamishli": "no term of any topic, as a whole word",
        "Measles vaccination begins in al-Hol camp": "5 days old at the first poll (backfill 24h)",
        "How we count people in al-Hol camp": "no date, and there at the first poll",
        "مسلسل عن السجن يتصدر المشاهدة": "9 points, but excluded by title:@screen",
        "Derbide ateşkes, taraftarlar anlaştı": "13.5 points, but excluded by @football",
        "Supermarkets call a truce in their price war": "9 points, but without @region",
        "Newcastle castle project deepens housing crisis": "no term of any topic, as a whole word",
        "Ceasefire on the terraces before the derby": "13.5 points, but excluded by @football",
        "Prison drama set in Iraq wins audience award": "12 points, but excluded by title:@screen",
        "Overcrowded prison in Norfolk to get a new wing": "12 points, but without @region OR al-Hol",
        "Detention after class no longer works, teachers say": "no term of any topic, as a whole word",
        "Campbell wins the camper van rally": "no term of any topic, as a whole word",
    }


def test_a_second_poll_finds_nothing_modified_and_sends_nothing(walked: DemoResult) -> None:
    again = walked.polled.again
    assert (again.not_modified, again.failed, again.alerts, again.delivered) == (6, 0, 0, 0)


def test_the_broken_feed_is_reported(walked: DemoResult) -> None:
    assert [(state.url.rpartition("/")[2], state.reason) for state in walked.polled.failing] == [
        ("moved-away.rss", "html")
    ]


def test_chat_got_the_focus_alerts_signed_and_the_digest_everything(walked: DemoResult) -> None:
    (webhook,) = walked.webhooks
    alerts = json.loads(webhook.body)["data"]["alerts"]
    assert {alert["level"] for alert in alerts} == {"focus"}
    assert len(alerts) == len(walked.sent) - 2
    assert walked.webhooks_verified
    assert json.loads(walked.files.webhook.read_text(encoding="utf-8")) == json.loads(webhook.body)

    digest = message_from_bytes(walked.files.eml.read_bytes(), policy=policy.default)
    html = walked.files.html.read_text(encoding="utf-8")
    assert digest.get_content_type() == "multipart/alternative"
    assert all(one.alert.entry.link in html for one in walked.sent)


def test_the_store_has_something_for_every_page(walked: DemoResult) -> None:
    store = open_store("sqlite:///demo.db", base=walked.files.folder)
    now = walked.began + timedelta(minutes=1)
    (dead,) = store.outbox.newest(state=NotificationState.DEAD)
    assert dead.group.channel.receiver == "pager"
    assert sum(one.count for one in store.holds.held()) == 2
    assert len(store.silences.ending_after(now)) == 1
    store.close()


def test_the_whole_demo_exits_0_and_may_be_repeated_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine", encoding="utf-8")
    for _ in range(2):
        out = io.StringIO()
        assert run_demo(tmp_path, Console(file=out, width=80)) == 0
        assert "13 alerts" in out.getvalue()
    assert (tmp_path / "config.yaml").read_text(encoding="utf-8") == "mine"
    assert "poll.failed" in (tmp_path / "demo.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("started_as", "on_path", "name"),
    [
        (".venv/bin/watcher", None, ".venv/bin/watcher"),
        ("/usr/bin/watcher", "/usr/bin/watcher", "watcher"),
        ("watcher/__main__.py", "/usr/bin/watcher", "watcher/__main__.py"),
    ],
)
def test_the_program_is_named_as_the_reader_can_call_it(started_as: str, on_path: str | None, name: str) -> None:
    assert program_name(started_as, on_path) == name


def test_a_signature_covers_id_time_and_body() -> None:
    headers = {"webhook-id": "n1", "webhook-timestamp": "1700000000"}
    headers["webhook-signature"] = signature("secret", "n1", 1_700_000_000, b"{}")
    assert is_signed(Request("POST", "/", headers, b"{}"), "secret")
    assert not is_signed(Request("POST", "/", headers, b"{ }"), "secret")
    assert not is_signed(Request("POST", "/", {**headers, "webhook-id": "n2"}, b"{}"), "secret")
    assert not is_signed(Request("POST", "/", {}, b"{}"), "secret")
