"""What `bench/pages.py` and `bench/web_memory.py` ask of the pages: at least one request for every row of the table of
routes (`tests/web/test_page_cost.py` compares the two), with the names of things that the store has.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus, urlencode

from watcher.model.alert_link import LinkKind, write_token
from watcher.model.feed import FeedIssueKind
from watcher.model.web import LinkUse
from watcher.web.router import Page, Router

KEY = "k" * 40
"""Signs the links of messages."""
CHANNEL = "desk/webhook/0"


@dataclass(frozen=True, slots=True)
class Request:
    """GET, or POST with the fields of a form or a value of JSON; and the status of the right answer."""

    address: str
    form: Mapping[str, str] | None = None
    json: object = None
    status: int = 200

    @property
    def method(self) -> str:
        return "GET" if self.form is None and self.json is None else "POST"

    @property
    def path(self) -> str:
        return self.address.partition("?")[0]

    def body(self) -> tuple[str, bytes]:
        """Its content type, and its bytes."""
        if self.form is not None:
            return "application/x-www-form-urlencoded", urlencode(self.form).encode()
        return ("", b"") if self.json is None else ("application/json", json.dumps(self.json).encode())


@dataclass(frozen=True, slots=True)
class Known:
    """Names of what a store has: ids and keys, whole. `sentences`: by language. `numbers`: of the oldest and the newest
    entry. `dead`: messages that were given up; `old_silences`: that have ended.
    """

    now: datetime
    topics: Sequence[str]
    definitions: Sequence[str]
    alerts: Sequence[str]
    entries: Sequence[str]
    messages: Sequence[str]
    dead: Sequence[str]
    silences: Sequence[str]
    feeds: Sequence[str]
    assets: Sequence[str]
    sentences: Mapping[str, Sequence[str]]
    common: Sequence[str]
    numbers: tuple[int, int]


Requests = dict[str, list[Request]]


def asked_pages(known: Known) -> Requests:
    """Requests by the name of their page, different ones where there are parameters."""
    return {**_lists(known), **_things(known), **_searches(known), **_programs(known), **_writes(known)}


def missing_routes(pages: Iterable[Page], requests: Requests) -> list[str]:
    """The rows of the table of routes that no request asks for."""
    router = Router(pages)
    asked = {(one.method, one.path) for some in requests.values() for one in some}
    found = {matched.page for method, path in asked if (matched := router.find(method, path)) is not None}
    return sorted(f"{page.method} {page.path}" for page in set(router.pages) - found)


def _get(*addresses: str, status: int = 200) -> list[Request]:
    return [Request(one, status=status) for one in addresses]


def _each(pattern: str, names: Iterable[str], status: int = 200) -> list[Request]:
    return _get(*(pattern.format(one) for one in names), status=status)


def _words(known: Known) -> list[str]:
    return [one.split()[-1].rstrip(".") for one in known.sentences["en"]]


def _lists(known: Known) -> Requests:
    """Pages of many things."""
    topics, words, hour = known.topics, _words(known), int(known.now.timestamp()) - 3600
    return {
        "today": _get("/"), "today, days": _each("/?days={}", ("2", "7", "14")),
        "today, topic": _each("/?topic={}&days=14", topics), "today, unmarked": _get("/?judged=no&days=14"),
        "today, older": _each("/?days=14&before={}", known.alerts),
        "today, word": _each("/?q={}&days=14", words), "today, nothing": _each("/?q=zebra{}&days=14", topics),
        "now": _get(f"/now?since={hour}"), "topics": _get("/topics"),
        "feeds": _get("/feeds"), "feeds, text": _each("/feeds?q=feed{}", map(str, range(20))),
        "feeds, state": _each("/feeds?state={}", FeedIssueKind),
        "outbox": _get("/outbox"), "outbox, dead": _get("/outbox?state=dead"),
        "outbox, ready": _get("/outbox?state=ready"), "outbox, sent": _get("/outbox?state=sent"),
        "outbox, older": _each("/outbox?before={}", known.messages),
        "silences": _get("/silences"), "acts": _get("/acts"), "acts, older": _get("/acts?before=5000"),
        "routes": _get("/routes"), "status": _get("/status"), "help": _get("/help"), "explain": _get("/explain"),
        "api": _get("/api"), "sign in": _get("/sign-in", status=404), "health": _get("/healthz"),
        "settings": _get("/settings"),
        "fixed": _get("/favicon.ico", "/robots.txt", *(f"/assets/{one}" for one in known.assets)),
    }  # fmt: skip


def _things(known: Known) -> Requests:
    """Pages of one thing, and of one that there is not."""
    topics, alerts, letters = known.topics, [one[:8] for one in known.alerts], [one[:8] for one in known.messages]
    made, act = known.now - timedelta(hours=1), LinkUse.ACT
    links = [write_token(one, CHANNEL, act, made, KEY) for one in known.alerts]
    of_messages = [write_token(one, CHANNEL, act, made, KEY, LinkKind.MESSAGE) for one in known.messages]
    keys = [one[:8] for one in known.entries]
    return {
        "alert": _each("/alerts/{}", alerts), "entry": _each("/entries/{}", keys),
        "entry, topic": _each(f"/entries/{{}}?topic={topics[0]}", keys),
        "topic": _each("/topics/{}", topics), "near misses": _each("/topics/{}?near=1", topics),
        "badge": _each("/topics/{}.svg", topics), "embedded": _each("/embed/topics/{}", topics),
        "judged": _each("/topics/{}/judged.jsonl", topics), "feed": _each("/feeds/{}", (one[:8] for one in known.feeds)),
        "message": _each("/outbox/{}", letters), "message, dead": _each("/outbox/{}", (one[:8] for one in known.dead)),
        "message, as sent": _each("/outbox/{}/message", letters), "message, text": _each("/outbox/{}/text", letters),
        "silence": _each("/silences/{}", (one[:8] for one in known.silences)),
        "silence, new": _each("/silences/new?alert={}", alerts),
        "silence, all": _get("/silences/new?more=" + quote_plus('level="focus"') + "&for=1h"),
        "link": _each("/l/{}", links), "link, silence": _each("/l/{}/silence", links),
        "link, topic": _each("/l/{}/silence?what=topic", links), "link of a message": _each("/m/{}", of_messages),
        "no alert": _each("/alerts/{}zz", (one[:6] for one in alerts), 404),
        "no entry": _each("/entries/{}zz", (one[:6] for one in keys), 404),
        "no message": _each("/outbox/{}zz", (one[:6] for one in letters), 404),
        "no feed": _each("/feeds/{}zz", (one[:6] for one in known.feeds), 404),
        "no topic": _each("/topics/{}x", topics, 404), "no page": _get("/feds", "/serch?q=a", "/nothing", status=404),
    }  # fmt: skip


def _searches(known: Known) -> Requests:
    english, words = known.sentences["en"], _words(known)
    arabic = [one.split()[2] for one in known.sentences["ar"]]
    others, (low, high), chance = words[::-1], known.numbers, random.Random(5)
    days = [f"{known.now - timedelta(days=chance.randrange(1, 89)):%Y-%m-%d}" for _ in words]

    def search(queries: Iterable[str], more: str = "") -> list[Request]:
        return _get(*(f"/search?q={quote_plus(one)}{more}" for one in queries))

    def pairs(pattern: str, some: Sequence[str], more: Sequence[str]) -> list[Request]:
        return search(pattern.format(*both) for both in zip(some, more, strict=True))

    rare = [f"{number * 10:07d}" for number in range(len(words))]
    unspaced = {f"search, {code}": search(one[2:5] for one in known.sentences[code]) for code in ("ja", "th")}
    return {
        "search, form": _get("/search"), "search, all": _get("/search?q="), "search, commonest": search(known.common),
        "search, word": search(words), "search, best": search(words, "&order=best"), "search, arabic": search(arabic),
        "search, rare": search(rare), "search, unknown": search(f"zebra{one}" for one in rare),
        "search, two": pairs("{} {}", words, others), "search, either": pairs("{} OR {}", words, arabic),
        "search, not": pairs("{} -{}", words, others),
        "search, phrase": search(f'"{" ".join(one.split()[1:4])}"' for one in english),
        "search, begin": search(f"{one[:3]}*" for one in words), "search, title": search(f"title:{w}" for w in words),
        "search, title phrase": search(f'title:"{" ".join(one.split()[1:3])}"' for one in english),
        "search, feed": search(words, "&feed=feed7.example"), "search, a feed": search(["feed:feed1999.example.org"]),
        "search, alerted": search(words, "&alerted=focus"), "search, topic": search(f"alerted:{t}" for t in known.topics),
        "search, a day": _get(*(f"/search?q={w}&from={d}&to={d}" for w, d in zip(words, days, strict=True))),
        "search, zh": search(one[:2] for one in known.sentences["zh"]), **unspaced,
        "search, deep": search(words, f"&before={low + (high - low) // 3}"),
    }  # fmt: skip


def _programs(known: Known) -> Requests:
    """Feeds, and the API, reading."""
    topics, alerts, words = known.topics, known.alerts, _words(known)
    return {
        "feed of all": _get("/feeds/all.atom", "/feeds/all.json"), "feed of a level": _get("/feeds/all.atom?level=focus"),
        "feed of a topic": [*_each("/topics/{}.json", topics), *_each("/topics/{}.atom", topics)],
        "feed of a route": _get("/routes/root.json", "/routes/root.atom"),
        "feed of a route, level": _get("/routes/root.atom?level=mention"), "feed of a route, quiet": _get("/routes/0.json"),
        "api alerts": _each("/api/alerts?level=focus&before={}", alerts),
        "api alerts, month": _get(f"/api/alerts?since={quote_plus((known.now - timedelta(days=30)).isoformat())}"),
        "api alerts, feed": _each("/api/alerts?feed=publisher%20{}", map(str, range(len(words)))),
        "api alerts, dead": _get("/api/alerts?state=dead"), "api alerts, waiting": _get("/api/alerts?state=waiting"),
        "api alerts, silenced": _get("/api/alerts?state=silenced"),
        "api alerts, sending": _get("/api/alerts?state=sending"),
        "api alerts, marked": _get("/api/alerts?marked=relevant", "/api/alerts?marked=irrelevant"),
        "api alerts, unmarked": _get("/api/alerts?marked=unmarked"),
        "api alerts, topic": _each("/api/alerts?topic={}&folded=no", topics),
        "api alerts, unknown topic": _get("/api/alerts?topic=none"),
        "api alert": _each("/api/alerts/{}", alerts), "api stories": _get("/api/stories?days=14", "/api/stories"),
        "api entries": _get("/api/entries"), "api entries, word": _each("/api/entries?q={}", words),
        "api entries, best": _each("/api/entries?order=best&limit=200&q={}", words),
        "api entry": _each("/api/entries/{}", known.entries),
        "api explain": _each("/api/entries/{}/explain", known.entries), "api topics": _get("/api/topics"),
        "api volume": _each("/api/topics/{}/volume", topics),
        "api feeds": _get("/api/feeds", "/api/feeds?limit=200"), "api outbox": _get("/api/outbox?limit=200"),
        "api outbox, dead": _get("/api/outbox?limit=200&state=dead"),
        "api message": _each("/api/outbox/{}", known.messages), "api silences": _get("/api/silences?all=yes"),
        "api acts": _get("/api/acts?limit=200"), "api walk": _get(f"/api/routes/walk?topic={topics[1]}"),
        "api status": _get("/api/status"), "api document": _get("/api/openapi.json"),
    }  # fmt: skip


def _writes(known: Known) -> Requests:
    """Buttons, and the API, writing. The stores change by it a little; `bench/page_store.py` makes up for it."""
    topic, made = known.topics[0], known.now - timedelta(hours=1)
    alerts, keys, dead = known.alerts, known.entries, known.dead
    links = [write_token(one, CHANNEL, LinkUse.ACT, made, KEY) for one in alerts]
    texts = ["\n".join(known.sentences["en"][at : at + 8]) for at in range(0, len(known.sentences["en"]), 4)]
    half, story = len(dead) // 2, {"more": 'story="none"', "for": "1h", "why": "known"}
    ends_at = (known.now + timedelta(days=365)).astimezone(UTC).isoformat()

    def post(pattern: str, names: Iterable[str], **form: str) -> list[Request]:
        return [Request(pattern.format(one), form, status=303) for one in names]

    def send(pattern: str, names: Iterable[str], status: int = 200, **body: object) -> list[Request]:
        return [Request(pattern.format(one), json=body, status=status) for one in names]

    feeds = [one[:8] for one in known.feeds]
    some = len(feeds) // 2
    return {
        "explain a text": [Request("/explain", {"text": one}) for one in texts],
        "try": [Request(f"/topics/{one}/try", {"definition": text})
                for one, text in zip(known.topics, known.definitions, strict=True)],
        "mark": post("/alerts/{}/mark", (one[:8] for one in alerts), verdict="relevant"),
        "missed": post("/entries/{}/missed", (one[:8] for one in keys), topic=topic),
        "missed, undo": post("/entries/{}/missed", (one[:8] for one in keys), topic=topic, undo="yes"),
        "poll now": post("/feeds/{}/poll", feeds[:some]),
        "retry": post("/outbox/{}/retry", (one[:8] for one in dead[:half])),
        "drop": post("/outbox/{}/drop", (one[:8] for one in dead[half:])),
        "retry all": [Request("/outbox/retry", {"channel": "night/webhook/0"}, status=303)],
        "add a silence": [Request("/silences", story, status=303)],
        "expire a silence": post("/silences/{}/expire", (one[:8] for one in known.silences[::2])),
        "link, mark": post("/l/{}/mark", links, verdict="irrelevant"),
        "link, add a silence": post("/l/{}/silence", links, what="topic"),
        "keep settings": [Request("/settings", {"colors": "dark"}, status=303)],
        "sign in with": [Request("/sign-in", {"name": "ada"}, status=404)], "sign out": [Request("/sign-out", {}, status=303)],
        "api mark": send("/api/alerts/{}/mark", alerts, verdict="relevant"),
        "api missed": send("/api/entries/{}/missed", keys, topic=topic),
        "api explain a text": [Request("/api/explain", json={"text": one}) for one in texts],
        "api try": [Request(f"/api/topics/{topic}/try", json={"definition": known.definitions[0]})],
        "api add a silence": [Request("/api/silences", json={"matchers": ['story="none"'], "comment": "known",
                                                             "ends_at": ends_at}, status=201)],
        "api expire a silence": send("/api/silences/{}/expire", (one[:8] for one in known.silences[1::2])),
        "api poll now": send("/api/feeds/{}/poll", (one for one in known.feeds[some:]), 202),
        "api retry": send("/api/outbox/{}/retry", dead[:half]), "api drop": send("/api/outbox/{}/drop", dead[half:]),
    }  # fmt: skip
