"""Entries that no honest feed publishes, as values: what parsing may one day let through reaches every later stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from watcher.model.entry import Entry

TITLE = "Ceasefire agreed, says the hostile feed"

EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

MOMENTS = {
    "year 1": datetime(1, 1, 1, tzinfo=UTC),
    "year 9999": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    "year 1 in the east": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    "year 9999 in the west": datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=12))),
    "before the epoch": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
    "32 bits": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
}

TEXTS = {
    "empty": "",
    "blank": " \t\r\n ",
    "NUL": "a\x00b",
    "controls": "".join(map(chr, range(32))) + "\x7f\x9b",
    "escape": "\x1b]0;title\x07\x1b[2J",
    "lone surrogates": "\ud800 and \udfff",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "direction": "\u202e\u2066\u2067\u200f" * 50,
    "one long word": "a" * 50_000,
    "long": "word " * 20_000,
    "combining": "e" + "\u0301" * 5_000,
    "arabic": "وقف إطلاق النار " * 200,
    "emoji": "👩‍👩‍👧‍👦" * 500,
    "numbers": "9" * 5_000,
    "huge number": "1e999999999",
    "not a number": "NaN",
    "nested markup": "<b>" * 3_000,
    "unclosed comment": "<!--" * 1_000,
    "template": "{{ 7 * 7 }}{% raw %}{# #}",
    "format": "%s%n{0}{}%(x)s",
    "mail header": "x\r\nBcc: all@example.org\r\n\r\nbody",
    "encoded word": "=?utf-8?b?DQpCY2M6IGE=?=",
    "mentions": "@everyone <!channel> <@U1>",
    "json": '"]}\\u0000,{"',
    "xml": "]]></x><x>&#0;",
    "sql": "'); DROP TABLE alerts; --",
}

LINKS = {
    "script": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "broken host": "http://[::1",
    "port": "http://example.org:99999999/",
    "user": "https://bank.example@evil.example/",
    "long": "https://example.org/" + "a" * 20_000,
    "surrogate": "https://example.org/\ud800",
    "NUL": "https://example.org/\x00",
    "homograph": "https://аррӏе.example/",
    "idna": "https://" + "xn--" * 60 + ".example/",
}


def hostile_entries() -> Iterator[tuple[str, Entry]]:
    """A name and an entry that matches the topic `ceasefires`, for each kind and field."""
    plain = Entry(id="", link="https://hostile.example/x", title=TITLE, content="Ceasefire. " * 3)
    for name, moment in MOMENTS.items():
        yield f"published {name}", replace(plain, id=f"published {name}", published=moment)
        yield f"updated {name}", replace(plain, id=f"updated {name}", updated=moment)
    for name, text in TEXTS.items():
        yield f"title {name}", replace(plain, id=f"title {name}", title=f"{TITLE} {text}")
        yield f"content {name}", replace(plain, id=f"content {name}", content=f"Ceasefire. {text} Truce.")
        yield f"summary {name}", replace(plain, id=f"summary {name}", summary=f"{text} Truce.")
        yield f"author {name}", replace(plain, id=f"author {name}", author=text, categories=(text, text))
        yield f"id {name}", replace(plain, id=f"id {name} {text}")
    for name, link in LINKS.items():
        yield f"link {name}", replace(plain, id=f"link {name}", link=link)
