"""Writes the pack `context/countries`: the names of countries in the languages of the library, from the Unicode CLDR.

Needs Babel, which the program itself does not: `pip install babel`. Run it when CLDR changes, and read the difference.

    python bench/quality/countries.py > watcher/library/context/countries.yaml
    python bench/quality/countries.py --each > watcher/library/translations/countries.yaml
"""

from __future__ import annotations

import re
import sys

from babel import Locale  # type: ignore[import-not-found, unused-ignore]

KEYS = ("en", "ar", "tr", "fr", "es", "ru", "de", "fa", "he", "ku", "zh")
PARTS = {"ku": ("ku", "ckb")}
"""Locales whose names are of one language here."""
COUNTRIES = [
    "AF",
    "AL",
    "DZ",
    "AD",
    "AO",
    "AR",
    "AM",
    "AU",
    "AT",
    "AZ",
    "BH",
    "BD",
    "BY",
    "BE",
    "BJ",
    "BT",
    "BO",
    "BA",
    "BW",
    "BR",
    "BN",
    "BG",
    "BF",
    "BI",
    "KH",
    "CM",
    "CA",
    "CF",
    "TD",
    "CL",
    "CN",
    "CO",
    "KM",
    "CG",
    "CD",
    "CR",
    "CI",
    "HR",
    "CU",
    "CY",
    "CZ",
    "DK",
    "DJ",
    "DO",
    "EC",
    "EG",
    "SV",
    "GQ",
    "ER",
    "EE",
    "SZ",
    "ET",
    "FI",
    "FR",
    "GA",
    "GM",
    "GE",
    "DE",
    "GH",
    "GR",
    "GT",
    "GN",
    "GW",
    "GY",
    "HT",
    "HN",
    "HU",
    "IS",
    "IN",
    "ID",
    "IR",
    "IQ",
    "IE",
    "IL",
    "IT",
    "JM",
    "JP",
    "JO",
    "KZ",
    "KE",
    "KP",
    "KR",
    "KW",
    "KG",
    "LA",
    "LV",
    "LB",
    "LS",
    "LR",
    "LY",
    "LT",
    "LU",
    "MG",
    "MW",
    "MY",
    "MV",
    "ML",
    "MT",
    "MR",
    "MX",
    "MD",
    "MN",
    "ME",
    "MA",
    "MZ",
    "MM",
    "NA",
    "NP",
    "NL",
    "NZ",
    "NI",
    "NE",
    "NG",
    "MK",
    "NO",
    "OM",
    "PK",
    "PS",
    "PA",
    "PG",
    "PY",
    "PE",
    "PH",
    "PL",
    "PT",
    "QA",
    "RO",
    "RU",
    "RW",
    "SA",
    "SN",
    "RS",
    "SL",
    "SG",
    "SK",
    "SI",
    "SO",
    "ZA",
    "SS",
    "ES",
    "LK",
    "SD",
    "SE",
    "CH",
    "SY",
    "TW",
    "TJ",
    "TZ",
    "TH",
    "TL",
    "TG",
    "TN",
    "TR",
    "TM",
    "UG",
    "UA",
    "AE",
    "GB",
    "US",
    "UY",
    "UZ",
    "VE",
    "VN",
    "YE",
    "ZM",
    "ZW",
    "EH",
    "XK",
]
AT_WAR = [
    "SY",
    "IQ",
    "LB",
    "PS",
    "YE",
    "SD",
    "SS",
    "LY",
    "UA",
    "RU",
    "MM",
    "ET",
    "ER",
    "CD",
    "CF",
    "ML",
    "BF",
    "NE",
    "NG",
    "SO",
    "AF",
    "PK",
    "AZ",
    "AM",
    "CO",
    "IL",
    "IR",
    "CM",
    "MZ",
    "TD",
    "KH",
    "HT",
    "EH",
]
"""Countries with an armed conflict in recent years, or beside one."""
WORDS = frozenset(
    ["chad", "jordan", "turkey", "georgia", "guinea", "mali", "niger", "peru", "cuba", "togo", "panama", "oman", "iran"]
)
"""Names that are also words of some language, or given names; they must be written with a capital letter."""
LEFT_OUT = frozenset(["Island"])
"""German for Iceland."""
SHORTEST = 4


def names(code: str, language: str) -> list[str]:
    """The ways to write a country in a language, as terms."""
    territories = Locale.parse(language).territories
    written = {territories[key] for key in (code, f"{code}-alt-short", f"{code}-alt-variant") if key in territories}
    return sorted({term for name in written for term in _terms(re.split(r" ?[(（]", name)[0], language)})


def _terms(name: str, language: str) -> list[str]:
    if len(name) < (2 if language == "zh" else SHORTEST) or "," in name or name in LEFT_OUT:
        return []
    if name.lower() in WORDS or (len(name) == SHORTEST and name.isascii()):
        return [f"={name}"]
    return [f"{name}*" if language in ("ku", "ckb") else name]


def each() -> None:
    """The names of each country by language, so that a name in one language leads to the others."""
    print(
        "# Names of each country, from the Unicode CLDR. Written by bench/quality/countries.py: change that, not this."
    )
    for code in COUNTRIES:
        by_language = {
            key: ", ".join(dict.fromkeys(name for part in PARTS.get(key, (key,)) for name in names(code, part)))
            for key in KEYS
        }
        written = ", ".join(f'{key}: "{found}"' for key, found in by_language.items() if found)
        print(f'"{code}": {{{written}}}')


def main() -> None:
    if "--each" in sys.argv:
        each()
        return
    print("# Names of countries, from the Unicode CLDR. Written by bench/quality/countries.py: change that, not this.")
    print("version: 1\ntitle: Countries\ndefinition: Names of countries in the languages of the library.\nlists:")
    for title, codes in (("names", COUNTRIES), ("at-war", AT_WAR)):
        print(f"  {title}:")
        for key in KEYS:
            found = [name for code in codes for part in PARTS.get(key, (key,)) for name in names(code, part)]
            print(f"    {key}: >-\n      {', '.join(dict.fromkeys(found))}")


if __name__ == "__main__":
    main()
