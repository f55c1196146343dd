"""What surrounds a report and is none of it: agency lines, photo credits, invitations to read on or to subscribe.

Only the beginning and the end of a text are searched; that is where publishers put it. What stands in the middle is
too little to matter in a long text.
"""

from __future__ import annotations

import re

import re2

HEAD = 160
TAIL = 700
"""Characters at the beginning and at the end of a text that are searched."""

_DATELINE = re.compile(
    r"[^\n.!?]{0,60}?\(?\b(?:reuters|afp|ap|dpa|aa|upi|tass|xinhua|anka|iha|dha|efe|ansa|kuna|sana)\b\)?\s*[-–—:]\s*",
    re.IGNORECASE,
)
_PHRASES = (
    *(
        "read more",
        "read the full",
        "read the rest",
        "read full",
        "continue reading",
        "click here",
        "see also",
        "also read",
    ),
    *("related:", "related articles", "appeared first on", "first published", "originally published", "last updated"),
    *(
        "last modified",
        "updated on",
        "updated at",
        "published on",
        "published at",
        "subscribe",
        "sign up",
        "newsletter",
    ),
    *("follow us", "share this", "our app", "the app", "advertisement", "terms of use", "terms of service"),
    *(
        "all rights reserved",
        "copyright",
        "©",
        "photo:",
        "photo by",
        "photograph",
        "photo credit",
        "image:",
        "image by",
    ),
    *("image credit", "picture:", "getty images", "reporting by", "writing by", "editing by", "compiled by"),
    *("by our staff", "our correspondent", "support us", "support our", "devamını oku", "haberin devamı", "abone ol"),
    *("tüm hakları saklıdır", "fotoğraf:", "اقرأ المزيد", "اقرأ أيضا", "اقرأ أيضًا", "جميع الحقوق محفوظة", "تابعونا"),
    *("weiterlesen", "lire la suite", "leer más", "seguir leyendo", "читать далее"),
)
_ANY_PHRASE = re2.compile("|".join(map(re2.escape, _PHRASES)))
"""Looks for all of them at once; most texts have none."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_LONGEST = 220
"""Characters; a longer sentence that merely contains such a phrase is part of the report."""


def without_boilerplate(text: str) -> str:
    """The text without what surrounds the report."""
    dateline = _DATELINE.match(text[:HEAD])
    report = text[dateline.end() :] if dateline else text
    if len(report) <= HEAD + TAIL:
        return _without_phrases(report)
    return _without_phrases(report[:HEAD], keep_last=True) + report[HEAD:-TAIL] + _without_phrases(report[-TAIL:])


def _without_phrases(part: str, *, keep_last: bool = False) -> str:
    """Without the sentences that contain a phrase; the last one of a beginning is cut off somewhere and is kept."""
    lowered = part.lower()
    if not _ANY_PHRASE.search(lowered):
        return part
    phrases = [phrase for phrase in _PHRASES if phrase in lowered]
    sentences = _SENTENCE_END.split(part)
    kept = [sentence for sentence in sentences[: -1 if keep_last else None] if not _is_boilerplate(sentence, phrases)]
    return "\n".join(kept + sentences[-1:] if keep_last else kept)


def _is_boilerplate(sentence: str, phrases: list[str]) -> bool:
    lowered = sentence.lower()
    return len(sentence) <= _LONGEST and any(phrase in lowered for phrase in phrases)
