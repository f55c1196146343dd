"""The section `web`: what is allowed, and what its values become."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.config.load import read_settings
from watcher.model.web import LinkUse, Listen, May, WebSettings

KEY = "k" * 32


def web_of(folder: Path, section: str) -> WebSettings | list[str]:
    """The section's values, or where its problems are."""
    file = folder / "config.yaml"
    file.write_text(f"feeds: []\nweb: {section}\n")
    reading = read_settings(file, env={}, secrets="require")
    return [problem.path for problem in reading.problems] if reading.settings is None else reading.settings.web


def test_nothing_written_is_this_machine_only(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("feeds: []\n")
    settings = read_settings(file, env={}, secrets="require").settings
    assert settings is not None
    assert (settings.web, settings.web.is_open, settings.web.listen.is_local) == (WebSettings(), True, True)


@pytest.mark.parametrize(
    ("written", "listen", "is_local"),
    [
        ("127.0.0.1:8080", Listen("127.0.0.1", 8080), True),
        ('":9000"', Listen("127.0.0.1", 9000), True),
        ('"[::1]:80"', Listen("::1", 80), True),
        ("localhost:1", Listen("localhost", 1), True),
        ("unix:/run/w.sock", Listen(socket=Path("/run/w.sock")), True),
    ],
)
def test_places_to_listen_at(tmp_path: Path, written: str, listen: Listen, is_local: bool) -> None:
    web = web_of(tmp_path, f"{{listen: {written}}}")
    assert isinstance(web, WebSettings)
    assert (web.listen, web.listen.is_local) == (listen, is_local)


@pytest.mark.parametrize("address", ["0.0.0.0:80", '"[::]:80"', "192.0.2.1:80", "10.0.0.1:8080"])
def test_where_nobody_signs_in_only_this_machine_is_served(tmp_path: Path, address: str) -> None:
    assert web_of(tmp_path, f"{{listen: {address}}}") == ["web.listen", "web.listen"]
    people = "people: [{name: ada}], proxy: {header: Remote-User, from: [10.0.0.0/8]}"
    url = "url: https://w.example.org, links: none"
    assert web_of(tmp_path, f"{{listen: {address}, {people}}}") == ["web.listen"]
    assert isinstance(web_of(tmp_path, f"{{listen: {address}, {people}, {url}}}"), WebSettings)


@pytest.mark.parametrize("address", ["8080", "host.example:80", "127.0.0.1", "127.0.0.1:99999", "unix:relative", "[]"])
def test_other_places_are_refused(tmp_path: Path, address: str) -> None:
    assert web_of(tmp_path, f'{{listen: "{address}"}}') == ["web.listen"]


def test_an_address_of_others_needs_somebody_to_sign_in(tmp_path: Path) -> None:
    assert web_of(tmp_path, "{url: https://w.example.org, links: none}") == ["web.url"]
    assert isinstance(web_of(tmp_path, f"{{url: http://localhost:8080, key: {KEY}}}"), WebSettings)


def test_links_and_sessions_need_a_key(tmp_path: Path) -> None:
    assert web_of(tmp_path, "{url: http://localhost:8080}") == ["web"]
    web = web_of(tmp_path, f"{{url: http://localhost:8080, key: {KEY}, links: act, links_for: 3d}}")
    assert isinstance(web, WebSettings)
    assert (web.links, web.links_for.days) == (LinkUse.ACT, 3)


def test_a_plain_password_is_refused_and_never_printed(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"feeds: []\nweb: {{key: {KEY}, people: [{{name: ada, password: hunter2-plain}}]}}\n")
    problems = read_settings(file, env={}, secrets="require").problems
    assert [problem.path for problem in problems] == ["web.people.0.password"]
    assert "hunter2-plain" not in "".join(map(str, problems))


def test_what_somebody_may_includes_what_is_less() -> None:
    order = list(May)
    assert [[one.includes(other) for other in order] for one in order] == [
        [place >= other for other in range(len(order))] for place in range(len(order))
    ]
