"""The door: who gets in, what every answer carries, and where requests may come from."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness.web import CHEAP, KEY, Client
from watcher.model.web import May
from watcher.web.app import all_pages
from watcher.web.door import HEADERS
from watcher.web.exchange import FORM, LARGEST_BODY, Asked, Reply, read_form, read_query
from watcher.web.identity import token_hash
from watcher.web.passwords import hash_password
from watcher.web.router import Page

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD, CHEAP)
PEOPLE = f"""
web:
  url: https://watcher.example.org
  key: {KEY}
  links: none
  people:
    - {{name: reader, password: "{HASH}", may: read}}
    - {{name: actor, password: "{HASH}", may: act}}
    - {{name: boss, password: "{HASH}", may: admin}}
  tokens:
    - {{name: feeder, hash: "sha256:{token_hash("wf_x")}", may: feeds}}
    - {{name: archive, hash: "sha256:{token_hash("wr_x")}", may: read}}
    - {{name: robot, hash: "sha256:{token_hash("wa_x")}", may: act}}
"""
PROXY = """
web:
  url: https://watcher.example.org
  links: none
  proxy: {header: Remote-User, from: [127.0.0.1/32]}
  people: [{name: ada, may: admin}, {name: Çiğdem, may: read}]
"""
HOST = {"host": "watcher.example.org"}
ROLES: dict[str, tuple[dict[str, str], May | None]] = {
    "nobody": ({}, None),
    "feeder": ({"authorization": "Bearer wf_x"}, May.FEEDS),
    "archive": ({"authorization": "Bearer wr_x"}, May.READ),
    "robot": ({"authorization": "Bearer wa_x"}, May.ACT),
}
EXPECTED = {
    "/": May.READ, "/now": May.READ, "/search": May.READ, "/status": May.READ, "/help": May.READ, "/settings": May.READ,
    "POST /settings": May.READ,
    "/alerts/{id}": May.READ, "POST /alerts/{id}/mark": May.ACT,
    "/entries/{key}": May.READ, "POST /entries/{key}/missed": May.ACT,
    "/feeds": May.READ, "/feeds/{id}": May.READ, "POST /feeds/{id}/poll": May.ACT,
    "/outbox": May.READ, "/outbox/{key}": May.READ, "/outbox/{key}/message": May.READ, "/outbox/{key}/text": May.READ,
    "POST /outbox/retry": May.ADMIN, "POST /outbox/{key}/retry": May.ADMIN, "POST /outbox/{key}/drop": May.ADMIN,
    "/silences": May.READ, "/silences/{id}": May.READ, "POST /silences": May.ACT, "/silences/new": May.ACT,
    "POST /silences/{id}/expire": May.ACT,
    "/m/{token}": May.ANYONE, "/l/{token}": May.ANYONE, "POST /l/{token}/mark": May.ANYONE,
    "/l/{token}/silence": May.ANYONE, "POST /l/{token}/silence": May.ANYONE,
    "/explain": May.READ, "POST /explain": May.READ, "/api": May.READ, "/topics/{name}/judged.jsonl": May.READ,
    "/routes": May.READ, "/topics": May.READ, "/topics/{name}": May.READ, "POST /topics/{name}/try": May.ACT,
    "/assets/{name}": May.ANYONE, "/favicon.ico": May.ANYONE, "/robots.txt": May.ANYONE, "/healthz": May.ANYONE,
    "/topics/{name}.svg": May.FEEDS, "/feeds/all.atom": May.FEEDS, "/topics/{name}.atom": May.FEEDS, "/routes/{name}.atom": May.FEEDS,
    "/feeds/all.json": May.FEEDS, "/topics/{name}.json": May.FEEDS, "/routes/{name}.json": May.FEEDS,
    "/api/openapi.json": May.READ, "/api/alerts": May.READ, "/api/alerts/{id}": May.READ, "/api/entries": May.READ,
    "/api/entries/{key}": May.READ, "/api/entries/{key}/explain": May.READ, "/api/topics": May.READ,
    "/api/topics/{name}/volume": May.READ, "/api/feeds": May.READ, "/api/outbox": May.READ,
    "/api/outbox/{key}": May.READ, "/api/silences": May.READ, "/api/routes/walk": May.READ, "/api/status": May.READ,
    "/embed/topics/{name}": May.FEEDS, "/acts": May.READ, "/api/acts": May.READ, "/api/stories": May.READ, "POST /api/topics/{name}/try": May.ACT,
    "POST /api/explain": May.READ, "POST /api/alerts/{id}/mark": May.ACT, "POST /api/entries/{key}/missed": May.ACT,
    "POST /api/silences": May.ACT, "POST /api/silences/{id}/expire": May.ACT, "POST /api/feeds/{id}/poll": May.ACT,
    "POST /api/outbox/{key}/retry": May.ADMIN, "POST /api/outbox/{key}/drop": May.ADMIN,
    "/sign-in": May.ANYONE, "POST /sign-in": May.ANYONE, "POST /sign-out": May.READ,
}  # fmt: skip
"""Who may do what, written down a second time: a new route must be added here as well."""


def served(answered: str) -> Callable[[Asked], Reply]:
    return lambda asked: Reply(answered.encode(), content_type="text/plain")


TABLE = tuple(
    Page(f"/{may.value}/{{name}}", served(may.value), may, method) for may in May for method in ("GET", "POST")
)


def signed_in(make_client: Callable[..., Client], name: str, **options: object) -> Client:
    client = make_client(PEOPLE, host="watcher.example.org", **options)
    assert client.post("/sign-in", {"name": name, "password": PASSWORD}).status_code == 303
    return client


def test_every_route_says_who_may() -> None:
    found = {f"{'' if page.method == 'GET' else page.method + ' '}{page.path}": page.may for page in all_pages()}
    assert found == EXPECTED


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("needed", May)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_roles_by_methods(make_client: Callable[..., Client], role: str, needed: May, method: str) -> None:
    headers, may = ROLES[role]
    client = make_client(PEOPLE, pages=TABLE, host="watcher.example.org")
    answer = client.send(method, f"/{needed.value}/x", **headers, **{"sec-fetch-site": "same-origin"})
    if needed is May.ANYONE or (may is not None and may.includes(needed)):
        assert answer.status_code == 200
        assert answer.text == ("" if method == "HEAD" else needed.value)
    elif may is None and method != "POST":
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next=%2F{needed.value}%2Fx")
    else:
        assert answer.status_code == (401 if may is None else 403)


@pytest.mark.parametrize("name", ["reader", "actor", "boss"])
@pytest.mark.parametrize("needed", [May.READ, May.ACT, May.ADMIN])
def test_people_by_roles(make_client: Callable[..., Client], name: str, needed: May) -> None:
    signed = signed_in(make_client, name)
    client = Client(signed.site, host=signed.host, cookies=signed.cookies, pages=TABLE)
    may = {"reader": May.READ, "actor": May.ACT, "boss": May.ADMIN}[name]
    expected = 200 if may.includes(needed) else 403
    assert client.get(f"/{needed.value}/x").status_code == expected
    assert client.post(f"/{needed.value}/x").status_code == expected


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_nobodys(client: Client, method: str) -> None:
    answer = client.send(method, "/status", **{"sec-fetch-site": "same-origin"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_nobody_learns_which_pages_there_are(make_client: Callable[..., Client]) -> None:
    client = make_client(PEOPLE, host="watcher.example.org")
    there, nowhere = client.get("/status"), client.get("/nowhere")
    assert (there.status_code, nowhere.status_code) == (303, 303)


@pytest.mark.parametrize("path", ["/feeds/all.atom", "/topics/nowhere.json", "/nowhere.atom", "/topics/ceasefires.svg"])
def test_a_feed_reader_without_a_token_gets_no_form_to_sign_in(make_client: Callable[..., Client], path: str) -> None:
    answer = make_client(PEOPLE, host="watcher.example.org").get(path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/status", 200), ("HEAD", "/status", 200), ("GET", "/nowhere", 404), ("POST", "/status", 405),
     ("GET", "/fails/x", 500), ("GET", "/assets/none.css", 404), ("GET", "/healthz", 200), ("POST", "/help", 405)],
)  # fmt: skip
def test_headers_on_every_answer(client: Client, method: str, path: str, status: int) -> None:
    def fails(asked: Asked) -> Reply:
        raise RuntimeError("a defect, on purpose")

    failing = Client(client.site, pages=(*all_pages(), Page("/fails/{x}", fails, May.READ)))
    answer = failing.send(method, path, **{"sec-fetch-site": "same-origin"})
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "on purpose" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "https://watcher.example.org"}, 403),
        ({"origin": "https://watcher.example.org"}, 303),
        ({"origin": "http://watcher.example.org"}, 403),
        ({"origin": "//watcher.example.org"}, 403),
        ({"origin": "https://ada@watcher.example.org"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://[broken"}, 403),
        ({}, 403),
    ],
)
def test_writes_come_from_our_own_pages(
    make_client: Callable[..., Client], headers: dict[str, str], status: int
) -> None:
    client = signed_in(make_client, "actor")
    assert client.send("POST", "/sign-out", **headers).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:8080", 200), ("localhost", 200), ("[::1]:8080", 200), ("LOCALHOST:1", 200),
     ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("", 421), ("watcher.example.org", 421)],
)  # fmt: skip
def test_other_names_are_refused(client: Client, host: str, status: int) -> None:
    client.host = host
    assert client.get("/status").status_code == status


@pytest.mark.parametrize(
    ("peer", "value", "status"),
    [
        ("127.0.0.1", "ada", 200),
        ("127.0.0.1", "Çiğdem", 200),
        ("127.0.0.1", "eve", 403),
        ("127.0.0.1", None, 401),
        ("127.0.0.1", "", 401),
        ("127.0.0.2", "ada", 400),
        ("203.0.113.7", "ada", 400),
        ("::ffff:127.0.0.1", "ada", 200),
        ("", "ada", 200),
    ],
)
def test_the_header_of_a_proxy(make_client: Callable[..., Client], peer: str, value: str | None, status: int) -> None:
    client = make_client(PROXY, host="watcher.example.org", peer=peer)
    client.headers = {} if value is None else {"remote-user": value.encode().decode("latin-1")}
    assert client.get("/status").status_code == status


@pytest.mark.parametrize("header", ["Via", "Forwarded", "X-Forwarded-For", "X-Real-IP", "X-Forwarded-Proto"])
def test_a_proxy_nobody_configured_is_noticed(client: Client, header: str) -> None:
    assert client.get("/status", **{header.lower(): "203.0.113.7"}).status_code == 403


def test_an_unknown_token_is_refused_even_with_a_session(make_client: Callable[..., Client]) -> None:
    client = signed_in(make_client, "boss")
    answer = client.get("/status", authorization="Bearer wa_wrong")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_a_token_in_the_address_is_for_feeds_only(make_client: Callable[..., Client]) -> None:
    client = make_client(PEOPLE, pages=TABLE, host="watcher.example.org")
    assert client.get("/feeds/x?token=wf_x").status_code == 200
    assert client.get("/read/x?token=wr_x").status_code == 303


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"x" * (LARGEST_BODY + 1), {}, 413),
        (b"a=1&" * 60, {}, 400),
        (b"{", {"content-type": "application/json"}, 400),
        (b"[" * 60_000, {"content-type": "application/json"}, 400),
        (b"a", {"content-type": "multipart/form-data; boundary=x"}, 415),
        (b"a=1", {}, 200),
        (b'{"a": 1}', {"content-type": "application/json; charset=utf-8"}, 200),
        (b"", {}, 200),
    ],
)
def test_bodies(client: Client, content: bytes, headers: dict[str, str], status: int) -> None:
    form = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
    answer = Client(client.site, pages=TABLE).send("POST", "/act/x", content, **(form | headers))
    assert answer.status_code == status


@pytest.mark.parametrize(
    "path", ["/a%00b", "/%2e%2e/etc", "//evil.example/x", "/assets/..%2f..%2fx", "/status%0d%0aX: y"]
)
def test_odd_paths_are_no_pages(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("raw", ["topic=%00", "topic=a%00b&q=%00", "topic=a\0"])
def test_no_value_has_what_postgresql_refuses(raw: str) -> None:
    fields, _ = read_form(raw.encode(), FORM)
    assert fields == read_query(raw.encode())
    assert "topic" in fields
    assert "\0" not in fields["topic"]


def test_assets_are_kept_for_ever_by_their_hash(client: Client) -> None:
    text = client.get("/status").text
    for name in text.split('"/assets/')[1:]:
        answer = client.get(f"/assets/{name.partition(chr(34))[0]}")
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
