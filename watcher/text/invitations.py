"""What a publisher puts behind a text and is none of it: "The post … appeared first on …", "Read more", "Subscribe".

A topic that watches prisons must not hear of every entry of a blog whose name has the word. Nothing else is taken
away: a dateline says where, a credit may name who was there.
"""

from __future__ import annotations

import re

import re2

TAIL = 700
"""Characters at the end of a text that are searched."""
_LONGEST = 250
"""Characters of a sentence; a longer one is part of the report."""

_ANYWHERE = (
    "appeared first on",
    "all rights reserved",
    "tüm hakları saklıdır",
    "جميع الحقوق محفوظة",
    "alle rechte vorbehalten",
    "tous droits réservés",
    "todos los derechos reservados",
    "все права защищены",
)
_AT_BEGINNING = (
    *("read more", "read the full", "read full", "read also", "also read", "continue reading", "see also", "related:"),
    *("sign up for", "subscribe to", "follow us on", "click here", "share this"),
    *(
        "devamını oku",
        "haberin devamı",
        "abone ol",
        "اقرأ المزيد",
        "اقرأ أيضا",
        "اقرأ أيضًا",
        "تابعونا",
        "بیشتر بخوانید",
    ),
    *("weiterlesen", "lire la suite", "lire aussi", "leer más", "seguir leyendo", "читать далее", "читайте также"),
)
_MAY_INVITE = re2.compile("|".join(map(re2.escape, (*_ANYWHERE, *_AT_BEGINNING))))
"""Looks for all of them at once; most texts have none."""
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_SIGNS = " \t>»→•*–—-[(…"


def without_invitations(text: str) -> str:
    """The text without such sentences at its end."""
    tail = text[-TAIL:]
    if not tail or not _MAY_INVITE.search(tail.lower()):
        return text
    begin = len(text) - len(tail)
    kept, at = text[:begin], 0
    for end in (*_SENTENCE_END.finditer(tail), None):
        sentence = tail[at : end.start() if end else len(tail)]
        whole = begin + at == 0 or at > 0
        kept += "" if whole and _invites(sentence) else tail[at : end.end() if end else len(tail)]
        at = end.end() if end else at
    return kept.rstrip()


def _invites(sentence: str) -> bool:
    lowered = sentence.lower()
    return len(sentence) <= _LONGEST and (
        any(phrase in lowered for phrase in _ANYWHERE) or lowered.lstrip(_SIGNS).startswith(_AT_BEGINNING)
    )
