"""Nothing that a feed can say keeps a message from being rendered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.factories import NOW, alert, notification
from watcher.errors import NotifyReason
from watcher.model.alert import Evidence
from watcher.render.message import MAX_HTML_BYTES, MAX_TEXT_BYTES, render_message
from watcher.text.printable import safe_link

MOMENTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(1, 1, 1),  # noqa: DTZ001
    datetime(9999, 12, 31, 23, 59, 59),  # noqa: DTZ001
    NOW + timedelta(days=4_000),
]
ZONES = ["UTC", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu"]
HONEST = alert("The agency's alert", name="honest", score=900)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("zone", ZONES)
def test_any_date_in_any_zone(moment: datetime, zone: str) -> None:
    odd = replace(alert("Odd", name="odd"), first_seen=moment)
    odd = replace(odd, entry=replace(odd.entry, published=moment))
    message = render_message(notification(odd, HONEST), zone=zone)
    assert {one.title for one in message.items} == {"Odd", "The agency's alert"}
    assert message.unrendered == ()


ANY = st.text(max_size=60) | st.sampled_from(
    ["\x00" * 50, "\ud800", "\u202e" * 99, "x" * 300_000, "ا" * 90_000, "\n" * 99]
)
RANGES = st.lists(st.tuples(st.integers(-9, 99), st.integers(-9, 99)), max_size=6).map(tuple)
EVIDENCE = st.lists(
    st.builds(
        Evidence,
        ANY,
        st.sampled_from(["title", "lead", "rest", ""]),
        st.integers(0, 9),
        st.integers(-99, 999),
        ANY,
        RANGES,
    ),
    max_size=5,
).map(tuple)


@settings(max_examples=60, deadline=None)
@given(title=ANY, body=ANY, link=ANY, feed=ANY, evidence=EVIDENCE, zone=st.sampled_from(ZONES))
def test_any_text(title: str, body: str, link: str, feed: str, evidence: tuple[Evidence, ...], zone: str) -> None:
    odd = alert("odd", link=link, feed=feed, name="odd", sources=[feed, title])
    odd = replace(odd, evidence=evidence, topic_title=feed, entry=replace(odd.entry, title=title, content=body))
    message = render_message(notification(odd, HONEST), zone=zone)
    assert "The agency's alert" in message.text
    assert len(message.html.encode("utf-8", "replace")) <= MAX_HTML_BYTES
    assert len(message.text.encode("utf-8", "replace")) <= MAX_TEXT_BYTES
    assert message.unrendered == ()


class Unrenderable(str):
    """A title that no rule foresees."""

    def translate(self, *_: object) -> str:
        raise OverflowError

    __len__ = translate  # type: ignore[assignment]
    __getitem__ = translate  # type: ignore[assignment]
    __bool__ = translate


def test_one_that_cannot_be_rendered_is_left_out_with_a_note() -> None:
    bad = alert("bad", name="bad")
    bad = replace(bad, evidence=(Evidence(Unrenderable("x"), "title", 1, 100, "x"),))
    message = render_message(notification(bad, HONEST), zone="UTC")
    assert message.unrendered == (bad.id,)
    assert [one.title for one in message.items] == ["The agency's alert"]
    assert "could not be rendered" in message.text
    assert "could not be rendered" in message.html
    assert message.listed == {HONEST.id}
    assert message.omitted == 1
    alone = render_message(notification(bad), zone="UTC")
    assert (alone.items, alone.unrendered) == ((), (bad.id,))
    assert "could not be rendered" in alone.subject
    assert render_message(notification(reason=NotifyReason.TEST), zone="UTC").unrendered == ()


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://www.bbc.com@evil.example/x", "https://evil.example/x"),
        ("https://user:pw@news.example:8443/x?a=b#c", "https://news.example:8443/x?a=b#c"),
        ("https://аррӏе.com/login", "https://xn--80ak6aa92e.com/login"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/ä"),
        ("https://news.example/@writer/1", "https://news.example/@writer/1"),
        ("https://" + "a" * 70 + "ä.example/", ""),
        ("https://@/", ""),
        ("https://www.bbc.com%40evil.example/", ""),
        ("https://www.bbc.com\\@evil.example/", "https://evil.example/"),
        ("https://①②⑦.0.0.1/", "https://127.0.0.1/"),
        ("https://evil。com/", "https://evil.com/"),
    ],
)
def test_a_link_shows_where_it_leads(link: str, shown: str) -> None:
    assert safe_link(link) == shown
