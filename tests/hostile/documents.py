"""Documents that mean harm, by name."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator

HEAD = b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>'
TAIL = b"</channel></rss>"
JSON = b'{"version": "https://jsonfeed.org/version/1.1", "items": '
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
INVALID_DATES = (
    "0000-00-00", "99999999-99-99T99:99:99Z", "Mon, 31 Feb 2025 99:99:99 +9999", "-1", "NaN", "2025-W01", "1e308",
    "Mon, 06 Jan 999999999999999999 10:00:00", "\u0661\u0662/\u0663", "2025-01-01T00:00:00+99:99", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "T" * 5000, "12:00 " * 1000, "Jan " * 1000,
)  # fmt: skip


def hostile_documents() -> Iterator[tuple[str, bytes]]:
    attributes = b" ".join(b'a%d="x"' % number for number in range(100_000))
    yield "attribute bomb", HEAD + b"<item " + attributes + b"/>" + TAIL
    yield "attribute bomb, feedparser's strict path", b"<channel><item " + attributes + b"/></channel>"
    yield "attribute bomb, not well-formed", HEAD + b"<item " + attributes + b"/><b>" + TAIL
    yield from _entity_bombs()
    yield from _of_json()
    yield from _in_charsets()
    yield from _that_need_repair()
    yield "200,000 deep", HEAD + b"<item><a>" + b"<b>" * 200_000 + b"</b>" * 200_000 + b"</a></item>" + TAIL
    yield "200,000 deep, unclosed", HEAD + b"<item><title>" + b"<b>" * 200_000
    yield (
        "200,000 deep in XHTML",
        _atom(b'<content type="xhtml">' + b"<div>" * 200_000 + b"</div>" * 200_000 + b"</content>"),
    )
    yield (
        "200,000 deep markup in a text",
        HEAD + b"<item><description>" + b"&lt;div&gt;" * 200_000 + b"</description></item>" + TAIL,
    )
    yield "NULs", HEAD + b"<item><title>a\0b</title></item>" * 1_000 + TAIL + b"\0" * 1_000_000
    yield "NULs only", b"\0" * 9_000_000
    yield (
        "wrong charset",
        HEAD.replace(b"?>", b' encoding="utf-16"?>', 1) + b"<item><title>\xff\xfe\xe9</title></item>" + TAIL,
    )
    yield "unknown charset", HEAD.replace(b"?>", b' encoding="x-bogus"?>', 1) + b"<item><title>a</title></item>" + TAIL
    dates = "".join(
        f"<item><guid>{date[:20]}</guid><pubDate>{date}</pubDate><dc:date xmlns:dc='x'>{date}</dc:date></item>"
        for date in INVALID_DATES
    )
    yield "invalid dates", HEAD + dates.encode() * 100 + TAIL
    yield "350,000 empty entries", HEAD + b"<item/>" * 350_000 + TAIL
    yield "350,000 empty entries, not well-formed", HEAD + b"<item/>" * 350_000 + b"<b>" + TAIL
    yield "a million entries", HEAD + b"<item/>" * 1_000_000 + TAIL
    yield "a million entries, not well-formed", HEAD + b"<item/>" * 1_000_000 + b"<b>" + TAIL
    yield "a million unclosed entries", HEAD + b"<item>" * 1_000_000
    yield "a million Atom entries", b'<feed xmlns="http://www.w3.org/2005/Atom">' + b"<entry/>" * 1_000_000 + b"</feed>"
    yield "100,000 categories", HEAD + b"<item>" + b"<category>x</category>" * 100_000 + b"</item>" + TAIL
    yield "one title of 9 MB", HEAD + b"<item><title>" + b"w " * 4_500_000 + b"</title></item>" + TAIL
    yield "a million references", HEAD + b"<item><title>" + b"&amp;" * 1_000_000 + b"&nbsp;</title></item>" + TAIL
    yield (
        "markup that backtracks",
        HEAD + b"<item><description>" + b"&lt;a '&lt;a \"" * 400_000 + b"</description></item>" + TAIL,
    )
    yield "comments without end", HEAD + b"<!--" * 2_000_000
    yield "CDATA without end", HEAD + b"<item><title><![CDATA[" * 300_000
    yield "half tags", HEAD + b"<item><title " * 500_000
    yield "ampersands", HEAD + b"<item><link>?a=1&b=2" + b"&c" * 2_000_000 + b"</link></item>" + TAIL
    yield "namespaces", HEAD + b"".join(b'<x%d:a xmlns:x%d="u%d"/>' % (n, n, n) for n in range(50_000)) + TAIL
    yield "a processing instruction of 9 MB", b"<?xml " + b"a" * 9_000_000
    yield "a random gzip", gzip.compress(bytes(range(256)) * 4_000)


def _of_json() -> Iterator[tuple[str, bytes]]:
    yield "200,000 deep JSON", JSON + b"[" * 200_000
    yield "JSON, 200,000 deep and closed", JSON + b"[" * 200_000 + b"]" * 200_000 + b"}"
    yield "JSON, 200,000 objects deep", JSON + b'[{"id":' * 200_000
    yield "JSON that is one array", b"[" * 200_000 + b"]" * 200_000
    yield "JSON, a million entries", JSON + b"[" + b",".join([b"{}"] * 1_000_000) + b"]}"
    yield "JSON, a million tags", JSON + b'[{"tags": [' + b",".join([b'"a"'] * 1_000_000) + b"]}]}"
    yield "JSON, a million authors", JSON + b'[{"authors": [' + b",".join([b'{"name":"a"}'] * 700_000) + b"]}]}"
    yield "JSON, a number of 9 MB", JSON + b'[{"id": ' + b"9" * 9_000_000 + b"}]}"
    yield (
        "JSON, 2,000 numbers of 4,300 digits",
        JSON + b"[" + b",".join([b'{"id":' + b"9" * 4_300 + b"}"] * 2_000) + b"]}",
    )
    yield "JSON, numbers that are none", JSON + b'[{"id": NaN}, {"id": -Infinity}, {"id": 1e99999}, {"id": -0.0}]}'
    yield "JSON, lone surrogates", JSON + b'[{"id": "\\ud800", "title": "\\udfff a", "url": "http://e/\\ud83d"}]}'
    yield "JSON, 700,000 keys", JSON + b"[{" + b",".join(b'"%d":0' % number for number in range(700_000)) + b"}]}"
    yield "JSON, one key 700,000 times", JSON + b'[{"id": 1' + b',"title":"a"' * 700_000 + b"}]}"
    yield "JSON, a string without end", JSON + b'[{"title": "' + b"\\u0041" * 1_500_000
    yield "JSON in UTF-32", (JSON + b'[{"id": "a"}]}').decode().encode("utf-32")


def _in_charsets() -> Iterator[tuple[str, bytes]]:
    declared = (
        '<?xml version="1.0" encoding="%s"?><rss version="2.0"><channel><item><title>%s</title></item></channel></rss>'
    )
    yield "UTF-7 with hidden markup", (declared % ("utf-7", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-")).encode()
    yield "UTF-7 in UTF-7", (declared % ("utf-7", "<b>&ü")).encode("utf-7")
    yield "UTF-16 declared, UTF-8 sent", (declared % ("utf-16", "é")).encode()
    yield "UTF-8 declared, UTF-16 sent", (declared % ("utf-8", "é")).encode("utf-16")
    yield "UTF-8 declared, Shift JIS sent", (declared % ("utf-8", "日本")).encode("shift_jis")
    for codec in ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "hex", "base64", "zlib", "bz2", "rot13"):
        yield f"the codec {codec} as charset", (declared % (codec, "a" * 200_000)).encode()
    yield "a charset of 9 MB", (declared % ("x" * 9_000_000, "a")).encode()
    yield "EBCDIC", (declared % ("ibm500", "a")).encode("ibm500")


def _entity_bombs() -> Iterator[tuple[str, bytes]]:
    yield "a billion laughs", b'<!DOCTYPE x [<!ENTITY l0 "lol">' + LAUGHS + b"]>" + _item(b"&l9;")
    lines = LAUGHS.replace(b"<!ENTITY", b"\n<!ENTITY")
    yield "a billion laughs, on lines", b'<!DOCTYPE x [\n<!ENTITY l0 "lol">' + lines + b"\n]>" + _item(b"&l9;")
    yield "quadratic blow-up", b'<!DOCTYPE x [\n<!ENTITY a "' + b"a" * 100_000 + b'">\n]>' + _item(b"&a;" * 100_000)
    yield (
        "quadratic blow-up, short",
        b'<!DOCTYPE x [\n<!ENTITY a "' + b"a" * 499 + b'">\n]>' + _item(b"&a;" * 1_000_000),
    )
    yield (
        "parameter entities",
        b"<!DOCTYPE x [<!ENTITY % a \"<!ENTITY b SYSTEM 'file:///etc/passwd'>\">%a;]>" + _item(b"&b;"),
    )


def _item(title: bytes) -> bytes:
    return HEAD.partition(b"?>")[2] + b"<item><title>" + title + b"</title></item>" + TAIL


def _atom(entry: bytes) -> bytes:
    return b'<feed xmlns="http://www.w3.org/2005/Atom"><entry>' + entry + b"</entry></feed>"


def _that_need_repair() -> Iterator[tuple[str, bytes]]:
    item = b"<item><title>t</title></item>"
    yield "100,000 unclosed titles", HEAD + b"<item><title>t</item>" * 100_000 + TAIL
    yield "300,000 unclosed paragraphs", HEAD + b"<item><title>t</title>" + b"<p>x" * 300_000 + b"</item>" + TAIL
    yield "300,000 crossed tags", HEAD + b"<item><title>t</title>" + b"<a><b></a></b>" * 150_000 + b"</item>" + TAIL
    yield "100,000 entries with a broken text", HEAD + b"<item><description><p>t</description></item>" * 100_000 + TAIL
    yield "100,000 entries with an odd element", HEAD + b"<item><title>t</title><body>t</body></item>" * 100_000 + TAIL
    yield "100,000 unclosed CDATA sections", HEAD + b"<item><title><![CDATA[t]]</title></item>" * 100_000 + TAIL
    yield "100,000 entries, cut off", HEAD + item * 100_000 + b"<item><title>t"
    yield "cut off in a text of 9 MB", HEAD + item + b"<item><description><![CDATA[" + b"<p>w </p>" * 1_000_000
    yield "9 MB of lone ampersands", HEAD + b"<item><title>" + b"& " * 4_500_000 + b"</title></item>" + TAIL
    yield "9 MB of less-than signs", HEAD + b"<item><title>" + b"< " * 4_500_000 + b"</title></item>" + TAIL
    yield "surrogates", HEAD + b"<item><title>" + b"&#55357;&#56994;" * 500_000 + b"</title></item>" + TAIL
    yield "half surrogates", HEAD + b"<item><title>" + b"&#55357;" * 1_000_000 + b"</title></item>" + TAIL
    yield "prefixes without declaration", HEAD + b"".join(b"<p%d:a/>" % number for number in range(300_000)) + TAIL
    yield "document types", b"<!DOCTYPE x [" * 700_000 + HEAD
    yield "quotes in a document type", b"<!DOCTYPE x [" + b"\"'" * 4_000_000 + HEAD
    yield "bytes that are no UTF-8", HEAD + "é".encode() * 9 + b"\xff" * 9_000_000 + TAIL
    yield (
        "bytes of Shift JIS that mean nothing",
        HEAD.replace(b"?>", b" encoding='sjis'?>") + b"\xfd\x81\xff" * 3_000_000,
    )
    yield (
        "escapes of ISO-2022-JP",
        HEAD.replace(b"?>", b" encoding='iso-2022-jp'?>") + b"\x1b$B!!\x1b(I1\x1b(B" * 600_000,
    )
    yield "JSON that breaks off in 9 MB", JSON + b'[{"id": 1}, ' + b'{"id": "' * 900_000
    yield "JSON with a million wrong escapes", JSON + b'[{"id": "' + b"\\x" * 1_000_000 + b'"}]}'
    yield "JSON with a million quotes in a string without end", JSON + b'[{"id": "' + b'\\"' * 1_000_000
    yield "JSON with needless commas", JSON + b"[" + b"[1,]," * 1_500_000 + b"]}"
    dates = (f"{'/ abc ' * 14}{number}" for number in range(40_000))
    yield "40,000 different dates", HEAD + _dated(dates)
    yield (
        "40,000 different dates in words",
        HEAD + _dated(f"{n % 28} марта 2024 г. {n % 24}:{n % 60:02} {n}" for n in range(40_000)),
    )


def _dated(dates: Iterable[str]) -> bytes:
    return "".join(f"<item><title>t</title><pubDate>{date}</pubDate></item>" for date in dates).encode() + TAIL
