"""Sentences: where one ends and the next begins, so that no phrase and no pair of words runs across.

A line break ends a sentence, because paragraphs, list items and table cells arrive as lines; so does a bullet or a
bar between two spaces. A full stop ends one unless it belongs to an abbreviation, to initials or to an ordinal, or a
small letter follows.
"""

from __future__ import annotations

import re

_END = re.compile(
    r"""[\n\t\v\f\x1c-\x1e\x85\u2028\u2029。！？｡.!?…‽؟۔।॥።|•·‣▪●◦■►▸▶✔✓]          # finding these alone is fast
    (?: (?<=[\n\t\v\f\x1c-\x1e\x85\u2028\u2029])                                 # lines and cells
      | (?<=[。！？｡]) ["'”’»」』）】]*                                              # scripts that write no space afterwards
      | (?<=[.!?…‽؟۔।॥።]) [.!?…‽؟۔।॥።]* ["'”’»›“)\]}]* [^\S\n]+                     # a sign at the end of a word
      | (?<=[a-zà-öø-ÿß]{2}[.!?]) (?=[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿß])                      # "the camp.The army"
      | (?<=\s[|•·‣▪●◦■►▸▶✔✓]) (?=\s)                                               # bullets and bars within a line
    )""",
    re.VERBOSE,
)
_CLOSING = frozenset(".!?…‽؟")
_OPENING = "([{«“„\"'‘/–—-"
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_FIRST_LETTER = re.compile(r"[\"'“‘„«‹(\[{¿¡–—-]*(\w)?")
_LONGEST_WORD = 24
_WRAPPED_LINE = 40
"""Characters; a shorter line is a heading, an item or a cell, never one of a text that was wrapped by a mail client."""

_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof gen lt col maj capt sgt cpl pvt pfc spc adm cmdr brig atty rev msgr fr hon
    gov sen rep pres supt insp st sts jr sr mt
    ft no nos vs inc ltd corp dept est approx fig op jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues
    wed thu thur thurs fri cf ca res sec ave vol ed pp art bzw evtl ggf hl hrsg inkl nr str tel usw vgl abs mio mrd stv
    sog
    mme mlle mgr av bd env ste sra srta ud uds dra ing lic núm pág им ул стр тыс млн млрд руб гг рис см пр обл
    корр doç yrd org sn alb yzb tğm müh bkz örn cad
    """.split()  # noqa: SIM905
)


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order; joined they are the text."""
    found: list[str] = []
    begin = 0
    for end in _END.finditer(text):
        if _is_end(text, begin, end):
            found.append(text[begin : end.end()])
            begin = end.end()
    if begin < len(text) or not found:
        found.append(text[begin:])
    return found


def _is_end(text: str, begin: int, end: re.Match[str]) -> bool:
    start, stop = end.span()
    sign = text[start]
    if sign == "\n":
        return not (text[stop : stop + 1].islower() and _is_wrapped(text, begin, start))
    if sign not in _CLOSING or not text[stop - 1].isspace():
        return True
    letter = text[stop : stop + 1]
    if not letter.isalnum():
        following = _FIRST_LETTER.match(text, stop)
        letter = (following[1] if following else None) or ""
    if letter.islower():
        return False
    return sign != "." or text[start + 1] == "." or not _is_abbreviated(text, begin, start, letter)


def _is_abbreviated(text: str, begin: int, stop: int, following: str) -> bool:
    """Whether the full stop at `stop` belongs to the word before it."""
    words = text[max(begin, stop - _LONGEST_WORD) : stop].rsplit(None, 1)
    last = words[-1].lstrip(_OPENING) if words else ""
    if last.isdecimal():
        return len(last) <= 2 and following.isalpha()
    if len(last) == 1 or last[1:2] == ".":
        return _INITIALS.fullmatch(last) is not None and not (len(last) == 1 and following.isdecimal())
    return last.lower() in _ABBREVIATIONS


def _is_wrapped(text: str, begin: int, stop: int) -> bool:
    """Whether the line that ends at `stop` was ended there because it became too long, in the middle of a sentence."""
    line = stop - max(text.rfind("\n", begin, stop) + 1, begin)
    return line >= _WRAPPED_LINE and (text[stop - 1].isalnum() or text[stop - 1] == ",")
