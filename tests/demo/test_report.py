"""What the demo prints: sums that add up, lines that fit, no colour codes without a terminal."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from watcher.demo.http_server import Request
from watcher.demo.mail_sink import Mail
from watcher.demo.report import age, evidence_line, next_commands, show_result, webhook_brief
from watcher.demo.result import DemoResult, Polled, SentAlert, UnsentEntry
from watcher.demo.stage import DemoFiles
from watcher.errors import PollReason
from watcher.model.alert import Alert, Evidence
from watcher.model.entry import Entry
from watcher.model.feed import PollState
from watcher.model.topic import Level
from watcher.service.once_report import OnceReport

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVIDENCE = (
    Evidence("prison*", "title", 1, 600, "Inmates escape from a prison", ((22, 28),)),
    Evidence("escap* … prison*", "title", 2, 508),
    Evidence("inmate*", "lead", 1, 300),
    Evidence("@daesh", "rest", 3, 210),
    Evidence("detainee*", "rest", 1, 90),
)
ALERT = Alert(
    id="0123456789abcdef" * 2,
    topic="detention-facilities",
    topic_title="Detention facilities",
    level=Level.FOCUS,
    score=sum(part.points for part in EVIDENCE),
    focus=500,
    evidence=EVIDENCE,
    entry_key="e1",
    entry=Entry("jm-1", "https://jazira.example/1", "Inmates escape " + "from a prison " * 12, published=NOW),
    feed_url="http://127.0.0.1:1/feed",
    feed_title="Jazira Monitor",
    first_seen=NOW,
    story="s1",
)
BODY = {
    "type": "alerts",
    "data": {
        "receiver": "chat",
        "reason": "first",
        "alerts": [
            {
                "topic": "ceasefires",
                "level": "focus",
                "score": 7.4,
                "focus": 5.0,
                "entry": {"title": "وقف إطلاق النار", "link": "https://sada.example/1"},
            },
            {"topic": "other"},
        ],
    },
}
WEBHOOK = Request("POST", "/chat", {"webhook-id": "abcdef0123456789"}, json.dumps(BODY).encode())
MAIL = Mail("watcher@localhost", ("desk@localhost",), "Subject: Über zwölf Meldungen\r\n\r\nBody".encode())


@pytest.fixture
def result(tmp_path: Path) -> DemoResult:
    failing = PollState("http://127.0.0.1:1/moved", NOW, failures=1, reason=PollReason.HTML, detail="a web page")
    return DemoResult(
        began=NOW,
        took=timedelta(seconds=1.2),
        polled=Polled(
            OnceReport(dead=1, feeds=7, fetched=6, delivered=2), OnceReport(not_modified=6), (ALERT,), (failing,), {}
        ),
        sent=(SentAlert(ALERT, ("Gulf Morning", "Northern Herald")),),
        unsent=(UnsentEntry("A headline that is far too long for one line of a narrow terminal", "no term"),),
        webhooks=(WEBHOOK,),
        webhooks_verified=True,
        mails=(MAIL,),
        files=DemoFiles(tmp_path),
    )


def printed(result: DemoResult, *, width: int = 80, terminal: bool = False) -> str:
    out = io.StringIO()
    colours = "standard" if terminal else "auto"
    console = Console(file=out, width=width, force_terminal=terminal, highlight=False, color_system=colours)
    show_result(result, console, "watcher")
    return out.getvalue()


def test_the_parts_shown_add_up_to_the_score() -> None:
    line = evidence_line(EVIDENCE)
    assert line == "6 “prison” (title) + 5.08 escap* … prison* (title ×2) + 3 inmate* (lead) + 3 from 2 more"
    assert ALERT.score == 600 + 508 + 300 + 300


@pytest.mark.parametrize("width", [60, 80, 120])
def test_prose_fits_the_width(result: DemoResult, width: int) -> None:
    own_lines = [
        line
        for line in printed(result, width=width).splitlines()
        if str(result.files.folder) not in line and "watcher " not in line
    ]
    assert max(map(len, own_lines)) <= width


def test_colours_only_on_a_terminal(result: DemoResult) -> None:
    assert "\x1b[" not in printed(result)
    assert "\x1b[" in printed(result, terminal=True)


def test_everything_worth_knowing_is_said(result: DemoResult) -> None:
    text = " ".join(printed(result, width=200).split())
    for fact in (
        "7 feeds polled",
        "6 not modified",
        "failing: http://127.0.0.1:1/moved: html, a web page",
        "copies folded: Gulf Morning, Northern Herald",
        "A headline that is far too long",
        "signature verified",
        "Über zwölf Meldungen",
        str(result.files.html),
        str(result.files.eml),
    ):
        assert fact in text


def test_a_wrong_signature_is_not_passed_over(result: DemoResult) -> None:
    wrong = replace(result, webhooks_verified=False)
    assert "SIGNATURE WRONG" in printed(wrong)
    assert result.complete
    assert not wrong.complete


@pytest.mark.parametrize(
    "lack", [{"sent": ()}, {"mails": ()}, {"webhooks": ()}, {"webhooks": (WEBHOOK, WEBHOOK)}], ids=str
)
def test_a_walk_that_did_not_arrive_is_not_complete(result: DemoResult, lack: dict[str, object]) -> None:
    assert not replace(result, **lack).complete


def test_a_second_report_is_not_complete(result: DemoResult) -> None:
    told_again = replace(result.polled, again=OnceReport(alerts=1))
    assert not replace(result, polled=told_again).complete


def test_the_brief_of_a_webhook_shows_its_first_alert_and_counts_the_rest() -> None:
    brief = webhook_brief(WEBHOOK)
    assert '"title": "وقف إطلاق النار"' in brief
    assert json.loads(brief)["data"]["alerts"][1] == "… 1 more"


@pytest.mark.parametrize(
    ("passed", "text"), [(timedelta(minutes=40), "40 min"), (timedelta(hours=3, minutes=59), "3 h")]
)
def test_ages(passed: timedelta, text: str) -> None:
    assert age(NOW + passed, ALERT) == text


def test_next_commands_name_the_files_that_are_there(result: DemoResult) -> None:
    commands = [command for _, command in next_commands(result, ".venv/bin/watcher")]
    assert f".venv/bin/watcher alerts show 01234567 -c {result.files.config}" in commands
