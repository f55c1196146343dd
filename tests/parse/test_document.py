"""Documents that are no feeds, and feeds that mean harm."""

from __future__ import annotations

import pytest

from watcher.errors import ParseError, PollReason
from watcher.parse.document import parse_document

URL = "https://example.org/feed"
HEAD = '<rss version="2.0"><channel><item>'
TAIL = "</item></channel></rss>"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", PollReason.EMPTY),
        (b" \n\t ", PollReason.EMPTY),
        (b"\x00" * 50, PollReason.EMPTY),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", PollReason.HTML),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'><head/><body/></html>", PollReason.HTML),
        (b"hello", PollReason.NOT_A_FEED),
        (b"<opml><body/></opml>", PollReason.NOT_A_FEED),
        (b"\x89PNG\r\n\x1a\n", PollReason.NOT_A_FEED),
        (b'{"items": 3}', PollReason.NOT_A_FEED),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [', PollReason.MALFORMED),
        (b'{"a":' * 200_000, PollReason.MALFORMED),
        (b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel/></rss>', PollReason.MALFORMED),
        (b'<!DOCTYPE r [<!ENTITY a "' + b"a" * 1000 + b'">]><rss><channel/></rss>', PollReason.MALFORMED),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, reason: PollReason) -> None:
    with pytest.raises(ParseError) as caught:
        parse_document(body, url=URL, headers={})
    assert caught.value.reason is reason
    assert caught.value.detail


def test_links_that_run_code_never_get_further() -> None:
    for link in (
        "javascript:alert(1)",
        "data:text/html,x",
        " java\tscript:alert(1)",
        "file:///etc/passwd",
        "vbscript:x",
    ):
        body = f"{HEAD}<title>t</title><link>{link}</link>{TAIL}".encode()
        assert parse_document(body, url=URL, headers={}).entries[0].link in {
            "",
            "https://example.org/java%20script:alert(1)",
        }


def test_an_external_entity_is_never_read() -> None:
    body = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>{HEAD}<title>a&x;b</title>{TAIL}'.encode()
    feed = parse_document(body, url=URL, headers={})
    assert "root:" not in feed.entries[0].title


def test_control_characters_and_overrides_do_not_survive() -> None:
    guid = '<guid isPermaLink="false">i\u200dd\u202e</guid>'
    body = f"{HEAD}<title>a\u202eb\u2066c&#x9;d</title>{guid}{TAIL}".encode()
    entry = parse_document(body, url=URL, headers={}).entries[0]
    assert entry.title == "abc d"
    assert entry.id == "i\u200dd"


def test_an_address_is_never_opened() -> None:
    with pytest.raises(ParseError):
        parse_document(b"/etc/hostname", url=URL, headers={})
    with pytest.raises(ParseError):
        parse_document(b"http://127.0.0.1:9/", url=URL, headers={})


CODECS = (
    "utf-7",
    "idna",
    "punycode",
    "unicode_escape",
    "hex",
    "base64",
    "zlib",
    "rot13",
    "undefined",
    "x-bogus",
    "ibm500",
)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("where", ["declaration", "header"])
def test_a_charset_that_is_none_ends_in_a_feed_or_a_named_reason(codec: str, where: str) -> None:
    declared = f' encoding="{codec}"' if where == "declaration" else ""
    headers = {"content-type": f"text/xml; charset={codec}"} if where == "header" else {}
    title = "+ADw-script+AD4-alert(1)+ADw-/script+AD4-"
    body = f"<?xml version='1.0'{declared}?><rss version='2.0'><channel><item><title>{title}</title></item></channel></rss>"
    assert outcome(body.encode(), headers) in {PollReason.MALFORMED, (title,), ("",)}


def outcome(body: bytes, headers: dict[str, str]) -> PollReason | tuple[str, ...]:
    """The titles of a document, or why there are none."""
    try:
        return tuple(entry.title for entry in parse_document(body, url=URL, headers=headers).entries)
    except ParseError as error:
        return error.reason
