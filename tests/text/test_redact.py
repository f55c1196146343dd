"""Secrets in addresses: which parts are hidden, and that everything else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.redact import redact, redact_addresses, secret_in_address


@pytest.mark.parametrize(
    "name",
    [
        "token", "access_token", "feed_token", "private_token", "rss_token", "apikey", "api_key", "API-Key", "key",
        "auth", "authkey", "password", "pw", "secret", "client_secret", "sig", "X-Amz-Signature", "jwt", "PHPSESSID",
        "t%6Fken", "token[]", "token[0]", "token%5B%5D", "auth[key]", "passphrase", "appid",
    ],
)  # fmt: skip
def test_a_value_whose_name_says_that_it_is_secret_is_hidden(name: str) -> None:
    url = f"https://news.example/feed?page=2&{name}=GEHEIM123&lang=ar#top"
    assert redact_addresses(f"polled {url} again") == f"polled {url.replace('GEHEIM123', '***')} again"
    assert secret_in_address(url)


@pytest.mark.parametrize(
    "value",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz", "glpat-abcDEF123456", "ghp_abcDEF123456",
        "0123456789abcdef0123456789abcdef",
    ],
)  # fmt: skip
def test_a_value_that_looks_like_nothing_else_is_hidden(value: str) -> None:
    url = f"https://news.example/feed?page=2&x={value}&lang=ar"
    assert value not in redact_addresses(url)
    assert secret_in_address(url) == "x"
    assert redact_addresses(f"https://news.example/feed?channel_id={value}").endswith(value)


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/feed?id=12&channel_id=UC123&q=keyword&monkey=1&design=2&passage=3&author=x&tag=y",
        "https://news.example/feed?token=",
        "https://news.example/feed?feed=sk-bratislava-news&lang=eyJ&hash_tag=1&category=security",
        "https://news.example/token=x/feed",
        "not an address: token=x",
        "",
    ],
)
def test_what_is_no_secret_stays(url: str) -> None:
    assert redact_addresses(url) == url
    assert secret_in_address(url) == ""


def test_userinfo_and_further_addresses_are_hidden_too() -> None:
    text = "https://me:pw@a.example/x and http://b.example/?a=1;token=x"
    assert redact_addresses(text) == "https://a.example/x and http://b.example/?a=1;token=***"


@given(st.text())
def test_any_text_is_redacted_once(text: str) -> None:
    once = redact_addresses("https://" + text)
    assert redact_addresses(once) == once


def test_longer_secrets_go_first_and_the_text_is_one_printable_line() -> None:
    assert redact("no: abc abcdef\r\n\x1b", ["abc", "abcdef", ""]) == "no: *** ***"
