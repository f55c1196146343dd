"""People's own templates: used where they are, survived where they fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness.children import work_here
from tests.harness.factories import NOW, alert, notification
from watcher.model.notification import Message
from watcher.model.route import ChannelRef, OwnTemplate
from watcher.render.message import render_message, template_problems
from watcher.render.sample import sample_notification
from watcher.render.user_templates import UserTemplates
from watcher.text.printable import one_line

ENDLESS, HUGE = "{{ 9 ** 99999999 }}", "{{ 'a' * 20000000000 }}"
EVIL = '<script>alert("{{7*7}}")</script>'


@pytest.fixture(autouse=True)
def worker_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not hostile needs no child."""
    source = request.node.callspec.params.get("source") if hasattr(request.node, "callspec") else ""
    if source not in {ENDLESS, HUGE} and "in_a_child" not in request.node.name:
        work_here(monkeypatch)


def render(folder: Path, told=None) -> Message:
    return render_message(told or notification(alert()), zone="UTC", templates=UserTemplates(folder))


def write(folder: Path, **parts: str) -> Path:
    for name, text in parts.items():
        (folder / name.replace("__", "/").replace("_", ".")).parent.mkdir(exist_ok=True, parents=True)
        (folder / name.replace("__", "/").replace("_", ".")).write_text(text)
    return folder


def test_a_folder_without_templates_changes_nothing(tmp_path: Path) -> None:
    assert render(tmp_path / "absent") == render_message(notification(alert()), zone="UTC")


def test_each_part_may_have_its_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        subject_txt_j2="{{ digest.sections[0].title }}!\n",
        message_txt_j2="{{ digest.lead }}",
        message_html_j2="<p>{{ digest.sections[0].lines[0].source }}</p>",
        payload_json_j2='{"text": {{ digest.subject | tojson }}, "n": {{ payload.data.alerts | length }}}',
    )
    message = render(tmp_path)
    assert message.subject == "Detention facilities!"
    assert message.text == "1 alert since the last digest"
    assert "<p>UN News</p>" in message.html
    assert message.payload["n"] == 1


def test_a_receivers_own_goes_first(tmp_path: Path) -> None:
    write(tmp_path, subject_txt_j2="everybody", desk__subject_txt_j2="the desk")
    assert render(tmp_path).subject == "the desk"
    assert render(tmp_path, notification(alert(), channel=ChannelRef("chat", "slack"))).subject == "everybody"


@pytest.mark.parametrize("receiver", ["..", "../outside", "/etc", ".", ""])
def test_a_receivers_name_never_leads_out_of_the_folder(tmp_path: Path, receiver: str) -> None:
    write(tmp_path, subject_txt_j2="outside", outside__subject_txt_j2="outside", templates__subject_txt_j2="inside")
    told = notification(alert(), channel=ChannelRef(receiver, "slack"))
    assert render(tmp_path / "templates", told).subject == "inside"


def test_texts_of_feeds_stay_texts(tmp_path: Path) -> None:
    write(tmp_path, message_html_j2="{% for line in digest.sections[0].lines %}{{ line.title[0][0] }}{% endfor %}")
    html = render(tmp_path, notification(alert(EVIL))).html
    assert "<script>" not in html
    assert "{{7*7}}" in html


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ digest.nothing }}", "nothing"),
        ("{% for x in %}", "line 1"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ digest.sections.append(1) }}", "safe"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{{ 'a' * 20000000 }}", "million"),
        (HUGE, "memory"),
        (ENDLESS, "too long"),
    ],
)
def test_a_template_that_fails_costs_no_alert(tmp_path: Path, source: str, said: str) -> None:
    write(tmp_path, message_html_j2=source)
    message = render(tmp_path)
    assert "Guards fled" in message.html
    assert "message.html.j2 failed" in message.html
    assert said in message.html
    assert "Note: the template" in message.text


def test_those_that_were_finished_in_a_child_before_one_failed_are_used(tmp_path: Path) -> None:
    write(tmp_path, subject_txt_j2="mine", message_txt_j2=ENDLESS)
    message = render(tmp_path)
    assert message.subject == "mine"
    assert "message.txt.j2 failed" in message.text


@pytest.mark.parametrize("source", ["not json", "[1, 2]", '{"a": }'])
def test_a_payload_must_be_a_json_object(tmp_path: Path, source: str) -> None:
    message = render(write(tmp_path, payload_json_j2=source))
    assert message.payload["type"] == "alerts"
    assert "payload.json.j2" in message.text


LIVE = """{% for s in digest.sections %}{% for line in s.lines %}{% for text, marked in line.title %}{{ text | safe }}{% endfor %}
{% endfor %}{% endfor %}"""


@pytest.mark.parametrize(
    "title",
    [
        "<script>steal()</script>",
        "<img src=https://count.example/p.gif>",
        "<img src=x onerror=steal()>",
        "<a href=javascript:steal()>more</a>",
        "<a href=data:text/html,steal()>more</a>",
        "<form action=https://steal.example><input name=q></form>",
        "<p style='background:url(https://count.example/p.gif)'>x</p>",
        "<p style='background:u\\72l(https://count.example/p.gif)'>x</p>",
        "<style>p{background:url(https://count.example/p.gif)}</style>",
        "<style data-css-inline=keep>@import 'https://count.example/';</style>",
        "<iframe src=https://steal.example></iframe><svg onload=steal()></svg>",
        "<base href=https://steal.example/><meta http-equiv=refresh content='0;url=https://steal.example'>",
        "<body onload=steal()><html onclick=steal()>",
    ],
)
def test_what_a_template_calls_safe_neither_runs_nor_loads(tmp_path: Path, title: str) -> None:
    html = render(write(tmp_path, message_html_j2=LIVE), notification(alert(f"Camp {title} end"))).html
    assert "Camp" in html
    assert not re.search(r"(?i)<(script|form|input|iframe|svg|base)|steal|count\.example|javascript:|\son\w+=", html)


def test_the_look_of_an_own_page_stays(tmp_path: Path) -> None:
    page = """<!doctype html><html dir="rtl" lang="ar"><head><title>x</title><style>td { color: #123456 }</style>
    <style data-css-inline="keep">@media (prefers-color-scheme: dark) { td { color: white !important } }</style></head>
    <body style="margin: 0"><table width="100%" cellpadding="4"><tr><td align="right">{{ digest.subject }}</td></tr></table>
    <a href="https://desk.example/a?b=1&amp;c=2">desk</a> <a href="mailto:a@b.example">mail</a></body></html>"""
    html = render(write(tmp_path, message_html_j2=page)).html
    for kept in (
        '<html dir="rtl" lang="ar">', "prefers-color-scheme: dark", "margin: 0", 'width="100%"', 'cellpadding="4"',
        'align="right"', "#123456", 'href="https://desk.example/a?b=1&amp;c=2"', 'href="mailto:a@b.example"',
    ):  # fmt: skip
        assert kept in html, html
    assert "<title>" not in html


def test_a_file_that_cannot_be_read_costs_no_alert(tmp_path: Path) -> None:
    write(tmp_path, message_txt_j2="mine", payload_json_j2='{"own": 1}')
    (tmp_path / "subject.txt.j2").write_bytes("Größe".encode("latin-1"))
    message = render(tmp_path)
    assert "Guards fled" in message.subject
    assert message.text == "mine"
    assert message.payload == {"own": 1}
    assert "subject.txt.j2 cannot be read (it is not UTF-8 text): save it as UTF-8" in message.html
    assert template_problems(UserTemplates(tmp_path), ChannelRef("desk", "email"), NOW) != ()


def test_a_subject_is_one_line(tmp_path: Path) -> None:
    assert render(write(tmp_path, subject_txt_j2="One\r\nBcc: two@example.org")).subject == "One Bcc: two@example.org"


def test_the_sample_is_marked_as_a_test() -> None:
    message = render_message(sample_notification(ChannelRef("desk", "email"), NOW), zone="UTC")
    assert message.subject.startswith("Test: ")
    assert "A test message" in message.text


def test_templates_are_checked_before_anything_happens(tmp_path: Path) -> None:
    desk = ChannelRef("desk", "webhook")
    write(tmp_path, payload_json_j2='{"text": {{ digest.subject | tojson }}}', subject_txt_j2="{{ digest.subject }}")
    assert template_problems(UserTemplates(tmp_path), desk, NOW) == ()
    write(tmp_path, payload_json_j2='{"text": {{ digest.subject }}}', subject_txt_j2="{{ digset }}")
    problems = template_problems(UserTemplates(tmp_path), desk, NOW)
    assert ["subject.txt.j2" in problem or "payload.json.j2" in problem for problem in problems] == [True, True]


CARD = """{"title": {{ digest.subject | tojson }},
 "cards": [{% for alert in payload.data.alerts %}
  {"text": {{ alert.entry.title | tojson }}}{{ "," if not loop.last }}
 {% endfor %}]}"""
HOOK = ChannelRef("desk", "webhook")


def of_hook(folder: Path, source: str) -> UserTemplates:
    return UserTemplates(folder, {HOOK: OwnTemplate(source, "card.json.j2")})


class TestOfAWebhook:
    def told(self, folder: Path, source: str, *alerts, channel: ChannelRef = HOOK) -> Message:
        return render_message(notification(*alerts, channel=channel), zone="UTC", templates=of_hook(folder, source))

    def test_makes_its_json_and_goes_before_the_folder(self, tmp_path: Path) -> None:
        write(tmp_path, payload_json_j2='{"from": "folder"}')
        assert self.told(tmp_path, CARD, alert("Camp")).payload["cards"] == [{"text": "Camp"}]
        other = ChannelRef("desk", "webhook", 1)
        assert self.told(tmp_path, CARD, channel=other).payload == {"from": "folder"}

    @pytest.mark.parametrize("title", [EVIL, '"]}, {"text": "', "{{7*7}} {% raw %}", "a\nb\\", "</script>\u2028"])
    def test_texts_of_feeds_stay_texts(self, tmp_path: Path, title: str) -> None:
        (card,) = self.told(tmp_path, CARD, alert(title)).payload["cards"]  # type: ignore[misc]
        assert card == {"text": one_line(title)}

    def test_one_that_fails_costs_no_alert_and_says_so(self, tmp_path: Path) -> None:
        message = self.told(tmp_path, '{"text": {{ digest.subject }}}')
        (problem,) = message.problems
        assert problem == message.payload["data"]["problems"][0]  # type: ignore[index]
        assert len(message.payload["data"]["alerts"]) == 1  # type: ignore[index]
        assert "card.json.j2 makes no JSON" in problem
        assert "the built-in one was used" in problem

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ('{"text": {{ digest.subject }}}', "line 1, column 10"),
            ('{"text": "{{ payload.data.alerts[0].entry.title }}"}', "| tojson"),
            ('{"all": [{% for a in payload.data.alerts %}{{ a.id | tojson }},{% endfor %}]}', "no comma after the last"),
            ('[{{ digest.subject | tojson }}]', "{ … }"),
            ('{"n": NaN}', "NaN"),
            ('{"n": ' + "[" * 9_000 + "}", "makes no JSON"),
            ("{% for %}", "line 1"),
            (ENDLESS, "too long"),
        ],
    )  # fmt: skip
    def test_is_refused_beforehand_with_the_remedy(self, tmp_path: Path, source: str, said: str) -> None:
        (problem,) = template_problems(of_hook(tmp_path, source), HOOK, NOW)
        assert "card.json.j2" in problem
        assert said in problem

    def test_is_tried_without_alerts_only_where_that_may_happen(self, tmp_path: Path) -> None:
        first = of_hook(tmp_path, '{"text": {{ payload.data.alerts[0].entry.title | tojson }}}')
        assert template_problems(first, HOOK, NOW) == ()
        assert template_problems(first, HOOK, NOW, may_be_empty=True) != ()
        assert template_problems(of_hook(tmp_path, CARD), HOOK, NOW, may_be_empty=True) == ()
