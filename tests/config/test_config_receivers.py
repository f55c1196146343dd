from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.harness.config_reading import ReadText
from watcher.model.route import CHANNEL_KINDS, ChannelRef, Email, Receiver, Slack, Webhook
from watcher.model.secret import Secret, reveal

SMTP = "smtp: {host: mail.example.org, from: watcher@example.org}\n"


def receivers_of(read_text: ReadText, text: str) -> dict[str, Receiver]:
    reading = read_text(SMTP + text)
    assert reading.problems == ()
    assert reading.settings is not None
    return dict(reading.settings.receivers)


def test_channels_in_the_order_written(read_text: ReadText) -> None:
    receivers = receivers_of(
        read_text,
        """
receivers:
  - name: desk
    webhook: {url: "https://hook.example/x", secret: whsec_abc}
    email: {to: [desk@example.org, "Boss <boss@example.org>"], cc: [cc@example.org], subject: News}
    slack: [{url: "https://chat.example/a"}, {url: "https://chat.example/b"}]
""",
    )
    channels = receivers["desk"].channels
    assert list(map(str, channels)) == ["desk/webhook/0", "desk/email/0", "desk/slack/0", "desk/slack/1"]
    mail = channels[ChannelRef("desk", "email")]
    assert mail == Email(("desk@example.org", "Boss <boss@example.org>"), ("cc@example.org",), "News")
    second = channels[ChannelRef("desk", "slack", 1)]
    assert isinstance(second, Slack)
    assert reveal(second.url) == "https://chat.example/b"


def test_what_may_be_secret_never_prints_even_when_written_plainly(read_text: ReadText) -> None:
    receivers = receivers_of(
        read_text, 'receivers: [{name: hook, webhook: {url: "https://hook.example/geheim", secret: sesame}}]'
    )
    hook = receivers["hook"].channels[ChannelRef("hook", "webhook")]
    assert isinstance(hook, Webhook)
    assert reveal(hook.url) == "https://hook.example/geheim"
    assert "geheim" not in repr(receivers)
    assert "sesame" not in repr(receivers)
    assert "line 2" in str(hook.url)


def test_a_webhook_without_a_secret_is_warned_of(read_text: ReadText) -> None:
    reading = read_text('receivers: [{name: hook, webhook: {url: "https://hook.example/x"}}]')
    assert [warning.path for warning in reading.warnings] == ["receivers.0.webhook"]


def test_the_address_behind_a_secret_is_checked_but_not_told(read_text: ReadText) -> None:
    reading = read_text("receivers: [{name: c, slack: {url: {env: HOOK}}}]", env={"HOOK": "geheim://chat.example"})
    [problem] = reading.problems
    assert problem.path == "receivers.0.slack.url"
    assert "geheim" not in problem.message


def test_apprise_has_addresses_of_its_own(read_text: ReadText) -> None:
    receivers = receivers_of(read_text, 'receivers: [{name: a, apprise: {url: "mailto://me:pw@example.org"}}]')
    assert list(map(str, receivers["a"].channels)) == ["a/apprise/0"]


@dataclass(frozen=True, slots=True)
class Pager:
    """A channel kind that nobody has built yet."""

    url: str | Secret
    numbers: tuple[str, ...]
    prefix: str = "news"
    loud: bool = False
    token: str | Secret | None = None


def test_a_new_channel_kind_needs_no_change_here(read_text: ReadText, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNEL_KINDS, "pager", Pager)  # type: ignore[arg-type]
    receivers = receivers_of(
        read_text, 'receivers: [{name: p, pager: {url: "https://pager.example", numbers: ["12"], loud: true}}]'
    )
    [options] = receivers["p"].channels.values()
    assert isinstance(options, Pager)
    assert (options.numbers, options.prefix, options.loud, options.token) == (("12",), "news", True, None)

    broken = read_text("receivers: [{name: p, pager: {numbers: [], louder: true}}]")
    assert [problem.message for problem in broken.problems] == [
        "is missing",
        "must not be empty",
        'unknown key; did you mean "loud"?',
    ]
