"""Conditional requests, redirects, secrets and statuses, against a real server."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.servers import Answer, Document, FeedServer
from watcher.errors import PollReason
from watcher.model.feed import Feed, Fetched, FetchFailed, NotModified, Validators
from watcher.model.secret import Secret


def test_a_document_and_its_validators(feed_server: FeedServer, fetch: Any) -> None:
    url = feed_server.put("/f", Document(b"<rss/>", etag='W/"a"', last_modified="Mon, 06 Jan 2025 10:00:00 GMT"))
    fetched = fetch(url)
    assert isinstance(fetched, Fetched)
    assert (fetched.url, fetched.body, fetched.permanent_url) == (url, b"<rss/>", None)
    assert fetched.headers["content-type"] == "application/xml"
    assert fetched.validators == Validators('W/"a"', "Mon, 06 Jan 2025 10:00:00 GMT")
    assert feed_server.requests[0].headers["user-agent"] == "watcher/test (+mailto:test@example.org)"


@pytest.mark.parametrize("etag", ['W/"a"', '"x y"', "unquoted", '"ü"'])
def test_validators_go_back_byte_for_byte(etag: str, feed_server: FeedServer, fetch: Any) -> None:
    url = feed_server.put("/f", Document(b"<rss/>", etag=etag, last_modified="yesterday"))
    fetched = fetch(url)
    answer = fetch(url, fetched.validators)
    assert isinstance(answer, NotModified)
    assert answer.validators == fetched.validators
    assert feed_server.requests[1].headers["if-none-match"] == etag
    assert feed_server.requests[1].headers["if-modified-since"] == "yesterday"


def test_a_304_that_nobody_asked_for_is_a_failure(feed_server: FeedServer, fetch: Any) -> None:
    failed = fetch(feed_server.put("/f", Answer(304)))
    assert isinstance(failed, FetchFailed)
    assert failed.reason is PollReason.PROTOCOL


def test_redirects(feed_server: FeedServer, fetch: Any) -> None:
    end = feed_server.put("/end", b"<rss/>")
    feed_server.redirect("/temporary", end, 302)
    feed_server.redirect("/permanent", "/end", 301)
    feed_server.redirect("/mixed", "/temporary", 308)
    temporary, permanent, mixed = (fetch(feed_server.url(path)) for path in ("/temporary", "/permanent", "/mixed"))
    assert (temporary.url, temporary.permanent_url, temporary.redirects) == (end, None, 1)
    assert (permanent.url, permanent.permanent_url) == (end, end)
    assert (mixed.url, mixed.permanent_url, mixed.redirects) == (end, None, 2)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("/loop", PollReason.TOO_MANY_REDIRECTS),
        ("http://169.254.169.254/latest/meta-data/", PollReason.ADDRESS_REFUSED),
        ("http://10.0.0.1/", PollReason.ADDRESS_REFUSED),
        ("file:///etc/passwd", PollReason.SCHEME_REFUSED),
        ("gopher://127.0.0.1:25/", PollReason.SCHEME_REFUSED),
        ("http://127.0.0.1:99999/", PollReason.PROTOCOL),
    ],
)
def test_redirects_that_are_not_followed(
    location: str, reason: PollReason, feed_server: FeedServer, fetch: Any
) -> None:
    failed = fetch(feed_server.redirect("/loop", location))
    assert isinstance(failed, FetchFailed)
    assert failed.reason is reason


def test_secrets_are_for_the_feeds_own_origin(feed_server: FeedServer, fetch: Any) -> None:
    with FeedServer("127.0.0.2") as other:
        other.put("/f", b"<rss/>")
        other.redirect("/back", feed_server.url("/own"))
        feed_server.put("/own", b"<rss/>")
        feed_server.redirect("/away", other.url("/f"))
        headers = {"Authorization": Secret("env X", "Bearer s3cret"), "X-Plain": "1"}
        assert isinstance(fetch(Feed(feed_server.url("/own"), headers=headers)), Fetched)
        assert isinstance(fetch(Feed(feed_server.url("/away"), headers=headers)), Fetched)
        assert isinstance(fetch(Feed(feed_server.url("/own"), headers=headers), url=other.url("/f")), Fetched)
        assert all(request.headers["authorization"] == "Bearer s3cret" for request in feed_server.requests)
        assert not any({"authorization", "x-plain"} & request.headers.keys() for request in other.requests)


def test_credentials_in_the_address_become_a_header_and_are_never_shown(feed_server: FeedServer, fetch: Any) -> None:
    feed_server.put("/f", b"<rss/>")
    url = feed_server.url("/f").replace("//", "//ann:s3cret@")
    fetched = fetch(url)
    assert feed_server.requests[0].headers["authorization"].startswith("Basic ")
    assert "s3cret" not in repr(fetched)
    assert "s3cret" not in repr(fetch(url.replace("/f", "/missing?token=s3cret")))


def test_nothing_that_a_server_hands_out_is_carried_to_another(feed_server: FeedServer, fetch: Any) -> None:
    """Neither cookies, which nobody gets back, nor credentials in the address of a redirect."""
    with FeedServer("127.0.0.2") as other:
        other.put("/f", b"<rss/>")
        cookies = {"Set-Cookie": "session=s3cret; Domain=127.0.0.1; Path=/"}
        for path, target in {
            "/away": other.url("/f").replace("//", "//eve:s3cret@"),
            "/home": feed_server.url("/f").replace("//", "//eve:s3cret@"),
        }.items():
            feed_server.put(path, Answer(302, {"Location": target, **cookies}))
        feed_server.put("/f", Document(b"<rss/>", cookies))
        for path in ("/away", "/home", "/f"):
            fetched = fetch(feed_server.url(path).replace("//", "//ann:own@"))
            assert isinstance(fetched, Fetched)
            assert "s3cret" not in fetched.url
        own = {"authorization": f"Basic {b64encode(b'ann:own').decode('ascii')}"}
        secret = {"authorization", "cookie", "proxy-authorization"}
        assert [{name: one.headers[name] for name in secret & one.headers.keys()} for one in other.requests] == [{}]
        told = [{name: one.headers[name] for name in secret & one.headers.keys()} for one in feed_server.requests]
        assert told == [own] * 4


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, PollReason.HTTP_UNAUTHORIZED),
        (404, PollReason.HTTP_NOT_FOUND),
        (410, PollReason.HTTP_GONE),
        (418, PollReason.HTTP_CLIENT_ERROR),
        (429, PollReason.HTTP_TOO_MANY_REQUESTS),
        (500, PollReason.HTTP_SERVER_ERROR),
        (301, PollReason.PROTOCOL),
    ],
)
def test_the_status_comes_first(status: int, reason: PollReason, feed_server: FeedServer, fetch: Any) -> None:
    failed = fetch(feed_server.put("/f", Answer(status, {}, b"<rss version='2.0'><channel/></rss>")))
    assert isinstance(failed, FetchFailed)
    assert (failed.reason, failed.status) == (reason, status)
    assert "127.0.0.1" in failed.detail


@pytest.mark.parametrize(("value", "seconds"), [("120", 120), ("317100", 86400), ("soon", None), ("-5", None)])
def test_retry_after(value: str, seconds: int | None, feed_server: FeedServer, fetch: Any) -> None:
    failed = fetch(feed_server.put("/f", Answer(503, {"Retry-After": value})))
    assert failed.retry_after == (None if seconds is None else timedelta(seconds=seconds))


def test_the_environments_proxies_are_not_used(feed_server: FeedServer, fetch: Any, monkeypatch: Any) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert isinstance(fetch(feed_server.put("/f", b"<rss/>")), Fetched)


def test_no_address_at_all(fetch: Any) -> None:
    for url in ("not a url", "http://", "ftp://example.org/f", "file:///etc/passwd", "http://exa mple.org/"):
        assert isinstance(fetch(url), FetchFailed), url
    assert fetch("http://127.0.0.1:9/").reason is PollReason.CONNECT
    assert fetch("http://no-such-name.invalid/").reason is PollReason.DNS
