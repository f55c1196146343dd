from __future__ import annotations

import pytest

from tests.harness.config_reading import ReadText
from watcher.config.credentials import SecretMode
from watcher.deliver.channel import ChannelKind
from watcher.deliver.mail_message import Email
from watcher.deliver.options import Line, MailAddresses, SecretText, Switch, WebAddress
from watcher.deliver.registry import CHANNEL_KINDS
from watcher.deliver.slack import Slack
from watcher.deliver.webhook import Webhook
from watcher.lazy_dataclass import dataclass
from watcher.model.route import ChannelOptions, ChannelRef, Receiver
from watcher.model.secret import reveal

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
    webhook: {url: "https://hook.example/x", secret: whsec_c2VjcmV0}
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


def test_the_address_behind_a_secret_is_checked_but_not_shown(read_text: ReadText) -> None:
    reading = read_text("receivers: [{name: c, slack: {url: {env: HOOK}}}]", env={"HOOK": "geheim://chat.example"})
    [problem] = reading.problems
    assert problem.path == "receivers.0.slack.url"
    assert "geheim" not in problem.message


def test_apprise_has_addresses_of_its_own(read_text: ReadText) -> None:
    receivers = receivers_of(read_text, 'receivers: [{name: a, apprise: {url: "mailto://me:pw@example.org"}}]')
    assert list(map(str, receivers["a"].channels)) == ["a/apprise/0"]


@dataclass(frozen=True, slots=True)
class Pager(ChannelOptions):
    """A channel kind that does not exist yet."""

    url: WebAddress
    numbers: MailAddresses
    prefix: Line = "news"
    loud: Switch = False
    token: SecretText | None = None


PAGER = ChannelKind("pager", Pager, lambda options, transport: None)  # type: ignore[arg-type,return-value]


def test_a_new_channel_kind_needs_no_change_here(read_text: ReadText, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNEL_KINDS, "pager", __name__)
    receivers = receivers_of(
        read_text, 'receivers: [{name: p, pager: {url: "https://pager.example", numbers: [a@b.c], loud: true}}]'
    )
    [options] = receivers["p"].channels.values()
    assert isinstance(options, Pager)
    assert (options.numbers, options.prefix, options.loud, options.token) == (("a@b.c",), "news", True, None)

    broken = read_text("receivers: [{name: p, pager: {numbers: [], louder: true}}]")
    assert {problem.message for problem in broken.problems} == {
        "is missing",
        "must not be empty",
        'unknown key; did you mean "loud"?',
    }


WEBHOOK = 'receivers: [{{name: c, webhook: {{url: "https://hook.example", secret: s, {options}}}}}]'


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ('secret: "whsec_"', "secret"),
        ('secret: "whsec_notbase64!!!"', "secret"),
        ("method: GET", "method"),
        ("headers: {bad name: x}", "headers"),
        ("headers: {webhook-id: x}", "headers"),
        ("headers: [x]", "headers"),
        ("username: me", ""),
        ("bearer: token, username: me, password: x", ""),
        ("bearer: token, headers: {Authorization: x}", ""),
    ],
)
def test_what_a_webhook_could_not_send_is_refused(read_text: ReadText, options: str, path: str) -> None:
    text = WEBHOOK.format(options=options)
    if "secret:" in options:
        text = text.replace("secret: s, ", "")
    problems = read_text(text).problems
    assert [problem.path.startswith(f"receivers.0.webhook.{path}".rstrip(".")) for problem in problems] == [True]
    assert "notbase64" not in problems[0].message


@pytest.mark.parametrize("secrets", ["require", "if_found", "defer"])
def test_a_secret_that_cannot_sign_is_refused_by_every_command(read_text: ReadText, secrets: SecretMode) -> None:
    text = WEBHOOK.format(options="").replace("secret: s, ", "secret: {env: KEY}")
    [problem] = read_text(text, env={"KEY": "whsec_###"}, secrets=secrets).problems
    assert problem.path == "receivers.0.webhook.secret"


def test_a_login_and_headers_may_be_secrets(read_text: ReadText) -> None:
    text = WEBHOOK.format(options="method: put, headers: {X-Key: {env: KEY}}, username: me, password: {env: PW}")
    env = {"KEY": "geheim", "PW": "sesam"}
    reading = read_text(text, env=env)
    assert reading.problems == ()
    assert reading.settings is not None
    [options] = reading.settings.receivers["c"].channels.values()
    assert isinstance(options, Webhook)
    assert options.method == "PUT"
    assert reveal(options.headers["X-Key"]) == "geheim"
    assert "geheim" not in repr(options)
    assert "sesam" not in repr(options)
    deferred = read_text(text, env=env, secrets="defer").settings
    assert deferred is not None
    [kept] = deferred.receivers["c"].channels.values()
    assert isinstance(kept, Webhook)
    with pytest.raises(LookupError):
        reveal(kept.headers["X-Key"])


@pytest.mark.parametrize(
    ("channel", "path"),
    [
        ("email: {to: [a@b.c], headers: {Bcc: x@y.z}}", "email.headers"),
        ("email: {to: [a@b.c], headers: {subject: x}}", "email.headers"),
        ("email: {to: [a@b.c], reply_to: [nobody]}", "email.reply_to.0"),
        ("email: {to: [a@b.c], bcc: []}", "email.bcc"),
        ("email: {to: [{env: TO}]}", "email.to.0"),
        ('ntfy: {url: "https://ntfy.example"}', "ntfy.url"),
        ("telegram: {token: t, chat: c, thread: general}", "telegram.thread"),
        ("slack: {token: t}", "slack"),
        ("slack: {}", "slack"),
        ('mattermost: {url: "https://m.example", channel: c}', "mattermost"),
    ],
)
def test_impossible_options_are_refused(read_text: ReadText, channel: str, path: str) -> None:
    reading = read_text(SMTP + f"receivers: [{{name: c, {channel}}}]", env={"TO": "not an address"})
    assert [problem.path for problem in reading.problems] == [f"receivers.0.{path}"]


def test_blanks_around_a_token_or_an_address_are_no_part_of_it(read_text: ReadText) -> None:
    """They come along when it is pasted into a file; a password keeps them."""
    text = "receivers: [{name: c, webhook: {url: {env: URL}, bearer: {env: TOKEN}, secret: {env: SECRET}}}]"
    env = {"TOKEN": " tk_abc \t", "URL": "https://c.example/hook \r\n", "SECRET": " a secret "}
    settings = read_text(text, env=env).settings
    assert settings is not None
    [found] = settings.receivers["c"].channels.values()
    assert isinstance(found, Webhook)
    assert (reveal(found.bearer or ""), reveal(found.url)) == ("tk_abc", "https://c.example/hook")
    assert reveal(found.secret or "") == " a secret "


def test_addresses_and_the_mail_server_may_be_named_by_the_environment(read_text: ReadText) -> None:
    text = """
    smtp: {host: {env: HOST}, port: {env: PORT}, from: {env: FROM}}
    receivers: [{name: c, email: {to: [{env: TO}], cc: {env: TO}}}]
    """
    env = {"HOST": "mail.example ", "PORT": "2525\n", "FROM": " w@example.org", "TO": "desk@example.org \n"}
    settings = read_text(text, env=env).settings
    assert settings is not None
    assert settings.smtp is not None
    assert (settings.smtp.host, settings.smtp.port, settings.smtp.sender) == ("mail.example", 2525, "w@example.org")
    [options] = settings.receivers["c"].channels.values()
    assert isinstance(options, Email)
    assert (options.to, options.cc) == (("desk@example.org",), ("desk@example.org",))
    missing = {problem.path for problem in read_text(text).problems}
    assert missing >= {"smtp.host", "smtp.port", "smtp.from", "receivers.0.email.to"}
    assert [problem.path for problem in read_text(text, env=env | {"PORT": "0"}).problems] == ["smtp.port"]
    assert read_text(text, secrets="defer").problems == ()


@pytest.mark.parametrize("proxy", ["socks5://geheim.example:1080", "geheim.example", "ftp://geheim", "http://geheim@"])
def test_a_proxy_that_is_none_is_refused_without_being_repeated(read_text: ReadText, proxy: str) -> None:
    text = f'receivers: [{{name: c, proxy: "{proxy}", slack: {{url: "https://chat.example"}}}}]'
    [problem] = read_text(text).problems
    assert problem.path == "receivers.0.proxy"
    assert "geheim" not in problem.message
    settings = read_text(text.replace(proxy, "none")).settings
    assert settings is not None
    assert settings.receivers["c"].proxy is not None
    assert reveal(settings.receivers["c"].proxy) == "none"


def test_a_chat_may_be_named_by_the_environment(read_text: ReadText) -> None:
    """It is no secret: lists show it. Blanks that were pasted with it are no part of it."""
    text = """
    receivers:
      - {name: t, telegram: {token: tk_1, chat: {env: CHAT}}}
      - {name: m, matrix: {url: "https://m.example", token: tk_1, room: {env: CHAT}}}
      - {name: s, slack: {token: tk_1, url: "https://s.example", channel: {env: CHAT}}}
    """
    settings = read_text(text, env={"CHAT": " -100 \n"}).settings
    assert settings is not None
    shown = [channel.recipients for one in settings.receivers.values() for channel in one.channels.values()]
    assert shown == [("-100",)] * 3
    paths = {problem.path for problem in read_text(text).problems}
    assert paths == {"receivers.0.telegram.chat", "receivers.1.matrix.room", "receivers.2.slack.channel"}


def test_the_secret_address_of_a_feed_has_no_blanks_around_it(read_text: ReadText) -> None:
    settings = read_text("feeds: [{url: {env: FEED}}]", env={"FEED": "https://a.example/f?token=x \n"}).settings
    assert settings is not None
    assert settings.feeds[0].address_to_ask == "https://a.example/f?token=x"


@pytest.mark.parametrize("kind", ["webhook", "slack", "discord", "teams", "mattermost", "ntfy"])
def test_lists_show_the_host_of_an_address_that_is_a_secret(read_text: ReadText, kind: str) -> None:
    text = f"receivers: [{{name: c, {kind}: {{url: {{env: URL}}}}}}]"
    settings = read_text(text, env={"URL": "https://me:geheim@Hooks.example:8443/geheim?token=geheim"}).settings
    assert settings is not None
    [options] = settings.receivers["c"].channels.values()
    assert options.recipients == ("hooks.example",)
    without = read_text(text, secrets="defer").settings
    assert without is not None
    assert [one.recipients for one in without.receivers["c"].channels.values()] == [()]
