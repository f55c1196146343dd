"""Writes `watcher/parse/date_names.json`: names of months, weekdays and halves of the day from Unicode CLDR.

    pip install babel && python tests/parse/make_date_names.py

Babel carries CLDR; its eleven megabytes are needed here only, not at run time.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from watcher.parse.date_names import fold

LANGUAGES = [
    "en",
    "af",
    "am",
    "ar",
    "ar_LB",
    "ar_DZ",
    "ar_MA",
    "az",
    "be",
    "bg",
    "bn",
    "bs",
    "ca",
    "cs",
    "cy",
    "da",
    "de",
    "el",
    "es",
    "et",
    "eu",
    "fa",
    "fi",
    "fil",
    "fr",
    "ga",
    "gl",
    "gu",
    "ha",
    "he",
    "hi",
    "hr",
    "hu",
    "hy",
    "id",
    "is",
    "it",
    "ja",
    "ka",
    "kk",
    "km",
    "kn",
    "ko",
    "ku",
    "ky",
    "lo",
    "lt",
    "lv",
    "mk",
    "ml",
    "mn",
    "mr",
    "ms",
    "mt",
    "my",
    "nb",
    "ne",
    "nl",
    "nn",
    "pa",
    "pl",
    "ps",
    "pt",
    "pt_PT",
    "ro",
    "ru",
    "sk",
    "sl",
    "so",
    "sq",
    "sr",
    "sr_Latn",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tk",
    "tr",
    "uk",
    "ur",
    "uz",
    "uz_Cyrl",
    "vi",
    "yo",
    "zh",
    "zh_Hant",
    "zu",
]
WORDS_TOO = {"de", "du", "to", "so", "no", "an", "na", "la", "le", "el", "di", "da", "do", "on", "me", "st"}
"""Names of a half of the day that are common words elsewhere."""


def main() -> None:
    from babel import Locale, __version__

    months: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    weekdays: dict[str, set[int]] = defaultdict(set)
    halves: dict[str, set[str]] = defaultdict(set)
    for language in LANGUAGES:
        locale = Locale.parse(language)
        for number, name in names(locale.months):
            if not re.search(r"\d", name):  # 3月 and tháng 3 are numbers
                months[name][number].add(language.partition("_")[0])
        for number, name in names(locale.days):
            if not re.search(r"\d", name):
                weekdays[name].add(number)
        for half, name in names(locale.day_periods):
            if half in {"am", "pm"} and len(name) > 1 and name not in WORDS_TOO:
                halves[name].add(half)
    data = {
        "source": f"Unicode CLDR (Unicode License v3), by Babel {__version__}",
        "months": {name: next(iter(found)) for name, found in sorted(months.items()) if len(found) == 1},
        "months_by_language": {
            name: {language: number for number, languages in sorted(found.items()) for language in sorted(languages)}
            for name, found in sorted(months.items())
            if len(found) > 1
        },
        "weekdays": {name: next(iter(found)) if len(found) == 1 else -1 for name, found in sorted(weekdays.items())},
        "halves": {name: next(iter(found)) for name, found in sorted(halves.items()) if len(found) == 1},
    }
    target = Path(__file__).parents[2] / "watcher" / "parse" / "date_names.json"
    target.write_text(json.dumps(data, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def names(widths: Any) -> Iterator[tuple[Any, str]]:
    """Every name of CLDR's table with its number or half, folded, and without accents as it is often written."""
    for by_width in widths.values():
        for width, by_number in by_width.items():
            for number, name in by_number.items():
                if width != "narrow" and name:
                    folded = fold(name)
                    yield number, folded
                    yield number, without_accents(folded)


def without_accents(name: str) -> str:
    if not re.search("[a-zα-ω]", name):
        return name  # marks of other scripts are letters
    return "".join(one for one in unicodedata.normalize("NFD", name) if not unicodedata.combining(one))


if __name__ == "__main__":
    main()
