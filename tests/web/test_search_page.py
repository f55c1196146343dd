"""The search page, and the index that the process of the pages keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.harness.store_samples import ASSIGNER, FEED, NOW, acquire_one, alert, identified, notify_all, poll
from tests.harness.web import Client
from watcher.model.entry import EntryDecision
from watcher.search.fill import Filler
from watcher.search.index import EntryIndex, open_index
from watcher.store.store import Store
from watcher.web.filling import IDLE, fill_batch

HOSTILE = '<script>alert(1)</script> "onmouseover="x'


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EntryIndex]:
    opened = open_index("sqlite:///watcher.db", base=tmp_path)
    yield opened
    opened.close()


def add(store: Store, *names: str, with_alert: str = "") -> None:
    found = [identified(name, text=f"text of {name}") for name in names]
    alerts = (alert(with_alert),) if with_alert else ()
    now = NOW + timedelta(minutes=store.entries.number_range()[1])
    record = replace(poll(acquire_one(store, FEED, now), now), decision=EntryDecision(new=tuple(found)), alerts=alerts)
    store.polls.save("me", [record], now, notify_all, ASSIGNER)


@pytest.fixture
def searched(make_client: Callable[..., Client], store: Store, index: EntryIndex) -> Client:
    """A site with two entries, one of which has an alert, and 60 others."""
    add(store, "quiet", "loud", with_alert="loud")
    add(store, *(f"many {number}" for number in range(60)))
    client = make_client()
    client.site.index = index
    Filler(store, index).step(NOW + timedelta(days=1))
    return client


def test_a_hit_leads_to_its_alert_or_says_that_it_has_none(searched: Client) -> None:
    page = searched.get("/search?q=title:quiet").text
    assert "Title quiet" in page
    assert "Title loud" not in page
    assert f"/alerts/{alert('loud').id[:8]}" in searched.get("/search?q=loud").text
    assert "1 entry · newest first" in searched.get("/search?q=loud&alerted=focus").text
    assert "Title loud" not in searched.get("/search?q=loud&alerted=no").text


def test_it_says_what_was_understood_and_which_words_no_entry_has(searched: Client) -> None:
    page = searched.get("/search?q=loud+OR+zebra+ab*&feed=Example").text
    assert "loud OR (zebra AND =ab) AND feed:example" in page.replace("&#34;", '"') or "feed:example" in page
    assert "No entry has" in page
    assert "zebra" in page
    assert "three letters" in page


def test_pages_follow_each_other(searched: Client) -> None:
    first = searched.get("/search?q=many").text
    assert "60 entries · newest first" in first
    assert first.count("data-story") == 50
    (link,) = [part.split('"')[0] for part in first.split('href="') if "before=" in part.split('"')[0]]
    second = searched.get(link.replace("&amp;", "&")).text
    assert second.count("data-story") == 10
    assert "Older entries" not in second


@pytest.mark.parametrize(
    "query", ["q=", "q=%28%28%28%22", "before=x", "q=a&before=" + "9" * 40, "from=yesterday", "lang=!"]
)
def test_any_request_is_answered(searched: Client, query: str) -> None:
    assert searched.get(f"/search?{query}").status_code == 200


def test_a_hostile_query_and_title_stay_text(searched: Client, store: Store) -> None:
    add(store, HOSTILE)
    page = searched.get("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E+script").text
    assert "<script>alert" not in page
    assert "onmouseover=&#34;x" in page or 'onmouseover="x' not in page


def test_the_process_of_the_pages_fills_the_index(searched: Client, index: EntryIndex, store: Store) -> None:
    add(store, "late")
    before = index.missing(range(1, 64))
    assert before == [63]

    assert fill_batch(searched.site, Filler(store, index)) == IDLE
    assert index.missing(range(1, 64)) == []
    assert searched.site.index_to_go == 0
