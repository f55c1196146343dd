"""A fold hides no event: what was folded into an alert is shown beneath it, with its headline where that differs."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.harness.harness import Harness, Item
from tests.harness.servers import Answer
from watcher.notify.flusher import Early

TEXT = (
    "Mediators said on Tuesday that both sides had agreed to a ceasefire in the northern district after two days of "
    "talks in the capital, and that observers would be sent to the crossing before the end of the week."
)
TITLES = ("Ceasefire agreed after talks", "Ceasefire agreed after the talks", "Ceasefire is agreed after talks")


def test_a_headline_that_differs_is_shown_with_its_link_in_mail_chat_and_webhook(harness: Harness) -> None:
    chat = json.dumps(harness.chat.url("/bot"))
    harness.more_receivers = [f"  - {{name: bot, telegram: {{url: {chat}, token: t, chat: c}}}}"]
    harness.route = """
    receiver: desk
    digest: {at: ["07:00"], zone: UTC}
    routes:
      - {receiver: bot, digest: {at: ["07:00"], zone: UTC}, continue: true}
      - {receiver: chat, digest: {at: ["07:00"], zone: UTC}, continue: true}
      - {receiver: desk}
    """
    for number, title in enumerate(TITLES):
        published = harness.clock.now() - timedelta(minutes=1)
        harness.publish(f"/wire-{number}", [Item(f"{number}", title, published, TEXT)])
        harness.once()
        harness.clock.advance(timedelta(minutes=5))
    harness.chat.script = [Answer(200, body=b'{"ok":true}')] * 2
    harness.once(early=Early.DIGESTS)
    (mail,) = harness.mail.mails
    text = str(mail.message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    bodies = [json.loads(body) for body in harness.chat.bodies()]
    (payload,) = [body for body in bodies if "data" in body]
    (sent,) = [body["text"] for body in bodies if "text" in body]
    alerts = payload["data"]["alerts"]
    reports = [report for alert in alerts for report in alert["story"].get("reports", [])]
    assert 1 <= len(alerts) < len(TITLES)
    assert reports
    for report in reports:
        assert report["title"] in set(TITLES)
        assert f"{report['title']} {report['link']}" in text
        assert report["title"] in sent
        assert report["link"] in sent
