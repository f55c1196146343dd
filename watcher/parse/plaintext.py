"""Markup to plain text, for any length and any malice.

Regular expressions instead of a DOM: an entry's body is read for its words only, and building a tree for each
of them costs more than the whole of the rest of reading a feed. Every pattern is linear: possessive, and never
looking past the next `<` outside quotes.
"""

from __future__ import annotations

import re
from html import unescape

from watcher.model.entry import TEXT_LIMIT

_RAW_LIMIT = 8 * TEXT_LIMIT

_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|template)\b[^>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)

_ATTRIBUTES = r"""(?:[^<>"'=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|["'=])*+>"""
_BREAKING = re.compile(
    r"</?(?:p|br|div|li|ul|ol|dl|dt|dd|tr|td|th|table|thead|tbody|caption|h[1-6]|hr|blockquote|pre|section|article|"
    r"header|footer|aside|main|nav|figure|figcaption|address|form|fieldset|option|details|summary)\b" + _ATTRIBUTES,
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-z]" + _ATTRIBUTES + r"|<[/!?][^<>]*>", re.IGNORECASE)

_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, bidirectional embeddings, overrides and isolates (Unicode UAX #9), non-characters."""

_AROUND_BREAK = re.compile(r" *\n[ \n]*")


def plain_text(value: str, *, markup: bool, limit: int = TEXT_LIMIT) -> str:
    """The words of a text: at most `limit` characters, one space between words, a line break between blocks.

    With `markup`, tags, comments, scripts and styles go and character references are resolved; without, the
    characters stand for themselves (Atom `type="text"`, RFC 4287 §3.1.1.1).
    """
    text = value[:_RAW_LIMIT]
    if markup and ("<" in text or "&" in text):
        text = _without_markup(text)
    elif _is_tidy(text):
        return text[:limit]
    else:
        text = " ".join(text.split())
    if _UNWANTED.search(text):
        text = _UNWANTED.sub("", text)
    return text[:limit].strip()


def one_line(value: str, *, markup: bool, limit: int = TEXT_LIMIT) -> str:
    """`plain_text` without line breaks: titles, names, categories."""
    text = plain_text(value, markup=markup, limit=limit)
    return text.replace("\n", " ") if "\n" in text else text


def _is_tidy(text: str) -> bool:
    return text.isascii() and text.isprintable() and "  " not in text and text == text.strip()


def _without_markup(text: str) -> str:
    text = " ".join(text.split())
    if "<" in text:
        if "<!--" in text or "<s" in text or "<S" in text or "<template" in text:
            text = _HIDDEN.sub(" ", text)
        text = _TAG.sub("", _BREAKING.sub("\n", text))
    if "&" in text:
        # References may bring line ends and spaces of their own (&#10;, &nbsp;): those are spaces, not breaks.
        text = "\n".join(" ".join(unescape(line).split()) for line in text.split("\n"))
    return _AROUND_BREAK.sub("\n", text).strip()
