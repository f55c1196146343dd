"""What a page costs does not grow with the store: no page reads a whole large table, nor asks more for more rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bench.page_requests import Known, asked_pages, missing_routes
from tests.harness.store_samples import FEED, HOUR, NOW, alert, frozen, save_alerts
from tests.harness.web import Client, fill_with_history
from watcher.model.alert import Alert
from watcher.model.notification import DeliveryState
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.queries import today
from watcher.store.store import Store
from watcher.views.feeds import feed_id
from watcher.web.app import all_pages
from watcher.web.pages import outbox

LARGE = ("entries", "seen", "alerts", "deliveries", "notifications", "attempts", "story_members")
"""Tables that grow with what was read and sent; the others have rows for feeds, groups, nodes, and what users did."""


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """Every statement that pages execute, with its parameters."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("SELECT", "WITH")):
            heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


@pytest.fixture
def history(store: Store) -> Alert:
    return fill_with_history(store)


def addresses(store: Store, history: Alert) -> list[str]:
    """Every page and list. Not `/api/alerts?feed=`: no engine folds names as we do, so it reads back until it has enough."""
    (message,) = store.outbox.newest(limit=1)
    matchers = (Matcher("story", "=", history.story),)
    store.silences.add(Silence("5" * 32, matchers, "ada", "known", NOW, NOW + HOUR, NOW))
    fixed = [
        "/", "/?q=plain&days=14", "/explain", "/api", "/topics/ceasefires/judged.jsonl", "/silences/55555555",
        "/?days=14&topic=ceasefires&level=focus&judged=no", f"/?before={history.id}", "/now?since=1", "/topics",
        "/topics/ceasefires", "/topics/ceasefires?near=1", "/topics/ceasefires.svg", "/feeds?q=a", "/feeds?state=issues",
        "/outbox", "/outbox?state=dead", "/outbox?state=ready", "/outbox?state=sent", "/silences", "/routes", "/status",
        "/search?q=", "/search?q=prison+feed:a+from:2026-01-01+to:2026-12-31", "/feeds/all.atom",
        "/topics/ceasefires.json", "/routes/root.json", "/silences/new?more=level%3D%22focus%22&for=1h", "/acts", "/settings",
        "/api/alerts", "/api/alerts?topic=ceasefires&level=focus&folded=no", "/api/alerts?marked=relevant",
        "/api/alerts?marked=unmarked", f"/api/alerts?story={history.story}", "/api/topics",
        "/api/topics/ceasefires/volume", "/api/stories", "/api/entries?q=prison", "/api/feeds", "/api/outbox",
        f"/api/outbox?before={message.key}", "/api/silences", "/api/status",
    ]  # fmt: skip
    of_one = [
        f"/alerts/{history.id}", f"/entries/{history.entry_key}", f"/outbox/{message.key}", f"/feeds/{feed_id(FEED)}",
        f"/silences/new?alert={history.id}", f"/api/alerts/{history.id}", f"/api/alerts?before={history.id}",
        f"/api/entries/{history.entry_key}", f"/api/entries/{history.entry_key}/explain", f"/api/outbox/{message.key}",
    ]  # fmt: skip
    return fixed + of_one + [f"/api/alerts?state={state.value}" for state in DeliveryState]


def test_no_page_reads_a_whole_table(client: Client, store: Store, history: Alert, tmp_path: Path) -> None:
    wrong: list[str] = []
    with closing(sqlite3.connect(tmp_path / "watcher.db")) as connection:
        for address in addresses(store, history):
            client.site.forget_counts()
            with asked() as heard:
                assert client.get(address).status_code == 200, address
            for statement, parameters in heard:
                steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
                wrong += [f"{address}: {step}\n{statement}" for step in steps if reads_all(step, statement)]
    assert "\n".join(wrong) == ""


def reads_all(step: str, statement: str) -> bool:
    """Whether a step of a plan reads a whole large table. With a limit, walking an index begins where it must and stops;
    an index of what waits or failed has nothing else.
    """
    if not any(step == f"SCAN {table}" or step.startswith(f"SCAN {table} ") for table in LARGE):
        return False
    is_small = "_unfinished" in step or any(
        f"deliveries_{one}" in step for one in ("waiting", "held", "dead", "silenced")
    )
    return not is_small and "LIMIT" not in statement


@pytest.mark.parametrize("path", ["/", "/topics", "/topics/ceasefires", "/feeds", "/outbox", "/status", "/api/alerts"])
def test_more_rows_are_no_more_statements(client: Client, store: Store, history: Alert, path: str) -> None:
    def statements() -> int:
        client.site.forget_counts()
        with asked() as heard:
            client.get(path)
        return len(heard)

    few = statements()
    more = [alert(f"more {number}") for number in range(20)]
    save_alerts(store, *more, now=NOW + HOUR)
    store.marks.mark(more[0].id, True, NOW + HOUR)
    frozen(store, alert("another"), now=NOW + HOUR + timedelta(minutes=5))
    # Suggestions are made again after a mark, from what was marked and what was missed.
    assert statements() <= few + (2 if path == "/topics/ceasefires" else 0)


def test_lists_go_on_until_everything_was_shown(
    client: Client, store: Store, history: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(today, "MOST_ALERTS", 1)
    monkeypatch.setattr(outbox, "ROWS", 1)
    frozen(store, alert("later"), now=NOW + timedelta(minutes=2))
    assert pages_from(client, "/") == 4
    assert pages_from(client, "/outbox") == 2


def pages_from(client: Client, path: str) -> int:
    """How many pages a list has, following its link."""
    seen: set[str] = set()
    while path:
        assert path not in seen
        seen.add(path)
        text = client.get(path).text
        _, _, rest = text.partition('<p class="pager"><a class="button" href="')
        path = rest.partition('"')[0].replace("&amp;", "&") if 'rel="next"' in rest else ""
    return len(seen)


def test_a_list_of_the_api_goes_on_by_key(client: Client, store: Store, history: Alert) -> None:
    frozen(store, alert("later"), now=NOW + timedelta(minutes=2))
    assert keys_of(client, "/api/outbox?limit=1", "key") == keys_of(client, "/api/outbox", "key")
    assert keys_of(client, "/api/alerts?limit=1", "id") == keys_of(client, "/api/alerts", "id")
    assert keys_of(client, "/api/feeds?limit=1", "id") == keys_of(client, "/api/feeds", "id")


def keys_of(client: Client, path: str, name: str) -> list[str]:
    found: list[str] = []
    while path:
        answer = client.get(path).json()
        found += [one[name] for one in answer["items"]]
        path = answer["next"]
    assert len(found) == len(set(found)) > 0
    return found


def test_the_bench_asks_for_every_page() -> None:
    some = ("0" * 32,) * 2
    sentence = ("Kab lom nim tes, gor pel.",) * 2
    known = Known(
        now=NOW, topics=("ceasefires", "other"), definitions=("", ""), alerts=some, entries=some, messages=some,
        dead=some * 2, silences=some, feeds=some, assets=("style.css",),
        sentences=dict.fromkeys(("en", "ar", "zh", "ja", "th"), sentence), common=("kab",), numbers=(1, 9),
    )  # fmt: skip
    requests = asked_pages(known)
    assert missing_routes(all_pages(), requests) == []
    del requests["judged"]
    assert missing_routes(all_pages(), requests) == ["GET /topics/{name}/judged.jsonl"]
