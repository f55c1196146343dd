"""Markup to plain text, for any length and any malice.

Regular expressions instead of a DOM: an entry's body is read for its words only, and building a tree for each
of them would cost more than all the rest of reading a feed. Every pattern is linear: possessive where it repeats,
and never looking past the next `<` outside quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from html import unescape
from itertools import groupby
from operator import itemgetter

from watcher.model.entry import TEXT_LIMIT


class TextKind(Enum):
    """What the characters of a text are."""

    HTML = "html"
    """HTML or XHTML source."""
    RSS_TITLE = "rss_title"
    """HTML or plain text: RSS does not say which (RSS 2.0 has no types)."""
    UNTYPED = "untyped"
    """Plain text by the specification, often HTML by mistake: Atom titles without a type, JSON titles."""
    PLAIN = "plain"
    """Plain text."""


RAW_LIMIT = 8 * TEXT_LIMIT
"""Characters of a text that are looked at, tags and all."""

_BREAK = "\x00"
"""Stands for the border of a block until spaces are folded; no text has one of its own."""

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote br caption center dd details div dl dt fieldset figcaption figure footer "
        "form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol option p pre section summary table tbody td "
        "tfoot th thead "
        "tr ul",
    )
)
_SECTIONS = frozenset({"article", "aside", "details", "footer", "form", "header", "main", "nav", "section", "table"})
_INLINE = frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym b bdi bdo big blink cite code del dfn em font i img ins kbd mark marquee nobr q rp rt ruby s "
        "samp small span strike strong sub sup tt u var wbr",
    )
)
_IN_TITLES = (_BLOCKS - _SECTIONS) | _INLINE
"""Tags that are markup wherever they are in a title. Others are only when they have an end tag or attributes: a title
may be about `<head>`."""

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

_QUOTED_BRACKET = re.compile(r"""=[ \t\n\r\f]*+(?:"[^"<>]*+[<>]|'[^'<>]*+[<>])""")
"""An attribute whose value has, or may have, a `<` or `>`. Most texts have none: tags end at the next `>` then."""

_TAG_WITHOUT_QUOTES = re.compile(r"<(?:(/?[a-zA-Z][a-zA-Z0-9]*+)[^<>]*+|(?!/?[a-zA-Z])[/!?][^<>]*+)>", re.ASCII)
"""A tag with its name where no value has a bracket."""

_BLOCK_NAMES = "|".join(
    f"{first}(?:{'|'.join(name[1:] for name in names)})" for first, names in groupby(sorted(_BLOCKS), itemgetter(0))
)
_REST_OF_USUAL_TAG = (
    rf"""(?![a-zA-Z0-9])[^<>"'={_BREAK}]*+"""
    rf"""(?:=[ \t\n\r\f]*+(?:"[^"<>{_BREAK}]*+"|'[^'<>{_BREAK}]*+')?+[^<>"'={_BREAK}]*+)*+>"""
)
_USUAL_NAME = r"(?!script|style|template|wbr)[a-z][a-z0-9]*+"
_USUAL_TAG = re.compile(
    rf"<(?:/?+{_USUAL_NAME}{_REST_OF_USUAL_TAG}|\?[^<>{_BREAK}]*+>|!--(?!-?>)[^<>{_BREAK}]*+(?<=--)>)"
)
"""A tag in lower case, a processing instruction or a comment; none has a bracket inside."""

_USUAL_BLOCK = re.compile(
    rf"</?+(?:{_BLOCK_NAMES}){_REST_OF_USUAL_TAG}(?:[ \n]*+</?+{_USUAL_NAME}{_REST_OF_USUAL_TAG})*+"
)
"""The tag of a block, and all tags behind it: they cannot add to its break."""

_SURROGATES = re.compile(
    r"&#(?:(5[56][0-9]{3})|[xX]([dD][89abAB][0-9a-fA-F]{2}));?&#(?:(5[67][0-9]{3})|[xX]([dD][c-fC-F][0-9a-fA-F]{2}));?"
)
"""Two references to the halves of one character, as .NET and PHP write it."""

_HALF_CHARACTER = "\ufffd"
"""What a reference to one half alone resolves to."""

_REFERENCE = re.compile(r"(&(?:#[0-9]{1,40}|#[xX][0-9a-fA-F]{1,40}|[a-zA-Z][a-zA-Z0-9]{1,31});?)", re.ASCII)

_WINDOWS_1252 = {code: bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(0x80, 0xA0)}
"""Windows-1252 declared as Latin-1 leaves these control characters, where curly quotes were meant (WHATWG Encoding)."""

_SPACE_CHARACTERS = "\x09-\x0d\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNWANTED_CHARACTERS = (
    "\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
)
"""Control characters, bidirectional embeddings, overrides and isolates (Unicode UAX #9), non-characters."""

_SPACES, _UNWANTED = re.compile(f"[{_SPACE_CHARACTERS}]"), re.compile(f"[{_UNWANTED_CHARACTERS}]")
_ODD = re.compile(f"[{_SPACE_CHARACTERS}{_UNWANTED_CHARACTERS}]")
_FEW = 16
"""Distinct characters that are replaced one after another; for more, one pattern costs less."""


_SEVERAL_SPACES = re.compile("  +")

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_END_TAG = re.compile(r"</([a-zA-Z][a-zA-Z0-9]*+)[^<>]*>")
_HIDING = frozenset({"script", "style", "template"})
_FORMATTED = re.compile(
    r"<(b|i|em|strong|u|s|span|sup|sub|small|mark|cite|code|q|a|p|font)\b[^<>]*>[^<]*</\1\s*>", re.IGNORECASE
)
_STRICT_REFERENCE = re.compile(r"(&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});)", re.ASCII)
_LESS_OR_GREATER = re.compile(r"&(?:lt|gt|#0*6[02]|#x0*3[ce]);", re.IGNORECASE)
_ABOUT_MARKUP = re.compile(
    r"(?<!&)\b(?:x?html5?|xml|sgml|markup|nbsp|entit(?:y|ies)|ampersands?|(?:un)?escap\w+|encod\w+"
    r"|character references?)\b",
    re.IGNORECASE,
)
_TIMES_ESCAPED = 3
_TITLE_CHARACTERS = 20_000


def plain_text(value: str, *, markup: bool, limit: int = TEXT_LIMIT) -> str:
    """The words of a text: at most `limit` characters, one space between words, a line break between blocks.

    With `markup`, tags, comments, scripts and styles go and character references are resolved; without, the
    characters stand for themselves (Atom `type="text"`, RFC 4287 §3.1.1.1).
    """
    return _words(value, limit, "\n", markup=markup)


def one_line(value: str, *, markup: bool, limit: int = TEXT_LIMIT) -> str:
    """`plain_text` without line breaks: titles, names, categories."""
    return _words(value, limit, " ", markup=markup)


def title_line(value: str, kind: TextKind, *, limit: int = TEXT_LIMIT) -> str:
    """A title in one line.

    RSS does not say whether a title is HTML: what a browser would show is right, but a tag that is neither formatting
    nor closed is text. Atom and JSON say that a title without a type is text: it is taken for HTML by mistake when
    resolving its references makes it read like text that people write, that is, unless it is about markup.
    """
    if kind is TextKind.HTML or ("&" not in value and "<" not in value):
        return one_line(value, markup=kind is TextKind.HTML, limit=limit)
    text = value[:_TITLE_CHARACTERS]
    if kind is TextKind.RSS_TITLE:
        text = _resolved_again(_without_references(_without_title_tags(text)))
    elif kind is TextKind.UNTYPED:
        is_formatted = _FORMATTED.search(text) and not _ABOUT_MARKUP.search(text)
        text = _resolved_again(_without_title_tags(text) if is_formatted else text)
    return one_line(_without_cdata_marks(text), markup=False, limit=limit)


def _resolved_again(text: str) -> str:
    """A title that was escaped once too often; `&lt;` stays, for what it hides may look like a tag."""
    for _ in range(_TIMES_ESCAPED):
        if "&" not in text or not _STRICT_REFERENCE.search(text):
            break
        if _LESS_OR_GREATER.search(text) or _ABOUT_MARKUP.search(text):
            break
        text = _without_references(text, _STRICT_REFERENCE)
    return text


def _without_title_tags(text: str) -> str:
    if "<" not in text:
        return text
    text = _COMMENT.sub("", _without_cdata_marks(text))
    last_end = {end.group(1).lower(): end.start() for end in _END_TAG.finditer(text)}
    pieces: list[str] = []
    removed: set[str] = set()
    position = 0
    for tag in _TAG.finditer(text):
        name = (tag.group(1) or "").lower()
        bare = name.lstrip("/")
        is_closed = last_end.get(bare, -1) > tag.start()
        is_markup = bare in _IN_TITLES or (bare in removed if name != bare else is_closed or "=" in tag.group())
        if tag.start() < position or not bare or not is_markup:
            continue
        pieces += [text[position : tag.start()], " " if _KNOWN_SEPARATORS[bare] else ""]
        removed.add(bare)
        position = tag.end()
        if bare in _HIDING and name == bare and (end := re.compile(f"(?i)</{bare}[^<>]*>").search(text, position)):
            position = end.end()
    return "".join(pieces) + text[position:]


def _words(value: str, limit: int, separator: str, *, markup: bool) -> str:
    """`plain_text` with `separator` between blocks, of the first `RAW_LIMIT` characters."""
    text = value if len(value) <= RAW_LIMIT else value[:RAW_LIMIT]
    markup = markup and ("<" in text or "&" in text)
    if not markup and len(text) <= limit and "  " not in text and text.isprintable():
        return text.strip()  # the common case of short texts
    if _BREAK in text:
        text = text.replace(_BREAK, " ")
    if markup:
        if "<" in text:
            text = _without_tags(text)
        if "&" in text:
            text = _without_cdata_marks(_without_references(text))
    text = separator.join(_folded_lines(text))
    return text if len(text) <= limit else text[:limit].rstrip()


def _cleaned(text: str) -> str:
    """White space becomes spaces; most other characters that count as unprintable, such as joiners, are wanted.

    The few that a text has are replaced one after another: a pattern would ask of each character whether it is one.
    """
    odd = {character for character in set(text) if not character.isprintable()} - {_BREAK}
    if any("\x80" <= character < "\xa0" for character in odd):
        text = text.translate(_WINDOWS_1252)
    odd = {character for character in odd if _ODD.match(character)}
    if len(odd) > _FEW:
        return _UNWANTED.sub("", _SPACES.sub(" ", text))
    for character in odd:
        text = text.replace(character, " " if character.isspace() else "")
    return text


def _folded_lines(text: str) -> Sequence[str]:
    """One space for every run of white space, one line for every block, no unwanted characters."""
    text = text.replace("\n", " ").replace("\t", " ").replace("\xa0", " ")
    if not text.replace(_BREAK, " ").isprintable():
        text = _cleaned(text)
    lines = filter(None, map(str.strip, text.split(_BREAK)))
    return [_SEVERAL_SPACES.sub(" ", line) if "  " in line else line for line in lines]


class _Resolved(dict[str, str]):
    """Character references met before; bounded, because a hostile document has a million of them."""

    def __missing__(self, reference: str) -> str:
        if len(self) > 4_096:
            self.clear()
        self[reference] = resolved = unescape(reference).replace(_BREAK, " ")
        return resolved


class _Separators(dict[str, str]):
    """What replaces a tag: a break for blocks, a space where a word may break, nothing for others. Bounded."""

    def __missing__(self, tag: str) -> str:
        name = tag.lstrip("/").lower()
        separator = _BREAK if name in _BLOCKS else " " if name == "wbr" else ""
        if len(tag) <= 12 and len(self) < 4_096:
            self[tag] = separator
        return separator


_REFERENCES: Mapping[str, str] = _Resolved()
_KNOWN_SEPARATORS = _Separators({None: ""})  # type: ignore[dict-item]


def _without_references(text: str, reference: re.Pattern[str] = _REFERENCE) -> str:
    resolved = _resolved(text, reference)
    if _HALF_CHARACTER in resolved or reference is _STRICT_REFERENCE:
        resolved = _resolved(_SURROGATES.sub(_joined, text), reference)
    return resolved


def _resolved(text: str, reference: re.Pattern[str]) -> str:
    pieces = reference.split(text)
    pieces[1::2] = map(_REFERENCES.__getitem__, pieces[1::2])
    return "".join(pieces)


def _joined(pair: re.Match[str]) -> str:
    high, low = (int(pair.group(at) or pair.group(at + 1), 10 if pair.group(at) else 16) for at in (1, 3))
    if not 0xD800 <= high < 0xDC00 <= low < 0xE000:
        return pair.group()
    return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def _without_cdata_marks(text: str) -> str:
    """CDATA that was escaped with its marks is a comment to HTML and its text would be lost."""
    return text.replace("<![CDATA[", "").replace("]]>", "") if "<" in text and "<![CDATA[" in text else text


def _without_tags(text: str) -> str:
    """Most texts have usual tags only; what is left of others has a `<`, as CDATA has."""
    without_usual = _USUAL_TAG.sub("", _USUAL_BLOCK.sub(_BREAK, text))
    if "<" not in without_usual:
        return without_usual
    text = _without_cdata_marks(text)
    if _MAY_HIDE.search(text):
        text = _HIDDEN.sub("", text)
    if not _QUOTED_BRACKET.search(text):
        return _without_simple_tags(text)
    pieces = _TAG.split(text)
    pieces[1::3] = map(_KNOWN_SEPARATORS.__getitem__, pieces[1::3])
    pieces[2::3] = [_without_simple_tags(unfinished) if unfinished else "" for unfinished in pieces[2::3]]
    return "".join(pieces)


def _without_simple_tags(text: str) -> str:
    pieces = _TAG_WITHOUT_QUOTES.split(text)
    pieces[1::2] = map(_KNOWN_SEPARATORS.__getitem__, pieces[1::2])
    return "".join(pieces)
