"""Bytes to text: every label of the Encoding Standard, what the bytes say, and damage."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watcher.errors import ParseError
from watcher.model.entry import RepairKind
from watcher.parse.document import parse_document
from watcher.parse.encoding import _CODECS, REPLACEMENT, codec_of, to_utf8
from watcher.parse.lxml_reader import parse_xml

URL = "https://example.org/feed.xml"
DOCUMENT = '<?xml version="1.0"{}?>\n<rss version="2.0"><channel><item><title>{}</title></item></channel></rss>'
SAMPLES = {
    "utf-8": "Žena, إضراب, 港湾 😀",
    "cp866": "Порт закрыт",
    "iso8859-2": "Żółć łódź",
    "iso8859-3": "Ħġieġ ċar",
    "iso8859-4": "Ķīļi ģērbs",
    "iso8859-5": "Порт закрыт",
    "iso8859-6": "إضراب في ميناء",
    "iso8859-7": "Απεργία στο λιμάνι",
    "iso8859-8": "שביתה בנמל",
    "iso8859-10": "Þorn ŋ ö",
    "iso8859-13": "Uostas užąę",
    "iso8859-14": "ŵŷ Ẁ",
    "iso8859-15": "Grève à 5 €",
    "iso8859-16": "Școală și țară",
    "koi8-r": "Порт закрыт",
    "koi8-u": "Їжак і ґанок",
    "mac-roman": "Grève “au port”",
    "cp874": "ท่าเรือหยุดงาน",
    "cp1250": "Stávka v přístavu „X“",
    "cp1251": "Порт закрыт — №1",
    "cp1252": "Café “quoted” €",
    "cp1253": "Απεργία στο λιμάνι",
    "cp1254": "Liman grevi İşçi “x”",
    "cp1255": "שביתה בנמל ₪",
    "cp1256": "إضراب في ميناء اللاذقية",
    "cp1257": "Streiks ostā „ā“",
    "cp1258": "Đông âu",
    "mac-cyrillic": "Порт закрыт",
    "gb18030": "镕基 港口罢工 喆",
    "big5hkscs": "港口罷工 香港",
    "euc_jp": "港湾スト",
    "iso2022_jp": "港湾スト",
    "cp932": "①髙橋 港湾スト",
    "cp949": "똠양꿍 항구 파업",
    "iso2022_kr": "항구 파업",
    "hz": "港口罢工",
    "utf-16-be": "إضراب",
    "utf-16-le": "إضراب",
}
LABELS = sorted(_CODECS)


def title(body: bytes, content_type: str = "application/rss+xml") -> str:
    return parse_document(body, url=URL, headers={"content-type": content_type}).entries[0].title


def test_the_table_is_that_of_the_standard() -> None:
    """§4.2 has 228 labels. `codecs` knows each of ours, and each has a sample below."""
    assert len(LABELS) == 228
    assert set(_CODECS.values()) == set(SAMPLES)


@pytest.mark.parametrize("label", LABELS)
def test_every_label_means_what_browsers_mean(label: str) -> None:
    codec = _CODECS[label]
    if codec.startswith("utf-16"):
        body = codecs.BOM_UTF16_BE + DOCUMENT.format("", SAMPLES[codec]).encode("utf-16-be")
        assert title(body, f"text/xml; charset={label}") == SAMPLES[codec]
        return
    text = DOCUMENT.format(f' encoding="{label}"', SAMPLES[codec])
    assert title(text.encode(codec)) == SAMPLES[codec]
    assert (
        title(DOCUMENT.format("", SAMPLES[codec]).encode(codec), f"text/xml; charset={label.upper()}") == SAMPLES[codec]
    )


def test_characters_that_pythons_codecs_lack() -> None:
    """By the tables of the standard: rows of NEC and IBM in EUC-JP and ISO-2022-JP, ETEN's in Big5, C1 controls."""
    for label, body, text in (
        ("euc-jp", b"\xad\xa1\xb9\xf5\xa1\xc1", "①香～".replace("香", b"\xb9\xf5".decode("euc_jp"))),
        ("iso-2022-jp", b"\x1b$B-!\x1b(B a \x1b(I1\x1b(B \x1b$B!A\x1b(B", "① a ｱ ～"),
        ("big5", b"\xf9\xd6", "碁"),
        ("gbk", b"\x80", "€"),
        ("koi8-u", b"\xae", "ў"),
        ("windows-1252", b"\x81", "\x81"),
        ("windows-874", b"\xfc", REPLACEMENT),
    ):
        assert to_utf8(body, {"content-type": f"text/xml; charset={label}"}).body.decode() == text, label


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        (" UTF-8 ", "utf-8"),
        ("utf_8", "utf-8"),
        ("Windows1251", "cp1251"),
        ("win-1251", "cp1251"),
        ("latin-1", None),
        ("ISO-8859-1", "cp1252"),
        ("gbk", "gb18030"),
        ("euc-kr", "cp949"),
        ("utf-7", None),
        ("punycode", None),
        ("hex", None),
        ("x-bogus", None),
        ("", None),
        ("utf-8\x00", None),
        ("\x00", None),
        ("é", None),
    ],
)
def test_labels_that_are_none_are_ignored(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec


FULL = SAMPLES["cp1251"] * 3


@pytest.mark.parametrize(
    "declared", ["windows-1251", "iso-8859-1", "koi8-r", "shift_jis", "euc-kr", "gb2312", "utf-16"]
)
@pytest.mark.parametrize("where", ["declaration", "header", "both"])
def test_utf8_is_utf8_whatever_is_declared(declared: str, where: str) -> None:
    text = DOCUMENT.format(f' encoding="{declared}"' if where != "header" else "", FULL)
    header = f"text/xml; charset={declared}" if where != "declaration" else "text/xml"
    feed = parse_document(text.encode(), url=URL, headers={"content-type": header})
    assert feed.entries[0].title == FULL
    assert [repair.kind for repair in feed.repairs] == ([RepairKind.ENCODING] if declared != "utf-16" else [])


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-16-le", "utf-32-be", "utf-32-le"])
@pytest.mark.parametrize("declared", ["", ' encoding="windows-1251"', ' encoding="utf-8"', ' encoding="utf-16"'])
@pytest.mark.parametrize("before", ["", "\n ", "  "])
def test_wide_encodings_and_byte_order_marks(mark: str, declared: str, before: str) -> None:
    assert title((before + DOCUMENT.format(declared, FULL)).encode(mark), "text/xml; charset=koi8-r") == FULL


def test_the_header_goes_before_the_declaration_and_white_space_hides_neither() -> None:
    body = DOCUMENT.format(' encoding="koi8-r"', FULL).encode("cp1251")
    assert title(body, "text/xml; charset='windows-1251'") == FULL
    assert title(b"\n\t " + DOCUMENT.format(' encoding="windows-1251"', FULL).encode("cp1251")) == FULL
    assert title(DOCUMENT.format(' encoding="windows-1251"', FULL).encode("cp1251"), "text/xml; charset=utf-8") == FULL
    assert title(DOCUMENT.format(' encoding="windows-1251"', FULL).encode("cp1251"), "text/xml; charset=bogus") == FULL


@pytest.mark.parametrize(
    ("language", "codec"), [("ru", "cp1251"), ("ar-EG", "cp1256"), ("ja", "cp932"), ("tr", "cp1254"), ("de", "cp1252")]
)
def test_where_nothing_is_declared_the_language_says(language: str, codec: str) -> None:
    text = SAMPLES[codec]
    body = f"<rss><channel><language>{language}</language><item><title>{text}</title></item></channel></rss>"
    feed = parse_document(body.encode(codec), url=URL, headers={})
    assert feed.entries[0].title == text
    assert [repair.kind for repair in feed.repairs] == [RepairKind.ENCODING]


@pytest.mark.parametrize("bad", [b"\xd8", b"\xe9", b"\xff", b"\xf0\x9f\x98", b"\xed\xa0\xbd\xed\xb8\x80", b"\xc0\xaf"])
def test_bytes_that_mean_nothing_cost_themselves(bad: bytes) -> None:
    text = DOCUMENT.format("", SAMPLES["cp1256"]) + " " + SAMPLES["cp1256"]
    body = text.encode().replace(b"</item>", b"</item><item><title>cut " + bad + b"</title></item>")
    feed = parse_document(body, url=URL, headers={"content-type": "text/xml; charset=utf-8"})
    assert feed.entries[0].title == SAMPLES["cp1256"]
    assert feed.entries[1].title.replace(REPLACEMENT, "").strip() == "cut"
    assert feed.repairs[0].kind is RepairKind.ENCODING


damages = st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=0, max_size=2)), min_size=1, max_size=2)


@given(st.sampled_from(sorted(SAMPLES)), damages)
@example("cp932", [(150, b"\x81")])
def test_damage_never_turns_a_document_into_another_encoding(codec: str, damage: list[tuple[int, bytes]]) -> None:
    """Where the second title is far from the damage, it is read as it was."""
    sample = SAMPLES[codec]
    items = f"<item><title>{sample}</title></item>" * 3
    text = f'<?xml version="1.0" encoding="{codec_label(codec)}"?><rss version="2.0"><channel>{items}</channel></rss>'
    body = text.encode(codec)
    for at, piece in damage:
        place = 60 + at % 40  # in the first title
        body = body[:place] + piece + body[place + len(piece) :]
    try:
        feed = parse_document(body, url=URL, headers={})
    except ParseError:
        return
    if len(feed.entries) >= 2 and codec not in {"iso2022_jp", "iso2022_kr", "hz", "utf-16-be", "utf-16-le"}:
        assert feed.entries[-1].title == sample


def codec_label(codec: str) -> str:
    return next(label for label in LABELS if _CODECS[label] == codec)


@given(st.binary(max_size=300), st.sampled_from([*LABELS, "x-bogus", "\x00", ""]), st.booleans())
def test_any_bytes_under_any_label_become_utf8(body: bytes, label: str, in_header: bool) -> None:
    headers = {"content-type": f"text/xml; charset={label}"} if in_header else {}
    if not in_header:
        body = f'<?xml version="1.0" encoding="{label}"?>'.encode() + body
    to_utf8(body, headers).body.decode("utf-8")


PLACES = (
    b"<title>%b</title>",
    b"<title><![CDATA[a %b b]]></title>",
    b"<title>a &amp;%b</title>",
    b'<link href="%b"/>',
    b"<link href='a%b'/>",
    b"<!--%b-->",
    b"<?pi a %b?>",
    b"<title%b/>",
    b'<title a%b=""/>',
)
NOT_UTF8 = (
    *(b"\x80", b"\xbf", b"\xe9", b"\xff", b"\xc0\xaf", b"\xc1\xbf", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xe2(\xa1", b"\xe0\x80\xaf"),
    *(b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf0\x9f\x98", b"\xf0\x80\x80\xaf", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80"),
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_what_is_well_formed_is_utf8(place: bytes) -> None:
    """The bytes of a well-formed document are looked at by lxml only: it must refuse what Python cannot decode."""
    document = b"<item>" + place + b"</item>"
    assert parse_xml(document % "é".encode()) is not None
    assert [piece for piece in NOT_UTF8 if parse_xml(document % piece) is not None] == []


def test_damage_in_an_entity_costs_its_place() -> None:
    body = (
        b'<!DOCTYPE rss [<!ENTITY x "a\xe9b">]><rss><channel><item><title>&x; \xc3\xa9</title></item></channel></rss>'
    )
    feed = parse_document(body, url=URL, headers={})
    assert [entry.title for entry in feed.entries] == [f"a{REPLACEMENT}b é"]
    assert [repair.kind for repair in feed.repairs] == [RepairKind.ENCODING]
