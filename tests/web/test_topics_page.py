"""The page of a topic: its chart, its near misses, and trying a changed definition in a child with limits."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.harness.children import work_here
from tests.harness.store_samples import HOUR, NOW, acquire_one, alert, identified, notify_all, poll, save_alerts
from tests.harness.web import Client
from watcher.cli.files import judged_entries
from watcher.config.topic_text import read_definition, with_term
from watcher.match.evaluation import evaluate
from watcher.match.suggest import Marked, suggest
from watcher.model.entry import EntryDecision
from watcher.sandbox.limits import Limits
from watcher.store.store import Store
from watcher.story.assign import StoryAssigner
from watcher.views.topics import DayVolume
from watcher.web import remembered, suggesting, trying
from watcher.web.exchange import with_query
from watcher.web.pages.topics import CHART_HEIGHT, chart_of
from watcher.web.remembered import Remembered


def save_entries(store: Store, *titles: str) -> dict[str, str]:
    """Stores entries without an alert; their keys by title."""
    feed = acquire_one(store)
    found = [replace(identified(title), entry=replace(identified(title).entry, title=title)) for title in titles]
    store.polls.save("me", [poll(feed, decision=EntryDecision(new=tuple(found)))], NOW, notify_all, StoryAssigner())
    return {one.entry.title: one.key for one in found}


def definition_on(client: Client, path: str = "/topics/ceasefires") -> str:
    found = re.search(r"<textarea id=\"definition\"[^>]*>(.*?)</textarea>", client.get(path).text, re.S)
    assert found is not None
    return html.unescape(found[1])


def test_a_changed_definition_shows_what_would_come_and_go(client: Client, store: Store) -> None:
    keys = save_entries(store, "A ceasefire holds", "An armistice is signed", "Nothing at all")
    changed = definition_on(client).replace("ceasefire*", "armistice*")
    page = client.post("/topics/ceasefires/try", {"definition": changed}).text
    assert "+1</span> would come" in page
    assert "−1</span> would go" in page
    assert f"/entries/{keys['An armistice is signed'][:8]}" in page
    assert "Of 3 entries with words of either definition, of the last 90 days" in page
    assert "+{name: ceasefires" in html.unescape(page)  # the diff
    assert "terms: {3: [armistice*, truce*]" in definition_on(client).replace("ceasefire*", "armistice*")


def test_nothing_changes_by_an_unchanged_definition(client: Client, store: Store) -> None:
    save_entries(store, "A ceasefire holds")
    page = client.post("/topics/ceasefires/try", {"definition": definition_on(client)}).text
    assert ("+0</span> would come" in page, "The definition is unchanged." in page) == (True, True)


@pytest.mark.parametrize(
    "text",
    ["", "{", "- a\n- b", "name: ceasefires", "name: x\nterms: {3: [\"AND\"]}\nrequire: '((('", "\x00", "name: x\nnowhere: 1",
     "a: &a [1]\n" * 3, "name: x\nterms: {3: ['@nolist']}", "]\nroute: {}", "name: x\nterms: {1: [a*]}\n\ntopics: []"],
)  # fmt: skip
def test_what_is_wrong_with_a_definition_is_said(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    work_here(monkeypatch)
    save_entries(store, "A ceasefire holds")
    answer = client.post("/topics/ceasefires/try", {"definition": text})
    assert answer.status_code == 200
    assert '<ul class="problem" role="alert"' in answer.text


def test_a_costly_definition_is_ended(client: Client, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "LIMITS", replace(trying.LIMITS, deadline=0.01))
    save_entries(store, "A ceasefire holds")
    answer = client.post("/topics/ceasefires/try", {"definition": definition_on(client)})
    assert "the try was ended (deadline)" in answer.text


def test_one_try_at_a_time(client: Client) -> None:
    definition = definition_on(client)
    with trying._LOCK:
        answer = client.post("/topics/ceasefires/try", {"definition": definition})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


def test_a_try_whose_time_is_up_says_how_far_it_came(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_entries(store, "A ceasefire holds")
    monkeypatch.setattr(trying, "SECONDS", -1.0)
    page = client.post("/topics/ceasefires/try", {"definition": definition_on(client)}).text
    assert "The time was up before older entries were read." in page


def test_what_takes_long_is_made_once_for_each_version_and_never_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "PATIENCE_SECONDS", 0.0)
    kept, made, may_end = Remembered(), [], threading.Event()

    def make() -> str:
        made.append(1)
        may_end.wait(60)
        return "value"

    assert kept.value("kind", "name", 1, make) is None
    assert kept.value("kind", "name", 1, make) is None
    may_end.set()
    monkeypatch.setattr(remembered, "PATIENCE_SECONDS", 60.0)
    assert (kept.value("kind", "name", 1, make), len(made)) == ("value", 1)
    assert (kept.value("kind", "name", 2, make), len(made)) == ("value", 2)
    with pytest.raises(ZeroDivisionError):
        kept.value("kind", "name", 3, lambda: str(1 // 0))
    assert kept.value("kind", "name", 3, make) == "value"
    kept.close()


def test_near_misses_are_found_and_marked(client: Client, store: Store) -> None:
    keys = save_entries(store, "The talks go on", "Nothing at all")
    page = client.get("/topics/ceasefires?near=1").text
    assert f"/entries/{keys['The talks go on']}/missed" in page
    assert keys["Nothing at all"] not in page
    back = {"topic": "ceasefires", "next": "/topics/ceasefires?near=1"}
    marked = client.post(f"/entries/{keys['The talks go on']}/missed", back).headers["location"]
    assert f"/entries/{keys['The talks go on']}/missed" not in client.get(marked).text


def test_an_empty_day_names_what_came_nearest(client: Client, store: Store) -> None:
    keys = save_entries(store, "The talks go on", "Nothing at all")
    page = client.get("/").text
    assert f'href="/entries/{keys["The talks go on"][:8]}?topic=ceasefires"' in page
    assert keys["The talks go on"][:8] not in client.get("/?topic=nowhere").text


def test_the_marks_of_a_topic_are_what_evaluate_reads(client: Client, store: Store, tmp_path: Path) -> None:
    odd = 'A ceasefire\u2028holds\x85 "quoted" \\ \U0001f54a هدنة'
    keys = save_entries(store, odd, "The talks go on")
    relevant, wrong, both = (
        replace(one, entry=replace(one.entry, title=f"{odd} {one.id}")) for one in map(alert, "abc")
    )
    save_alerts(store, relevant, wrong, both, now=NOW + HOUR)
    store.marks.mark(relevant.id, True, NOW)
    store.marks.mark(wrong.id, False, NOW)
    store.marks.mark(both.id, False, NOW)
    store.marks.add_missed("ceasefires", both.entry_key, NOW + HOUR)
    store.marks.add_missed("ceasefires", keys["The talks go on"], NOW)
    store.marks.add_missed("other", keys[odd], NOW)
    answer = client.get("/topics/ceasefires/judged.jsonl")
    file = tmp_path / "judged.jsonl"
    file.write_bytes(answer.content)
    found = {one.entry.id: (one.entry.title, one.labels["ceasefires"]) for one in judged_entries(file)}
    assert found == {
        relevant.entry_key: (relevant.entry.title, True),
        wrong.entry_key: (wrong.entry.title, False),
        both.entry_key: (both.entry.title, True),
        keys["The talks go on"]: ("The talks go on", True),
    }
    assert "judged-ceasefires.jsonl" in answer.headers["content-disposition"]
    quality = evaluate(judged_entries(file), client.site.config.topics).topics["ceasefires"]
    assert (quality.relevant, quality.found) == (3, 3)


def test_lines_of_judged_entries_end_only_at_newlines(tmp_path: Path) -> None:
    file = tmp_path / "judged.jsonl"
    file.write_text('{"id": "1", "title": "a\u2028b\u0085c", "labels": {"t": true}}\n', encoding="utf-8")
    assert [one.entry.title for one in judged_entries(file)] == ["a\u2028b\x85c"]
    file.write_text("")
    assert judged_entries(file) == []


def mark_many(store: Store) -> list[Marked]:
    """Marks ten alerts; what they suggest."""
    marked = [
        replace(one, entry=replace(one.entry, title="Envoys meet" if number % 2 else "Football results"))
        for number, one in enumerate(map(alert, "abcdefghij"))
    ]
    save_alerts(store, *marked)
    for number, one in enumerate(marked):
        store.marks.mark(one.id, bool(number % 2), NOW)
    return [Marked(one.entry, bool(number % 2)) for number, one in enumerate(marked)]


def test_a_child_suggests_what_this_process_would(client: Client, store: Store) -> None:
    marked, topic = mark_many(store), client.site.config.topics[0]
    found = suggesting.read_suggestions(store, topic)
    assert found == suggest(topic, marked)
    assert found.changes


def test_a_suggested_term_can_be_tried(client: Client, store: Store) -> None:
    mark_many(store)
    new = [
        one for one in suggesting.read_suggestions(store, client.site.config.topics[0]).changes if one.before is None
    ]
    page = html.unescape(client.get("/topics/ceasefires").text)
    assert new
    for one in new:
        assert with_query("/topics/ceasefires#try", add=one.term, weight=f"{(one.after or 0) / 100:g}") in page


def test_marks_that_take_too_much_are_no_failure(client: Client, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    mark_many(store)
    monkeypatch.setattr(suggesting, "LIMITS", Limits(memory_bytes=1_000_000))
    found = suggesting.read_suggestions(store, client.site.config.topics[0])
    assert (found.changes, found.relevant, found.others) == ((), 5, 5)
    assert found.reason


def test_the_chart_counts_alerts_by_level(client: Client, store: Store) -> None:
    save_alerts(store, alert("one"), alert("two"))
    assert "<title>2026-11-23: 2 focus, 0 mention</title>" in client.get("/topics/ceasefires").text


@pytest.mark.parametrize("counts", [(0, 0), (1, 0), (3, 4), (0, 999), (123_456, 1)])
def test_a_chart_keeps_its_height(counts: tuple[int, int]) -> None:
    days = [DayVolume(date(2026, 1, 1) + timedelta(days=n), *counts) for n in range(90)]
    chart = chart_of(days)
    for bar in chart.bars:
        assert 0 <= bar.mention_y <= CHART_HEIGHT
        assert bar.mention_y + bar.mention_height + bar.focus_height == CHART_HEIGHT
        assert (bar.focus_height > 0) == (counts[1] > 0)
    assert all(0 <= y <= CHART_HEIGHT for y, _ in chart.grid)


WRITTEN = """
topics:
  - name: one            # with a comment
    terms:
      3: [a*b, "#x"]
    # a comment inside
    near:
    - {any: [x*], of: [y*], within: 3, weight: 2}

  - name: two
    terms: {3: [bbb]}
  -
    name: three
    require: >
      a AND
      b
    terms: {3: [ccc]}
vocabulary: {places: [Homs]}
"""


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("one", "name: one            # with a comment", "- {any: [x*], of: [y*], within: 3, weight: 2}"),
     ("two", "name: two", "terms: {3: [bbb]}"), ("three", "name: three", "terms: {3: [ccc]}")],
)  # fmt: skip
def test_a_topic_is_shown_as_it_is_written(
    make_client: Callable[..., Client], name: str, first: str, last: str
) -> None:
    from watcher.config.topic_text import read_definition, written_topics

    client = make_client()
    file = client.site.settings.file
    file.write_text(WRITTEN.replace("a*b", "aaa*").replace("x*", "xxx*").replace("y*", "yyy*"))
    texts, vocabulary = written_topics(file)
    lines = texts[name].replace("xxx*", "x*").replace("yyy*", "y*").splitlines()
    assert (lines[0], lines[-1]) == (first, last)
    topic, problems = read_definition(texts[name], vocabulary)
    assert (topic.name if topic else None, problems) == (name, ())


def test_a_proposed_term_is_filled_in_and_tried(client: Client, store: Store) -> None:
    """From the entry that did not come to the form of its topic, by the link that is on the page."""
    keys = save_entries(store, "Roj camp is quiet", "An armistice is signed")
    page = client.get(f"/entries/{keys['Roj camp is quiet'][:8]}?topic=ceasefires").text
    link = html.unescape(re.findall(r'href="(/topics/ceasefires\?add=[^"]*)#try"', page)[0])
    assert parse_qs(link.partition("?")[2]) == {"add": ["Roj camp"], "weight": ["3"]}
    filled = definition_on(client, link)
    assert 'terms: {3: ["Roj camp", ceasefire*, truce*]' in filled
    tried_page = client.post("/topics/ceasefires/try", {"definition": filled}).text
    assert "+1</span> would come" in tried_page
    assert keys["Roj camp is quiet"][:8] in tried_page


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("name: a\nterms:\n  3: [b, c]  # why\n  2: [d]\n", {"b": 300, "c": 300, "d": 200, "x y": 300}),
        ("name: a\nterms:\n  2:\n    - b\nfocus: 4\n", {"b": 200, "x y": 300}),
        ("name: a\nterms:\n  3.0:\n  - b\n", {"b": 300, "x y": 300}),
        ("{name: a, terms: {3: [b]}}", {"b": 300, "x y": 300}),
        ("{name: a, query: b}", {"x y": 300}),
        ("name: a\nquery: b\n", {"x y": 300}),
    ],
)
def test_a_term_is_added_to_a_definition_as_it_is_written(text: str, terms: dict[str, int]) -> None:
    changed, problems = read_definition(with_term(text, "x y", "3"), "{}")
    assert changed is not None
    assert ({term.text: term.weight for term in changed.terms}, problems) == (terms, ())
    assert ("# why" in text) == ("# why" in with_term(text, "x y", "3"))


@pytest.mark.parametrize(
    "written", ["require: b OR c", "require: 'b OR c'", "require: >\n  b\n  OR c", "require: |\n  b OR c"]
)
def test_a_word_is_added_to_a_condition(written: str) -> None:
    text = f"name: a\n{written}\nterms: {{3: [d]}}\n"
    changed, problems = read_definition(with_term(text, "x y", ""), "{}")
    assert changed is not None
    assert (changed.require, problems) == ('(b OR c) OR "x y"', ())


@pytest.mark.parametrize(
    ("text", "weight"), [("name: a\nterms: {3: [b]}\n", ""), ("[a", "3"), ("a", "3"), ("{name: a}", "x")]
)
def test_a_definition_without_a_place_for_a_term_stays(text: str, weight: str) -> None:
    assert with_term(text, "x", weight) == text
