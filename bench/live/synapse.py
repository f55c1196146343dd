"""The Matrix channel against a real Synapse on loopback.

    python bench/live/synapse.py PYTHON      (an interpreter that has `matrix-synapse` installed; keep it apart from ours)

Makes a homeserver in a temporary folder, a person and a room; sends a message, sends it again under the same key, replies to
it, replies to the reply (which the homeserver refuses, so that an ordinary message goes), sends a flood until the homeserver
asks for patience, and tries a wrong token and a wrong room. Prints each outcome, how many events the room has got, and how
each of them relates to another.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import yaml

from watcher.deliver.http_clients import HttpClients
from watcher.deliver.matrix import Matrix
from watcher.deliver.registry import build_channels
from watcher.model.notification import Delivered, Notification, Outcome
from watcher.model.route import ChannelRef, Receiver
from watcher.render.message import render_message
from watcher.render.sample import sample_notification

PASSWORD = "for this minute only"
ROOM = ChannelRef("desk", "matrix")


@contextlib.contextmanager
def homeserver(python: str, folder: Path) -> Iterator[str]:
    """A running homeserver; its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    file = folder / "homeserver.yaml"
    start = [python, "-m", "synapse.app.homeserver", "-c", str(file)]
    generate = ["--generate-config", "--server-name", "localhost", "--report-stats", "no"]
    subprocess.run([*start, *generate, "--data-directory", str(folder)], check=True, capture_output=True, cwd=folder)
    settings = yaml.safe_load(file.read_text())
    settings["listeners"] = [
        {"port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}]}
    ]
    settings |= {
        "trusted_key_servers": [],
        "enable_registration": True,
        "enable_registration_without_verification": True,
    }
    settings["rc_message"] = {"per_second": 1, "burst_count": 5}
    file.write_text(yaml.safe_dump(settings))
    with subprocess.Popen(start, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield _ready(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def _ready(url: str) -> str:
    for _ in range(300):
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"{url}/_matrix/client/versions", trust_env=False).status_code == 200:
                return url
        time.sleep(0.2)
    sys.exit("Synapse does not answer")


def call(url: str, path: str, body: dict[str, Any] | None = None, token: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    method = "GET" if body is None else "POST"
    answer = httpx2.request(method, f"{url}/_matrix/client/v3/{path}", json=body, headers=headers, trust_env=False)
    answer.raise_for_status()
    return dict(answer.json())


async def situations(url: str, token: str, room: str) -> None:
    told = sample_notification(ROOM, datetime.now(UTC))
    good = Matrix(url, room, token)
    async with HttpClients() as client:

        async def send(options: Matrix, notification: Notification) -> Outcome:
            channel = build_channels({"desk": Receiver("desk", {ROOM: options})}, None, client)[ROOM]
            message = render_message(notification, zone="Europe/Istanbul")
            return await channel.send(notification, message, timedelta(seconds=20))

        first = await send(good, told)
        _report("a message", first)
        _report("the same again", await send(good, told))
        reply = await send(good, replace(_another(1), reply_to=_receipt(first)))
        _report("a reply to it", reply)
        _report("a reply to the reply", await send(good, replace(_another(2), reply_to=_receipt(reply))))
        _report("wrong token", await send(replace(good, token="syt_wrong"), told))
        _report("wrong room", await send(replace(good, room="!nowhere:localhost"), told))
        flood = [await send(good, _another(10 + number)) for number in range(12)]
        refused = next((outcome for outcome in flood if not isinstance(outcome, Delivered)), flood[-1])
        _report("what refuses a flood of twelve", refused)


def _another(number: int) -> Notification:
    return sample_notification(ROOM, datetime.now(UTC) + timedelta(days=number))


def _receipt(outcome: Outcome) -> str:
    return outcome.receipt if isinstance(outcome, Delivered) else ""


def _report(name: str, outcome: Outcome) -> None:
    wish = getattr(outcome, "retry_after", None)
    print(f"{name:<30} {type(outcome).__name__:<10} {getattr(outcome, 'reason', '')} {outcome.detail} {wish or ''}")


def main() -> None:
    python = str(Path(sys.argv[1]).absolute()) if len(sys.argv) > 1 else sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as name, homeserver(python, Path(name)) as url:
        account = {"username": "desk", "password": PASSWORD, "auth": {"type": "m.login.dummy"}}
        token = call(url, "register", account)["access_token"]
        room = call(url, "createRoom", {"name": "Desk"}, token)["room_id"]
        asyncio.run(situations(url, token, room))
        events = call(url, f"rooms/{room}/messages?dir=b&limit=100", token=token)["chunk"]
        notices = [event for event in events if event["type"] == "m.room.message"]
        print(f"{len(notices)} messages in the room, {len({event['event_id'] for event in notices})} events")
        for event in reversed(notices[-3:]):
            relation = event["content"].get("m.relates_to", {})
            print(f"  {event['event_id']} {relation.get('rel_type', 'by itself')} {relation.get('event_id', '')}")
        print(notices[-1]["content"]["body"])


if __name__ == "__main__":
    main()
