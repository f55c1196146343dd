"""Markup to plain text, for any length and any malice.

Regular expressions instead of a DOM: an entry's body is read for its words only, and building a tree for each
of them would cost more than all the rest of reading a feed. Every pattern is linear: possessive where it repeats,
and never looking past the next `<` outside quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape

from watcher.model.entry import TEXT_LIMIT

RAW_LIMIT = 8 * TEXT_LIMIT
"""Characters of a text that are looked at, tags and all."""

_BREAK = "\x00"
"""Stands for the border of a block until spaces are folded; no text has one of its own."""

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)

_HIDDEN = re.compile(
    r"<(?:!--.*?(?:-->|\Z)|(script|style|template)\b[^<>]*>.*?(?:</\1\s*>|\Z))", re.IGNORECASE | re.DOTALL | re.ASCII
)
_MAY_HIDE = re.compile(r"<(?:!--|[st][cte][ryem])", re.IGNORECASE | re.ASCII)
_ATTRIBUTES = r"""[^<>=]*+(?:=[ \t\n\r\f]*+(?:"[^"]*+"|'[^']*+')?+[^<>=]*+)*+"""
"""Quotes are such only where a value begins (HTML Living Standard §13.2.5.37): others are stray."""

_TAG = re.compile(
    rf"<(?:(/?[a-zA-Z][a-zA-Z0-9]*+){_ATTRIBUTES}|(?!/?[a-zA-Z])[/!?][^<>]*+)>|(</?[a-zA-Z]{_ATTRIBUTES})", re.ASCII
)
"""A tag with its name, quoted attribute values as they may be; or what begins like one and never ends.

The latter is a match, too, so that nothing is gone over again from each `<` inside its quotes.
"""

_TAG_WITHOUT_QUOTES = re.compile(r"<(?:(/?[a-zA-Z][a-zA-Z0-9]*+)[^<>]*+|(?!/?[a-zA-Z])[/!?][^<>]*+)>", re.ASCII)
"""What counts as a tag inside of what never ends."""

_REFERENCE = re.compile(r"(&(?:#[0-9]{1,9}|#[xX][0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{1,31});?)", re.ASCII)

_C1 = re.compile("[\x80-\x9f]")
_WINDOWS_1252 = {code: bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(0x80, 0xA0)}
"""Windows-1252 declared as Latin-1 leaves these control characters, where curly quotes were meant (WHATWG Encoding)."""

_SPACE_CHARACTERS = "\x09-\x0d\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNWANTED_CHARACTERS = (
    "\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
)
"""Control characters, bidirectional embeddings, overrides and isolates (Unicode UAX #9), non-characters."""

_SPACES, _UNWANTED = re.compile(f"[{_SPACE_CHARACTERS}]"), re.compile(f"[{_UNWANTED_CHARACTERS}]")
_ODD = re.compile(f"[{_SPACE_CHARACTERS}{_UNWANTED_CHARACTERS}]")


def plain_text(value: str, *, markup: bool, limit: int = TEXT_LIMIT) -> str:
    """The words of a text: at most `limit` characters, one space between words, a line break between blocks.

    With `markup`, tags, comments, scripts and styles go and character references are resolved; without, the
    characters stand for themselves (Atom `type="text"`, RFC 4287 §3.1.1.1).
    """
    return words(value, markup, limit, RAW_LIMIT, "\n", REFERENCES)


def one_line(value: str, *, markup: bool, limit: int = TEXT_LIMIT) -> str:
    """`plain_text` without line breaks: titles, names, categories."""
    return words(value, markup, limit, RAW_LIMIT, " ", REFERENCES)


def words(
    value: str, markup: bool, limit: int, raw_limit: int, separator: str, references: Mapping[str, str], /
) -> str:
    """`plain_text` with `separator` between blocks, of the first `raw_limit` characters."""
    text = value if len(value) <= raw_limit else value[:raw_limit]
    if text.isprintable() and "  " not in text and not (markup and _has_markup(text)) and len(text) <= limit:
        return text.strip()  # the common case of short texts
    if _BREAK in text:
        text = text.replace(_BREAK, " ")
    if markup:
        if "<" in text:
            text = _without_tags(text)
        if "&" in text:
            text = _without_references(text, references)
    text = separator.join(_folded_lines(text))
    return text if len(text) <= limit else text[:limit].rstrip()


def _has_markup(value: str) -> bool:
    return "<" in value or "&" in value


def _cleaned(text: str) -> str:
    """Most characters that count as unprintable are wanted, such as joiners in Persian and in emoji."""
    if not _ODD.search(text):
        return text
    if _C1.search(text):
        text = text.translate(_WINDOWS_1252)
    return _UNWANTED.sub("", _SPACES.sub(" ", text))


def _folded_lines(text: str) -> Iterable[str]:
    """One space for every run of white space, one line for every block, no unwanted characters."""
    text = text.replace("\n", " ").replace("\t", " ").replace("\xa0", " ")
    if not text.replace(_BREAK, " ").isprintable():
        text = _cleaned(text)
    return filter(None, [" ".join(line.split()) if "  " in line else line.strip() for line in text.split(_BREAK)])


class _Resolved(dict[str, str]):
    """Character references met before; bounded, because a hostile document has a million of them."""

    def __missing__(self, reference: str) -> str:
        if len(self) > 4_096:
            self.clear()
        self[reference] = resolved = unescape(reference).replace(_BREAK, " ")
        return resolved


class _Separators(dict[str, str]):
    """What takes the place of a tag: a break for blocks, nothing for others. Bounded like references."""

    def __missing__(self, tag: str) -> str:
        separator = _BREAK if tag.lstrip("/").lower() in _BLOCKS else ""
        if len(tag) <= 12 and len(self) < 4_096:
            self[tag] = separator
        return separator


REFERENCES: Mapping[str, str] = _Resolved()
_KNOWN_SEPARATORS = _Separators({None: ""})  # type: ignore[dict-item]


def _without_references(text: str, references: Mapping[str, str]) -> str:
    pieces = _REFERENCE.split(text)
    pieces[1::2] = map(references.__getitem__, pieces[1::2])
    return "".join(pieces)


def _without_tags(text: str) -> str:
    if _MAY_HIDE.search(text):
        text = _HIDDEN.sub("", text)
    pieces = _TAG.split(text)
    pieces[1::3] = map(_KNOWN_SEPARATORS.__getitem__, pieces[1::3])
    pieces[2::3] = [_without_simple_tags(unfinished) if unfinished else "" for unfinished in pieces[2::3]]
    return "".join(pieces)


def _without_simple_tags(text: str) -> str:
    pieces = _TAG_WITHOUT_QUOTES.split(text)
    pieces[1::2] = map(_KNOWN_SEPARATORS.__getitem__, pieces[1::2])
    return "".join(pieces)
