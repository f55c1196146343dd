"""Tokens: the words of a text, in order.

A *token* is what is between two spaces, with its punctuation; it is what `str.split` gives. A *chunk*
is the part of it that belongs together: letters, digits and marks, with hyphens, apostrophes, zero-width
non-joiners and inner full stops inside (`al-Hol`, `Syria's`, `U.S.`, `آتش‌بس`). A chunk has one or more
*pieces*; every piece has a position of its own, so `al-Hol` and `Al Hol` are the same two words. In scripts
that put no spaces between words each character is a chunk: there a phrase of characters finds a word
wherever it occurs.

An address (`https://…`, `news@example.org`, `example.org`) is one chunk of one piece: the words in it are no words of
the text. A *signed word* has signs that belong to it: `C++`, `.NET`, `$100`, `50%`, `AT&T`, `9/11`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from watcher.text.fold import fold
from watcher.text.letters import UNSPACED, apart

_JOINERS = (
    "\\-'.`\u00b4\u00b7\u02b9-\u02bf\u02c8\u02ee\u058a\u05be\u05f3\u05f4\u200c"
    "\u2010-\u2013\u2018\u2019\u201b\u2212\ufe63\uff07\uff0d"
)
"""Hyphens, apostrophes, the full stop and the like, as the inside of a character class."""
LONGEST_PIECE = 80
"""Characters; a longer piece is no word of any language (a key, an encoded picture) and matches nothing."""
_MOST_PIECES = 6
_VOICED = "\u3099\u309a\uff9e\uff9f"
"""Marks that belong to the kana before them, in decomposed and in narrow writing."""
_DOMAINS = """
com org net info gov edu mil int biz news media tv io de ru ua fr ir uk eu pl nl ch jp cn kr tr
""".split()  # noqa: SIM905
_ADDRESS = (
    rf"(?:[A-Za-z][A-Za-z+]{{1,9}}://|[Ww]{{3}}\.)(?:[!-;=?-~]|(?![{UNSPACED}])\w)+"
    r"|[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}"
    rf"|(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}(?:{'|'.join(_DOMAINS)})(?![\w-])(?:[:/][!-;=?-~]*|[?#][!-;=?-~]+)?"
    r"|(?:[A-Za-z0-9-]{1,63}\.){1,6}[a-z]{2,24}/[!-;=?-~]+"
)
"""Of the Internet. Repetitions are bounded, so that a hostile text costs a constant factor."""
_MAY_BE_ADDRESS = re.compile(r"\w[.@]\w|://")
_LONGEST_HOST = 253
"""Characters of a host name (RFC 1035 §2.3.4)."""
_HOST = re.compile(r"(?:[a-z+]+://)?(?:www\.)?([^/?#]+)")
_CURRENCIES = "$€£¥₺₽₹₪₩₴₦₫฿₱¢"
_NUMBER = r"\d+(?:[.,]\d+)*"
_SINGLE_LETTERS = r"(?<!\w)[^\W\d_](?:/[^\W\d_])+(?![\w/])"
_PERCENT_SIGNS = str.maketrans("٪％", "%%")
_SIGNED = re.compile(
    rf"(?P<before>(?<![\w.])\.(?=[^\W\d])|[{_CURRENCIES}#%])?"
    rf"(?P<word>{_NUMBER}(?:/{_NUMBER})*(?:(?!/)[\w]*)|{_SINGLE_LETTERS}|\w+(?:&\w+)*)"
    rf"(?P<after>[+#%‰]+(?![\w+#%‰])|[+#]{{2}}|%|[{_CURRENCIES}](?!\d))?"
)
_SIGNS = re.compile(rf"[+#%‰{_CURRENCIES}]|{_SINGLE_LETTERS}|\w&\w|\d/\d|(?:^|[(\[{{\"'“‘«])\.\w")
_SIGN_CHARACTERS = frozenset(f"+#%‰&/{_CURRENCIES}")
_MARKS_BEHIND = ("", *".,;:!?)")
_LONE_SIGNS = frozenset(sign + mark for sign in f"%٪％‰{_CURRENCIES}" for mark in _MARKS_BEHIND)
_PERCENT = frozenset(
    word + mark
    for word in """
    percent Percent PERCENT pct cent CENT Prozent procent proc cento ciento процент процента процентов відсотків
    بالمئة بالمائة المئة المائة درصد אחוז אחוזים
    """.split()  # noqa: SIM905
    for mark in _MARKS_BEHIND
)
_HALF_OF_PERCENT = frozenset("cent CENT cento ciento المئة المائة".split())  # noqa: SIM905
_BEFORE_CENT = frozenset("per PER pour por في".split())  # noqa: SIM905
_BEFORE_AND = re.compile(r"\W?\w{1,3}")
_AFTER_AND = re.compile(r"\w{1,3}(?:['’]?s)?\W*")
_HASHTAG = re.compile(r"\W*#([^\W_]{1,80})\W*")
_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞА-ЯЁ", "a-zß-öø-ÿа-яёğışçöü"
_CAPITALISED = re.compile(rf"^[{_LOWER}]+(?=[{_UPPER}])|[{_UPPER}][{_LOWER}]+|[{_UPPER}]{{2,}}(?![a-zß-öø-ÿа-яё])|\d+")
_GROUPED = re.compile(r"(?<![\w.,'’٬])(?!0)\d{1,3}(?:([.,'’٬])\d{3}(?:\1\d{3})*(?!\1\d)|(?:,\d\d)+,\d{3}(?!,\d))(?!\d)")
"""Numbers of which thousands are set apart, in India also hundreds of thousands: 1,000, 1.000, 1'000, 2,50,000."""
_FIRST_GROUP = re.compile(rf"[(\[\"'“‘«{_CURRENCIES}]*[1-9]\d{{0,2}}")
_NEXT_GROUP = re.compile(r"\d{3}\D*")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_PLURAL_OF_INITIALS = re.compile(r"(?=\w*(?:[A-Z]|[^\W\d_]\d))(?:\w*[A-Z]|\w*\d)s")
_PIECE = re.compile(f"[^{_JOINERS}]+")
_IS_COMPOUND = re.compile(f"[{_JOINERS}.@:]")
"""What a chunk has that is an address or more than one piece."""


@cache
def _not_in_piece() -> str:
    return f"{apart()}{_JOINERS}\ud800-\udfff\U0001f000-\U0001faff"


@cache
def _chunk() -> re.Pattern[str]:
    letter = f"[^{_not_in_piece()}{UNSPACED}]"
    return re.compile(f"{_ADDRESS}|[{UNSPACED}][{_VOICED}]?|{letter}+(?:[{_JOINERS}]{letter}+)*")


@cache
def _address() -> re.Pattern[str]:
    return re.compile(_ADDRESS)


def chunks(text: str) -> list[str]:
    """The chunks of a text, in order, as written."""
    return _chunk().findall(text)


def pieces(chunk: str) -> tuple[str, ...]:
    """The pieces of a chunk, as written."""
    return (chunk,) if is_address(chunk) else tuple(_PIECE.findall(chunk))


def is_address(chunk: str) -> bool:
    """Whether a chunk is an address of the Internet."""
    return _MAY_BE_ADDRESS.search(chunk) is not None and _address().fullmatch(chunk) is not None


def address_forms(address: str) -> set[str]:
    """The folded spellings by which an address can be looked for: as a whole, without its scheme, and its host."""
    whole = address.rstrip(".,:;!?)]}'\"/").lower()
    bare = whole.partition("://")[2] or whole
    host = _HOST.match(whole)
    return {whole, bare, bare.removeprefix("www."), *([host[1]] if host else [])}


def parent_domains(address: str) -> list[str]:
    """The host of an address and the domains above it, without the last label: news.bbc.co.uk, bbc.co.uk, co.uk."""
    host = _HOST.match(address.lower())
    labels = host[1][:_LONGEST_HOST].split(".") if host else []
    return [".".join(labels[at:]) for at in range(len(labels) - 1)]


def signed_words(token: str) -> list[tuple[int, int, str]]:
    """The words of a token that have signs: [start, end) in characters and the spelling that two such words share.

    The sign of a currency comes first (`100€` is `€100`), that of a share last, and numbers are not grouped.
    """
    token = token.translate(_PERCENT_SIGNS)
    if not _SIGNS.search(token):
        return []
    found = []
    for word in _SIGNED.finditer(token):
        text = word["word"]
        signs = (word["before"] or "") + (word["after"] or "")
        if signs or "&" in text or "/" in text:
            text = text[:-1] if "&" in text and text.endswith("s") and text[:-1].isupper() else text
            first = "".join(sign for sign in signs if sign in _CURRENCIES or sign == word["before"] != "%")
            last = "".join(sign for sign in signs if sign not in first)
            found.append((word.start(), word.end(), f"{first}{fold(without_groups(text))}{last}"))
    return found


def has_signs(word: str) -> bool:
    """Whether a word of a term is a signed word."""
    return word.startswith(".") or not _SIGN_CHARACTERS.isdisjoint(word)


def is_dotted_initials(chunk: str) -> bool:
    """Whether a chunk is initials with full stops: `U.S`, without the last one."""
    return _INITIALS.fullmatch(chunk) is not None


def initials_of(chunk: str) -> str:
    """Dotted initials without full stops and without the s of a plural: `U.S` → US, `P.O.W.s` → POW."""
    letters = chunk.removesuffix(".s") if chunk[:1].isupper() and chunk.count(".") > 1 else chunk
    return letters.replace(".", "").upper()


def with_signs_beside(numbers: Sequence[str]) -> list[tuple[int, str]]:
    """Where a token is a number whose sign is a token beside it, and the two written together: `50 %`, `5 €`, `€ 5`."""
    if _LONE_SIGNS.isdisjoint(numbers):
        return []
    found = []
    for at, token in enumerate(numbers):
        if token not in _LONE_SIGNS:
            continue
        if at and (numbers[at - 1][-1].isdecimal() or (token[0] in _CURRENCIES and numbers[at - 1][0].isdecimal())):
            found.append((at - 1, numbers[at - 1] + token[0]))
        elif len(token) == 1 and token in _CURRENCIES and numbers[at + 1 : at + 2] and numbers[at + 1][0].isdecimal():
            found.append((at + 1, token + numbers[at + 1]))
    return found


def grouped_numbers(token: str) -> list[tuple[int, int, str]]:
    """The numbers with thousands set apart: [start, end) in characters and the digits: `1,000-strong` → 0, 5, 1000."""
    return [(found.start(), found.end(), _digits(found)) for found in _GROUPED.finditer(token)]


def without_groups(text: str) -> str:
    """A text whose numbers have no thousands set apart."""
    return _GROUPED.sub(_digits, text)


def _digits(number: re.Match[str]) -> str:
    return "".join(filter(str.isdecimal, number[0]))


def with_groups_beside(numbers: Sequence[str]) -> list[tuple[int, int, str]]:
    """Where tokens [first, end) are the thousands of one number and its sign: `1 000 dead` → (0, 2, `1,000`)."""
    found: list[tuple[int, int, str]] = []
    end = 0
    for at, token in enumerate(numbers if any(map(str.isdecimal, numbers)) else ()):
        if not token[-1].isdecimal() or at < end or _FIRST_GROUP.fullmatch(token) is None:
            continue
        if at and numbers[at - 1][-1].isdecimal():
            continue
        end = at + 1
        while end < len(numbers) and numbers[end - 1][-1].isdecimal() and _NEXT_GROUP.fullmatch(numbers[end]):
            end += 1
        following = numbers[end] if end < len(numbers) and numbers[end - 1][-1].isdecimal() else ""
        if end > at + 1 and not following[:1].isdecimal():
            together = ",".join(numbers[at:end])
            has_sign = following in _LONE_SIGNS
            found.append((at, end + has_sign, together + following[:1] * has_sign))
    return found


def with_percent_beside(numbers: Sequence[str]) -> list[tuple[int, str]]:
    """Where a token is a number before a word for per cent, and the number with the sign: `50 per cent` → `50%`."""
    if _PERCENT.isdisjoint(numbers):
        return []
    found = []
    for at, token in enumerate(numbers):
        if token in _PERCENT:
            first = at - 1 if token.rstrip(".,;:!?)") in _HALF_OF_PERCENT else at
            is_whole = first == at or (first >= 0 and numbers[first] in _BEFORE_CENT)
            if first > 0 and is_whole and numbers[first - 1][-1].isdecimal():
                found.append((first - 1, f"{numbers[first - 1]}%"))
    return found


def hashtag_spans(token: str) -> list[tuple[int, int]]:
    """Where the words of a hashtag are, which begin with capitals: `#CeasefireNow` → Ceasefire, Now; none of others."""
    hashtag = _HASHTAG.fullmatch(token)
    if hashtag is None:
        return []
    found = [word.span() for word in _CAPITALISED.finditer(hashtag[1])]
    is_whole = len(found) > 1 and sum(end - start for start, end in found) == len(hashtag[1])
    return [(hashtag.start(1) + start, hashtag.start(1) + end) for start, end in found] if is_whole else []


def initials_with_and(tokens: Sequence[str]) -> list[tuple[int, str]]:
    """Where three tokens are initials with `&` between, and the three written together: `A & E` → (0, `A&E`).

    Names of whole words (Marks & Spencer) are phrases.
    """
    found: list[tuple[int, str]] = []
    for at, sign in enumerate(tokens[1:-1], 1):
        if sign == "&" and _BEFORE_AND.fullmatch(tokens[at - 1]) and _AFTER_AND.fullmatch(tokens[at + 1]):
            found.append((at - 1, f"{tokens[at - 1]}&{tokens[at + 1]}"))
    return found


def without_plural_s(piece: str) -> str | None:
    """The singular of initials and designations (`MPs`, `F16s`); None for all other words."""
    return piece[:-1] if piece.endswith("s") and len(piece) > 2 and _PLURAL_OF_INITIALS.fullmatch(piece) else None


def runs(parts: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Neighbouring pieces of one chunk written together: (first piece, how many, joined text).

    `cease-fire` is also `ceasefire`, `Hay'at` also `Hayat`, `F-16` also `F16`. Numbers are left apart: 3.5 is not 35.
    """
    if not 2 <= len(parts) <= _MOST_PIECES:
        return []
    return [
        (first, end - first, "".join(parts[first:end]))
        for first in range(len(parts))
        for end in range(first + 2, len(parts) + 1)
        if may_join(parts[first:end])
    ]


def may_join(parts: Sequence[str]) -> bool:
    """Whether pieces can be written as one word: no number is beside another."""
    return not any(left[-1:].isdigit() and right[:1].isdigit() for left, right in pairwise(parts))


def piece_spans(token: str) -> list[tuple[int, int]]:
    """Where each piece of a token is in it, or each word of a hashtag: [start, end) in characters."""
    if "#" in token and (spans := hashtag_spans(token)):
        return spans
    return [span for chunk in chunk_spans(token) for span in chunk]


def chunk_spans(text: str) -> list[list[tuple[int, int]]]:
    """Where the pieces of each chunk are in the text."""
    return [
        [chunk.span()]
        if _IS_COMPOUND.search(chunk[0]) is None or is_address(chunk[0])
        else [piece.span() for piece in _PIECE.finditer(text, chunk.start(), chunk.end())]
        for chunk in _chunk().finditer(text)
    ]


def words(text: str) -> list[str]:
    """The folded pieces of a text, in order; pieces that fold to nothing are left out."""
    folded = (fold(piece) for chunk in chunks(text) for piece in pieces(chunk))
    return [word for word in folded if word]


def count_breaks(token: str) -> int:
    """How many characters of a token end one word and begin another; scripts that write no spaces do without."""
    return len(_break().findall(token))


@cache
def _break() -> re.Pattern[str]:
    between = _not_in_piece()
    return re.compile(f"(?<=[^{between}])[{between}](?=[^{between}])")
