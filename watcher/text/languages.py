"""Codes of languages (ISO 639-1 where there is one, else ISO 639-3), and the stop words of languages."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from watcher.text.fold import fold

TWO_LETTERS = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu
    ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na
    nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn
    so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905
)
"""All codes of ISO 639-1."""
_OTHER_CODES = {
    "nb": "no", "nn": "no", "iw": "he", "ji": "yi", "in": "id", "sh": "sr",
    "ara": "ar", "arb": "ar", "cat": "ca", "ces": "cs", "cze": "cs", "dan": "da", "deu": "de", "ger": "de", "ell": "el",
    "gre": "el", "eng": "en", "epo": "eo", "spa": "es", "est": "et", "eus": "eu", "baq": "eu", "fas": "fa", "per": "fa",
    "pes": "fa", "fin": "fi", "fra": "fr", "fre": "fr", "gle": "ga", "heb": "he", "hin": "hi", "hun": "hu", "hye": "hy",
    "arm": "hy", "ind": "id", "ita": "it", "jpn": "ja", "kor": "ko", "kur": "ku", "kmr": "ku", "lit": "lt", "nep": "ne",
    "nld": "nl", "dut": "nl", "nor": "no", "nob": "no", "nno": "no", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro",
    "rus": "ru", "srp": "sr", "swe": "sv", "tam": "ta", "tur": "tr", "ukr": "uk", "urd": "ur", "yid": "yi", "zho": "zh",
    "chi": "zh", "cmn": "zh",
}  # fmt: skip
"""Codes that mean a language with another one: of ISO 639-2 and 639-3, of Norwegian's two forms, and old ones."""
_CONTENT_WORDS = frozenset(
    """
    cases cause fire group groups home interest member members side sides state states system world
    """.split()  # noqa: SIM905
)
"""In the English list of stop words, but what a report may be about."""
_CODE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")


def language_code(written: str) -> str | None:
    """The code by which a language is known here: `pt-BR` → pt, `eng` → en. None for what is no code of ISO 639."""
    found = _CODE.fullmatch(written)
    if found is None:
        return None
    code = found[1].lower()
    code = _OTHER_CODES.get(code, code)
    return code if len(code) == 3 or code in TWO_LETTERS else None


def stop_words(languages: tuple[str, ...]) -> frozenset[str]:
    """The folded words of the languages that say nothing of a subject, by the lists of stopwords-iso."""
    return frozenset().union(*map(_stop_words_of, languages))


@lru_cache(maxsize=32)
def _stop_words_of(language: str) -> frozenset[str]:
    """The file of the package is read without importing it: it would keep the words of all its languages, 8 MB."""
    import msgspec

    package = find_spec("stopwordsiso")
    if package is None or package.origin is None:
        raise ImportError("the package stopwordsiso is not installed")
    lists = msgspec.json.decode(
        Path(package.origin).with_name("stopwords-iso.json").read_bytes(), type=dict[str, msgspec.Raw]
    )
    words = msgspec.json.decode(lists[language], type=list[str]) if language in lists else []
    return frozenset(map(fold, words)) - _CONTENT_WORDS
