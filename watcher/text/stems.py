"""Stems: what the inflected forms of a word share, by Snowball (https://snowballstem.org)."""

from __future__ import annotations

import re

import snowballstemmer

from watcher.text.fold import fold

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
STEMMED_LANGUAGES = frozenset(_ALGORITHMS)
"""ISO 639-1 codes of the languages with a stemmer; words of all others match in their folded form."""

_SCRIPT_OF_LANGUAGE = {"ar": "arabic", "fa": "arabic", "ru": "cyrillic", "el": "greek", "hy": "armenian"}
_SCRIPT_OF_LANGUAGE |= {"hi": "devanagari", "ne": "devanagari", "ta": "tamil", "yi": "hebrew", "sr": "any"}
_SCRIPTS = (
    ("latin", re.compile("[a-z\u00df-\u024f\u1e00-\u1eff]")),
    ("arabic", re.compile("[\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff]")),
    ("cyrillic", re.compile("[\u0400-\u052f]")),
    ("hebrew", re.compile("[\u05d0-\u05ea]")),
    ("greek", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("armenian", re.compile("[\u0530-\u058f]")),
    ("devanagari", re.compile("[\u0900-\u097f]")),
    ("tamil", re.compile("[\u0b80-\u0bff]")),
)
_MEETING_OTHERS = frozenset(code for code in _ALGORITHMS if code != "en" and code not in _SCRIPT_OF_LANGUAGE)
_STEMMERS: dict[str, snowballstemmer.Stemmer] = {}

_SHORTEST_STEM = 4
"""Letters."""

_ARABIC_CONJUNCTIONS = "وف"
_ARABIC_PREPOSITIONS = "بكل"
_SHORTEST_ARABIC_REST = 3
"""Letters that must remain after a prefix is taken off, so that وفد or كلب are left whole."""


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
    script = script_of(word)
    return tuple(
        language
        for language in languages
        if language in STEMMED_LANGUAGES and script_of_language(language) in (script, "any")
    )


def stems(word: str, language: str) -> set[str]:
    """The folded stems of a word as written: of its accented and of its folded spelling."""
    whole = fold(word)
    cased = word.replace("I", "ı").replace("İ", "i").lower() if language == "tr" else word.casefold()
    found = {_careful_stem(whole, whole, language)}
    if cased != whole:
        found.add(_careful_stem(cased, whole, language))
    found.discard("")
    return found


def _careful_stem(spelling: str, whole: str, language: str) -> str:
    """The folded stem of a spelling, or the whole folded word where too little would be left of it.

    Topics are stemmed in several languages at once: a very short stem (Spanish deas → de, French série → ser,
    hole → hol) meets words of other languages in Latin script. English endings are harmless.
    """
    stem = _stemmer(language).stemWord(spelling)
    if stem not in whole:
        stem = fold(stem)
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


def _without(word: str, letters: str) -> str:
    return word[1:] if word[:1] and word[0] in letters else word


def _without_article(word: str) -> str:
    return word.removeprefix("ال")


def _stemmer(language: str) -> snowballstemmer.Stemmer:
    if language not in _STEMMERS:
        stemmer = snowballstemmer.stemmer(_ALGORITHMS[language])
        stemmer.maxCacheSize = 0  # words are remembered with their slots; its own cache costs three times a stem
        _STEMMERS[language] = stemmer
    return _STEMMERS[language]
