"""The language of the search field. Every string is a query: what cannot be understood is a word or is left out.

    words side by side (all of them), "a phrase", OR, NOT or -, ( ), =exact, begin*, title:word,
    a whole link, feed:text, lang:code, alerted:yes|no|mention|focus|TOPIC, from:2026-10-01, to:2026-10-31

Words are folded and split as `watcher.text` does it, so that a search and a topic agree on what a word is.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.match.spelling import least_open_letters
from watcher.search.node import EVERYTHING, Beginning, Label, LabelKind, Node, Not, Word, Words, all_of, any_of, shown
from watcher.search.numbers import MOST_SPELLED, is_long_number, with_whole_numbers
from watcher.search.text import joined_forms, words_of
from watcher.text.fold import fold
from watcher.text.languages import language_code
from watcher.text.letters import is_unspaced
from watcher.text.tokens import without_groups

LONGEST_QUERY = 1_000
"""Characters; the rest is left out."""
MOST_WORDS = 32
DEEPEST = 8
"""Parentheses within parentheses; further ones are passed over, as FTS5 would refuse them."""


class Note(StrEnum):
    """What of a query was left out or changed."""

    SHORT_BEGINNING = "a * needs three letters before it; the word was searched as it is"
    TOO_MANY_WORDS = "only the first 32 words were searched"
    TOO_LONG = "only the first 1,000 characters were searched"
    BAD_DATE = "a date is written as 2026-10-31; what is no date was left out"
    BAD_LANGUAGE = "a language is written as its code, as in lang:en; what is no code was left out"


@dataclass(frozen=True, slots=True)
class Query:
    """What a query means: a condition on each entry, first seen from `since` until before `until`."""

    node: Node = EVERYTHING
    since: datetime | None = None
    until: datetime | None = None
    notes: tuple[Note, ...] = ()

    def also(self, node: Node) -> Query:
        """The query with one condition more."""
        return Query(all_of((self.node, node)), self.since, self.until, self.notes)

    def between(self, since: datetime | None, until: datetime | None) -> Query:
        """The query within narrower times."""
        lower = max((at for at in (self.since, since) if at), default=None)
        upper = min((at for at in (self.until, until) if at), default=None)
        return Query(self.node, lower, upper, self.notes)

    def noting(self, *notes: Note) -> Query:
        """The query with further notes."""
        return replace(self, notes=tuple(dict.fromkeys(self.notes + notes)))

    def __str__(self) -> str:
        """What was understood, in the language itself."""
        texts = [shown(self.node)] if self.node != EVERYTHING else []
        if self.since is not None:
            texts.append(f"from:{self.since:%Y-%m-%d}")
        if self.until is not None:
            texts.append(f"to:{self.until - timedelta(microseconds=1):%Y-%m-%d}")
        return " AND ".join(texts)


_LINK = re.compile("https?://", re.IGNORECASE)
_TOKEN = re.compile(
    r"""\s*(?: (?P<field>title|feed|lang|alerted|from|to):(?=\S)
      | (?P<quoted>["“”„«»「」『』＂](?P<inside>[^"“”„«»「」『』＂]*)(?:["“”„«»「」『』＂]|$))
      | (?P<open>[(（]) | (?P<close>[)）])
      | (?P<operator>(?:AND|OR|NOT)(?![^\s()（）"“„«「『＂]))
      | (?P<minus>-(?=[^\s-]))
      | (?P<word>[^\s()（）"“”„«»「」『』＂]+) )""",
    re.VERBOSE,
)


@dataclass(slots=True)
class _Parser:
    """Recursive descent over the tokens; what does not fit is passed over."""

    tokens: list[tuple[str, str]]
    at: int = 0
    words: int = 0
    depth: int = 0
    since: datetime | None = None
    until: datetime | None = None
    notes: list[Note] = field(default_factory=list)

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else "end"

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def any_of(self) -> Node | None:
        parts = [self.all_of()]
        while self.kind() == "OR":
            self.take()
            parts.append(self.all_of())
        found = [part for part in parts if part is not None]
        return any_of(found) if found else None

    def all_of(self) -> Node | None:
        parts: list[Node] = []
        while self.kind() not in ("end", "OR") and not (self.kind() == "close" and self.depth):
            part = self.one()
            if part is not None:
                parts.append(part)
        return all_of(parts) if parts else None

    def one(self) -> Node | None:
        negated = False
        while self.kind() in ("NOT", "minus"):
            negated = not negated
            self.take()
        part = self.atom()
        return Not(part) if negated and part is not None else part

    def atom(self) -> Node | None:
        match self.kind():
            case "open":
                return self.group()
            case "field":
                return self.labelled(self.take())
            case "quoted":
                return self.phrase(self.take(), title=False)
            case "word":
                return self.word(self.take(), title=False)
            case "end" | "OR":
                return None
            case _:
                self.take()  # a further operator, or a ) that closes nothing
                return None

    def group(self) -> Node | None:
        self.take()
        if self.depth == DEEPEST:
            return None
        self.depth += 1
        inside = self.any_of()
        self.depth -= 1
        if self.kind() == "close":
            self.take()
        return inside

    def labelled(self, name: str) -> Node | None:
        if self.kind() not in ("word", "quoted"):
            return None
        is_quoted, value = self.kind() == "quoted", self.take()
        if name == "title":
            return self.phrase(value, title=True) if is_quoted else self.word(value, title=True)
        if name in ("from", "to"):
            self.date(name, value)
            return None
        return self.label(LabelKind(name), value)

    def label(self, kind: LabelKind, value: str) -> Node | None:
        if kind is LabelKind.LANGUAGE:
            code = language_code(value)
            if code is None:
                self.note(Note.BAD_LANGUAGE)
                return None
            value = code
        if kind is LabelKind.FEED:
            value = fold(value)
        if not value.strip() or not self.counted():
            return None
        if kind is LabelKind.ALERTED and value == "no":
            return Not(Label(kind, "yes"))
        return Label(kind, value)

    def date(self, name: str, value: str) -> None:
        day = day_of(value)
        if day is None:
            self.note(Note.BAD_DATE)
        elif name == "from":
            self.since = day if self.since is None else max(self.since, day)
        else:
            end = day + timedelta(days=1)
            self.until = end if self.until is None else min(self.until, end)

    def phrase(self, text: str, *, title: bool) -> Node | None:
        words = with_whole_numbers(words_of(without_groups(text)))[:MOST_WORDS]
        if sum(map(is_long_number, words)) > MOST_SPELLED:
            words = words_of(text)[:MOST_WORDS]  # as they are written here
        if not words or not self.counted():
            return None
        is_row = len(words) > 1 or is_long_number(words[0])
        return Words(words, title) if is_row else Word(words[0], True, title)

    def word(self, text: str, *, title: bool) -> Node | None:
        exact = text.startswith("=")
        words = words_of(text if exact else without_groups(text))[:MOST_WORDS]
        if not words or not self.counted():
            return None
        if text.endswith("*") and len(words) == 1 and not is_unspaced(words[0]):
            if len(words[0]) >= least_open_letters(words[0]):
                return Beginning(words[0], title)
            self.note(Note.SHORT_BEGINNING)
            return Word(words[0], True, title)
        if len(words) == 1:
            is_number = is_long_number(words[0]) and not exact
            return Words(words, title) if is_number else Word(words[0], exact, title)
        also: list[Node] = [] if exact else [Word(form, True, title) for form in joined_forms(text)]
        if _LINK.match(text) and not title:
            also.append(Label(LabelKind.LINK, text))
        return any_of([Words(words, title), *also])

    def counted(self) -> bool:
        """Counts a word; False when there were enough."""
        self.words += 1
        if self.words > MOST_WORDS:
            self.note(Note.TOO_MANY_WORDS)
        return self.words <= MOST_WORDS

    def note(self, note: Note) -> None:
        if note not in self.notes:
            self.notes.append(note)


def parse(text: str) -> Query:
    """The meaning of any string."""
    parser = _Parser(_tokens(text[:LONGEST_QUERY]))
    parts: list[Node] = []
    while parser.kind() != "end":
        part = parser.any_of()
        if part is not None:
            parts.append(part)
    if len(text) > LONGEST_QUERY:
        parser.note(Note.TOO_LONG)
    return Query(all_of(parts), parser.since, parser.until, tuple(parser.notes))


def day_of(text: str) -> datetime | None:
    """The beginning of a day that is written as 2026-10-31, in UTC; None for anything else."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day if 1970 <= day.year < 9999 else None


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    for token in _TOKEN.finditer(text):
        group = token.lastgroup or ""
        if token["quoted"] is not None:
            found.append(("quoted", token["inside"]))
        elif group == "operator":
            found.append((token["operator"], token["operator"]))
        else:
            found.append((group, token[group]))
    return [one for one in found if one[0] != "AND"]
