"""The same story in thirty feeds, the real daemon killed with SIGKILL after each: one message all the same.

    python bench/live/story_kill.py [--feeds 30]

Prints what was told and where every alert is; exit 1 when it is not one message and one alert with all others folded.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.harness.harness import Deployment, Item
from tests.harness.servers import FakeClock, FeedServer, ScriptedMailSink, WebhookSink

TEXT = (
    "Both sides have agreed on a ceasefire that begins at midnight, the mediators said on Friday after nine days of "
    "talks in the capital. It covers the whole of the northern province, where more than forty thousand people have "
    "left their homes since the spring. Aid convoys are to pass on the main road from Sunday on. "
)
ENDINGS = ("", "Read more on our site.", "Subscribe to our newsletter.")
TIMINGS = "tick=0.1,notification_lease=3,send_within=2,send_margin=0.5,poll_margin=1,backoff=0.02"
ROUTE = """
receiver: chat
group_by: [story]
group_wait: 0s
group_interval: 0s
"""
PATIENCE = 30.0


def wait_until(deployment: Deployment, count: int) -> None:
    """Returns when the store holds so many alerts."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.1)):
        if len(deployment.store().alerts.newest(limit=1_000)) >= count:
            return
        pause.wait(0.1)
    log = (deployment.folder / "daemon.log").read_text(encoding="utf-8")
    raise TimeoutError(f"{count} alerts did not come within {PATIENCE} s; the daemon said:\n{log[-2_000:]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=30)
    feeds = parser.parse_args().feeds
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        FeedServer() as server,
        ScriptedMailSink() as mail,
        WebhookSink() as chat,
    ):
        deployment = Deployment(Path(folder), server, mail, chat, FakeClock(datetime.now(UTC)), route=ROUTE)
        for number in range(feeds):
            deployment.publish(f"/feed-{number}", [])
        deployment.write()
        deployment.config.write_text(deployment.config.read_text().replace("min: 0s,", "min: 0s, interval: 1s,"))
        deployment.child("once")
        for number in range(feeds):
            daemon = deployment.daemon(WATCHER_TIMINGS=TIMINGS)
            now = datetime.now(UTC) - timedelta(minutes=1)
            copy = Item(f"wire-{number}", "Ceasefire agreed in the north", now, TEXT + ENDINGS[number % len(ENDINGS)])
            deployment.publish(f"/feed-{number}", [copy])
            try:
                wait_until(deployment, number + 1)
            finally:
                daemon.send_signal(signal.SIGKILL)
                daemon.wait()
        deployment.clock.set(datetime.now(UTC) + timedelta(hours=1))
        deployment.write()
        deployment.once(force=False)
        ids = {request.headers["webhook-id"] for request in chat.requests}
        states = Counter(alert.state.value for alert in deployment.store().alerts.newest(limit=1_000))
        print(f"{feeds} feeds, {feeds} kills, {time.monotonic() - began:.0f} s")
        print(f"messages by id: {len(ids)}, requests: {len(chat.requests)}, alerts: {dict(states)}")
        return 0 if len(ids) == 1 and states == {"routed": 1, "folded": feeds - 1} else 1


if __name__ == "__main__":
    sys.exit(main())
