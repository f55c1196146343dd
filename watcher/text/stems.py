"""Stems: what the inflected forms of a word share, by Snowball (https://snowballstem.org)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

import snowballstemmer

from watcher.text.fold import fold
from watcher.text.irregular import LIGHT_LANGUAGES, apart, bases

_ALGORITHMS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
STEMMED_LANGUAGES = frozenset(_ALGORITHMS) | LIGHT_LANGUAGES
"""ISO 639 codes of the languages whose inflected forms are known; words of all others match in their folded form."""
_WHOLE_TOO = frozenset(["ar", "tr", "ru"])
"""Languages whose stemmer treats a word and its form differently: Ливан loses its ан, Ливане does not."""

_LANGUAGES_OF_SCRIPT = {
    "arabic": "ar fa ur ps ckb sd ug ks",
    "cyrillic": "ru uk be bg mk kk ky tg mn",
    "greek": "el",
    "armenian": "hy",
    "devanagari": "hi ne mr sa",
    "tamil": "ta",
    "hebrew": "he yi",
    "hangul": "ko",
    "unspaced": "zh ja th lo km my",
    "other": "ka am ti bn pa gu or te kn ml si bo dv",
    "any": "sr",
}
_SCRIPT_OF_LANGUAGE = {code: script for script, codes in _LANGUAGES_OF_SCRIPT.items() for code in codes.split()}
_SCRIPTS = (
    ("latin", re.compile("[a-z\u00df-\u024f\u1e00-\u1eff]")),
    ("arabic", re.compile("[\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff]")),
    ("cyrillic", re.compile("[\u0400-\u052f]")),
    ("hebrew", re.compile("[\u05d0-\u05ea]")),
    ("hangul", re.compile("[\u1100-\u11ff\uac00-\ud7a3]")),
    ("greek", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("armenian", re.compile("[\u0530-\u058f]")),
    ("devanagari", re.compile("[\u0900-\u097f]")),
    ("tamil", re.compile("[\u0b80-\u0bff]")),
)
_MEETING_OTHERS = frozenset(code for code in _ALGORITHMS if code != "en" and code not in _SCRIPT_OF_LANGUAGE)
_STEMMERS: dict[str, snowballstemmer.Stemmer] = {}

_SHORTEST_STEM = 4
"""Letters."""

_COMPOUND_ENDINGS = {
    "de": ("e", "en", "er", "ern", "es", "n", "s"),
    "nl": ("e", "en", "s"),
    "da": ("e", "en", "er", "erne", "ene", "es", "et", "ets", "s"),
    "no": ("a", "e", "en", "er", "ene", "et", "s"),
    "sv": ("a", "ar", "arna", "en", "er", "erna", "ens", "et", "ets", "n", "na", "or", "orna", "s"),
}
"""Of nouns, by languages that build compounds and inflect their last part."""
_TURKISH_ENDINGS = re.compile(
    r"(?:l[ae]r)?(?:[ıiuü][mn][ıiuü]z|s?[ıiuü])?(?:n?[dt][ae]n?|n?[ıiuü]n|y?l[ae]|[yn]?[ae]|[yn]?[ıiuü])?(?:k[iı])?"
)
"""Of nouns: plural, possessive, case, and ki."""
_SHORTEST_TURKISH_REST = 4

_ARABIC_CONJUNCTIONS = "وف"
_ARABIC_PREPOSITIONS = "بكل"
_SHORTEST_ARABIC_REST = 3
"""Letters that must remain after a prefix is taken off, so that وفد or كلب are left whole."""


_HEBREW_PREFIXES = frozenset("ושכלבמה")
_SHORTEST_HEBREW_REST = 2
_KOREAN_PARTICLES = re.compile(
    "(?:에서|에게서|에게|으로|로|한테|께서|이나|나|이라는|라는|이라고|라고|이란|란|까지|부터|마다|처럼|보다|조차|마저|밖에|"
    "이다|이며|이고|이었다|였다|입니다|하고|이랑|랑|은|는|이|가|을|를|의|에|와|과|도|만|들)$"
)
_SHORTEST_KOREAN_REST = 2
"""Syllables."""


def script_of(word: str) -> str:
    """The script of a case-folded word, "other" where no language of ours is written in it."""
    if word.isascii() and word.isalpha():
        return "latin"
    return next((name for name, letters in _SCRIPTS if letters.search(word)), "other")


def script_of_language(language: str) -> str:
    """The script a language is written in; "any" for several."""
    return _SCRIPT_OF_LANGUAGE.get(language, "latin")


def languages_for(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the languages that have a stemmer and are written in the script of the word."""
    return languages_of_script(script_of(word), languages)


@lru_cache(maxsize=1024)
def languages_of_script(script: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the languages that have a stemmer and are written in a script."""
    return tuple(
        language
        for language in languages
        if language in STEMMED_LANGUAGES and script_of_language(language) in (script, "any")
    )


def stems(word: str, language: str, folded: str = "") -> set[str]:
    """The folded stems of a word as written: of its accented and its folded spelling, and of what it is a form of.

    `folded` is the folded word, from whoever has it already.
    """
    whole = folded or fold(word)
    if known := apart(whole, language):
        return {known}
    found = _stems_of_spellings(word, whole, language) if language in _ALGORITHMS else {whole}
    if language in _WHOLE_TOO:
        found.add(whole)
    if language == "tr":
        found.update(_without_turkish_endings(word))
    found.update([_careful_stem(base, base, language) for base in bases(whole, language)])
    found.discard("")
    return found


def _stems_of_spellings(word: str, whole: str, language: str) -> set[str]:
    cased = word.replace("I", "ı").replace("İ", "i").lower() if language == "tr" else word.casefold()
    found = {_careful_stem(whole, whole, language)}
    if cased != whole:
        found.add(_careful_stem(cased, whole, language))
    return found


def _without_turkish_endings(word: str) -> Iterator[str]:
    """The folded word without endings that the stemmer leaves: Suriyede → suriye, köyünde → koy, kampı → kamp."""
    cased = word.replace("I", "ı").replace("İ", "i").lower()
    shortest = _SHORTEST_TURKISH_REST if cased.isascii() else _SHORTEST_TURKISH_REST - 1
    for length in range(shortest, len(cased)):
        if _TURKISH_ENDINGS.fullmatch(cased, length):
            yield fold(cased[:length])


def _careful_stem(spelling: str, whole: str, language: str) -> str:
    """The folded stem of a spelling, or the whole folded word where too little would be left of it.

    The Arabic stemmer takes انتهاك (violation) for "you" with an ending, and حلبة (arena) for حلب (Aleppo). Topics are
    stemmed in several languages at once: a very short stem (Spanish deas → de, French série → ser, hole → hol) meets
    words of other languages in Latin script. English endings are harmless.
    """
    if language not in _ALGORITHMS:
        return whole
    stem = _stemmer(language).stemWord(spelling)
    if stem not in whole:
        stem = fold(stem)
    if language == "ar" and len(stem) < _SHORTEST_STEM and whole == f"{stem}ه":
        return whole
    if language == "ar" and len(stem) < _SHORTEST_STEM <= len(whole) - 1 and whole.startswith(stem):
        return whole
    return whole if len(stem) < _SHORTEST_STEM and language in _MEETING_OTHERS else stem


def without_arabic_prefixes(word: str) -> set[str]:
    """A folded Arabic word without و ف, then ب ك ل, then ال (لل for ل + ال); the word itself is not included."""
    found: set[str] = set()
    for start in (word, _without(word, _ARABIC_CONJUNCTIONS)):
        bare = _without(start, _ARABIC_PREPOSITIONS)
        found |= {start, bare, _without_article(start), _without_article(bare)}
        if start.startswith("لل"):
            found.add(start[2:])
    return {form for form in found if form != word and len(form) >= _SHORTEST_ARABIC_REST}


def without_hebrew_prefixes(word: str) -> set[str]:
    """A folded Hebrew word without the letters that are written before it (ו ש כ ל ב מ ה), at most three of them."""
    found: set[str] = set()
    rest = word
    for _ in range(3):
        if rest[:1] not in _HEBREW_PREFIXES or len(rest) <= _SHORTEST_HEBREW_REST:
            break
        rest = rest[1:]
        found.add(rest)
    return found


def without_korean_particles(word: str) -> set[str]:
    """A folded Korean word without the particles behind it, at most three; at least two syllables remain."""
    found: set[str] = set()
    for _ in range(3):
        particle = _KOREAN_PARTICLES.search(word)
        if particle is None or particle.start() < _SHORTEST_KOREAN_REST:
            break
        word = word[: particle.start()]
        found.add(word)
    return found


ATTACHED: Mapping[str, tuple[str, Callable[[str], set[str]]]] = {
    "ar": ("arabic", without_arabic_prefixes),
    "he": ("hebrew", without_hebrew_prefixes),
    "ko": ("hangul", without_korean_particles),
}
"""Language → the script of its words, and what they are without attached letters."""


def _without(word: str, letters: str) -> str:
    return word[1:] if word[:1] and word[0] in letters else word


def _without_article(word: str) -> str:
    return word.removeprefix("ال")


def inflected_ends(word: str, language: str) -> set[str]:
    """What a folded word may end with as the last part of a compound, beside its stem: lager → lagern, lagers.

    The stemmers shorten a compound otherwise than its last part alone.
    """
    endings = _COMPOUND_ENDINGS.get(language, ())
    doubled = word + word[-1:] if language == "nl" else word
    shortened = word[:-1] if language in ("da", "no", "sv") and word.endswith("e") else word
    return {f"{stem}{ending}" for ending in endings for stem in (word, doubled, shortened)}


def _stemmer(language: str) -> snowballstemmer.Stemmer:
    if language not in _STEMMERS:
        stemmer = snowballstemmer.stemmer(_ALGORITHMS[language])
        stemmer.maxCacheSize = 0  # words are remembered with their slots; its own cache costs three times a stem
        _STEMMERS[language] = stemmer
    return _STEMMERS[language]
