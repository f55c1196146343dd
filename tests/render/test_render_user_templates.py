"""People's own templates: used where they are, survived where they fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from notices import NOW, alert, notification

from watcher.model.notification import Message
from watcher.model.route import ChannelRef
from watcher.render.message import render_message, template_problems
from watcher.render.sample import sample_notification
from watcher.render.user_templates import UserTemplates

EVIL = '<script>alert("{{7*7}}")</script>'


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
        ("{{ 'a' * 20000000000 }}", "memory"),
        ("{{ 9 ** 99999999 }}", "too long"),
    ],
)
def test_a_template_that_fails_costs_no_alert(tmp_path: Path, source: str, said: str) -> None:
    write(tmp_path, message_html_j2=source)
    message = render(tmp_path)
    assert "Guards fled" in message.html
    assert "message.html.j2 failed" in message.html
    assert said in message.html
    assert "Note: the template" in message.text


def test_those_that_were_finished_before_one_failed_are_used(tmp_path: Path) -> None:
    write(tmp_path, subject_txt_j2="mine", message_txt_j2="{{ 9 ** 99999999 }}")
    message = render(tmp_path)
    assert message.subject == "mine"
    assert "message.txt.j2 failed" in message.text


@pytest.mark.parametrize("source", ["not json", "[1, 2]", '{"a": }'])
def test_a_payload_must_be_a_json_object(tmp_path: Path, source: str) -> None:
    message = render(write(tmp_path, payload_json_j2=source))
    assert message.payload["type"] == "alerts"
    assert "payload.json.j2" in message.text


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
