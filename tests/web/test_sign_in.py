"""Signing in: passwords, sessions that end, and waiting after wrong passwords."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.harness.servers import FakeClock
from tests.harness.web import CHEAP, KEY, Client
from watcher.web.passwords import COST, FREE_TRIES, hash_password, is_password

PASSWORD = "correct horse battery"
HASH, ANOTHER_HASH = hash_password(PASSWORD, CHEAP), hash_password("another password", CHEAP)


def section(password_hash: str = HASH, key: str = KEY) -> str:
    people = f'[{{name: ada, password: "{password_hash}", may: read}}, {{name: eve, password: "{HASH}"}}]'
    return f"web: {{url: https://watcher.example.org, key: {key}, links: none, people: {people}}}\n"


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client(section(), host="watcher.example.org")


def sign_in(client: Client, name: str = "ada", password: str = PASSWORD, **fields: str) -> int:
    return client.post("/sign-in", {"name": name, "password": password, **fields}).status_code


def test_signing_in_and_out(client: Client) -> None:
    assert client.get("/status").headers["location"] == "/sign-in?next=%2Fstatus"
    answer = client.post("/sign-in", {"name": "ada", "password": PASSWORD, "next": "/status"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/status")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-watcher=")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert client.get("/status").status_code == 200
    client.post("/sign-out")
    assert client.get("/status").status_code == 303


@pytest.mark.parametrize("next_path", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_a_sign_in_leads_nowhere_else(client: Client, next_path: str) -> None:
    answer = client.post("/sign-in", {"name": "ada", "password": PASSWORD, "next": next_path})
    assert answer.headers["location"] == "/"


def test_unknown_names_and_wrong_passwords_look_alike(client: Client) -> None:
    unknown = client.post("/sign-in", {"name": "bob", "password": PASSWORD})
    wrong = client.post("/sign-in", {"name": "ada", "password": "wrong"})
    assert (unknown.status_code, unknown.text.replace("bob", "ada")) == (wrong.status_code, wrong.text)
    assert wrong.status_code == 403


def test_wrong_passwords_make_a_name_wait_longer_each_time(client: Client, web_clock: FakeClock) -> None:
    for _ in range(FREE_TRIES):
        assert sign_in(client, password="wrong") == 403
    assert sign_in(client) == 429
    web_clock.advance(timedelta(seconds=1))
    assert sign_in(client, password="wrong") == 403
    web_clock.advance(timedelta(seconds=1))
    assert sign_in(client) == 429
    web_clock.advance(timedelta(seconds=1))
    assert sign_in(client) == 303


@pytest.mark.parametrize(
    ("peer", "status"), [("203.0.113.9", 429), ("2001:db8::9", 429), ("127.0.0.1", 303), ("::1", 303), ("", 303)]
)
def test_another_name_waits_at_the_same_address_unless_it_is_that_of_a_proxy(
    client: Client, peer: str, status: int
) -> None:
    guesser = Client(client.site, host=client.host, peer=peer)
    for _ in range(FREE_TRIES):
        sign_in(guesser, password="wrong")
    assert sign_in(guesser, "eve") == status
    elsewhere = Client(client.site, host=client.host, peer="203.0.113.7")
    assert sign_in(elsewhere, "eve") == 303
    assert sign_in(elsewhere, "ada") == 429


def test_sessions_end_by_idleness_and_by_age(client: Client, web_clock: FakeClock) -> None:
    sign_in(client)
    web_clock.advance(timedelta(hours=11))
    assert client.get("/status").status_code == 200  # which renews it
    web_clock.advance(timedelta(hours=11))
    assert client.get("/status").status_code == 200
    web_clock.advance(timedelta(hours=13))
    assert client.get("/status").status_code == 303
    sign_in(client)
    for _ in range(28):
        web_clock.advance(timedelta(hours=11, minutes=59))
        client.get("/status")
    web_clock.advance(timedelta(hours=2))
    assert client.get("/status").status_code == 303


def test_signing_out_everywhere_ends_other_sessions(client: Client) -> None:
    other = Client(client.site, host=client.host)
    for one in (client, other):
        sign_in(one)
    client.post("/sign-out", {"everywhere": "1"})
    assert other.get("/status").status_code == 303


@pytest.mark.parametrize("change", [{"password_hash": ANOTHER_HASH}, {"key": "z" * 40}])
def test_a_new_password_or_key_ends_sessions(
    client: Client, make_client: Callable[..., Client], change: dict[str, str]
) -> None:
    sign_in(client)
    changed = make_client(section(**change), host=client.host, cookies=dict(client.cookies))
    assert changed.get("/status").status_code == 303


def test_a_changed_cookie_is_nobodys(client: Client) -> None:
    sign_in(client)
    (name, value), *_ = client.cookies.items()
    data, _, signature = value.partition(".")
    for forged in (f"{data[:-2]}AA.{signature}", f"{data}.{'A' * 43}", data, ".", "x.y", f"{data}.é", "a" * 5000):
        assert Client(client.site, host=client.host).get("/status", cookie=f"{name}=A").status_code == 303
        quiet = forged.encode("ascii", "replace").decode()
        assert Client(client.site, host=client.host).get("/status", cookie=f"{name}={quiet}").status_code == 303


@pytest.mark.parametrize("data", [b"[" * 9_000, b'["ada", 1e400, 1, 0]', b'["ada", 1, 1, NaN]', b'[["ada"], 1, 1, 0]'])
def test_a_cookie_of_any_json_is_nobodys(client: Client, data: bytes) -> None:
    cookie = f"{base64.urlsafe_b64encode(data).decode().rstrip('=')}.{'A' * 43}"
    assert client.get("/status", cookie=f"__Host-watcher={cookie}").status_code == 303


@pytest.mark.parametrize(
    ("text", "cost"), [("a", COST), ("é" * 50, CHEAP), ("", CHEAP), ("x" * 1000, CHEAP), ("\ud800", CHEAP)]
)
def test_passwords_of_any_kind(text: str, cost: tuple[int, int, int]) -> None:
    written = hash_password(text, cost)
    assert is_password(text, written)
    assert not is_password(text + "x", written)


@pytest.mark.parametrize(
    "written", ["", "scrypt", "scrypt:31:8:1:AA:AA", "bcrypt:15:8:1:AA:AA", "scrypt:15:99:1:AA:AA"]
)
def test_lines_that_cost_too_much_are_refused(written: str) -> None:
    with pytest.raises(ValueError):
        is_password("x", written)
