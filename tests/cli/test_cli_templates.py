"""Templates of webhooks as a person meets them: refused by `check`, used by `receivers test`, signed as sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path

from tests.harness.harness import Harness

DOCUMENTED = re.findall(r"template: \|\n((?:      .*\n)+)", (Path(__file__).parents[2] / "docs/routing.md").read_text())


def with_template(harness: Harness, template: str, more: str = "") -> None:
    url = json.dumps(harness.chat.url("/own"))
    harness.more_receivers = [
        f"  - {{name: own, webhook: {{url: {url}, secret: whsec_c2VjcmV0, template: {json.dumps(template)}}}}}"
    ]
    harness.publish("/wire", [])
    harness.route = f"\nreceiver: own\n{more}"
    harness.write()


def place(harness: Harness) -> str:
    """LINE:COLUMN of the template."""
    lines = harness.config.read_text().splitlines()
    return next(f"{n}:{line.index('template: ') + 11}" for n, line in enumerate(lines, 1) if "template: " in line)


def test_check_refuses_what_makes_no_json_with_its_place(harness: Harness) -> None:
    with_template(harness, '{"text": {{ digest.subject }}}')
    done = harness.command("check")
    assert done.returncode == 2
    assert f"config.yaml:{place(harness)}: receivers.2.webhook.template: " in done.stderr
    assert "line 1, column 10" in done.stderr
    assert "{{ value | tojson }}" in done.stderr


def test_check_tries_it_without_alerts_where_a_digest_may_be_empty(harness: Harness) -> None:
    first = '{"text": {{ payload.data.alerts[0].entry.title | tojson }}}'
    with_template(harness, first)
    assert harness.command("check").returncode == 0
    with_template(harness, first, 'digest: {at: ["07:00"], zone: UTC, empty: true}')
    assert harness.command("check").returncode == 2


def test_check_warns_of_one_that_cannot_send_an_alarm(harness: Harness) -> None:
    with_template(harness, '{"text": {{ payload.data.alerts[0].entry.title | tojson }}}')
    done = harness.command("check")
    assert done.returncode == 0
    assert f"warning: config.yaml:{place(harness)}: receivers.2.webhook.template: " in done.stderr


def test_what_runs_refuses_what_check_refuses(harness: Harness) -> None:
    with_template(harness, '{"text": {{ digest.subject }}}')
    for command in ("run", "once"):
        done = harness.command(command)
        assert (command, done.returncode) == (command, 2)
        assert f"config.yaml:{place(harness)}: receivers.2.webhook.template: " in done.stderr
    assert harness.chat.requests == []


def test_a_file_that_is_not_there_is_said(harness: Harness) -> None:
    with_template(harness, "cards/none.json.j2")
    done = harness.command("check")
    assert done.returncode == 2
    assert "receivers.2.webhook.template: cannot read cards/none.json.j2: No such file or directory" in done.stderr


def test_what_is_sent_is_what_is_signed(harness: Harness) -> None:
    (harness.folder / "card.json.j2").write_text('{"title": {{ digest.subject | tojson }}, "n": 1.50, "u": "é"}')
    with_template(harness, "card.json.j2")
    assert harness.command("check").returncode == 0
    assert harness.command("receivers", "test", "own").returncode == 0
    (request,) = harness.chat.requests
    assert json.loads(request.body).keys() == {"title", "n", "u"}
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    expected = base64.b64encode(hmac.digest(b"secret", signed, hashlib.sha256)).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"


def test_the_documented_one_holds(harness: Harness) -> None:
    (example,) = DOCUMENTED
    with_template(harness, example, 'digest: {at: ["07:00"], zone: UTC, empty: true}')
    done = harness.command("check")
    assert done.returncode == 0
    assert "template" not in done.stderr
