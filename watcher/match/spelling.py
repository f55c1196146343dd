"""The spellings of a term: with and without its hyphens, its full stops, the space in a name or a designation.

What people write in one way and texts in several: `cease-fire`, `U.S.`, `J. K. Rowling`, `F-16` and `F16s`, عبد الله.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

from watcher.match.amounts import MONTHS
from watcher.text.fold import fold, without_invisible
from watcher.text.letters import is_unspaced
from watcher.text.stems import script_of
from watcher.text.tokens import (
    address_forms,
    chunks,
    initials_of,
    initials_with_and,
    is_address,
    is_dotted_initials,
    may_join,
    pieces,
    signed_words,
    with_groups_beside,
    with_percent_beside,
    with_signs_beside,
    without_groups,
    without_plural_s,
)

Words = tuple[str, ...]

QUOTES_AROUND = "\"'“”„«»,;."
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'"}
_PLAIN_WORD = r"(?:[A-Za-z]+(?:(?<=\w{3})\*)?|(?<![A-Za-z*] )[0-9]+)"
_PLAIN = re.compile(rf"(?:{_PLAIN_WORD}[ \n])*{_PLAIN_WORD}")
"""Words with one space between them, a term a line."""
_SOME_LETTERS = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0400-\u0481\u048a-\u04ff\u0621-\u063a\u0641-\u064a\u0671-\u06d3"
)
"""Latin, Cyrillic and Arabic letters, which are written in one way and with spaces between words."""
_ONLY_LETTERS = re.compile(rf"(?:[{_SOME_LETTERS}]+ )*[{_SOME_LETTERS}]{{3,}}\*?")
OPERATORS = frozenset(["AND", "OR", "NOT", "NEAR", "ACROSS"])
_PLURAL = re.compile(r"[A-Z]s(?![A-Za-z])")
_UNITS = "km kg cm mm nm mph kph kWh MWh MW GW kW GB TB".split()  # noqa: SIM905
_NUMBER_AND_WORD = re.compile(
    rf"[0-9] (?:per|pct|pour|por|pro[cz]|(?:[bt]r?i|mi)llion|(?i:{'|'.join(MONTHS)})"
    rf"|[0-9]|[A-Z]{{2,3}}(?![A-Za-z])|(?i:{'|'.join(_UNITS)})(?!\w))"
)
"""Words in a row that are not read each for itself."""
_HYPHEN = "[\\-\u2010-\u2013\u2212\ufe63\uff0d]?"
_DESIGNATION = re.compile(
    rf"(?P<letters>[^\W\d_]+){_HYPHEN}(?P<number>\d+)(?:{_HYPHEN}(?P<model>(?!s$)[^\W\d_]{{1,3}}\d{{0,3}}))?(?:['’]?s)?"
)
_SHORT_DESIGNATION = 3
"""Letters that must be in capitals before a space: `F 16`, `APT 28`; `Covid 19` and `top 10` need not."""
_SHORT_TYPE = 2
"""The same of letters of which only the first is a capital: `Su 27`."""
_MEASURE = re.compile(rf"(?:(?P<whole>\d+)\.)?(?P<number>\d+){_HYPHEN}(?P<unit>[^\W\d_]{{2,3}})")
_MODEL = re.compile(r"[^\W\d_]{1,3}\d{0,3}s?")
_WORDS_OF_A_LETTER = frozenset("AEIOYАВИКОСУЯ")
"""Of English, French, Italian, Spanish, Portuguese and Russian: `A 10` is seldom the A-10, `С 300` the С-300."""
_FEWEST_OPEN = {"hangul": 2, "hebrew": 2, "other": 1}
"""Letters beside a * by script: a syllable of Hangul has two or three, Han and the like need no * at all."""
_COMPOUND_HEADS = frozenset(
    """
    عبد ابو ابي ابا ام ابن بن بيت حزب سيف نور شمس نصر فضل جار حسب خير تقي علاء صلاح ضياء بهاء دير
    ذو ذي جاد عطا فتح عين راس بدر تاج زين محي عز فخر حسام عماد جمال كمال شرف جبل تل
    """.split()  # noqa: SIM905
)
"""First words of Arabic names that are also written together with the second."""
_HEADS_BEFORE_ANY = ("ابو", "ابي", "ابن")
"""The others are written together only with a word that has the article."""
_SHORTEST_AS_NAME = 4
"""Letters of initials that British papers write as a name: Nato, Unesco."""
_HEAD_LENGTHS = sorted({len(head) for head in _COMPOUND_HEADS})
_SHORTEST_NAME = 3
_LETTERS = re.compile(r"[^\W\d_]+")


def are_plain_words(lines: str) -> bool:
    """Whether lines hold nothing but words of ASCII letters with one space between, perhaps with a * at their ends."""
    if _PLAIN.fullmatch(lines) is None or _NUMBER_AND_WORD.search(lines) is not None:
        return False
    return lines.islower() or _PLURAL.search(lines) is None


def plain_word(word: str) -> str:
    """The spelling of a word of ASCII letters."""
    return (without_plural_s(word) or word).lower()


def first_spellings(text: str) -> list[str]:
    """The parts of a term between spaces, without quotes around all of it."""
    parts = re.split(r"\s+", unquoted(text.strip()))
    for first, end, together in reversed(with_groups_beside(parts)):
        parts[first:end] = [together]
    beside = with_signs_beside(parts)
    for at, together in beside:
        parts[at] = together
    for at, together in reversed(initials_with_and(parts)):
        parts[at : at + 3] = [together]
    return [part for part in parts if chunks(part)] if beside else parts


def with_designations(parts: list[str]) -> list[str]:
    """Those parts that are one designation with a hyphen: `F 16`, `T-72 B3`, `737 MAX`, `100 km`."""
    found: list[str] = []
    for part in parts:
        if found and _is_one_designation(found[-1], part):
            found[-1] += f"-{part}"
        else:
            found.append(part)
    return found


def _is_one_designation(before: str, part: str) -> bool:
    if before.replace(".", "").isdecimal():
        return part in _UNITS or (part.isupper() and _MEASURE.fullmatch(before + part) is not None)
    if before.isalpha():
        apart = before.isupper() and len(before) <= _SHORT_DESIGNATION and before not in _WORDS_OF_A_LETTER
        return apart and _DESIGNATION.fullmatch(before + part) is not None
    designation = _DESIGNATION.fullmatch(before)
    is_model = part.removesuffix("s").isupper() and _MODEL.fullmatch(part) is not None
    return designation is not None and designation["model"] is None and is_model


def spellings_of_letters(text: str) -> list[list[str]] | None:
    """The spellings of words of nothing but letters, most words of most lists; None for a text that needs more care."""
    if _ONLY_LETTERS.fullmatch(text) is None:
        return None
    words = text.removesuffix("*").split(" ")
    if not OPERATORS.isdisjoint(words):
        return None
    spelled = [*map(_word, words)]
    if text.endswith("*"):
        spelled[-1] += "*"
    return with_compounds([spelled])


def share_of(text: str) -> str | None:
    """A number of per cent with its sign: `50 percent` → `50%`; None for all other terms."""
    parts = text.split()
    found = with_percent_beside(parts)
    return fold(found[0][1]) if found and found[0][0] == 0 and len(parts) <= 3 else None


def unquoted(text: str) -> str:
    """A text without the quotes around it."""
    return text[1:-1] if len(text) > 1 and _QUOTES.get(text[0]) == text[-1] else text


def exact_words(text: str) -> Words:
    """The words of a term that begins with =, without that sign."""
    written = without_groups(unquoted(text))
    return tuple(f"={without_invisible(piece)}" for chunk in chunks(written) for piece in pieces(chunk))


def least_open_letters(word: str) -> int:
    """How many letters must be beside a *."""
    return 0 if is_unspaced(word) else _FEWEST_OPEN.get(script_of(fold(word.strip("*"))), 3)


def spellings_of_chunk(written: str) -> list[list[str]]:
    """The spellings of what is between two spaces, each of one or more words; one empty spelling for mere signs."""
    written = without_groups(written)
    found = chunks(written)
    if len(found) == 1 and is_address(found[0]):
        return [[min(address_forms(found[0]), key=len)]]
    if any(map(is_dotted_initials, found)):
        each = [
            _initials(chunk) if is_dotted_initials(chunk) else _spellings_of_pieces(chunk, [chunk]) for chunk in found
        ]
        return [[word for spelling in row for word in spelling] for row in product(*each)]
    if signed := signed_words(written):
        return [list(_with_signed(written, signed))]
    return _spellings_of_pieces(written, found)


def _initials(chunk: str) -> list[list[str]]:
    letters = initials_of(chunk)
    as_name = [[f"={letters.capitalize()}"]] if len(letters) >= _SHORTEST_AS_NAME else []
    return [[f"={letters}"], [f"={letter}" for letter in letters], *as_name]


def _spellings_of_pieces(written: str, found: list[str]) -> list[list[str]]:
    star = written.strip(QUOTES_AROUND)
    if len(found) == 1 and "*" not in star and (designation := _spellings_of_designation(without_invisible(found[0]))):
        return designation
    apart = [_word(piece) for chunk in found for piece in pieces(chunk)]
    if not apart:
        return [[]]
    if star.endswith("*") and not is_unspaced(apart[-1]):
        apart[-1] += "*"
    elif star.startswith("*") and not is_unspaced(apart[0]):
        apart[0] = f"*{apart[0]}"
    joins = len(found) == 1 and len(apart) > 1 and may_join(apart)
    return [apart, ["".join(apart)]] if joins else [apart]


def _with_signed(written: str, signed: Iterable[tuple[int, int, str]]) -> Iterator[str]:
    """The words of a chunk of which some have signs."""
    at = 0
    for begin, end, spelling in signed:
        yield from (_word(piece) for chunk in chunks(written[at:begin]) for piece in pieces(chunk))
        yield spelling
        at = end
    yield from (_word(piece) for chunk in chunks(written[at:]) for piece in pieces(chunk))


def _word(piece: str) -> str:
    """Lower case for plain ASCII; other scripts stay as written, because stems are taken before accents fold."""
    seen = without_invisible(piece)
    seen = without_plural_s(seen) or _numbered_singular(seen) or seen
    return seen.lower() if seen.isascii() else seen


def _numbered_singular(piece: str) -> str | None:
    """The last piece of F-16s."""
    return piece[:-1] if piece.endswith("s") and piece[:-1].isdecimal() and len(piece) <= 4 else None


def _spellings_of_designation(chunk: str) -> list[list[str]]:
    """The ways to write a designation or a measure, the shortest first; none for all other words.

    As one word, which in a text may have hyphens, and with spaces: T72B3, T 72B3, T72 B3, T 72 B3.
    """
    if measure := _MEASURE.fullmatch(chunk):
        whole = [measure["whole"]] if measure["whole"] else []
        number, unit = measure["number"], measure["unit"].lower()
        return [[*whole, number + unit], [*whole, number, unit]]
    found = _DESIGNATION.fullmatch(chunk)
    if found is None:
        return []
    letters, number, model = found["letters"], found["number"], found["model"] or ""
    ends = [[number + model.lower()]]
    if model:
        ends.append([number, f"={model.upper()}" if len(model) == 1 else model.lower()])
    together = [[letters.lower() + first, *rest] for first, *rest in ends]
    return together + [[before, *end] for end in ends for before in _letters_apart(letters)]


def _letters_apart(letters: str) -> list[str]:
    """How the letters of a designation are written before a space: a few only in capitals, since `f 16` is no F-16."""
    if letters.upper() in _WORDS_OF_A_LETTER:
        return []
    is_short = len(letters) == 1 or (len(letters) <= _SHORT_DESIGNATION and letters.isupper())
    is_type = len(letters) == _SHORT_TYPE and letters[:1].isupper()
    if letters.upper() == letters.lower() or not (is_short or is_type):
        return [letters.lower() if letters.isascii() else letters]
    capitals = [letters.upper(), letters.capitalize()] if len(letters) <= _SHORT_TYPE else [letters]
    return [f"={one}" for one in dict.fromkeys(capitals)]


def with_compounds(spellings: Iterable[list[str]]) -> list[list[str]]:
    """Also as one word what is a designation or an Arabic name of two (F 16, عبد الله), and such a name as two."""
    found: list[list[str]] = []
    for words in spellings:
        found.append(words)
        for at, word in enumerate(words):
            folded, following = fold(word), words[at + 1] if at + 1 < len(words) else ""
            is_name = folded in _COMPOUND_HEADS and _LETTERS.match(following)
            if is_name or (_LETTERS.fullmatch(word) and following.isdecimal()):
                found.append([*words[:at], word + following, *words[at + 2 :]])
            elif split := _compound_head(folded):
                found.append([*words[:at], word[:split], word[split:], *words[at + 1 :]])
    return found


def _compound_head(folded: str) -> int:
    """How many letters of a word are the first word of a name that is written as one; 0 for all other words."""
    if folded.isascii():
        return 0
    for letters in _HEAD_LENGTHS:
        head, rest = folded[:letters], folded[letters:]
        is_joined = head in _HEADS_BEFORE_ANY or rest.startswith("ال")
        if is_joined and len(rest) >= _SHORTEST_NAME and head in _COMPOUND_HEADS:
            return letters
    return 0
