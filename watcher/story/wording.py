"""The words by which two texts can differ in meaning: numbers, names, negations, content words.

Nothing here knows a grammar. A name is a word with a capital letter where capitals say something (not in a headline
written in capitals, not in Arabic, Hebrew or Chinese); a content word is one that is neither short nor frequent. Words
are equal in spite of endings, British or American spelling, and Arabic or Hebrew particles written together with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

from watcher.lazy_dataclass import dataclass
from watcher.story.numbers import Number, numbers_in, unsure_numbers
from watcher.story.opposites import OneOfClass, opposites_in
from watcher.story.words import spaced, split_words
from watcher.text.fold import fold
from watcher.text.letters import is_unspaced


def _folded(words: str) -> frozenset[str]:
    return frozenset(map(fold, words.split()))


NEGATIONS = _folded(
    "not no never neither nor without cannot nicht kein keine keinen keiner nie ohne pas ne aucun aucune jamais sans "
    "nunca ni sin ningun ninguna ninguno non senza nessun nao nem sem niet geen zonder degil yok hayir не нет "
    "ни без ні "
    "لا لم لن ليس ليست غير بدون دون ولم ولن ولا فلم نیست نبود نه בלי לא אין ולא 不 没 沒 未 无 無 否 非"
)
"""The "t" of "didn't" is one, too: see `_is_negation`."""
AUXILIARIES = _folded(
    "do does did will would can could shall should may might must has have had is are was were be been"
)
"""Words that come with a negation and add nothing else."""
_BEFORE_T = _folded("don doesn didn isn aren wasn weren won wouldn couldn shouldn hasn haven hadn can ain mustn")
CORRECTIONS = _folded(
    "correction corrections corrected corrects clarification retraction retracted retracts "
    "withdrawn wrongly mistakenly "
    "erratum errata düzeltme tekzip tashih تصحيح تصويب توضيح اصلاحیه تصحیح תיקון הבהרה "
    "исправление поправка опровержение "
    "уточнение исправлено виправлення спростування corrección rectificación correctif rectificatif rectification "
    "berichtigung korrektur richtigstellung berichtigt correzione rettifica correção retificação errata correctie "
    "rectificatie"
)
"""Words by which a publisher takes back what it wrote before. 更正 is not among them: its characters are words here."""
_FUNCTION_WORDS = _folded(
    "the and for was were has had have that this with from said says its his her their are but who which "
    "been also into "
    "than then them they she him our your will would could should about after there where when while over upon says "
    "der die das den dem des ein eine einen einem einer und oder von mit bei auf aus für nach sich ist sind war waren "
    "wurde wurden hat haben auch als dass les des une aux par pour dans sur que qui est sont été avec ses "
    "son leur leurs "
    "los las del una por con para que fue fueron han sus más como entre ile için bir olan olarak çok daha gibi kadar "
    "göre ise için что как для это его она они был была были или при над под также после على الى من عن في ان هذا هذه "
    "التي الذي التى مع بعد قبل كما وقد قال قالت هو هي كان كانت וכי של את על עם כי אשר היה היו גם או را که از به "
    "با در است "
    "بود شد این آن برای های هم del della dei delle gli nel nella che sono dos das uma não com foram het een "
    "van voor met "
    "및 등 이 그 저 것 수 더 또 "
    "的 了 在 是 和 将 將 有 为 為 与 與 及 等 对 對 并 也 就 都 而 其 被 把 从 從 至 于 於"
) - _folded("after before over under")
_SHORT = 2
"""Letters of a word that is never a content word, in scripts with spaces between words."""
_PARTICLES = tuple("وفبلكומבלשהכ")
_ARTICLES = ("ال", "ה")
_ENDING = 3
"""Letters at the end of a word that may differ when at least `_STEM` letters before them are equal."""
_STEM = 4
_ENDINGS_OF_NAMES = ("s", "n", "i")
_SPELLINGS = (("our", "or"), ("is", "iz"), ("ys", "yz"), ("ll", "l"), ("mme", "m"), ("ogue", "og"))
_MOSTLY = 0.6
_SYLLABLES = re.compile("[\u1200-\u137f\uac00-\ud7a3]")
"""Ethiopic and Hangul: a character is a syllable, and one or two may be a number or a name."""
_BEGINNING = 400
"""Characters that hold a dozen words in nearly every text."""


@dataclass(frozen=True)
class Wording:
    """The folded words of a text in order, and which of them begin with a capital letter.

    `has_case`: whether a capital letter says anything here. `cut_spans`: the numbers in a part of a text.
    """

    words: tuple[str, ...]
    large: tuple[bool, ...]
    has_case: bool
    cut_spans: tuple[Number, ...] | None = None

    @cached_property
    def spans(self) -> tuple[Number, ...]:
        """The numbers among the words: found when they are asked for, because most texts that are compared differ."""
        return tuple(numbers_in(self.words)) if self.cut_spans is None else self.cut_spans

    def beginning(self, length: int) -> Wording:
        """The first words."""
        return self.part(0, length)

    def part(self, start: int, end: int) -> Wording:
        """The words [start, end). A number that reaches into them belongs to them whole."""
        inside = tuple(span for span in self.spans if span.start < end and span.end > start)
        moved = tuple(Number(span.start - start, span.end - start, span.value) for span in inside)
        return Wording(self.words[start:end], self.large[start:end], self.has_case, moved)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The values of the numbers."""
        return frozenset(span.value for span in self.spans)

    @cached_property
    def unsure_numbers(self) -> frozenset[str]:
        """The values of words that may be numbers."""
        return unsure_numbers(self.words)

    @cached_property
    def content(self) -> frozenset[str]:
        """The words that are neither frequent, nor short, nor numbers."""
        counted = {place for span in self.spans for place in range(span.start, span.end)}
        return frozenset(word for place, word in enumerate(self.words) if place not in counted and _is_content(word))

    @cached_property
    def names(self) -> frozenset[str]:
        """The content words with a capital letter; none where capitals say nothing."""
        if not self.has_case:
            return frozenset()
        return frozenset(word for word, is_large in zip(self.words, self.large, strict=True) if is_large) & self.content

    @cached_property
    def has_negation(self) -> bool:
        """Whether a word negates."""
        return any(
            word in NEGATIONS or (word == "t" and place > 0 and self.words[place - 1] in _BEFORE_T)
            for place, word in enumerate(self.words)
        )

    @cached_property
    def opposites(self) -> frozenset[OneOfClass]:
        """The words that exclude others, see `opposites`."""
        return opposites_in(self.words, self._exact.union(self.words))

    def without(self, other: Wording) -> Wording:
        """The words that `other` has in no form."""
        kept = [
            (word, is_large)
            for word, is_large in zip(self.words, self.large, strict=True)
            if not other.has(word, is_name=is_large and self.has_case)
        ]
        words, large = zip(*kept, strict=True) if kept else ((), ())
        return Wording(tuple(words), tuple(large), self.has_case)

    def has(self, word: str, *, is_name: bool) -> bool:
        """Whether a word is among these, perhaps with another ending."""
        forms = _forms(word)
        if not forms.isdisjoint(self._exact):
            return True
        stems = _stems(word, is_name=is_name)
        return not (
            stems.isdisjoint(self._exact)
            and forms.isdisjoint(self._stems)
            and {stem for stem in stems if len(stem) > _STEM}.isdisjoint(self._stems)
        )

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(form for word in self.words for form in _forms(word))

    @cached_property
    def _stems(self) -> frozenset[str]:
        pairs = zip(self.words, self.large, strict=True)
        return frozenset(stem for word, is_large in pairs for stem in _stems(word, is_name=is_large and self.has_case))


@lru_cache(maxsize=64)
def wording_of(text: str) -> Wording:
    """The wording of a text. The last few are kept, for one text is compared with several."""
    written = [word.decode("utf-8", "replace") for word in split_words(spaced(text))]
    pairs = [(folded, word[0].isupper()) for word in written if (folded := fold(word))]
    words, large = zip(*pairs, strict=True) if pairs else ((), ())
    return Wording(tuple(words), tuple(large), _has_case(written))


def has_words(text: str, least: int) -> bool:
    """Whether a text has so many words. Nearly always its beginning shows it."""
    return any(len(split_words(spaced(part))) >= least for part in (text[:_BEGINNING], text))


def _has_case(written: Iterable[str]) -> bool:
    """Whether small letters prevail: not in headlines In Title Case, not in capitals, not in scripts without case."""
    cased = [word for word in written if word[0].lower() != word[0].upper() and len(word) > _SHORT]
    return bool(cased) and sum(word[0].isupper() for word in cased) <= _MOSTLY * len(cased)


def _is_content(word: str) -> bool:
    if word in _FUNCTION_WORDS:
        return False
    return len(word) > _SHORT or is_unspaced(word) or bool(_SYLLABLES.match(word))


def _forms(word: str) -> frozenset[str]:
    """The word in American spelling; without particles and article in Arabic and Hebrew."""
    if word.isascii():
        for british, american in _SPELLINGS:
            word = word.replace(british, american)
        return frozenset((f"{word[:-2]}er" if word.endswith("tre") else word,))
    forms = {word}
    for _ in range(2):
        forms |= {form[1:] for form in forms if len(form) > _STEM and form.startswith(_PARTICLES)}
        forms |= {form.removeprefix(article) for form in forms for article in _ARTICLES if len(form) > _STEM}
    return frozenset(forms)


def _stems(word: str, *, is_name: bool) -> frozenset[str]:
    """What may remain of a word without its ending. Names in Latin script have few: Niger is not Nigeria."""
    if is_unspaced(word):
        return frozenset()
    if word.isascii() and is_name:
        return frozenset(form[:-1] for form in _forms(word) if form.endswith(_ENDINGS_OF_NAMES) and len(form) > _STEM)
    longest = _ENDING if word.isascii() else _ENDING - 1
    return frozenset(form[:-cut] for form in _forms(word) for cut in range(1, longest + 1) if len(form) - cut >= _STEM)
