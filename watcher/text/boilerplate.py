"""What a publisher puts around a report: agency lines, credits, invitations to read on or to subscribe.

One list of phrases for two readers. The matcher removes only invitations at the end of a text: a dateline says where,
and a credit may name who was there. The comparison of stories removes everything, at both ends.
"""

from __future__ import annotations

import re

HEAD = 160
"""Characters at the beginning of a text that are searched for an agency line and phrases."""
TAIL = 700
"""Characters at the end of a text that are searched."""
_LONGEST = 250
"""Characters of a sentence; a longer one that contains a phrase is part of the report."""

_FOOTERS = (
    "appeared first on",
    "all rights reserved",
    "tüm hakları saklıdır",
    "جميع الحقوق محفوظة",
    "כל הזכויות שמורות",
    "alle rechte vorbehalten",
    "tous droits réservés",
    "todos los derechos reservados",
    "все права защищены",
    "版权所有",
)
"""Make a sentence an invitation wherever they are in it."""
_INVITATIONS = (
    *("read more", "read the full", "read full", "read also", "also read", "continue reading", "see also", "related:"),
    *("sign up for", "subscribe to", "follow us on", "click here", "share this"),
    *("devamını oku", "haberin devamı", "abone ol"),
    *("اقرأ المزيد", "اقرأ أيضا", "اقرأ أيضًا", "تابعونا", "بیشتر بخوانید", "קראו עוד", "לקריאה נוספת"),
    *("weiterlesen", "lire la suite", "lire aussi", "leer más", "seguir leyendo", "читать далее", "читайте также"),
    *("阅读更多", "点击查看"),
)
"""Make a sentence an invitation when it begins with them."""
_CREDITS = (
    *("read the rest", "related articles", "first published", "originally published", "last updated", "last modified"),
    *("updated on", "updated at", "published on", "published at", "subscribe", "sign up", "newsletter", "follow us"),
    *("our app", "the app", "advertisement", "terms of use", "terms of service", "copyright", "©", "(c) "),
    *("photo:", "photo by", "photograph", "photo credit", "image:", "image by", "image credit", "picture:"),
    *("getty images", "reporting by", "writing by", "editing by", "compiled by", "by our staff", "our correspondent"),
    *("support us", "support our", "fotoğraf:"),
)
"""Further phrases of sentences that are no part of a report when two reports are compared."""


class _Phrases:
    """Phrases to look for: most texts have none, and one in ASCII needs to be searched for half of them only."""

    def __init__(self, *phrases: str) -> None:
        self.all = tuple(dict.fromkeys(phrases))
        self.in_ascii = tuple(filter(str.isascii, self.all))

    def found_in(self, lowered: str) -> list[str]:
        """Those that a text in lower case has."""
        return [phrase for phrase in (self.in_ascii if lowered.isascii() else self.all) if phrase in lowered]


_INVITING = _Phrases(*_FOOTERS, *_INVITATIONS)
_SURROUNDING = _Phrases(*_FOOTERS, *_INVITATIONS, *_CREDITS)

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_SIGNS = " \t>»→•*–—-[(…"
_AGENCIES = (
    *("reuters", "afp", "ap", "dpa", "aa", "upi", "tass", "xinhua", "anka", "iha", "dha", "efe", "ansa", "kuna"),
    *("sana", "wam", "spa", "pti", "ani", "yonhap", "kyodo", "belga", "lusa", "apa", "ria novosti", "interfax"),
    *("رويترز", "أ ف ب", "فرانس برس", "سانا", "وكالات", "рейтер", "тасс", "риа новости", "интерфакс", "新华社"),
)
_DATELINE = re.compile(
    rf"(?P<place>[^\n.!?]{{0,60}}?)\(?\b(?i:{'|'.join(_AGENCIES)})\b\)?\s*[-–—:]\s*"
    r"|(?P<capitals>[^\W\d_a-z]+(?:[ ,.]{1,2}[^\W\d_]+){0,4}),?\s[-–—]{1,2}\s+(?=[^\W\d_])"
)
"""`ANKARA (Reuters) - `, `(AFP) – `, or a place in capitals alone: `ANKARA, Türkiye — `."""


def without_invitations(text: str) -> str:
    """The text without invitations and footers at its end."""
    tail = text[-TAIL:]
    if not tail or not _INVITING.found_in(tail.lower()):
        return text
    begin = len(text) - len(tail)
    kept, at = text[:begin], 0
    for end in (*_SENTENCE_END.finditer(tail), None):
        sentence = tail[at : end.start() if end else len(tail)]
        whole = begin + at == 0 or at > 0
        kept += "" if whole and _invites(sentence) else tail[at : end.end() if end else len(tail)]
        at = end.end() if end else at
    return kept.rstrip()


def without_boilerplate(text: str) -> str:
    """The text without credits, invitations and footers at both ends."""
    if len(text) <= HEAD + TAIL:
        return _without_phrases(text)
    return _without_phrases(text[:HEAD], keep_last=True) + text[HEAD:-TAIL] + _without_phrases(text[-TAIL:])


def _invites(sentence: str) -> bool:
    lowered = sentence.lower()
    return len(sentence) <= _LONGEST and (
        any(phrase in lowered for phrase in _FOOTERS) or lowered.lstrip(_SIGNS).startswith(_INVITATIONS)
    )


def split_dateline(text: str) -> tuple[str, str]:
    """The place that the agency line before a report names ("" without one), and the report."""
    found = _DATELINE.match(text[:HEAD])
    if found is None:
        return "", text
    place = found["place"] if found["place"] is not None else found["capitals"]
    if found["capitals"] and not found["capitals"].split(",")[0].isupper():
        return "", text
    return place.strip(" ,-–—("), text[found.end() :]


def _without_phrases(part: str, *, keep_last: bool = False) -> str:
    """Without the sentences that contain a phrase; the last one of a beginning is cut off somewhere and is kept."""
    phrases = _SURROUNDING.found_in(part.lower())
    if not phrases:
        return part
    sentences = _SENTENCE_END.split(part)
    kept = [sentence for sentence in sentences[: -1 if keep_last else None] if not _surrounds(sentence, phrases)]
    return "\n".join(kept + sentences[-1:] if keep_last else kept)


def _surrounds(sentence: str, phrases: list[str]) -> bool:
    lowered = sentence.lower()
    return len(sentence) <= _LONGEST and any(phrase in lowered for phrase in phrases)
