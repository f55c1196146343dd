"""E-mail against real SMTP servers on loopback: what is sent, and what each failure is called."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.utils import getaddresses

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.factories import alert, notification
from tests.harness.servers import ScriptedMailSink
from watcher.deliver.channel import MailServer
from watcher.deliver.mail_message import Email, EmailChannel, build_mail, subject_header
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, GiveUp, Outcome, TryAgain
from watcher.model.secret import Secret
from watcher.model.settings import Smtp
from watcher.render.message import render_message

DEADLINE = timedelta(seconds=10)
TO = Email(("Desk <desk@example.org>", "night@example.org"), cc=("chief@example.org",))
SENDER_REFUSED = (TryAgain, AttemptReason.SENDER_REFUSED)
LOGIN = {"username": "watcher", "password": Secret("env SMTP_PASSWORD", "s3cret-word")}


def smtp(sink: ScriptedMailSink, **more) -> Smtp:
    return Smtp(host="localhost", sender="watcher@example.org", port=sink.port, **{"tls": "none", **more})


def send(settings: Smtp, options: Email = TO, told=None, tls=None, deadline: timedelta = DEADLINE) -> Outcome:
    told = told or notification(alert())
    message = render_message(told, zone="Europe/Istanbul")
    return asyncio.run(
        EmailChannel(options, MailServer(settings, tls=None if tls is None else lambda: tls)).send(
            told, message, deadline
        )
    )


def test_a_message_with_a_page_of_its_own_names_it_for_unsubscribing(mail_sink: ScriptedMailSink) -> None:
    told = notification(alert())
    message = replace(render_message(told, zone="UTC"), page="https://watcher.example.org/m/x")
    mail = build_mail(TO, smtp(mail_sink), told, message)
    found = message_from_bytes(mail.content, policy=policy.default)["List-Unsubscribe"]
    assert found == "<https://watcher.example.org/m/x>, <mailto:watcher@example.org?subject=unsubscribe%20desk>"


def test_a_message_arrives_with_both_parts_and_its_headers(mail_sink: ScriptedMailSink) -> None:
    told = notification(alert())
    assert isinstance(send(smtp(mail_sink), told=told), Delivered)
    (mail,) = mail_sink.mails
    assert mail.sender == "watcher@example.org"
    assert mail.recipients == ("desk@example.org", "night@example.org", "chief@example.org")
    message = mail.message
    assert message["Message-ID"] == f"<{told.key}@example.org>"
    assert message["In-Reply-To"] == message["References"].split()[-1]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<desk.watcher.example.org>"
    assert message["List-Unsubscribe"] == "<mailto:watcher@example.org?subject=unsubscribe%20desk>"
    assert message["Subject"].startswith("Detention facilities: Guards fled")
    assert getaddresses([message["From"]]) == [("watcher", "watcher@example.org")]
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def references(mail_sink: ScriptedMailSink, *stories: str, labels=None) -> list[str]:
    """What a message about these stories refers to."""
    alerts = [alert(name=f"{story} {labels}", story=story) for story in stories]
    send(smtp(mail_sink), told=notification(*alerts, labels=labels))
    return str(mail_sink.mails[-1].message["References"]).split()


def test_messages_of_one_group_and_of_one_story_in_whatever_group_share_a_root(mail_sink: ScriptedMailSink) -> None:
    group, story = references(mail_sink, "a", labels={"level": "mention"})
    other_group, same_story = references(mail_sink, "a", labels={"level": "focus"})
    same_group, other_story = references(mail_sink, "b", labels={"level": "mention"})
    assert (story, group) == (same_story, same_group)
    assert len({group, other_group, story, other_story}) == 4
    assert references(mail_sink, "a", "b", labels={"level": "mention"}) == [group]


def test_every_attempt_carries_the_same_bytes(mail_sink: ScriptedMailSink) -> None:
    for _ in range(2):
        send(smtp(mail_sink))
    first, second = (mail.data for mail in mail_sink.mails)
    assert first == second


def test_a_subject_of_the_configuration_replaces_ours_and_cannot_add_a_header(mail_sink: ScriptedMailSink) -> None:
    send(smtp(mail_sink), replace(TO, subject="Morning\r\nBcc: all@example.org\x00"))
    (mail,) = mail_sink.mails
    assert mail.message["Subject"] == "Morning Bcc: all@example.org"
    assert mail.message["Bcc"] is None


class TestPartlyRefused:
    def test_a_retry_addresses_only_those_who_had_not_taken_it(self) -> None:
        with ScriptedMailSink(recipients={"night@example.org": "450 4.2.0 greylisted"}) as sink:
            told = notification(alert())
            first = send(smtp(sink), told=told)
            assert isinstance(first, TryAgain)
            assert first.reason is AttemptReason.SLOW_DOWN
            assert first.accepted == ("desk@example.org", "chief@example.org")
            sink.recipients.clear()
            assert isinstance(send(smtp(sink), told=replace(told, accepted=first.accepted)), Delivered)
            assert [mail.recipients for mail in sink.mails] == [
                ("desk@example.org", "chief@example.org"),
                ("night@example.org",),
            ]

    def test_a_recipient_that_does_not_exist_is_named_and_the_rest_have_the_message(self) -> None:
        with ScriptedMailSink(recipients={"night@example.org": "550 5.1.1 no such user"}) as sink:
            told = notification(alert())
            outcome = send(smtp(sink), told=told)
        assert isinstance(outcome, Delivered)
        assert "night@example.org: 550 5.1.1 no such user" in outcome.detail
        assert outcome.shown == {told.alerts[0].id}
        assert [mail.recipients for mail in sink.mails] == [("desk@example.org", "chief@example.org")]

    def test_one_that_does_not_exist_beside_one_who_asks_to_wait_keeps_the_message_alive(self) -> None:
        refused = {"night@example.org": "550 5.1.1 no such user", "chief@example.org": "450 4.2.0 greylisted"}
        with ScriptedMailSink(recipients=refused) as sink:
            told = notification(alert())
            first = send(smtp(sink), told=told)
            assert isinstance(first, TryAgain)
            assert first.accepted == ("desk@example.org",)
            del sink.recipients["chief@example.org"]
            again = replace(told, accepted=first.accepted)
            second = send(smtp(sink), told=again)
            assert isinstance(second, Delivered)
            assert "night@example.org" in second.detail

    @pytest.mark.parametrize(
        ("replies", "expected"),
        [
            (["554 5.7.1 Relay access denied"] * 3, SENDER_REFUSED),
            (["550 5.7.1 Sender rejected", "550 5.7.60 not yours", "554 5.7.1 no"], SENDER_REFUSED),
            (["550 5.7.1 no", "550 5.7.1 no", ""], (Delivered, None)),
            (
                ["550 5.7.1 no", "550 5.7.1 no", "550 5.1.1 no such user"],
                (GiveUp, AttemptReason.RECIPIENT_REFUSED),
            ),
            (["550 5.7.1 no", "550 5.7.1 no", "450 4.7.1 greylisted"], (TryAgain, AttemptReason.SLOW_DOWN)),
            (["421 4.3.2 shutting down", "", ""], (TryAgain, AttemptReason.UNAVAILABLE)),
            (["", "", "421 4.3.2 shutting down"], (TryAgain, AttemptReason.UNAVAILABLE)),
        ],
    )
    def test_all_of_them_refused_by_policy_is_about_us(
        self, replies: list[str], expected: tuple[type, AttemptReason | None]
    ) -> None:
        names = ("desk@example.org", "night@example.org", "chief@example.org")
        refused = {name: reply for name, reply in zip(names, replies, strict=True) if reply}
        with ScriptedMailSink(recipients=refused) as sink:
            outcome = send(smtp(sink))
        assert (type(outcome), getattr(outcome, "reason", None)) == expected
        assert ("smtp.from" in outcome.detail) is (expected == SENDER_REFUSED)

    def test_nobody_left_is_delivered_without_a_conversation(self, mail_sink: ScriptedMailSink) -> None:
        everybody = ("desk@example.org", "night@example.org", "chief@example.org")
        assert isinstance(send(smtp(mail_sink), told=notification(accepted=everybody)), Delivered)
        assert mail_sink.mails == []


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        ("451 4.7.1 greylisted, come back", TryAgain, AttemptReason.SLOW_DOWN),
        ("452 4.3.1 no space", TryAgain, AttemptReason.SLOW_DOWN),
        ("421 4.3.2 shutting down", TryAgain, AttemptReason.UNAVAILABLE),
        ("550 5.7.1 looks like spam", GiveUp, AttemptReason.REFUSED),
        ("552 5.3.4 too big", GiveUp, AttemptReason.TOO_LARGE),
        ("530 5.7.0 log in first", TryAgain, AttemptReason.AUTHENTICATION),
        ("cut", TryAgain, AttemptReason.CONNECT),
    ],
)
def test_answers_to_the_text(reply: str, kind: type, reason: AttemptReason) -> None:
    with ScriptedMailSink(reply) as sink:
        outcome = send(smtp(sink))
    assert (type(outcome), outcome.reason) == (kind, reason)
    assert outcome.accepted == ()


def test_a_line_cut_after_the_text_is_tried_again_under_the_same_name() -> None:
    with ScriptedMailSink("keep and cut") as sink:
        told = notification(alert())
        outcome = send(smtp(sink), told=told)
        assert isinstance(outcome, TryAgain)
        send(smtp(sink), told=told)
    assert len({mail.message["Message-ID"] for mail in sink.mails}) == 1
    assert len(sink.mails) == 2


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        outcome = send(Smtp("127.0.0.1", "watcher@example.org", unused.getsockname()[1], "none"))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.CONNECT
    assert "smtp.host" in outcome.detail


@pytest.mark.slow
def test_a_server_that_says_nothing_costs_no_more_than_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Smtp("127.0.0.1", "watcher@example.org", silent.getsockname()[1], "none")
        outcome = send(settings, deadline=timedelta(seconds=1.1))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.TIMEOUT


class TestTls:
    def test_starttls_and_login(self, certificate) -> None:
        with ScriptedMailSink(
            tls_context=certificate.server(), authenticator=_authenticate, auth_required=True
        ) as sink:
            outcome = send(smtp(sink, tls="starttls", **LOGIN), tls=certificate.client())
        assert isinstance(outcome, Delivered)
        assert len(sink.mails) == 1

    def test_a_password_in_any_script(self, certificate) -> None:
        login = {"username": "watcher", "password": "pässwörd كلمة"}
        with ScriptedMailSink(
            tls_context=certificate.server(), authenticator=_authenticate, auth_required=True
        ) as sink:
            assert isinstance(send(smtp(sink, tls="starttls", **login), tls=certificate.client()), Delivered)

    def test_an_unknown_certificate_is_refused(self, certificate) -> None:
        with ScriptedMailSink(tls_context=certificate.server()) as sink:
            outcome = send(smtp(sink, tls="starttls"))
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is AttemptReason.TLS
        assert sink.mails == []

    def test_a_server_without_starttls_gets_neither_password_nor_text(self) -> None:
        with ScriptedMailSink() as sink:
            outcome = send(smtp(sink, tls="starttls", **LOGIN))
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is AttemptReason.TLS
        assert sink.mails == []

    def test_a_plain_server_spoken_to_with_implicit_tls(self) -> None:
        with ScriptedMailSink() as sink:
            outcome = send(smtp(sink, tls="implicit"), deadline=timedelta(seconds=30))
        assert isinstance(outcome, TryAgain)
        assert outcome.reason in {AttemptReason.TLS, AttemptReason.CONNECT}

    def test_a_wrong_password_has_its_own_reason_and_is_not_repeated(self, certificate) -> None:
        wrong = {**LOGIN, "password": Secret("env SMTP_PASSWORD", "wr0ng-word")}
        with ScriptedMailSink(
            tls_context=certificate.server(), authenticator=_authenticate, auth_required=True
        ) as sink:
            outcome = send(smtp(sink, tls="starttls", **wrong), tls=certificate.client())
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is AttemptReason.AUTHENTICATION
        assert "smtp.password" in outcome.detail
        assert "wr0ng-word" not in repr(outcome)


class TestAddresses:
    def test_a_domain_in_another_script_travels_in_ascii(self, mail_sink: ScriptedMailSink) -> None:
        send(smtp(mail_sink), Email(("desk@bücher.example",)))
        assert mail_sink.mails[0].recipients == ("desk@xn--bcher-kva.example",)

    def test_a_name_in_another_script_travels_where_the_server_can(self) -> None:
        with ScriptedMailSink(enable_SMTPUTF8=True) as sink:
            assert isinstance(send(smtp(sink), Email(("سعاد@example.org",))), Delivered)
        assert sink.mails[0].recipients == ("سعاد@example.org",)

    def test_and_is_refused_with_the_remedy_where_it_cannot(self) -> None:
        with ScriptedMailSink(enable_SMTPUTF8=False) as sink:
            outcome = send(smtp(sink), Email(("سعاد@example.org",)))
        assert isinstance(outcome, GiveUp)
        assert "SMTPUTF8" in outcome.detail


def _authenticate(server, session, envelope, mechanism, data) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password.decode()) in {
        (b"watcher", "s3cret-word"),
        (b"watcher", "pässwörd كلمة"),
    }
    return AuthResult(success=good, handled=False)


words = st.sampled_from(
    ["Detention", "facilities:", "هروب", "سجناء", "\u2068سجن", "(+3", "more)", "Zürich", "x" * 60, "—"]
)


@given(st.lists(words, min_size=1, max_size=14).map(" ".join))
def test_a_long_subject_in_several_scripts_keeps_its_spaces(subject: str) -> None:
    line = subject_header(subject)
    assert max(len(part) for part in line.split(b"\r\n")) <= 998
    assert message_from_bytes(line, policy=policy.default)["Subject"] == subject
