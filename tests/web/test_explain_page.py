"""Pasting a text: every verdict with its points, for whatever is pasted, and nothing is kept."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace

import pytest

from tests.harness.children import work_here
from tests.harness.web import ARABIC, NASTY, Client
from watcher.store.store import Store
from watcher.web import explaining
from watcher.web.pages import explain
from watcher.web.pages.explain import LARGEST_TEXT, LONGEST_TITLE, title_and_text


@pytest.fixture(autouse=True)
def worker_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not about the child needs none."""
    if "in_a_child" not in request.node.name:
        work_here(monkeypatch)


def test_every_topic_gives_its_verdict_with_its_points_in_a_child(client: Client, store: Store) -> None:
    page = client.post("/explain", {"text": "A truce in Hasakah\r\n\r\nThe talks went on; the ceasefire holds."}).text
    assert re.search(r'class="focus">focus</span>.*?data-label="Points">(\d+(\.\d+)?)<', page, re.DOTALL)
    assert "<mark>truce</mark> in Hasakah</b>" in page
    assert "the <mark>ceasefire</mark> holds" in page
    assert 'href="/topics/ceasefires"' in page
    assert (store.entries.number_range()[1], store.acts.newest(1)) == (0, [])


def test_what_the_page_says_is_what_the_api_says(client: Client) -> None:
    body = json.dumps({"title": "A truce", "text": "The talks went on."}).encode()
    sent = client.send("POST", "/api/explain", body, content_type="application/json", sec_fetch_site="same-origin")
    (found,) = sent.json()["items"]
    page = client.post("/explain", {"text": "A truce\nThe talks went on."}).text
    assert f'data-label="Points"><b>{found["score"]:g}</b>' in page


@pytest.mark.parametrize(
    "text",
    [
        NASTY, "\x00\x01\x1b[31m", "w" * 60_000, "ceasefire " * 5_000, "(((" * 1_000, "\ufffe\ufeff\u2028truce", "👩‍👩‍👧" * 99,
        "<h1>truce</h1><style>*{}</style><!-- </textarea><script>alert(1)</script>", "a\n" * 9_000, "\u0301" * 5_000, ARABIC,
    ],
)  # fmt: skip
def test_whatever_is_pasted_is_shown_as_text(client: Client, text: str) -> None:
    answer = client.post("/explain", {"text": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<h1>truce" not in answer.text
    assert "\u202e" not in answer.text
    assert answer.text.count("<textarea") == answer.text.count("</textarea>") == 1


@pytest.mark.parametrize("content", [b"text=%FF%FEtruce%C3%28", b"text=\xff\xfe truce"])
def test_bytes_that_are_no_utf_8_cost_their_place_only(client: Client, content: bytes) -> None:
    form = "application/x-www-form-urlencoded"
    answer = client.send("POST", "/explain", content, content_type=form, sec_fetch_site="same-origin")
    assert (answer.status_code, "<mark>truce</mark>" in answer.text) == (200, True)


def test_half_a_character_of_json_costs_its_place_only(client: Client) -> None:
    body = b'{"title": "A truce \\ud800", "text": "\\udfff\\u0000"}'
    sent = client.send("POST", "/api/explain", body, content_type="application/json", sec_fetch_site="same-origin")
    assert (sent.status_code, [one["score"] > 0 for one in sent.json()["items"]]) == (200, [True])


def test_a_long_report_fits_and_more_is_refused_with_the_limit(client: Client) -> None:
    letters = (LARGEST_TEXT - 100) // 6 // 6
    assert client.post("/explain", {"text": "سلامً " * letters}).status_code == 200
    answer = client.post("/explain", {"text": "x" * LARGEST_TEXT})
    assert (answer.status_code, f"{LARGEST_TEXT // 1024} kB" in answer.text) == (413, True)
    assert client.post("/silences", {"why": "x" * 70_000}).status_code == 413


def test_a_text_that_is_read_in_part_says_so(client: Client) -> None:
    page = client.post("/explain", {"text": "A truce\n" + " ".join(f"w{at}" for at in range(20_000))}).text
    assert "no topic looks further into one text" in page


@pytest.mark.parametrize("text", ["", " \r\n\t ", None])
def test_nothing_is_no_text(client: Client, text: str | None) -> None:
    page = client.post("/explain", {} if text is None else {"text": text}).text
    assert ("Paste a text first." in page, "<table" in page) == (True, False)


def test_one_topic_is_asked_or_refused(client: Client) -> None:
    assert client.post("/explain", {"text": "truce", "topic": "nowhere"}).status_code == 400
    assert '<option value="ceasefires" selected>' in client.get("/explain?topic=ceasefires").text


def test_a_text_that_takes_too_long_in_a_child_is_ended(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "LIMITS", replace(explaining.LIMITS, deadline=0.01))
    assert client.post("/explain", {"text": "A truce"}).status_code == 503


def test_only_a_few_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "_PLACES", threading.BoundedSemaphore(1))
    with explain._PLACES:
        assert client.post("/explain", {"text": "A truce"}).status_code == 503
    assert client.post("/explain", {"text": "A truce"}).status_code == 200


def test_texts_are_scored_one_after_the_other(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "PATIENCE_SECONDS", 0.0)
    with explain._LOCK:
        answer = client.post("/explain", {"text": "A truce"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(
    ("text", "title", "content"),
    [
        ("A\r\n\r\nb\r\nc", "A", "b\nc"), ("\n \nA", "A", ""), ("A", "A", ""), ("", "", ""),
        ("w " * LONGEST_TITLE + "\nb", "", "w " * LONGEST_TITLE + "\nb"),
    ],
)  # fmt: skip
def test_the_first_line_is_the_title_unless_it_is_a_paragraph(text: str, title: str, content: str) -> None:
    assert title_and_text(text) == (title, content)
