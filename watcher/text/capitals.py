"""What a word means in a text that is all capitals, where initials (WHO) and ordinary words (who) look the same.

The rule: a word in capitals that is no everyday word is what it is in any text. An everyday word is read as initials
only where something speaks for it: *the* is before it; or it begins the text or what follows a colon or a dash, and no
auxiliary verb comes next (WHO WARNS, not WHO IS); or it ends the text behind such a sign (1,000 DEAD - WHO) or before a
verb of saying (1,000 DEAD, WHO SAYS); or the rest of the entry, written in ordinary case, has the initials. US is read
as initials unless a word is before it that *us* follows (JOIN US, WITH US).
An everyday word beside a hyphen is read as initials, too (US-IRAN).
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from itertools import islice

EVERYDAY_WORDS = frozenset(
    """
    a i ad add age aid aim air all am an and any are arm art as ask at bad ban bar bat be bed bid big bit box boy
    bus but buy by can cap car care cat cut day did die do dog due eat egg end era etc eye fan far fat few fire
    fit fix fly for fun gap gas get go god got gun guy had has he head her here him his hit hot how ice if ill in
    into is it its jet job joy key kid law lay leg let lie like list lot low man map may me men met mix must my
    name near net new no nor not now odd of off oil old on one or our out own page past pay per pet pin pop pot
    pro put rat raw red rid row run sad safe save saw say sea see set sex she sir sit six sky so some son step
    stop sum sun take tax tea team ten that the them then they this tie tip to too top toy try two up us use van
    via war was way we were wet what when where which who whom why will win with won work yes yet you your des der
    die das ein est les une que por con las los del una son sur par pas qui il elle on
    """.split()  # noqa: SIM905
)
_AUXILIARIES = frozenset(
    """
    is was are were am has had have do does did will would can could should shall may might must
    """.split()  # noqa: SIM905
)
_BEFORE_US = frozenset(
    """
    join let lets with for to of by from among between around behind against about near at on over upon than
    unlike like tell tells told give gives gave help helps follow contact show shows make makes made leave leaves
    left save saves teach want wants need needs take takes bring brings call calls see sees hear watch trust love
    hate kill killed kills all both each none some
    """.split()  # noqa: SIM905
)
_SAYING = frozenset(
    ["says", "said", "warns", "warned", "reports", "reported", "confirms", "declares", "finds", "estimates"]
)
_SIGNS_BEFORE = ":-–—|"
_NO_LETTERS = re.compile(r"^\W+|\W+$")


def is_initials(words: Sequence[str], at: int, elsewhere: str) -> bool:
    """Whether an everyday word of a text in capitals is to be read as initials.

    `words` are the tokens of the text; `elsewhere` is the rest of the entry.
    """
    word = bare(words[at])
    if at and (bare(words[at - 1]) == "THE" or (word == "US" and bare(words[at - 1]).lower() not in _BEFORE_US)):
        return True
    if word in elsewhere and not elsewhere.isupper() and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", elsewhere):
        return True
    if words[-1].rstrip("\"'”’»)").endswith("?"):
        return False
    follows_sign = at > 0 and words[at - 1][-1] in _SIGNS_BEFORE
    following = [bare(word).lower() for word in words[at + 1 :]]
    if not any(following):
        return follows_sign
    ends_as_source = len(following) == 1 and words[at - 1].endswith(",") and following[0] in _SAYING
    begins = follows_sign or not any(map(bare, islice(words, at)))
    return ends_as_source or (begins and following[0] not in _AUXILIARIES)


def bare(token: str) -> str:
    """A token without the punctuation around it."""
    return _NO_LETTERS.sub("", token)


def is_hyphenated(token: str, everyday: Set[str]) -> bool:
    """Whether initials are hyphenated in capitals, as no pronoun is: US-IRAN."""
    return "-" in token and not everyday.isdisjoint(token.strip(".,:;?!\"'").split("-"))
