"""More alerts than a message can show: the receiver's share is delivered, the rest omitted, and the sums add up (I14)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from tests.harness.harness import Harness, Item
from tests.harness.servers import Answer, WebhookSink
from watcher.notify.flusher import Early

ALERTS = 400


def test_once_counts_what_was_shown_and_what_was_only_counted(harness: Harness) -> None:
    with WebhookSink(*(Answer(200, {}, b'{"id": "x", "event": "message"}') for _ in range(20))) as ntfy:
        harness.more_receivers = [f'  - {{name: phone, ntfy: {{url: "{ntfy.url("/topic")}"}}}}']
        harness.route = '\nreceiver: phone\ndigest: {at: ["07:00"], zone: UTC}\n'
        before = harness.clock.now() - timedelta(minutes=1)
        harness.publish(
            "/wire", [Item(str(n), f"Ceasefire number {n} " + "far away " * 9, before) for n in range(ALERTS)]
        )
        report = harness.once(early=Early.DIGESTS)

    assert report.alerts == report.delivered + report.omitted == ALERTS
    assert report.omitted > 0
    store = harness.store()
    states = Counter(
        life.state.value for one in store.alerts.newest(limit=ALERTS) for life in store.alerts.deliveries(one.id)
    )
    assert states == {"delivered": report.delivered, "omitted": report.omitted}
    shown = "".join(body.decode() for body in ntfy.bodies())
    assert sum(f"number {n} " in shown for n in range(ALERTS)) == report.delivered
