"""What a digest says beside its alerts: what was read, what silences took out of it, what is held."""

from __future__ import annotations

from datetime import timedelta

from tests.harness.harness import Harness, Item
from watcher.model.alert import stable_hash
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.notify.flusher import Early

MINUTE = timedelta(minutes=1)
DIGEST = """
receiver: desk
digest: {at: ["07:00"], zone: Europe/Istanbul}
routes:
  - matchers: ['topic="detention-facilities"']
    receiver: desk
    group_wait: 0s
    hold: {between: "00:00-23:59", zone: Europe/Istanbul}
"""


def publish(harness: Harness, *titles: str) -> None:
    harness.wire = [*(Item(title, title, harness.clock.now() - MINUTE) for title in titles), *harness.wire]
    harness.publish("/wire", harness.wire)


def silence(harness: Harness, *matchers: Matcher) -> None:
    store, now = harness.store(), harness.clock.now()
    end = now + timedelta(hours=2)
    store.silences.add(Silence(stable_hash("s"), matchers, "Ada", "exercise", now, end, now))
    store.close()


def text_of(harness: Harness) -> str:
    return str(harness.mail.mails[-1].message.get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_a_digest_says_what_was_read_silenced_and_held(harness: Harness) -> None:
    harness.route = DIGEST
    harness.feed_urls.append(harness.feeds.url("/gone"))
    publish(harness, "Ceasefire talks begin", "Truce talks held in the north")
    harness.once()
    harness.clock.advance(timedelta(minutes=30))
    silence(harness, Matcher("score", ">=", "20"))
    publish(harness, "Prison detainees moved between detention centres", "Ceasefire, truce and talks all at once")
    harness.once(early=Early.DIGESTS)
    text = text_of(harness)
    assert "Read: 1 of 2 feeds answered, 4 new entries" in text
    assert "by Ada" in text
    assert ": exercise" in text
    assert "Held: 1 alert until" in text
    assert "/gone: http not found since" in text


def test_what_a_former_digest_said_is_not_said_again(harness: Harness) -> None:
    harness.route = DIGEST
    publish(harness, "Ceasefire talks begin")
    harness.once()
    silence(harness, Matcher("topic", "=", "ceasefires"))
    harness.once(early=Early.DIGESTS)
    assert harness.mail.mails == []
    harness.clock.advance(timedelta(hours=3))
    publish(harness, "Truce talks held in the north")
    harness.once(early=Early.DIGESTS)
    assert "Silenced: 1 alert, by Ada" in text_of(harness)
    harness.clock.advance(timedelta(hours=24))
    publish(harness, "Second truce agreed after talks")
    harness.once(early=Early.DIGESTS)
    assert "Silenced" not in text_of(harness)
    assert "1 new entry" in text_of(harness)
