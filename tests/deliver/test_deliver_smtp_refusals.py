"""What refusals of mail servers are about, in the words of many servers, and how we introduce ourselves."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtplib import SMTPDataError, SMTPResponseException

from tests.harness.factories import alert, notification
from watcher.deliver.channel import MailServer
from watcher.deliver.mail_message import Email, EmailChannel
from watcher.deliver.smtp_failure import Stage, judge_failure, judge_refused
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, GiveUp, Outcome, TryAgain
from watcher.model.settings import Smtp
from watcher.render.message import render_message

LOGIN, SENDER, LIMIT = AttemptReason.AUTHENTICATION, AttemptReason.SENDER_REFUSED, AttemptReason.SENDING_LIMIT

ABOUT_US = [
    (Stage.SENDER, "503 5.5.1 authentication required", LOGIN),
    (Stage.SENDER, "503 5.5.4 Error: send AUTH command first", LOGIN),
    (Stage.SENDER, "530 5.7.0 Must issue a STARTTLS command first", LOGIN),
    (Stage.SENDER, "530 5.7.57 Client not authenticated to send mail", LOGIN),
    (Stage.DATA, "550 5.7.1 Please log in first", LOGIN),
    (Stage.DATA, "554 SMTP authentication is required.", LOGIN),
    (Stage.SENDER, "550 5.1.8 <watcher@example.org>: Sender address rejected: Domain not found", SENDER),
    (Stage.SENDER, "553 5.7.1 <w@example.org>: Sender address rejected: not owned by user w", SENDER),
    (Stage.SENDER, "501 5.1.7 Invalid address", SENDER),
    (Stage.SENDER, "550 something that nobody has heard before", SENDER),
    (Stage.DATA, "554 5.2.252 SendAsDenied; not allowed to send as", SENDER),
    (Stage.DATA, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", SENDER),
    (
        Stage.DATA,
        "550 5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy",
        SENDER,
    ),
    (Stage.DATA, "550 5.7.1 [192.0.2.1] Our system detected an unusual rate of mail originating from your IP", LIMIT),
    (Stage.DATA, "554 Your account has been suspended", SENDER),
    (Stage.DATA, "550 relay not permitted", SENDER),
    (Stage.DATA, "550 5.4.5 Daily user sending limit exceeded", LIMIT),
    (Stage.DATA, "550 5.4.5 Daily sending quota exceeded.", LIMIT),
    (Stage.DATA, "554 5.7.508 Access denied, your tenant exceeded its limits", LIMIT),
    (Stage.DATA, "550 Message rejected: hourly limit of messages reached", LIMIT),
    (Stage.DATA, "554 Too many messages sent today", LIMIT),
    (Stage.SENDER, "452 4.5.3 Your account sends too many emails, try tomorrow", LIMIT),
    (Stage.SENDER, "550 You have exceeded the daily quota for outgoing mail", LIMIT),
    (Stage.GREETING, "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", SENDER),
    (Stage.GREETING, "501 5.5.4 Invalid domain name", SENDER),
    (Stage.GREETING, "550 Access denied", SENDER),
    (Stage.CONNECT, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", SENDER),
    (Stage.CONNECT, "554 No SMTP service here", SENDER),
    (Stage.LOGIN, "535 5.7.8 Username and Password not accepted", LOGIN),
]
ABOUT_THE_MESSAGE = [
    "550 5.7.1 This message looks like spam",
    "554 5.6.0 Message contains a virus",
    "550 5.7.1 Content rejected",
    "554 5.7.1 The message contains a suspicious link",
    "552 5.2.2 Mailbox full",
    "550 Requested action not taken",
]
TOO_LARGE = ["552 5.3.4 Message size exceeds fixed limit", "552 5.2.3 message length exceeds limit", "552 too big"]


def failure(stage: Stage, reply: str, secrets: tuple[str, ...] = ()) -> Outcome:
    code, _, text = reply.partition(" ")
    return judge_failure(stage, SMTPResponseException(int(code), text), (), secrets)


@pytest.mark.parametrize(("stage", "reply", "reason"), ABOUT_US)
def test_a_refusal_about_us_or_today_is_no_dead_letter(stage: Stage, reply: str, reason: AttemptReason) -> None:
    outcome = failure(stage, reply)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is reason


PROVIDERS = [
    tuple(line.split(" | ", 2))
    for line in (Path(__file__).parent / "smtp_answers.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("stage", "about", "reply"), PROVIDERS)
def test_the_words_of_providers(stage: str, about: str, reply: str) -> None:
    """An answer about this message or recipient is a dead letter, one about us or today is tried again."""
    if stage == Stage.RECIPIENTS:
        outcome = judge_refused({"a@example.org": (int(reply[:3]), reply)}, ())
    else:
        outcome = failure(Stage(stage), f"{reply[:3]} {reply[4:]}")
    if about in {"this message", AttemptReason.TOO_LARGE}:
        assert isinstance(outcome, GiveUp)
        assert about == "this message" or outcome.reason is AttemptReason.TOO_LARGE
    else:
        assert isinstance(outcome, TryAgain)
        assert outcome.reason == about


@pytest.mark.parametrize("reply", ABOUT_THE_MESSAGE)
def test_a_refusal_of_the_text_is_about_the_message(reply: str) -> None:
    outcome = failure(Stage.DATA, reply)
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is AttemptReason.REFUSED


@pytest.mark.parametrize("reply", TOO_LARGE)
@pytest.mark.parametrize("stage", [Stage.SENDER, Stage.DATA])
def test_a_size_is_a_size_wherever_it_is_refused(stage: Stage, reply: str) -> None:
    outcome = failure(stage, reply)
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is AttemptReason.TOO_LARGE


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("reply", ["421 4.3.2 shutting down", "421 4.7.0 Too many messages", "421 relay"])
def test_a_421_is_what_it_is(stage: Stage, reply: str) -> None:
    outcome = failure(stage, reply)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.UNAVAILABLE


@pytest.mark.parametrize(
    "answer",
    [
        "550 relay not permitted", "554 5.7.1 Relay access denied", "550 5.7.54 Unable to relay recipient",
        "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "550 we do not relay",
        "550 not local host example.org, not a gateway", "504 5.5.2 <localhost>: Helo command rejected",
        "550 5.7.25 no PTR record", "554 5.7.1 <w@x>: Sender address rejected: Access denied",
        "550 5.7.1 Client host rejected: cannot find your reverse hostname",
    ],
)  # fmt: skip
def test_recipients_that_all_refuse_us_are_about_us(answer: str) -> None:
    refused = {"a@example.org": (int(answer[:3]), answer), "b@example.org": (int(answer[:3]), answer)}
    outcome = judge_refused(refused, ())
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is SENDER


@pytest.mark.parametrize(
    "answer", ["550 5.1.1 no such user", "550 5.2.1 mailbox disabled", "550 5.2.2 over quota", "553 bad"]
)
def test_recipients_that_do_not_exist_are_about_them(answer: str) -> None:
    outcome = judge_refused({"a@example.org": (550, answer)}, ())
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is AttemptReason.RECIPIENT_REFUSED


def test_a_server_that_repeats_the_password_gets_stars_into_the_log() -> None:
    outcome = failure(Stage.LOGIN, "535 bad: geheim AGdlaGVpbQ==", ("geheim", "AGdlaGVpbQ=="))
    assert "geheim" not in repr(outcome)
    assert "AGdl" not in repr(outcome)
    data = judge_failure(Stage.DATA, SMTPDataError(550, "you said geheim"), (), ("geheim",))
    assert "geheim" not in repr(data)


class _Talk(socketserver.StreamRequestHandler):
    """Says what the script has for a verb, else 250."""

    def handle(self) -> None:
        self._say("220 mx.example ESMTP")
        while line := self.rfile.readline():
            command = line.decode().rstrip()
            self.server.said.append(command)  # type: ignore[attr-defined]
            verb = command.partition(" ")[0].upper()
            self._say(self.server.script.get(verb, "250 ok"))  # type: ignore[attr-defined]
            if verb == "DATA":
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self._say("250 queued")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def mail_server(script: Mapping[str, str]) -> Iterator[tuple[int, list[str]]]:
    """Its port and the commands that it got."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Talk) as server:
        server.daemon_threads = True
        server.script, server.said = {"DATA": "354 go", **script}, []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1], server.said  # type: ignore[attr-defined,misc]
        server.shutdown()


def send(port: int, helo: str | None = None) -> Outcome:
    told = notification(alert())
    server = MailServer(Smtp("127.0.0.1", "w@example.org", port, "none", helo=helo))
    channel = EmailChannel(Email(("desk@example.org",)), server)
    return asyncio.run(channel.send(told, render_message(told, zone="UTC"), timedelta(seconds=8)))


@pytest.mark.parametrize("reply", ["502 5.5.1 command not implemented", "500 what?", "550 no"])
def test_a_server_that_does_not_know_ehlo_is_greeted_with_helo(reply: str) -> None:
    with mail_server({"EHLO": reply}) as (port, said):
        assert isinstance(send(port), Delivered)
    assert [command.split()[0] for command in said[:3]] == ["EHLO", "HELO", "MAIL"]


def test_a_421_to_the_greeting_ends_the_conversation() -> None:
    with mail_server({"EHLO": "421 busy"}) as (port, said):
        outcome = send(port)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.UNAVAILABLE
    assert len(said) == 1


def test_our_name_is_the_configured_one_else_one_that_servers_accept() -> None:
    with mail_server({}) as (port, said):
        send(port, "watcher.example.org")
        send(port)
    names = [command.split()[1] for command in said if command.startswith("EHLO")]
    assert names[0] == "watcher.example.org"
    assert names[1] == "[127.0.0.1]" or ("." in names[1] and not names[1].startswith("localhost"))


@pytest.mark.parametrize(
    ("verb", "reply", "reason"),
    [
        ("MAIL", "550 5.1.8 Sender address rejected", SENDER),
        ("RCPT", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", SENDER),
        ("RCPT", "421 4.3.2 shutting down", AttemptReason.UNAVAILABLE),
        ("DATA", "550 5.4.5 Daily user sending limit exceeded", LIMIT),
    ],
)
def test_refusals_in_a_real_conversation(verb: str, reply: str, reason: AttemptReason) -> None:
    with mail_server({verb: reply}) as (port, _):
        outcome = send(port)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is reason
