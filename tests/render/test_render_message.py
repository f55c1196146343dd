"""What a message says: subject, order, evidence, both parts, size, and the webhook's payload."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from tests.harness.factories import BODY, NOW, TITLE, alert, marked, notification
from watcher.errors import NotifyReason
from watcher.model.alert import Alert, Opinion, OpinionKind
from watcher.model.topic import Level
from watcher.render.dates import age
from watcher.render.digest import bars
from watcher.render.digest_context import DigestContext
from watcher.render.highlight import beside_score, why
from watcher.render.message import MAX_HTML_BYTES, MAX_TEXT_BYTES, render_message


def render(*alerts: Alert, zone: str = "Europe/Istanbul", reason=NotifyReason.DIGEST, omitted: int = 0, **more):
    return render_message(notification(*alerts, reason=reason, omitted=omitted), zone=zone, **more)


class Page(HTMLParser):
    """Collects the text, the links and the tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.marks: list[str] = []
        self._in_mark = False
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action", "background"}]
        self._in_mark = tag == "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_mark:
            self.marks.append(data)
            self._in_mark = False


class TestSubject:
    def test_says_the_most_important_thing(self) -> None:
        weak = alert("Prison reform debated", level=Level.MENTION, score=900, name="weak")
        strong = alert(TITLE, score=800, name="strong")
        assert render(weak, strong).subject == f"Detention facilities: {TITLE} (+1 more)"

    def test_counts_what_is_not_listed(self) -> None:
        assert render(alert(), omitted=40).subject.endswith("(+40 more)")

    def test_is_cut_at_a_word(self) -> None:
        subject = render(alert("word " * 80)).subject
        assert len(subject) < 150
        assert subject.endswith("word…")

    def test_of_a_test_says_so(self) -> None:
        assert render(reason=NotifyReason.TEST).subject.startswith("Test: ")


class TestOrder:
    def test_topics_go_by_weight_and_lines_by_points(self) -> None:
        alerts = [
            alert("C one", topic="c", topic_title="Ceasefires", score=550, name="1"),
            alert("D small", topic="d", topic_title="Detention", score=600, name="2"),
            alert("D big", topic="d", topic_title="Detention", score=900, name="3"),
            alert("E mention", topic="e", topic_title="Elections", score=9_000, level=Level.MENTION, name="4"),
        ]
        text = render(*alerts).text
        places = [text.index(part) for part in ("Detention", "D big", "D small", "Ceasefires", "C one", "Elections")]
        assert places == sorted(places)

    def test_lines_of_a_level_may_go_by_publishers(self) -> None:
        alerts = [
            replace(alert("Told by one", score=900, name="1"), publishers=1),
            replace(alert("Told by four", score=550, name="2"), publishers=4),
            replace(alert("Told by four, better", score=700, name="3"), publishers=4),
            replace(alert("Mentioned by nine", score=400, level=Level.MENTION, name="4"), publishers=9),
        ]
        titles = [item.title for item in render(*alerts, rank="publishers").items]
        assert titles == ["Told by four, better", "Told by four", "Told by one", "Mentioned by nine"]
        assert render(*alerts).items[0].title == "Told by one"

    def test_a_story_is_one_line_that_names_everybody(self) -> None:
        alerts = [
            alert("Camp emptied", story="s", feed="UN News", sources=["BBC"], name="1", score=900),
            alert("The camp is empty", story="s", feed="AFP", name="2", score=700),
        ]
        message = render(*alerts)
        (item,) = message.items
        assert (item.title, item.source, item.also) == ("Camp emptied", "UN News", ("BBC", "AFP"))
        assert "also reported by BBC, AFP" in message.text


class TestEvidence:
    def test_the_words_that_matched_are_marked_in_title_and_passage(self) -> None:
        page = Page(render(alert()).html)
        assert page.marks == ["escaped", "prison", "escaped", "prison"]
        assert "*escaped* from the *prison*" in render(alert()).text

    def test_the_parts_of_the_score_add_up(self) -> None:
        (item,) = render(alert(score=740)).items
        assert item.why == "prison* in title: 3 + prison* in lead ×2: 4.4 = 7.4"
        assert item.score == "7.4"

    def test_a_long_text_is_quoted_around_the_first_marked_word(self) -> None:
        long_body = "before " * 200 + "the prison stands " + "after " * 200
        quote = "".join(text for text, _ in render(alert(body=long_body)).items[0].quote)
        assert len(quote) < 300
        assert quote.startswith("… before")
        assert " prison " in quote
        assert quote.endswith("after …")

    def test_evidence_without_a_passage_is_no_quote(self) -> None:
        assert render(alert(body="")).items[0].quote == ()

    def test_ranges_that_lie_outside_or_overlap_do_no_harm(self) -> None:
        strange = alert()
        bad = marked("lead", BODY, "x", 440)
        bad = type(bad)(bad.term, bad.field, 1, 440, BODY, ((-5, 3), (2, 9), (90, 5_000), (7, 7), (9_000, 9_001)))
        quote = render(_with_evidence(strange, bad)).items[0].quote
        assert "".join(text for text, _ in quote) == BODY


def _with_evidence(one: Alert, *parts) -> Alert:
    return Alert(**{name: getattr(one, name) for name in Alert.__slots__} | {"evidence": parts})


class TestTimes:
    def test_are_shown_in_the_readers_zone(self) -> None:
        istanbul, kathmandu = render(alert()), render(alert(), zone="Asia/Kathmandu")
        assert "Sat 24 Jan, 04:00" in istanbul.text
        assert "Saturday, 24 January 2026, 07:00 (Europe/Istanbul)" in istanbul.text
        assert "Sat 24 Jan, 06:45" in kathmandu.text

    def test_every_attempt_carries_the_same_message(self) -> None:
        told = notification(alert())
        assert render_message(told, zone="UTC") == render_message(told, zone="UTC")
        assert render_message(told, zone="UTC", now=told.created_at) == render_message(told, zone="UTC")

    @pytest.mark.parametrize(
        ("passed", "text"),
        [
            (timedelta(seconds=20), "just now"),
            (timedelta(minutes=59), "59 min ago"),
            (timedelta(hours=47), "47 h ago"),
            (timedelta(days=3), "3 d ago"),
            (-timedelta(minutes=2), "just now"),
            (-timedelta(days=2), ""),
        ],
    )
    def test_ages(self, passed: timedelta, text: str) -> None:
        assert age(NOW - passed, NOW) == text

    def test_an_undated_entry_is_as_old_as_our_knowledge_of_it(self) -> None:
        assert render(alert(published=None)).items[0].age == "2 h ago"


class TestSize:
    def test_the_html_part_stays_below_the_limit_and_says_what_is_missing(self) -> None:
        alerts = [alert(f"Number {index} " + "word " * 30, body=BODY * 4, name=str(index)) for index in range(400)]
        told = notification(*alerts)
        message = render_message(told, zone="UTC", max_full=1_000)
        assert len(message.html.encode()) <= MAX_HTML_BYTES
        assert len(message.text.encode()) <= MAX_TEXT_BYTES
        assert len(message.items) == 400
        assert message.listed is not None
        assert 250 < len(message.listed) < 400
        assert {one.id for one in told.alerts if one.id[:8] in message.text + message.html} == message.listed
        left_out = 400 - sum(one.id[:8] in message.text for one in told.alerts)
        assert f"… and {left_out} more: watcher alerts list --state omitted" in message.text
        assert "watcher alerts list --state omitted" in Page(message.html).text
        assert message.subject.endswith("(+399 more)")

    def test_three_hundred_alerts_of_ordinary_length_are_all_listed(self) -> None:
        alerts = [alert(f"Guards fled from prison number {index}", name=str(index)) for index in range(300)]
        message = render(*alerts)
        assert message.listed == {one.id for one in alerts}
        assert all(one.entry.title in message.text for one in alerts)
        assert len(message.html.encode()) <= MAX_HTML_BYTES
        assert "watcher alerts list" not in message.text

    def test_one_monstrous_alert_is_still_a_message(self) -> None:
        message = render(alert("x" * 100_000, feed="y" * 100_000, body="z" * 100_000))
        assert len(message.html.encode()) <= MAX_HTML_BYTES
        assert len(message.items) == 1

    def test_the_overflow_says_how_many_and_shows_the_best(self) -> None:
        alerts = [alert(f"Number {index}", score=500 + index, name=str(index)) for index in range(20)]
        message = render(*alerts, reason=NotifyReason.OVERFLOW, omitted=9_970)
        assert "9,990 alerts beyond this route's budget" in message.text
        assert message.items[0].title == "Number 19"
        assert message.omitted == 9_970


class TestSurroundings:
    around = DigestContext({"detention-facilities": [0, 1, 2, 40]}, ("Daily <b>Sabah</b>: not reachable since Monday",))

    def test_bars_and_notes_are_plain_html(self) -> None:
        page = Page(render(alert(), context=self.around).html)
        assert page.tags.count("td") == 4
        assert "img" not in page.tags
        assert "Daily <b>Sabah</b>: not reachable since Monday" in page.text

    def test_bars_are_in_proportion_and_any_alert_shows(self) -> None:
        assert [(bar.count, bar.height) for bar in bars([0, 1, 14, 28])] == [(0, 0), (1, 2), (14, 14), (28, 28)]
        assert len(bars(range(30))) == 14
        assert bars([0, 0]) == ()

    def test_the_text_part_has_the_notes_and_the_days_too(self) -> None:
        text = render(alert(), context=self.around).text
        assert "not reachable since Monday" in text
        days = self.around.history["detention-facilities"]
        assert f"alerts a day, last {len(days)} days: {' '.join(map(str, days))}\n" in text


def test_nothing_is_loaded_from_anywhere() -> None:
    html = render(alert(link="")).html
    assert Page(html).links == []
    assert not re.search(r"url\(|@import|<link|<script|<img", html)


def test_right_to_left_texts_stand_by_themselves() -> None:
    message = render(alert("هروب سجناء من سجن في الحسكة", feed="وكالة الأنباء", topic_title="السجون"))
    page = Page(message.html)
    assert page.attributes.count(("dir", "auto")) >= 3
    assert "bdi" in page.tags
    for line in message.text.splitlines():
        assert line.count("\u2068") == line.count("\u2069")
    assert "\u2068هروب سجناء من سجن في الحسكة\u2069" in message.text


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        ("سجن*", "\u2068سجن*\u2069"),
        ("prison*", "prison*"),
        ("سجن* … SDF, prison* … قسد", "\u2068سجن*\u2069 … SDF, prison* … \u2068قسد\u2069"),
    ],
)
def test_the_words_that_matched_keep_their_place_in_the_line_that_says_why(term: str, shown: str) -> None:
    message = render(_with_evidence(alert(), marked("title", TITLE, "prison", 740, term)))
    assert f"why: {shown} in title: 7.4 = 7.4" in message.text
    assert f"why: {shown} in title: 7.4 = 7.4" in message.html


def test_the_payload_has_the_documented_shape() -> None:
    one = alert(sources=["BBC"])
    told = notification(one, labels={"topic": "detention-facilities"})
    body = render_message(told, zone="UTC").payload
    assert json.loads(json.dumps(body)) == {
        "type": "alerts",
        "timestamp": "2026-01-24T04:00:00Z",
        "data": {
            "receiver": "desk",
            "reason": "digest",
            "group": {"topic": "detention-facilities"},
            "alerts": [
                {
                    "id": one.id,
                    "topic": "detention-facilities",
                    "level": "focus",
                    "score": 7.4,
                    "focus": 5.0,
                    "evidence": [
                        {"term": "prison*", "field": "title", "count": 1, "points": 3.0, "text": TITLE},
                        {"term": "prison*", "field": "lead", "count": 2, "points": 4.4, "text": BODY},
                    ],
                    "entry": {
                        "id": "1",
                        "title": TITLE,
                        "link": "https://news.example/a?b=1&c=2",
                        "published": "2026-01-24T01:00:00Z",
                        "feed": {"url": "https://news.example/feed", "title": "UN News"},
                    },
                    "story": {"id": "story-1", "sources": ["UN News", "BBC"]},
                }
            ],
        },
    }


def test_what_is_beside_the_score_is_in_the_message_and_no_point_of_it() -> None:
    opinions = (
        Opinion(OpinionKind.MEANING, favours=True, value=14, least=8),
        Opinion(OpinionKind.SECOND_LOOK, favours=True, quote="guns\nfell <silent>"),
    )
    plain = alert()
    one = replace(plain, opinions=opinions, lifted_by=OpinionKind.MEANING)
    first, second = beside_score(one)
    assert ("0.14" in first, "0.08" in first, "guns fell <silent>" in second) == (True, True, True)
    assert first.startswith("a mention by")
    assert why(one) == "; ".join((why(plain), first, second))
    assert beside_score(replace(plain, entry=replace(plain.entry, from_page=True))) != []
    assert why(replace(one, evidence=(), score=0)) == f"{first}; {second}"
    assert beside_score(plain) == []
    (sent,) = render(one).payload["data"]["alerts"]
    assert (sent["lifted_by"], [opinion["value"] for opinion in sent["opinions"]]) == ("meaning", [0.14, 0.0])
    assert first in render(one).text
