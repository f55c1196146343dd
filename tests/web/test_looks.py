"""Language and colours: the choice is kept in the browser, wins over what is configured, and works without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.harness.web import Client
from watcher.web.exchange import Refused
from watcher.web.looks import Colors, Looks, looks_of
from watcher.web.rendering import assets


def style_of(page: str) -> bytes:
    found = re.search(r'href="/assets/([^"]+\.css)"', page)
    assert found is not None
    return next(one.body for one in assets().values() if one.name == found[1])


@pytest.mark.parametrize(
    ("cookie", "setting", "accepted", "looks"),
    [
        ("", "auto", "ar", Looks("ar")),
        ("", "fr", "ar", Looks("fr")),
        ("dark.tr", "fr", "ar", Looks("tr", Colors.DARK, "tr")),
        ("light.", "auto", "ku", Looks("ku", Colors.LIGHT)),
        (".en", "fr", "fr", Looks("en", Colors.AUTO, "en")),
        ("black.xx", "auto", "fr", Looks("fr")),
        ("dark.tr.fr; light", "auto", "", Looks("en", Colors.DARK)),
    ],
)
def test_a_choice_wins_over_the_configuration_and_that_over_the_browser(
    cookie: str, setting: str, accepted: str, looks: Looks
) -> None:
    assert looks_of(cookie, setting, accepted) == looks


def test_a_choice_is_kept_and_taken_back(make_client: Callable[..., Client]) -> None:
    client = make_client("web: {language: fr}\n")
    assert '<html lang="fr"' in client.get("/settings").text
    client.post("/settings", {"language": "ar", "colors": "dark"})
    page = client.get("/").text
    assert ('<html lang="ar" dir="rtl">' in page, '<meta name="color-scheme" content="dark">' in page) == (True, True)
    client.post("/settings", {"language": "", "colors": ""})
    page = client.get("/").text
    assert ('<html lang="fr"' in page, '<meta name="color-scheme" content="light dark">' in page) == (True, True)


def test_each_choice_of_colours_has_its_style_sheet(client: Client) -> None:
    found = {}
    for colors in Colors:
        client.post("/settings", {"language": "", "colors": colors.value})
        found[colors] = style_of(client.get("/").text)
    automatic = b"@media screen and (prefers-color-scheme: dark)"
    assert {colors: automatic in style for colors, style in found.items()} == {
        Colors.AUTO: True,
        Colors.LIGHT: False,
        Colors.DARK: False,
    }
    assert [b"color-scheme: light;" in found[Colors.LIGHT], b"color-scheme: dark;" in found[Colors.DARK]] == [
        True,
        True,
    ]


def test_pages_of_errors_look_as_chosen(client: Client) -> None:
    client.post("/settings", {"language": "tr", "colors": "light"})
    page = client.get("/nowhere").text
    assert ('<html lang="tr"' in page, 'content="light"' in page) == (True, True)
    assert client.site.error_page(Refused(404, "There is no such page")).startswith(b"<!doctype html>")
