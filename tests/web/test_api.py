"""The JSON API and its description: every route is described, every description has its route, every answer is valid."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.harness.store_samples import DIGEST, NOW, alert, frozen, identified, save_alerts
from tests.harness.web import Client
from watcher.errors import AttemptReason
from watcher.model.notification import GiveUp
from watcher.model.topic import Level
from watcher.store.store import Store
from watcher.web.app import all_pages
from watcher.web.description import description
from watcher.web.identity import token_hash
from watcher.web.pages.api_page import kind_of

DESCRIPTION: Any = json.loads(description())
BASE = "urn:watcher:api"
REGISTRY: Any = Registry().with_resource(BASE, Resource.from_contents(DESCRIPTION, DRAFT202012))
TOKENS = f"""
web:
  url: https://watcher.example.org
  links: none
  proxy: {{header: Remote-User, from: [127.0.0.1/32], may: admin}}
  tokens:
    - {{name: archive, hash: "sha256:{token_hash("wr_x")}", may: read}}
    - {{name: robot, hash: "sha256:{token_hash("wa_x")}", may: act}}
"""


def operations() -> dict[tuple[str, str], Any]:
    return {
        (path, method.upper()): operation
        for path, item in DESCRIPTION["paths"].items()
        for method, operation in item.items()
    }


def check(path: str, method: str, answer: Any) -> Any:
    """Fails unless the answer is one of those that the description has for this operation; the answer's value."""
    responses = operations()[path, method]["responses"]
    found = responses.get(str(answer.status_code), responses["default"])
    if "$ref" in found:
        assert answer.status_code >= 400, f"{answer.status_code} is not described"
        found = DESCRIPTION["components"]["responses"]["Problem"]
    ((media, content),) = found["content"].items()
    assert answer.headers["content-type"] == media
    pointer = json.dumps(content["schema"]).replace('"#/', f'"{BASE}#/')
    validator = jsonschema.Draft202012Validator(
        json.loads(pointer), registry=REGISTRY, format_checker=jsonschema.FormatChecker()
    )
    value = answer.json()
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
    assert problems == []
    return value


@pytest.fixture
def api(client: Client, store: Store) -> Client:
    """A site over a store with a dead message of two alerts, a copy and a feed."""
    one, two = alert("one"), alert("two", level=Level.MENTION)
    message = frozen(store, one, two)
    (leased,) = store.outbox.acquire("me", NOW, NOW + timedelta(minutes=1), 10, channels=[DIGEST.channel])
    store.outbox.begin_attempt("me", message.key, leased.epoch, NOW)
    store.outbox.record("me", message.key, leased.epoch, GiveUp(AttemptReason.GONE, "550"), NOW, None)
    return client


ALERT, ENTRY = alert("one").id, identified("one").key


def samples(store: Store) -> list[tuple[str, str, str, Any, int]]:
    """Requests for every operation: path of the description, method, address, body, status."""
    (message,) = store.outbox.newest()
    later = (NOW + timedelta(days=1)).isoformat()
    silence = {"matchers": ['topic="ceasefires"'], "ends_at": later, "comment": "talks"}
    key = message.key
    reading = [
        ("/api/openapi.json", "/api/openapi.json", 200),
        ("/api/alerts", "/api/alerts?level=focus&folded=no&since=2026-11-01T00:00:00Z&marked=unmarked", 200),
        ("/api/alerts", "/api/alerts?state=dead&limit=1", 200),
        ("/api/alerts", "/api/alerts?limit=0", 400),
        ("/api/alerts", "/api/alerts?level=loud", 400),
        ("/api/alerts", "/api/alerts?since=yesterday", 400),
        ("/api/alerts", "/api/alerts?since=2026-11-01T00:00:00", 400),
        ("/api/alerts", "/api/alerts?before=x", 400),
        ("/api/alerts/{id}", f"/api/alerts/{ALERT[:8]}", 200),
        ("/api/alerts/{id}", "/api/alerts/00000000", 404),
        ("/api/entries", "/api/entries?q=title+NOT+zebra+ab*&from=2026-11-01&lang=x1", 200),
        ("/api/entries/{key}", f"/api/entries/{ENTRY}", 200),
        ("/api/entries/{key}", "/api/entries/zz", 404),
        ("/api/entries/{key}/explain", f"/api/entries/{ENTRY}/explain", 200),
        ("/api/entries/{key}/explain", f"/api/entries/{ENTRY}/explain?topic=x", 404),
        ("/api/topics", "/api/topics", 200),
        ("/api/topics/{name}/volume", "/api/topics/ceasefires/volume", 200),
        ("/api/topics/{name}/volume", "/api/topics/x/volume", 404),
        ("/api/stories", "/api/stories?days=14&level=focus", 200),
        ("/api/stories", "/api/stories?days=15", 400),
        ("/api/stories", "/api/stories?days=0", 400),
        ("/api/alerts", "/api/alerts?until=", 400),
        ("/api/silences", "/api/silences?all=null", 400),
        ("/api/acts", "/api/acts?limit=2", 200),
        ("/api/acts", "/api/acts?before=x", 400),
        ("/api/feeds", "/api/feeds", 200),
        ("/api/outbox", "/api/outbox?state=dead", 200),
        ("/api/outbox", "/api/outbox?state=x", 400),
        ("/api/outbox/{key}", f"/api/outbox/{key[:8]}", 200),
        ("/api/silences", "/api/silences?all=yes", 200),
        ("/api/routes/walk", "/api/routes/walk?topic=ceasefires&level=focus", 200),
        ("/api/status", "/api/status", 200),
    ]
    feed = "0" * 32
    writing = [
        ("/api/alerts/{id}/mark", f"/api/alerts/{ALERT}/mark", {"verdict": "relevant"}, 200),
        ("/api/alerts/{id}/mark", f"/api/alerts/{ALERT}/mark", {"verdict": "unmarked"}, 200),
        ("/api/alerts/{id}/mark", f"/api/alerts/{ALERT}/mark", {"verdict": "x"}, 400),
        ("/api/alerts/{id}/mark", f"/api/alerts/{ALERT}/mark", [], 400),
        ("/api/alerts/{id}/mark", f"/api/alerts/{ALERT}/mark", {"verdict": 1}, 400),
        ("/api/entries/{key}/missed", f"/api/entries/{ENTRY}/missed", {"topic": "ceasefires"}, 409),
        ("/api/entries/{key}/missed", f"/api/entries/{ENTRY}/missed", {"topic": "ceasefires", "missed": False}, 200),
        ("/api/entries/{key}/missed", f"/api/entries/{ENTRY}/missed", {"topic": "x"}, 400),
        ("/api/explain", "/api/explain", {"title": "A ceasefire", "text": "talks"}, 200),
        ("/api/topics/{name}/try", "/api/topics/ceasefires/try", {"definition": "name: x\nterms: {3: [title]}"}, 200),
        ("/api/topics/{name}/try", "/api/topics/x/try", {"definition": ""}, 404),
        ("/api/silences", "/api/silences", silence, 201),
        ("/api/silences", "/api/silences", {**silence, "matchers": ["x"]}, 400),
        ("/api/silences", "/api/silences", {**silence, "matchers": []}, 400),
        ("/api/silences", "/api/silences", {**silence, "comment": " "}, 400),
        ("/api/silences", "/api/silences", {**silence, "ends_at": NOW.isoformat()}, 400),
        ("/api/silences/{id}/expire", "/api/silences/00000000/expire", {}, 404),
        ("/api/feeds/{id}/poll", f"/api/feeds/{feed}/poll", {}, 404),
        ("/api/outbox/{key}/drop", f"/api/outbox/{key}/drop", {}, 200),
        ("/api/outbox/{key}/retry", f"/api/outbox/{key}/retry", {}, 200),
    ]
    return [(path, "GET", address, None, status) for path, address, status in reading] + [
        (path, "POST", address, body, status) for path, address, body, status in writing
    ]


def send(client: Client, method: str, address: str, body: Any = None, **headers: str) -> Any:
    content = b"" if body is None else json.dumps(body).encode()
    return client.send(
        method, address, content, content_type="application/json", sec_fetch_site="same-origin", **headers
    )


def test_every_route_is_described_and_every_description_has_its_route() -> None:
    routes = {(page.path, page.method) for page in all_pages() if page.path.startswith("/api/")}
    assert routes == set(operations())


def test_every_operation_has_a_sample(api: Client, store: Store) -> None:
    assert {(path, method) for path, method, *_ in samples(store)} == set(operations())


def test_answers_are_as_described(api: Client, store: Store) -> None:
    for path, method, address, body, status in samples(store):
        answer = send(api, method, address, body)
        assert answer.status_code == status, (address, answer.text)
        check(path, method, answer)


def test_the_description_names_every_parameter_of_its_path() -> None:
    for (path, _), operation in operations().items():
        named = {one["name"] for one in operation.get("parameters", ()) if one.get("in") == "path"}
        assert named == set(re.findall(r"{(\w+)}", path)), path


def test_lists_go_on_where_next_leads(client: Client, store: Store) -> None:
    save_alerts(store, *(alert(f"{number}") for number in range(7)))
    found, address = [], "/api/alerts?limit=3&topic=ceasefires"
    while address:
        part = check("/api/alerts", "GET", send(client, "GET", address))
        found += [one["id"] for one in part["items"]]
        address = part["next"]
    assert sorted(found) == sorted(alert(f"{number}").id for number in range(7))
    found, address = [], "/api/entries?limit=3"
    while address:
        part = check("/api/entries", "GET", send(client, "GET", address))
        found += [one["key"] for one in part["items"]]
        address = part["next"]
    assert len(found) == len(set(found)) == 7


def test_one_idempotency_key_makes_one_silence(api: Client, store: Store) -> None:
    body = {"matchers": ["level=focus"], "ends_at": (NOW + timedelta(days=1)).isoformat(), "comment": "c"}
    first = send(api, "POST", "/api/silences", body, idempotency_key="k")
    again = send(api, "POST", "/api/silences", body, idempotency_key="k")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = send(api, "POST", "/api/silences", {**body, "comment": "d"}, idempotency_key="k")
    assert check("/api/silences", "POST", other)["status"] == 422
    assert len(store.silences.ending_after(NOW)) == 1
    expired = send(api, "POST", f"/api/silences/{first.json()['id'][:8]}/expire", {})
    assert check("/api/silences/{id}/expire", "POST", expired)["expired"] is True


def test_what_goes_wrong_is_a_problem(api: Client) -> None:
    for method, address, status in (("GET", "/api/nothing", 404), ("POST", "/api/alerts", 405)):
        answer = send(api, method, address, {})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail"}
    broken = api.send("POST", "/api/explain", b"{", content_type="application/json", sec_fetch_site="same-origin")
    assert (broken.status_code, broken.json()["status"]) == (400, 400)


def test_tokens_read_or_act_without_a_browser(make_client: Callable[..., Client], store: Store) -> None:
    save_alerts(store, alert("one"))
    client = make_client(TOKENS, host="watcher.example.org")
    mark = (f"/api/alerts/{ALERT}/mark", json.dumps({"verdict": "irrelevant"}).encode())
    for token, reads, marks in (("", 401, 401), ("wr_x", 200, 403), ("wa_x", 200, 200), ("wr_y", 401, 401)):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        assert client.get("/api/alerts", **headers).status_code == reads
        assert client.send("POST", *mark, content_type="application/json", **headers).status_code == marks
    assert store.marks.of_alerts([ALERT]) == {ALERT: False}


def test_the_page_of_the_api_has_every_operation_and_every_value_it_names(client: Client) -> None:
    page = client.get("/api").text
    ids, links, words = (re.findall(one, page) for one in (' id="([^"]*)"', 'href="#([^"]*)"', "<code>([^<]*)</code>"))
    assert len(ids) == len(set(ids))
    assert set(links) <= set(ids)
    assert {operation["operationId"] for operation in operations().values()} <= set(ids)
    parameters = [one for operation in operations().values() for one in operation.get("parameters", ())]
    assert {one["name"] for one in parameters if "name" in one} <= set(words)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/Alert"}, ("", "Alert")),
        ({"type": "array", "items": {"$ref": "#/x/Alert"}}, ("list of", "Alert")),
        ({"type": ["string", "null"], "format": "date-time"}, ("string or null (date-time)", "")),
        ({"enum": ["a", None]}, ("a, null", "")),
        ({"anyOf": [{"$ref": "#/x/WhyNot"}, {"type": "null"}]}, ("or null:", "WhyNot")),
        ({"type": "integer", "minimum": 1, "default": 5}, ("integer, at least 1, by default 5", "")),
        ({}, ("any", "")),
    ],
)
def test_types_in_words(schema: dict[str, Any], words: tuple[str, str]) -> None:
    assert kind_of(schema) == words
