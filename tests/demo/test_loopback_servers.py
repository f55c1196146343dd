"""The servers that every other test leans on are servers indeed."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import httpx2
import pytest

from tests.harness.corpus import load_corpus
from tests.harness.servers import RESET, Answer, Document, FeedServer, ScriptedMailSink, WebhookSink


def letter(to: str = "desk@example.org") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "watcher@example.org", to, "Grüße"
    message.set_content("Body")
    return message


def send(sink: ScriptedMailSink, message: EmailMessage | None = None) -> None:
    with smtplib.SMTP(sink.host, sink.port, local_hostname="localhost", timeout=5) as client:
        client.send_message(message or letter())


def test_a_document_is_served_with_validators_and_then_not_again(feed_server: FeedServer) -> None:
    url = feed_server.put("/feed.xml", b"<rss/>")
    with httpx2.Client() as client:
        first = client.get(url)
        second = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
        feed_server.put("/feed.xml", b"<rss>changed</rss>")
        third = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert [first.status_code, second.status_code, third.status_code] == [200, 304, 200]
    assert (first.content, second.content) == (b"<rss/>", b"")
    assert [request.headers.get("if-none-match") for request in feed_server.requests[:2]] == [
        None,
        first.headers["ETag"],
    ]


def test_last_modified_decides_where_there_is_no_etag(feed_server: FeedServer) -> None:
    date = "Sat, 24 Jan 2026 12:00:00 GMT"
    url = feed_server.put("/feed.xml", Document(b"<rss/>", etag=None, last_modified=date))
    assert "etag" not in httpx2.get(url).headers
    assert httpx2.get(url, headers={"If-Modified-Since": date}).status_code == 304


def test_paths_without_a_script_are_404_and_redirects_lead_on(feed_server: FeedServer) -> None:
    feed_server.put("/new", b"<rss/>")
    moved = feed_server.redirect("/old", "/new", 301)
    assert httpx2.get(feed_server.url("/none")).status_code == 404
    assert httpx2.get(moved, follow_redirects=True).content == b"<rss/>"
    assert feed_server.paths() == ["/none", "/old", "/new"]


def test_a_drip_outlives_a_timeout_per_read_and_ends_with_the_server(feed_server: FeedServer) -> None:
    url = feed_server.drip("/drip", b"x" * 1_000, 0.01)
    with httpx2.stream("GET", url, timeout=5) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw()
        assert next(pieces) == b"x"
        feed_server.stop()
        assert len(b"".join(pieces)) < 999


def test_a_stalled_answer_times_out(feed_server: FeedServer) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(feed_server.stall("/stall"), timeout=0.05)


def test_raw_bytes_go_out_as_they_are(feed_server: FeedServer) -> None:
    feed_server.put("/raw", Answer(raw=True, body=b"HTTP/1.1 2OO what\r\n\r\n"))
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(feed_server.url("/raw"))


def test_a_server_that_stopped_comes_back_on_its_port(feed_server: FeedServer) -> None:
    url = feed_server.put("/feed.xml", b"<rss/>")
    feed_server.stop()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)
    feed_server.start()
    assert httpx2.get(url).status_code == 200


def test_the_webhook_sink_follows_its_script_and_keeps_bodies(webhook_sink: WebhookSink) -> None:
    webhook_sink.script = [503, RESET, Answer(429, {"Retry-After": "7"})]
    url = webhook_sink.url("/hook")
    assert httpx2.post(url, content=b"one").status_code == 503
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.post(url, content=b"two")
    assert httpx2.post(url, content=b"three").headers["Retry-After"] == "7"
    assert httpx2.post(url, json={"n": 4}).status_code == 204
    assert webhook_sink.bodies() == [b"one", b"two", b"three", b'{"n":4}']


def test_the_mail_sink_keeps_envelope_and_message(mail_sink: ScriptedMailSink) -> None:
    send(mail_sink)
    mail_sink.wait_for(1)
    (mail,) = mail_sink.mails
    assert (mail.sender, mail.recipients) == ("watcher@example.org", ("desk@example.org",))
    assert mail.message["Subject"] == "Grüße"


def test_a_deferred_message_is_not_kept_and_the_next_one_is(mail_sink: ScriptedMailSink) -> None:
    mail_sink.script = ["451 4.3.0 later"]
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        send(mail_sink)
    assert refusal.value.smtp_code == 451
    send(mail_sink)
    assert len(mail_sink.mails) == 1


def test_one_refused_recipient_leaves_the_others(mail_sink: ScriptedMailSink) -> None:
    mail_sink.recipients = {"gone@example.org": "550 5.1.1 nobody"}
    send(mail_sink, letter("gone@example.org, desk@example.org"))
    assert [mail.recipients for mail in mail_sink.mails] == [("desk@example.org",)]


@pytest.mark.parametrize(("step", "kept"), [("cut", 0), ("keep and cut", 1)])
def test_the_line_can_be_cut_after_the_message(mail_sink: ScriptedMailSink, step: str, kept: int) -> None:
    mail_sink.script = [step]
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(mail_sink)
    assert len(mail_sink.mails) == kept


def test_the_mail_sink_comes_back_on_its_port(mail_sink: ScriptedMailSink) -> None:
    mail_sink.stop()
    with pytest.raises(ConnectionRefusedError):
        send(mail_sink)
    mail_sink.start()
    send(mail_sink)
    assert len(mail_sink.mails) == 1


def test_waiting_in_vain_is_an_error(mail_sink: ScriptedMailSink, webhook_sink: WebhookSink) -> None:
    with pytest.raises(TimeoutError):
        mail_sink.wait_for(1, seconds=0.01)
    with pytest.raises(TimeoutError):
        webhook_sink.wait_for(1, seconds=0.01)


def test_a_corpus_that_does_not_load_fails_instead_of_skipping(tmp_path) -> None:
    with pytest.raises(pytest.fail.Exception):
        load_corpus(tmp_path)
