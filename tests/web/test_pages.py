"""Each page on a store with hostile texts; and what the buttons do."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.harness.servers import FakeClock
from tests.harness.store_samples import (
    CHAT,
    DIGEST,
    FEED,
    HOUR,
    NOW,
    PROMPT,
    alert,
    fold_copies,
    frozen,
    route_to,
    save_alerts,
)
from tests.harness.web import BASE, Client, fill_with_history, served_config, site_of
from watcher.errors import AttemptReason
from watcher.model.act import Deed
from watcher.model.alert import Alert
from watcher.model.notification import GroupKey, NotificationState, TryAgain
from watcher.model.route import ChannelRef
from watcher.model.silence import Silence
from watcher.model.topic import Level
from watcher.search.query import parse
from watcher.store.store import Store
from watcher.views.feeds import feed_id
from watcher.views.outbox import REMEDIES
from watcher.web.app import all_pages, keep_configured
from watcher.web.handover import Handover
from watcher.web.pages.status import SEARCHES
from watcher.web.rendering import FILTERS


@pytest.fixture
def history(store: Store) -> Alert:
    return fill_with_history(store)


class Outline(HTMLParser):
    """What a page consists of: tags that are open at its end, scripts, styles, handlers, links."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr", "rect", "line"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.bad: list[str] = []
        self.headings = 0
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        self.headings += tag == "h1"
        self.bad += [f"{tag} {name}" for name, _ in attrs if name.startswith("on") or name in {"style", "srcdoc"}]
        if tag == "script" and not (named.get("src") or "").startswith("/assets/"):
            self.bad.append("script")
        for name in ("href", "src", "action", "formaction"):
            value = named.get(name) or ""
            if value and not value.startswith(("/", "#", "https://e.example/", "https://example.org/")):
                self.bad.append(f"{name}={value}")
            if tag == "a" and name == "href" and value.startswith("/"):
                self.links.add(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def outline_of(text: str) -> Outline:
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    return outline


def test_every_page_is_well_formed_and_texts_of_feeds_do_not_act(client: Client, history: Alert) -> None:
    """Follows every link from the first page on, as somebody would who looks at everything."""
    seen: dict[str, str] = {}
    todo = ["/", "/help", "/search", f"/silences/new?alert={history.id[:8]}", "/routes?labels=level%3Dfocus"]
    while todo:
        path = todo.pop().partition("#")[0]
        if path in seen or len(seen) > 80:
            continue
        answer = client.get(path)
        if path == "/search" and answer.status_code == 404:
            continue
        assert answer.status_code == 200, path
        seen[path] = answer.text
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        outline = outline_of(answer.text)
        assert outline.bad == [], path
        assert outline.headings == 1, path
        assert "\u202e" not in answer.text
        assert "<script>alert" not in answer.text
        todo += outline.links
    shapes = {re.sub(r"[0-9a-f]{8,32}", "ID", path.partition("?")[0]) for path in seen}
    assert {"/", "/alerts/ID", "/entries/ID", "/feeds", "/feeds/ID", "/outbox", "/outbox/ID", "/silences"} <= shapes


def test_pages_of_an_empty_store(client: Client) -> None:
    for page in all_pages():
        if page.method == "GET" and "{" not in page.path and page.path not in {"/sign-in", "/now"}:
            answer = client.get(page.path)
            assert answer.status_code == 200, page.path


@pytest.mark.parametrize("path", ["/alerts/ffffffff", "/entries/ffffffff", "/feeds/ffffffff", "/outbox/ffffffff"])
def test_what_is_gone_is_a_404_that_says_so(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_no_secret_is_on_any_page(make_client: Callable[..., Client], store: Store) -> None:
    client = make_client("smtp: {host: h.example, from: a@example.org, username: u, password: hunter2-secret}\n")
    pages = (client.get(page.path).text for page in all_pages() if page.method == "GET" and "{" not in page.path)
    assert not any("hunter2-secret" in text for text in pages)


def test_a_mark_is_kept_and_the_last_word_counts(client: Client, store: Store, history: Alert) -> None:
    first = client.post(f"/alerts/{history.id[:8]}/mark", {"verdict": "relevant", "next": "/?days=2#aabc"})
    assert (first.status_code, first.headers["location"]) == (303, "/?days=2&done=relevant#aabc")
    assert store.marks.of_alerts([history.id]) == {history.id: True}
    client.post(f"/alerts/{history.id}/mark", {"verdict": "irrelevant"})
    assert store.marks.of_alerts([history.id]) == {history.id: False}
    assert client.post(f"/alerts/{history.id}/mark", {"verdict": "maybe"}).status_code == 400
    page = client.get("/").text
    assert 'value="unmarked" aria-pressed="true" data-key="x"' in page
    taken_back = client.post(f"/alerts/{history.id}/mark", {"verdict": "unmarked"})
    assert (taken_back.headers["location"][-8:], store.marks.of_alerts([history.id])) == ("unmarked", {})
    assert 'aria-pressed="true"' not in client.get("/").text
    assert store.acts.newest(1)[0].deed is Deed.UNMARK


@pytest.mark.parametrize("next_path", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)",
                                       "/\n/evil.example", "\\\\evil.example", "/\tx", ""])  # fmt: skip
def test_a_redirect_stays_here(client: Client, history: Alert, next_path: str) -> None:
    answer = client.post(f"/alerts/{history.id}/mark", {"verdict": "relevant", "next": next_path})
    assert answer.headers["location"] == f"/alerts/{history.id[:8]}?done=relevant"


def test_reading_changes_nothing(client: Client, store: Store, history: Alert) -> None:
    for path in (f"/alerts/{history.id}/mark", "/outbox/retry", "/silences/abcdabcd/expire"):
        assert client.get(path).status_code in {404, 405}
    assert store.marks.of_alerts([history.id]) == {}


def test_an_entry_is_marked_as_missed_and_that_is_taken_back(client: Client, store: Store) -> None:
    one = alert("quiet", topic="other")
    save_alerts(store, one)
    path = f"/entries/{one.entry_key[:8]}"
    assert client.post(f"{path}/missed", {"topic": "nowhere"}).status_code == 400
    assert client.post(f"{path}/missed", {"topic": "ceasefires"}).status_code == 303
    assert "<option" not in client.get(path).text.partition("Should it have alerted?")[2]
    assert [(missed.topic, missed.key) for missed in store.marks.missed()] == [("ceasefires", one.entry_key)]
    assert client.post(f"{path}/missed", {"topic": "ceasefires", "undo": "1"}).status_code == 303
    assert store.marks.missed() == []


def test_an_entry_with_an_alert_was_not_missed(client: Client, store: Store, history: Alert) -> None:
    answer = client.post(f"/entries/{history.entry_key}/missed", {"topic": "ceasefires"})
    assert answer.status_code == 409
    assert store.marks.missed() == []


def test_a_dead_message_is_retried_and_dropped(client: Client, store: Store, history: Alert) -> None:
    (dead,) = store.outbox.newest(state=NotificationState.DEAD)
    assert client.post("/outbox/retry", {"channel": str(CHAT)}).headers["location"] == "/outbox?done=unchanged"
    assert client.post(f"/outbox/{dead.key[:8]}/retry").headers["location"].endswith("?done=retried")
    assert store.outbox.find(dead.key).state is NotificationState.READY  # type: ignore[union-attr]
    assert client.post(f"/outbox/{dead.key}/drop").headers["location"].endswith("?done=dropped")
    assert store.outbox.dropped([dead.key]) == {dead.key}
    assert client.post(f"/outbox/{dead.key}/drop").headers["location"].endswith("?done=unchanged")


def test_a_message_in_its_frame_can_do_nothing(client: Client, store: Store, history: Alert) -> None:
    (dead,) = store.outbox.newest(state=NotificationState.DEAD)
    answer = client.get(f"/outbox/{dead.key}/message")
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'self'"} <= set(policy.split("; "))
    assert "<script" not in answer.text
    text = client.get(f"/outbox/{dead.key}/text")
    assert text.headers["content-type"].startswith("text/plain")
    assert "https://e.example/1" in text.text


def test_a_silence_is_previewed_then_kept_then_ended(
    client: Client, store: Store, history: Alert, web_clock: FakeClock
) -> None:
    fields = {"alert": history.id[:8], "m_topic": 'topic="ceasefires"', "for": "3h"}
    assert "It matches 3 of 3 alerts" in client.get(f"/silences/new?{_query(fields)}").text
    assert client.post("/silences", fields).status_code == 400  # without a reason
    assert store.silences.ending_after(NOW) == []
    assert client.post("/silences", fields | {"why": "known"}).status_code == 303
    (kept,) = store.silences.ending_after(NOW)
    assert [str(one) for one in kept.matchers] == ['topic="ceasefires"']
    assert (kept.comment, kept.ends_at) == ("known", web_clock.now() + 3 * HOUR)
    assert client.post(f"/silences/{kept.id[:8]}/expire").headers["location"] == "/silences?done=expired"
    assert store.silences.ending_after(web_clock.now()) == []


def test_a_silence_has_a_page_until_it_is_long_over(
    client: Client, store: Store, history: Alert, web_clock: FakeClock
) -> None:
    client.post("/silences", {"m_topic": 'topic="ceasefires"', "for": "3h", "why": "known"})
    (kept,) = store.silences.ending_after(NOW)
    page = client.get(f"/silences/{kept.id[:8]}").text
    assert f"/silences/{kept.id}/expire" in page
    assert f'href="/alerts/{history.id[:8]}"' in page
    assert f'href="/silences/{kept.id[:8]}"' in client.get("/acts").text
    assert client.get(f"/silences/{kept.id[:4]}").status_code == 404
    web_clock.set(NOW + timedelta(days=2))
    assert "/expire" not in client.get(f"/silences/{kept.id}").text
    web_clock.set(NOW + timedelta(days=16))
    assert client.get(f"/silences/{kept.id}").status_code == 404


@pytest.mark.parametrize(("ends", "shown"), [("2026-12-01", "Tue 1 Dec, "), ("2029-08-26", "Sun 26 Aug 2029, ")])
def test_a_moment_of_another_year_has_its_year(client: Client, store: Store, ends: str, shown: str) -> None:
    store.silences.add(Silence("5" * 32, (), "ada", "talks", NOW, datetime.fromisoformat(f"{ends}T12:00Z"), NOW))
    assert shown in client.get("/silences").text


@pytest.mark.parametrize("fields", [{}, {"more": "nonsense"}, {"more": "\n".join(f'a="{n}"' for n in range(12))},
                                    {"more": 'feed=~"("'}])  # fmt: skip
def test_a_silence_of_nothing_is_refused(client: Client, store: Store, fields: dict[str, str]) -> None:
    assert client.post("/silences", {**fields, "for": "3h", "why": "x"}).status_code == 400
    assert store.silences.ending_after(NOW) == []


def _query(fields: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return urlencode(fields)


def test_a_feed_is_polled_on_request_unless_it_was_just_now(
    client: Client, store: Store, history: Alert, web_clock: FakeClock
) -> None:
    feed = re.search(r'/feeds/([0-9a-f]{8})"', client.get("/feeds").text)
    assert feed is not None
    web_clock.set(NOW + timedelta(minutes=1))
    assert client.post(f"/feeds/{feed[1]}/poll").status_code == 409
    web_clock.set(NOW + timedelta(minutes=6))
    assert client.post(f"/feeds/{feed[1]}/poll").status_code == 303
    (state,) = store.feeds.states()
    assert state.next_poll_at == web_clock.now()
    assert client.post(f"/feeds/{feed[1]}/poll").status_code == 409


def test_the_log_of_acts_says_who_did_what(client: Client, store: Store, history: Alert) -> None:
    client.post(f"/alerts/{history.id}/mark", {"verdict": "relevant"})
    feed = re.search(r'/feeds/([0-9a-f]{8})"', client.get("/feeds").text)
    assert feed is not None
    client.post(f"/feeds/{feed[1]}/poll")
    acts = client.get("/api/acts").json()["items"]
    assert [(one["did"], one["way"]) for one in acts] == [("poll_feed", "local"), ("mark_relevant", "local")]
    page = client.get("/acts").text
    assert f'href="/alerts/{history.id[:8]}"' in page
    assert f'href="/feeds/{feed[1]}"' in page


def test_news_are_counted_once_each(client: Client, store: Store, history: Alert) -> None:
    before = int((NOW - HOUR).timestamp())
    assert client.get(f"/now?since={before}").json() == {"stories": 3}
    assert client.get(f"/now?since={int((NOW + HOUR).timestamp())}").json() == {"stories": 0}
    for bad in ("", "x", "-1", "9" * 30):
        assert client.get(f"/now?since={bad}").status_code == 400


def test_routes_are_tested(client: Client) -> None:
    assert "Receivers: <b>desk</b>" in client.get("/routes?labels=level%3Dfocus+topic%3D%22ceasefires%22").text
    assert client.get("/routes?labels=%3D%3D").status_code == 200
    chosen = client.get("/routes?topic=ceasefires&level=focus&labels=").text
    assert "Receivers: <b>desk</b>" in chosen
    assert chosen.count(" selected>") == 2


def test_routes_say_what_their_budget_allows(tmp_path: Path, store: Store, web_clock: FakeClock) -> None:
    base = BASE.replace("{receiver: desk}", "{receiver: desk, routes: [{receiver: desk, budget: {max: 3, per: 1h}}]}")
    client = Client(site_of(tmp_path, store, web_clock, base=base))
    assert "3 messages left now for desk/webhook/0" in client.get("/routes").text
    frozen(store, alert("one"), group=GroupKey("/0", ChannelRef("desk", "webhook", 0), {}))
    assert "2 messages left now for desk/webhook/0" in client.get("/routes").text


def test_an_alert_leads_to_its_topic_its_feed_and_its_routes(client: Client, history: Alert) -> None:
    links = outline_of(client.get(f"/alerts/{history.id[:8]}").text).links
    assert "/topics/ceasefires" in links
    assert any(link.startswith("/feeds/") for link in links)
    (routes,) = (link for link in links if link.startswith("/routes?"))
    assert "Receivers: <b>desk</b>" in client.get(routes).text


def test_a_poll_leads_back_to_the_list_as_it_was_filtered(client: Client, history: Alert, web_clock: FakeClock) -> None:
    web_clock.set(NOW + timedelta(minutes=6))
    assert 'name="next" value="/feeds?q=example"' in client.get("/feeds?q=example").text


@pytest.mark.parametrize("kind", ["alerts", "entries", "outbox", "feeds", "topics"])
def test_what_is_not_there_offers_what_was_nearly_meant(
    client: Client, store: Store, history: Alert, kind: str
) -> None:
    (message,) = store.outbox.newest(limit=1)
    names = {"alerts": history.id, "entries": history.entry_key, "outbox": message.key, "feeds": feed_id(FEED)}
    name, wrong = names.get(kind, ""), "ceasefire"
    if name:
        wrong = name[:6] + ("0" if name[6] != "0" else "1") + name[7:]
    answer = client.get(f"/{kind}/{wrong}")
    assert answer.status_code == 404
    assert f'href="/{kind}/{name[:8] or "ceasefires"}"' in answer.text
    outline = outline_of(answer.text)
    assert outline.bad == []


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/topic/ceasefires", "/topics/ceasefires"), ("/Alert/x%22%3E", "/alerts/x%22%3E"), ("/feed", "/feeds"),
     ("/xyzzy", None), ("//evil.example/x", None), ("/alerts/a/b/c", None)],
)  # fmt: skip
def test_a_page_that_is_not_there_offers_the_nearest(client: Client, path: str, meant: str | None) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert outline_of(answer.text).links - {"/"} == ({meant} if meant else set())


def test_the_list_of_messages_says_why_one_died(client: Client, store: Store, history: Alert) -> None:
    assert "404 &lt;b&gt;" in client.get("/outbox").text
    (listed,) = client.get("/api/outbox").json()["items"]
    assert (listed["last_reason"], listed["last_detail"]) == ("gone", "404 <b>")
    client.post(f"/outbox/{listed['key']}/drop")
    (listed,) = client.get("/api/outbox").json()["items"]
    assert (listed["dropped"], listed["last_reason"]) == (True, "dropped")


def test_feeds_count_their_alerts(client: Client, history: Alert) -> None:
    assert 'data-label="Alerts, 30 days" class="number">3<' in client.get("/feeds").text
    assert "3 alerts of its entries in 30 days" in client.get(f"/feeds/{feed_id(FEED)}").text


def test_a_silence_lists_what_it_kept_back(client: Client, store: Store, web_clock: FakeClock) -> None:
    one = alert("kept")
    save_alerts(store, one)
    store.routing.save(route_to(DIGEST, alerts=[one]), NOW)
    client.post("/silences", {"m_topic": 'topic="ceasefires"', "for": "3h", "why": "known"})
    (silence,) = store.silences.ending_after(NOW)
    assert "No alert yet." in client.get(f"/silences/{silence.id}").text
    store.silences.apply([DIGEST], {one.id: silence.id}, web_clock.now())
    kept, _, _ = client.get(f"/silences/{silence.id}").text.partition("What it matches")
    assert f'href="/alerts/{one.id[:8]}"' in kept
    assert 'data-label="Kept back" class="number">1<' in client.get("/silences").text


@pytest.mark.parametrize(
    ("query", "shown"),
    [("q=herring", ["herrings"]), ("q=herring&days=14", ["herrings", "old herring"]), ("q=%22two+herrings%22", ["herrings"]),
     ("q=herring+OR+plain&level=mention", ["plain"]), ("q=herring&topic=other", []), ("q=none", []), ("q=%28%28%28&days=14", None),
     ("q=herring&judged=no", []), ("q=copied", ["plain"])],
)  # fmt: skip
def test_today_is_searched_for_words(
    client: Client, store: Store, web_clock: FakeClock, query: str, shown: list[str] | None
) -> None:
    texts = {"old herring": "An old herring", "herrings": "Two herrings", "plain": "A plain plaice"}
    alerts = {name: alert(name, level=Level.MENTION if name == "plain" else Level.FOCUS) for name in texts}
    alerts = {name: replace(one, entry=replace(one.entry, title=texts[name])) for name, one in alerts.items()}
    save_alerts(store, alerts["old herring"], now=NOW - timedelta(days=3))
    save_alerts(store, alerts["herrings"], alerts["plain"])
    copy = alert("copy", story=alerts["plain"].story, level=Level.MENTION)
    copy = replace(copy, entry=replace(copy.entry, title="A copied plaice"))
    save_alerts(store, copy, now=NOW + timedelta(minutes=2), decide=fold_copies)
    store.marks.mark(alerts["herrings"].id, True, NOW)
    answer = client.get(f"/?{query}")
    assert answer.status_code == 200
    found = [name for name, one in alerts.items() if f'id="a{one.id[:8]}"' in answer.text]
    assert shown is None or sorted(found) == sorted(shown)


def test_the_history_of_an_alert_says_who_marked_it(client: Client, history: Alert) -> None:
    client.post(f"/alerts/{history.id}/mark", {"verdict": "irrelevant"})
    _, _, life = client.get(f"/alerts/{history.id[:8]}").text.partition('<ol class="life">')
    assert f"marked an alert as not relevant</span> · <bdi>{client.site.local_name}</bdi>" in life


def test_today_says_to_whom_an_alert_went(client: Client, store: Store) -> None:
    one, two = alert("one"), alert("two")
    save_alerts(store, one, two)
    store.routing.save(route_to(DIGEST, PROMPT, alerts=[one]), NOW)
    store.silences.apply([PROMPT], {one.id: "5" * 32}, NOW)
    text = client.get("/").text
    assert "waiting: <bdi>desk</bdi> · silenced: <bdi>chat</bdi>" in text
    assert "not routed yet" in text


def test_a_silence_of_a_story_is_called_by_its_title_and_can_be_renewed(
    client: Client, store: Store, history: Alert, web_clock: FakeClock
) -> None:
    plain = alert("plain")
    fields = {"alert": plain.id[:8], "m_story": f'story="{plain.story}"', "for": "1h", "why": "known & old"}
    assert client.post("/silences", fields).status_code == 303
    (kept,) = store.silences.ending_after(NOW)
    for path in ("/", "/silences", f"/silences/{kept.id[:8]}"):
        assert f"this story: <bdi>{plain.entry.title}</bdi>" in client.get(path).text
    web_clock.set(NOW + timedelta(days=1))
    (again,) = (link for link in outline_of(client.get(f"/silences/{kept.id}").text).links if "/new?" in link)
    form = client.get(again).text
    assert f"story=&#34;{plain.story}&#34;</textarea>" in form
    assert 'value="known &amp; old"' in form


@pytest.mark.parametrize(
    ("until", "minutes"),
    [("2026-11-23T09:30", 84), ("2026-11-23T08:05", None), ("2026-11-23T08:04", None), ("soon", None), ("9999-99-99T00:00", None),
     ("", 180)],
)  # fmt: skip
def test_a_silence_may_end_at_any_time_to_come(
    client: Client, store: Store, history: Alert, web_clock: FakeClock, until: str, minutes: int | None
) -> None:
    fields = {"m_topic": 'topic="ceasefires"', "for": "3h", "why": "known", "until": until}
    answer = client.post("/silences", fields)
    found = [(one.ends_at - web_clock.now()) // timedelta(minutes=1) for one in store.silences.ending_after(NOW)]
    assert (answer.status_code, found) == ((303, [minutes]) if minutes else (400, []))


def test_what_waits_for_a_daemon_says_that_there_is_none(client: Client, store: Store, history: Alert) -> None:
    (dead,) = store.outbox.newest(state=NotificationState.DEAD)
    assert "so nothing is sent" not in client.get(f"/outbox/{dead.key}").text
    client.post(f"/outbox/{dead.key}/retry")
    assert "so nothing is sent" in client.get(f"/outbox/{dead.key}").text
    client.post(f"/feeds/{feed_id(FEED)}/poll")
    assert "so nothing is polled" in client.get(f"/feeds/{feed_id(FEED)}").text


def test_status_says_when_the_file_is_newer_than_what_is_in_force(client: Client) -> None:
    assert "The file has changed since then." not in client.get("/status").text
    file = client.site.settings.file
    os.utime(file, ns=(1, 1))
    assert "The file has changed since then." in client.get("/status").text
    client.site.config = read = served_config(file)
    assert "The file has changed since then." not in client.get("/status").text
    os.utime(file, ns=(2, 2))  # after it was read, and before it is in force
    client.site.config = read
    assert "The file has changed since then." in client.get("/status").text


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(has_come: Callable[[], bool]) -> None:
    while True:
        if has_come():
            return
        await asyncio.sleep(0.01)


def test_of_two_reloads_at_once_the_last_one_wins(client: Client, tmp_path: Path) -> None:
    old, gate = client.site.config, tmp_path / "gate"
    os.mkfifo(gate)
    for name in ("first", "last"):
        config = replace(old, file_time=len(name))
        (tmp_path / name).write_bytes(Handover(config, (), verbose=False, as_text=None).written())
    script = "if mkdir begun; then cat gate first; else cat last; fi"

    async def run() -> None:
        wanted = asyncio.Event()
        async with asyncio.timeout(60):
            task = asyncio.create_task(keep_configured(client.site, ["sh", "-c", f"cd {tmp_path}; {script}"], wanted))
            wanted.set()
            opened = await asyncio.to_thread(gate.open, "w")  # the first one has read the file
            wanted.set()
            await asyncio.sleep(0.1)
            assert wanted.is_set(), "the second one does not wait for the first"
            opened.close()
            await until(lambda: client.site.config.file_time == len("last"))
        await ended(task)

    asyncio.run(run())


def test_a_reload_that_fails_is_not_the_last_one(client: Client, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.write_bytes(Handover(client.site.config, (), verbose=False, as_text=None).written())
    tries = tmp_path / "tries"
    reload = ["sh", "-c", f"echo >>{tries}; case $(wc -l <{tries}) in 1) exit 2;; 2) echo;; *) cat {new};; esac"]
    old = client.site.config

    async def run() -> None:
        wanted = asyncio.Event()
        task = asyncio.create_task(keep_configured(client.site, reload, wanted))
        async with asyncio.timeout(60):
            while client.site.config is old:
                assert not task.done()
                wanted.set()
                await asyncio.sleep(0.01)
        await ended(task)

    asyncio.run(run())


def test_a_pause_of_a_channel_says_what_helps(client: Client, store: Store) -> None:
    message = frozen(store, alert("one"))
    (leased,) = store.outbox.acquire("me", NOW, NOW + HOUR, 10, channels=[DIGEST.channel])
    store.outbox.begin_attempt("me", message.key, leased.epoch, NOW)
    store.outbox.record("me", message.key, leased.epoch, TryAgain(AttemptReason.AUTHENTICATION, "401"), NOW, NOW + HOUR)
    for channel in (DIGEST.channel, CHAT):
        store.outbox.save_pause(channel, NOW + HOUR)
    page = client.get("/outbox").text
    assert page.count(REMEDIES[AttemptReason.AUTHENTICATION]) == 1
    assert page.count("is paused until") == 2


def test_the_searches_that_help_shows_are_understood() -> None:
    assert [query for query, _ in SEARCHES if parse(query).notes or not str(parse(query))] == []


def test_what_a_text_has_between_backticks_is_code() -> None:
    coded = FILTERS["coded"]
    assert coded("try `watcher check` on <b>") == "try <code>watcher check</code> on &lt;b&gt;"
    assert coded("`<i>` and one ` alone") == "<code>&lt;i&gt;</code> and one ` alone"


def test_status_says_who_asks_and_what_was_done_last(client: Client, history: Alert) -> None:
    client.post(f"/alerts/{history.id[:8]}/mark", {"verdict": "relevant"})
    page = client.get("/status").text
    assert f'href="/alerts/{history.id[:8]}"' in page
    assert "as everybody at this machine" in page


def test_an_alert_leads_to_what_its_topic_makes_of_it_now(client: Client, history: Alert) -> None:
    link = f"/entries/{history.entry_key[:8]}?topic=ceasefires"
    assert f'href="{link}"' in client.get(f"/alerts/{history.id[:8]}").text
    assert client.get(link).status_code == 200
