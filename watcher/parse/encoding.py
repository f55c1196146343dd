"""Bytes to UTF-8, as browsers decode (WHATWG Encoding Standard, https://encoding.spec.whatwg.org/).

In order: the byte order mark; what the bytes are, where they are UTF-8 whatever is declared; the charset of the
Content-Type; the XML declaration. A byte that means nothing costs that byte (U+FFFD), never another guess.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

from watcher.lazy_dataclass import dataclass

REPLACEMENT = "\ufffd"

_LABELS = """
utf-8: unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8
cp866: 866 cp866 csibm866 ibm866
iso8859-2: csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2
iso8859-3: csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3
iso8859-4: csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4
iso8859-5: csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988
iso8859-6: arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i
iso8859-6: iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987
iso8859-7: csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7
iso8859-7: iso_8859-7:1987 sun_eu_greek
iso8859-8: csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8
iso8859-8: iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical
iso8859-10: csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6
iso8859-13: iso-8859-13 iso8859-13 iso885913
iso8859-14: iso-8859-14 iso8859-14 iso885914
iso8859-15: csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9
iso8859-16: iso-8859-16
koi8-r: cskoi8r koi koi8 koi8-r koi8_r
koi8-u: koi8-ru koi8-u
mac-roman: csmacintosh mac macintosh x-mac-roman
cp874: dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874
cp1250: cp1250 windows-1250 x-cp1250
cp1251: cp1251 windows-1251 x-cp1251
cp1252: ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1
cp1252: iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252
cp1253: cp1253 windows-1253 x-cp1253
cp1254: cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5
cp1254: windows-1254 x-cp1254
cp1255: cp1255 windows-1255 x-cp1255
cp1256: cp1256 windows-1256 x-cp1256
cp1257: cp1257 windows-1257 x-cp1257
cp1258: cp1258 windows-1258 x-cp1258
mac-cyrillic: x-mac-cyrillic x-mac-ukrainian
gb18030: chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030
big5hkscs: big5 big5-hkscs cn-big5 csbig5 x-x-big5
euc_jp: cseucpkdfmtjapanese euc-jp x-euc-jp
iso2022_jp: csiso2022jp iso-2022-jp
cp932: csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis
cp949: cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949
iso2022_kr: csiso2022kr iso-2022-kr
hz: hz-gb-2312
utf-8: iso-2022-cn iso-2022-cn-ext replacement x-user-defined
utf-16-be: unicodefffe utf-16be
utf-16-le: csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le
"""
"""Python's codec for each label of §4.2, by what browsers mean with it: iso-8859-1 is windows-1252, gbk gb18030.

Two departures: browsers refuse iso-2022-kr and hz, which can hide scripts from filters; a feed runs no scripts. The
last three encodings of the table have no codec and nobody uses them.
"""

_LANGUAGES = """
cp1256: ar fa ur
cp1251: ba be bg kk ky mk ru sah sr tg tt uk
cp1250: cs hr sk
iso8859-2: hu pl sl
iso8859-7: el
cp1257: et lt lv
cp1255: he
cp932: ja
cp949: ko
cp1254: az ku tr
cp874: th
cp1258: vi
big5hkscs: zh-tw zh-hk zh-hant
gb18030: zh
"""
"""What browsers assume for a language where nothing is declared (HTML Living Standard §13.2.3.2)."""


def _table(text: str) -> dict[str, str]:
    rows = (line.partition(": ") for line in text.strip().splitlines())
    return {label: codec for codec, _, labels in rows for label in labels.split()}


_CODECS, _BY_LANGUAGE = _table(_LABELS), _table(_LANGUAGES)
_PYTHON_CODECS = {codecs.lookup(codec).name: codec for codec in _CODECS.values()}
_VENDOR = re.compile(r"(?:windows|win|cp|ms)[-_ ]?(125\d|874)")
_EBCDIC = re.compile(r"cp(?:037|273|424|500|875|1026|1140)")
_EBCDIC_START = b"\x4c\x6f\xa7\x94"  # "<?xm"
_ESCAPED = frozenset({"iso2022_jp", "iso2022_kr", "hz"})
"""Encodings whose bytes are all ASCII."""

_WESTERN = frozenset({"cp1252", "cp1254"})
_HEAD = 4_096
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"<\?xml\s[^<>]{0,500}?encoding\s*=\s*[\"']([^\"'<>]{1,100})[\"']", re.IGNORECASE)
_LANGUAGE = re.compile(
    rb"<(?:dc:)?language>\s*([A-Za-z-]{2,20})|(?:xml:lang|\"language\")\s*[=:]\s*[\"']([A-Za-z-]{2,20})"
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = re.compile(
    rb"(?P<utf_32_be>\x00\x00\x00[\t\n\r <{])|(?P<utf_32_le>[\t\n\r <{]\x00\x00\x00)"
    rb"|(?P<utf_16_be>\x00[\t\n\r <{]\x00[^\x00])|(?P<utf_16_le>[\t\n\r <{]\x00[^\x00]\x00)"
)
_MEANT: Mapping[str, Mapping[int, int]] = {
    "euc_jp": dict(zip(map(ord, "\u301c\u2016\u2212\xa2\xa3\xac"), map(ord, "～∥－￠￡￢"), strict=True)),
    "koi8-u": {ord("╝"): ord("ў"), ord("╬"): ord("Ў")},
}
"""Characters that the standard's tables have where Python's codecs have others."""

_NOTHING: Mapping[int, int] = {}
_WITH_HIGH_BIT = bytes(byte | 0x80 if 0x21 <= byte <= 0x7E else byte for byte in range(256))
_ESCAPE = re.compile(rb"\x1b(\([BJI]|\$[@B])")
_NON_ASCII = bytes(range(0x80, 0x100))
_SEVERAL = 3
"""Text in another encoding does not have so many sequences of UTF-8 by chance."""


@dataclass(frozen=True, slots=True)
class Utf8Document:
    """A document in UTF-8 without a byte order mark. `repair` says what was wrong with its encoding, "" for nothing."""

    body: bytes
    repair: str = ""


def to_utf8(body: bytes, headers: Mapping[str, str], *, check: bool = True) -> Utf8Document:
    """Decodes a document; `headers` have lower-case names.

    Without `check`, one that is UTF-8 by its label or has none is returned as it is: ask `is_utf8`.
    """
    for mark, codec in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], codec, declared=codec)
    if wide := _WIDE.match(body):
        codec = str(wide.lastgroup).replace("_", "-")
        return _decoded(body, codec, declared=codec)
    if body.startswith(_EBCDIC_START):
        return _decoded(body, _ebcdic(body), declared="ebcdic")
    return _by_content(body, [label for label in (_charset(headers), _declaration(body)) if label], check=check)


def codec_of(label: str) -> str | None:
    """Python's codec for a label of the standard or for one of Python's own names of the same encodings."""
    label = label.strip("\t\n\f\r ").lower()
    if vendor := _VENDOR.fullmatch(label):
        label = f"windows-{vendor.group(1)}"
    if label in _CODECS:
        return _CODECS[label]
    try:
        return _PYTHON_CODECS.get(codecs.lookup(label).name)
    except (LookupError, ValueError):  # ValueError: a NUL in the label
        return None


def is_utf8(body: bytes) -> bool:
    """Whether all bytes are UTF-8."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _by_content(body: bytes, labels: list[str], *, check: bool) -> Utf8Document:
    declared = [(codec, label) for label in labels if (codec := codec_of(label))] or [("utf-8", "".join(labels[:1]))]
    # A document of single bytes is no UTF-16, whatever it says (HTML Living Standard §13.2.3.2).
    known = ["utf-8" if codec.startswith("utf-16") else codec for codec, _ in declared]
    first, label = known[0], declared[0][1]
    if first in _ESCAPED:
        return _decoded(body, first, declared=first)
    if body.isascii() or (first == "utf-8" and (not check or is_utf8(body))):
        return Utf8Document(body)
    others = [codec for codec in known if codec != "utf-8"]
    if _is_damaged_utf8(body, others, says_so="utf-8" in known):
        return _decoded(body, "utf-8", declared=first, label=label)
    return _decoded(body, others[0] if others else _by_language(body), declared=first, label=label)


def _is_damaged_utf8(body: bytes, others: list[str], *, says_so: bool) -> bool:
    """Whether the bytes are UTF-8, perhaps with some damage.

    Text in another encoding has few sequences of UTF-8, and many more bytes that fit into none. `others` are the
    encodings declared beside UTF-8, `says_so` that UTF-8 is declared or nothing is.
    """
    text = body.decode("utf-8", "replace")
    bad = text.count(REPLACEMENT) - body.count(REPLACEMENT.encode())
    good = len(text) - len(body.translate(None, _NON_ASCII)) - bad
    if says_so or set(others) <= _WESTERN:
        return good >= max(bad, 1)
    return good >= max(4 * bad, _SEVERAL)


def _decoded(body: bytes, codec: str, *, declared: str, label: str = "") -> Utf8Document:
    if codec == "utf-8" and is_utf8(body):
        return Utf8Document(body, "" if declared == codec else _wrong_label(label, codec))
    if codec == "iso2022_jp":
        body, codec = _as_euc_jp(body), "euc_jp"
        declared = codec if declared == "iso2022_jp" else declared
    text = body.decode(codec, "watcher.whatwg").translate(_MEANT.get(codec, _NOTHING))
    replaced = text.count(REPLACEMENT) - (body.count(REPLACEMENT.encode()) if codec == "utf-8" else 0)
    facts = [_wrong_label(label, codec)] if declared not in (codec, "ebcdic") else []
    facts += [f"undecodable bytes: {replaced}"] if replaced > 0 else []
    return Utf8Document(text.encode("utf-8", "replace"), ", ".join(facts))


def _as_euc_jp(body: bytes) -> bytes:
    """ISO-2022-JP in the form of EUC-JP: the same characters, with the vendors' that Python's own codec lacks."""
    pieces = _ESCAPE.split(body)
    for place in range(2, len(pieces), 2):
        state, piece = pieces[place - 1], pieces[place]
        if state == b"(I":
            pieces[place] = b"".join(
                b"\x8e%c" % (byte | 0x80) if 0x21 <= byte <= 0x5F else b"%c" % byte for byte in piece
            )
        elif state[:1] == b"$":
            pieces[place] = piece.translate(_WITH_HIGH_BIT)
    return b"".join(pieces[::2])


def _wrong_label(label: str, codec: str) -> str:
    declared = f"declared as {label[:40]}" if label.isprintable() and label else "not declared"
    return f"{declared}, read as {_name(codec)}"


def _name(codec: str) -> str:
    return codec.replace("cp125", "windows-125")


def _by_language(body: bytes) -> str:
    found = _LANGUAGE.search(body[:_HEAD])
    tag = (found.group(1) or found.group(2)).decode("ascii").lower() if found else ""
    return _BY_LANGUAGE.get(tag) or _BY_LANGUAGE.get(tag.partition("-")[0], "cp1252")


def _charset(headers: Mapping[str, str]) -> str:
    found = _CHARSET.search(headers.get("content-type", ""))
    return found.group(1) if found else ""


def _declaration(body: bytes) -> str:
    found = _DECLARED.search(body[:_HEAD])
    return found.group(1).decode("ascii", "replace").strip() if found else ""


def _ebcdic(body: bytes) -> str:
    """One of IBM's encodings by its declaration (XML 1.0, appendix F.1); all write that alike."""
    declared = _declaration(body[:_HEAD].decode("cp037").encode("ascii", "replace"))
    try:
        codec = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return "cp037"
    return codec if _EBCDIC.fullmatch(codec) else "cp037"


def _decode_as_browsers(error: UnicodeError) -> tuple[str, int]:
    """What Python's codecs lack: characters of the standard's tables, and how much to skip for none."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    start, codec, data = error.start, error.encoding, error.object
    lead, trail = data[start], data[start + 1] if start + 1 < len(data) else 0
    if codec == "charmap":
        return (chr(lead) if lead < 0xA0 else REPLACEMENT), start + 1
    if codec.startswith("utf"):
        return REPLACEMENT, error.end
    if codec == "gb18030" and lead == 0x80:
        return "€", start + 1
    if trail < 0x80:
        return REPLACEMENT, start + 1
    return _two_bytes(codec, lead, trail), start + 2


def _two_bytes(codec: str, lead: int, trail: int) -> str:
    """A character that only the vendor's variant of an encoding has."""
    if codec == "euc_jp":  # rows of NEC and IBM: their places in Shift JIS (JIS X 0208, appendix)
        row, cell = lead - 0xA1, trail - 0xA1
        high = row // 2 + (0x81 if row < 62 else 0xC1)
        low = cell + (0x9F if row % 2 else 0x40 if cell < 63 else 0x41)
        return bytes([high, low]).decode("cp932", "replace")[:1]
    if codec == "big5hkscs":
        return bytes([lead, trail]).decode("cp950", "replace")[:1]
    return REPLACEMENT


codecs.register_error("watcher.whatwg", _decode_as_browsers)
