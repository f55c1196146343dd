"""What other tools write differently: each of their signs is answered with what is written here instead.

None of these words is taken as a word to look for in silence: a search that was brought along would then mean
something else than its author meant.
"""

from __future__ import annotations

import re

_QUOTE = ", or quote the word if you look for it"

_OPERATORS = {
    "AND": "and && & AND ET UND VE И Y",
    "OR": "or || | OR OU ODER VEYA ИЛИ AND/OR and/or",
    "NOT": "not ! NOT NICHT НЕ",
    "AND NOT": "ANDNOT AND-NOT AND_NOT BUT BUTNOT EXCEPT UNLESS MINUS WITHOUT SAUF OHNE",
    "(a OR b) AND NOT (a AND b)": "XOR",
    "NEAR/10": "near",
    "NEAR/15": "SAME WITHIN SENTENCE",
    "NEAR/50": "PARAGRAPH",
    "NEAR/1 or a phrase in quotes": "ADJ adj NEXT FBY",
}
OPERATOR_OF = {word: ours for ours, words in _OPERATORS.items() for word in words.split()}
OPERATOR_OF |= {"And": "AND", "Or": "OR", "Not": "NOT", "Near": "NEAR/10"}

_IN_ORDER = "NEAR/{0} for {word} (NEAR has no order; for words in this order write a phrase in quotes)"
_WORDS: tuple[tuple[str, str], ...] = (
    (r"(?i:(?:near|within)[/~:]?|[wn]?/)(\d{1,9})(?:/\w)?", "write NEAR/{0} for {word}"),
    (r"[WN](\d|[1-3]\d)", "write NEAR/{0} for {word}" + _QUOTE),
    (r"(?i:(?:onear|adj|next)[/~:]?|(?:pre|p|before|after|f|fby)[/~:])(\d{1,9})", f"write {_IN_ORDER}"),
    (r"~(\d{1,9})", "write NEAR/{0} for {word} between two words"),
    (r"(?i:w?/s(?:ent\w*)?)", "write NEAR/15 for {word}"),
    (r"(?i:w?/p(?:ara\w*)?)", "write NEAR/50 for {word}"),
    (r"(?i:near|onear|w|within|n|pre|adj)/\S*", "write a number after /, as in NEAR/5, for {word}"),
    (r"(?i:not)/(\d{1,9})", "write a AND NOT (a NEAR/{0} b) for a {word} b"),
    (r"(?i:atleast)/?\d*", "a word that is there once is there; {word} has no counterpart"),
    (r"[^{}]+\{\d+,?\d*\}", "a word that is there once is there; write it without {{ }}"),
    (r"-", "a - alone says nothing: write NOT to be without what follows, or remove it"),
    (r"\+", "a + alone says nothing: write AND, or remove it"),
    (r"[-!](.+)", "write NOT {0} for {word}"),
    (r"\+(.+)", "write {0} for {word}: words side by side must all be there"),
    (
        r"(?i:title|summary|author|category|feed|lang|language|source|site)=.*",
        "write : for = after the name of a field",
    ),
    (r"[\[{<].*|.*[\]}>]", "write ( and ) for other brackets" + _QUOTE),
    (r"/.+/[a-z]*", "there are no regular expressions; write words, or a beginning with *, as in detain*"),
    (r"[^|]+\|.*", "write OR with spaces around it for | in {word}"),
    (r"\w{3,}&+\w{3,}", "write AND with spaces around it for & in {word}" + _QUOTE),
    (r"[^\W\d]{3,}(?:/[^\W\d]{3,})+", "write OR with spaces around it for / in {word}" + _QUOTE),
    (
        r"(?!\d+(?:[.,]\d+)*$)[^,;،؛、]*[,;،؛、].*",
        "a list has no commas here: write OR or AND between its words" + _QUOTE,
    ),
    (r"\w{2,}[~≈]\d?\.?\d*", "spellings are not guessed: write those that count, as in (Hasakah OR Hasaka)"),
    (r"([^\W\d]\w{2,})[!$#%+]+", "write {0}* for {word}" + _QUOTE),
    (r"(\w+)\?+", "a ? stands for nothing; write {0}, or {0}* for every word that begins so"),
    (r"\w+[?!$#%]+\w[\w*]*", "only * at a word's end is open; write the spellings, as in (woman OR women)" + _QUOTE),
    (r"[^\W\dA-Z]+(AND|OR|NOT)[^\W\dA-Z]+", "put spaces around {0}" + _QUOTE),
    (
        r".*(?:ＡＮＤ|ＯＲ|ＮＯＴ).*",
        "write AND, OR and NOT in Latin letters of ordinary width, with spaces around them",
    ),
)
"""Whole words and what is said of them. The patterns take time linear in the word's length."""
_PATTERNS = tuple((re.compile(pattern), hint) for pattern, hint in _WORDS)
_LONGEST_SHOWN = 40
"""Characters of a word in a hint."""

_FIELDS = {
    "title": "intitle allintitle headline head hlead hl ti titles subject",
    "summary": "abstract lead description desc teaser",
    "author": "by byline writer creator",
    "category": "tag tags section topic keyword keywords",
    "feed": "source site domain outlet publication publisher url inurl host from media",
    "lang": "language languages la sourcelang",
}
_FIELD_OF = {word: ours for ours, words in _FIELDS.items() for word in words.split()}
_WHOLE_TEXT = frozenset(["body", "content", "text", "intext", "fulltext", "all", "any", "article"])


def hint_for_word(word: str) -> str | None:
    """What to write instead of a word that is an operator or a sign elsewhere; None for a word to look for."""
    if word in OPERATOR_OF:
        return f'write {OPERATOR_OF[word]} for "{word}"{_QUOTE}'
    if word.isalpha() and (word.isascii() or not _may_hide_operator(word)):
        return None
    for pattern, hint in _PATTERNS:
        if found := pattern.fullmatch(word):
            return hint.format(*map(_shown, found.groups()), word=_shown(word))
    return None


def _shown(word: str) -> str:
    return word if len(word) <= _LONGEST_SHOWN else f"{word[:_LONGEST_SHOWN]}…"


def hint_for_field(name: str) -> str | None:
    """What to write instead of the name of a field that is called otherwise elsewhere."""
    if name in _WHOLE_TEXT:
        return f"a word without a field is looked for in title and text; remove {name}:"
    return f"write {_FIELD_OF[name]}: for {name}:" if name in _FIELD_OF else None


def _may_hide_operator(word: str) -> bool:
    return any(operator in word for operator in ("AND", "OR", "NOT", "ＡＮＤ", "ＯＲ", "ＮＯＴ"))
