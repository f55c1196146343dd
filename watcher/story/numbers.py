"""Numbers in texts, in digits and in words: "twenty-three", "خمسة وعشرون", "двадцать три" and "23" are the same.

The languages are those in which topics are usually written: English, Arabic, Turkish, French, Spanish, Russian, German,
Persian, and Hebrew, Ukrainian, Italian, Portuguese, Dutch and Chinese. "Dozens" and "hundreds" are numbers, too, each
equal only to itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from watcher.text.fold import fold

_BELOW_TWENTY = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "tr": "sıfır bir iki üç dört beş altı yedi sekiz dokuz on",
    "ar": "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
    "fa": "صفر یک دو سه چهار پنج شش هفت هشت نه ده یازده دوازده سیزده چهارده پانزده شانزده هفده هجده نوزده",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce "
    "quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve",
    "ru": "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать "
    "четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
    "uk": "нуль один два три чотири п'ять шість сім вісім дев'ять десять одинадцять дванадцять тринадцять "
    "чотирнадцять п'ятнадцять шістнадцять сімнадцять вісімнадцять дев'ятнадцять",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
    "nl": "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien "
    "zeventien achttien negentien",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove venti",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete "
    "dezoito dezenove vinte",
    "he": "אפס אחד שניים שלושה ארבעה חמישה שישה שבעה שמונה תשעה עשרה",
    "zh": "零 一 二 三 四 五 六 七 八 九 十",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "tr": "yirmi otuz kırk elli altmış yetmiş seksen doksan",
    "ar": "عشرون ثلاثون أربعون خمسون ستون سبعون ثمانون تسعون",
    "ar oblique": "عشرين ثلاثين أربعين خمسين ستين سبعين ثمانين تسعين",
    "fa": "بیست سی چهل پنجاه شصت هفتاد هشتاد نود",
    "fr": "vingt trente quarante cinquante soixante septante huitante nonante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "ru": "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
    "ru oblique": "двадцати тридцати сорока пятидесяти шестидесяти семидесяти восьмидесяти девяноста",
    "uk": "двадцять тридцять сорок п'ятдесят шістдесят сімдесят вісімдесят дев'яносто",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "he": "עשרים שלושים ארבעים חמישים שישים שבעים שמונים תשעים",
}
_OTHER_FORMS = {
    1: "واحدا واحدة одна одного однієї אחת une eine ein una",
    2: "اثنين اثنا اثني اثنتان اثنتين двух две двое дві двох שני שתי שתיים שנים שתים duas 两 兩",
    3: "ثلاث трех трое трьох שלוש",
    4: "أربع четырех четверо чотирьох ארבע",
    5: "خمس пяти пятеро п'яти חמש",
    6: "ست шести шестеро шести שש",
    7: "سبع семи семеро семи שבע",
    8: "ثماني ثمان восьми восьми",
    9: "تسع девяти дев'яти תשע",
    10: "عشر десяти десяти עשר dizaine decena decina dezena десяток",
    20: "vingtaine veintena ventina",
    30: "trentaine treintena trentina",
    50: "cinquantaine cinquantena полсотни",
    100: "centaine centenar centinaio centena сотня",
    80: "quatrevingt quatrevingts",
    200: "مئتان مئتين مائتان مائتين مئتي مائتي двести двухсот двісті doscientos doscientas דویست مאתיים מאתיים دویست",
    300: "триста трехсот триста trescientos trescientas سیصد",
    400: "четыреста чотириста cuatrocientos چهارصد",
    500: "пятьсот п'ятсот quinientos quinientas quinhentos پانصد",
    600: "шестьсот шістсот seiscientos ششصد",
    700: "семьсот сімсот setecientos هفتصد",
    800: "восемьсот вісімсот ochocientos هشتصد",
    900: "девятьсот дев'ятсот novecientos نهصد",
    2_000: "ألفان ألفين ألفي אלפיים",
}
_MULTIPLIERS = {
    10: "十",
    100: "hundred yüz مئة مائة صد cent cents cien ciento сто ста hundert honderd cento מאה 百",
    1_000: "thousand bin ألف آلاف هزار mille mil тысяча тысячи тысяч тисяча тисячі тисяч tausend duizend mila אלף 千",
    10_000: "万 萬",
    1_000_000: "million millions milyon مليون ملايين میلیون millón millones миллион миллиона "
    "миллионов мільйон мільйони "
    "мільйонів millionen miljoen milione milioni milhão milhões מיליון",
    100_000_000: "亿 億",
    1_000_000_000: "billion billions milyar مليار مليارات میلیارد milliard milliards миллиард миллиарда миллиардов "
    "мільярд milliarde milliarden miljard miliardo miliardi מיליארד",
}
_VAGUE = {
    "~10": "dozens tens onlarca düzinelerce عشرات دهها dizaines douzaines decenas docenas десятки десятков десятками "
    "десятки десятків dutzende dutzenden tientallen decine dezenas עשרות",
    "~100": "hundreds yüzlerce مئات مائات صدها centaines cientos centenares сотни сотен сотнями "
    "сотні hunderte hunderten "
    "honderden centinaia centenas מאות",
    "~1000": "thousands binlerce هزاران milliers miles migliaia milhares tausende tausenden duizenden אלפים אלפי",
}
_PLURALS = {
    "~1000": "тысячи тысяч тисячі тисяч آلاف",
    "~1000000": "millions миллионы миллионов мільйони мільйонів ملايين millones millionen milhões milioni",
}
"""Numbers of their own only where no other one is before them: "пять тысяч" is 5000."""
_BEFORE_VAGUE = "数 數 几 幾 上"
_PERSIAN_PLURAL = "ها"
_ONE_OF_MANY = {"dozen": 12, "douzaine": 12, "docena": 12, "dutzend": 12, "dozzina": 12, "dúzia": 12, "düzine": 12}
_AMBIGUOUS = "on one un une um uno una ein eine einen once bir six ده نه سی die sei elf miles sete cent bin mil сто"
"""Words that often mean something else, in their own or another language; `_Reader` lets some count beside others."""
_KEPT = {"six": 6}
_ONLY_IN_COMPOUNDS = {"on": 10, "bin": 1_000, "mil": 1_000, "сто": 100, "cent": 100, "ده": 10, "سی": 30, "نه": 9}
_ONE = frozenset(map(fold, ["one", "un", "une", "um", "uma", "uno", "una", "ein", "eine", "bir"]))
_ALL_TENS = range(20, 100, 10)
_LINKS = frozenset(map(fold, ["and", "y", "et", "und", "e", "en", "و", "и", "ve"]))
_DIGITS = re.compile(r"\d[\d.,:]*")
_GROUPED = re.compile(r"\d{1,3}([.,]\d{3})+(?:[.,]\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at the words [start, end). `value` is canonical: equal numbers have equal values."""

    start: int
    end: int
    value: str


def _folded(words: str) -> list[str]:
    return [fold(word.replace("'", "")) for word in words.split()]


def _german_compounds() -> dict[str, int]:
    units = {"ein": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9}
    tens = dict(zip(_TENS["de"].split(), range(20, 100, 10), strict=True))
    found = {fold(f"{unit}und{ten}"): one + many for (unit, one), (ten, many) in product(units.items(), tens.items())}
    hundreds = {fold(f"{unit}hundert"): 100 * one for unit, one in units.items()}
    return found | hundreds


def _dutch_compounds() -> dict[str, int]:
    units = dict(
        zip(["een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"], range(1, 10), strict=True)
    )
    tens = dict(zip(_TENS["nl"].split(), range(20, 100, 10), strict=True))
    pairs = product(units.items(), tens.items())
    return {fold(f"{unit}{'en' if unit[-1] != 'e' else 'ën'}{ten}"): one + many for (unit, one), (ten, many) in pairs}


def _italian_compounds() -> dict[str, int]:
    units = _BELOW_TWENTY["it"].split()[1:10]
    found = {}
    for ten, many in zip(_TENS["it"].split(), range(20, 100, 10), strict=True):
        for unit, one in zip(units, range(1, 10), strict=True):
            found[fold((ten[:-1] if unit[0] in "uo" else ten) + unit)] = many + one
    return found


def _arabic_hundreds() -> dict[str, int]:
    units = dict(zip(["ثلاث", "أربع", "خمس", "ست", "سبع", "ثمان", "تسع"], range(3, 10), strict=True))
    return {fold(unit + hundred): 100 * one for (unit, one), hundred in product(units.items(), ("مئة", "مائة"))}


def _values() -> dict[str, int]:
    values: dict[str, int] = {}
    for words in _BELOW_TWENTY.values():
        values |= {word: value for value, word in enumerate(_folded(words)) if word not in values}
    for words in _TENS.values():
        values |= dict(zip(_folded(words), range(20, 100, 10), strict=True))
    for value, words in _OTHER_FORMS.items():
        values |= dict.fromkeys(_folded(words), value)
    values |= _german_compounds() | _dutch_compounds() | _italian_compounds() | _arabic_hundreds()
    values |= {fold(word): value for word, value in _ONE_OF_MANY.items()}
    return values


_ALL_VALUES = _values()
_MULTIPLY = {word: value for value, words in _MULTIPLIERS.items() for word in _folded(words)}
_VAGUE_VALUES = {word: value for value, words in _VAGUE.items() for word in _folded(words)}
_VAGUE_VALUES |= {word: value for value, words in _PLURALS.items() for word in _folded(words)}
_VAGUE_PAIRS = {
    (first, unit): f"~{value}"
    for first, (unit, value) in product(
        _folded(_BEFORE_VAGUE), {"十": 10, "百": 100, "千": 1_000, "万": 10_000}.items()
    )
} | {(fold(unit), fold(_PERSIAN_PLURAL)): value for unit, value in (("ده", "~10"), ("صد", "~100"), ("هزار", "~1000"))}
"""数十, 上百; ده‌ها, whose parts a zero-width non-joiner separates."""
_UNSURE = frozenset(_folded(_AMBIGUOUS)) - _KEPT.keys()
_SURE = {word: value for word, value in _ALL_VALUES.items() if word not in _UNSURE and word not in _MULTIPLY} | _KEPT
_COMPOUNDED = {fold(word): value for word, value in _ONLY_IN_COMPOUNDS.items()}
_HARDLY_NUMBERS = frozenset(_folded("on die miles a"))
_UNSURE_VALUES = {
    word: value
    for word, value in (_ALL_VALUES | _MULTIPLY | _COMPOUNDED).items()
    if word in _UNSURE and word not in _HARDLY_NUMBERS
}
_NUMBER_WORDS = frozenset({*_VAGUE_VALUES, *(first for first, _ in _VAGUE_PAIRS), *_COMPOUNDED, *_MULTIPLY, *_SURE})
_TURKISH_UNITS = frozenset(_folded(_BELOW_TWENTY["tr"])[1:10])
_PREFIXES = tuple("وفبلكומבלשהכ")
_LONGEST_COMPOUND = 8


def numbers_in(words: Sequence[str]) -> list[Number]:
    """The numbers among folded words, in order. A time of day is none."""
    found: list[Number] = []
    place = 0
    while place < len(words):
        number = _digits_at(words, place) or _words_at(words, place)
        if number is None:
            place += 1
        else:
            found.append(number)
            place = number.end
    return found


def unsure_numbers(words: Sequence[str]) -> frozenset[str]:
    """The values of words that may be numbers: "one", "cent" (100 in French). They count where a number was before."""
    return frozenset(str(_UNSURE_VALUES[word]) for word in words if word in _UNSURE_VALUES)


def _digits_at(words: Sequence[str], place: int) -> Number | None:
    word = words[place]
    if not _DIGITS.match(word) or ":" in word:
        return None
    digits = _plain_digits(word)
    following = words[place + 1] if place + 1 < len(words) else ""
    if following in _MULTIPLY and _MULTIPLY[following] >= 1_000 and _is_decimal(digits):
        return Number(place, place + 2, f"{float(digits) * _MULTIPLY[following]:.0f}")
    return Number(place, place + 1, digits)


def _plain_digits(word: str) -> str:
    """`12,500` and `12.500` → `12500`; `3,5` → `3.5`; `1.2.2026` stays apart from all others."""
    if _GROUPED.fullmatch(word):
        return re.sub(r"[.,](?=\d{3})", "", word).replace(",", ".")
    return word.replace(",", ".").rstrip(".")


def _is_decimal(digits: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", digits) is not None


def _words_at(words: Sequence[str], place: int) -> Number | None:
    """The longest number in words that begins at a place, "twenty" and "three" as one."""
    word = words[place]
    if word not in _NUMBER_WORDS and _bare(word) not in _NUMBER_WORDS:
        return None  # nearly every word
    if (vague := _vague_at(words, place)) is not None:
        return vague
    total = current = 0
    end = at = place
    last = 0
    while at < len(words) and at - place < _LONGEST_COMPOUND:
        word = words[at]
        if at > place and word in _LINKS:
            at += 1
            continue
        value = _value(word, is_first=at == place, following=words[at + 1] if at + 1 < len(words) else "")
        if value is None and word in _ONE and last in _ALL_TENS:
            value = 1
        if value is None:
            break
        is_multiplier = word in _MULTIPLY or _bare(word) in _MULTIPLY
        if is_multiplier or (value == 20 and current == 4):  # quatre-vingt
            current = max(1, current) * value
            if value >= 1_000:
                total, current = total + current, 0
        elif at > place and last and not _adds(last, value):
            break
        else:
            current += value
        last = value if not is_multiplier else value * 10
        at += 1
        end = at
    return Number(place, end, str(total + current)) if end > place else None


def _vague_at(words: Sequence[str], place: int) -> Number | None:
    word, following = words[place], words[place + 1] if place + 1 < len(words) else ""
    if (pair := _VAGUE_PAIRS.get((word, following))) is not None:
        return Number(place, place + 2, pair)
    alone = _VAGUE_VALUES.get(word) or _VAGUE_VALUES.get(_bare(word))
    return None if alone is None else Number(place, place + 1, alone)


def _adds(last: int, value: int) -> bool:
    """Whether a value may follow another one in one number: "twenty three", "five ten" (Arabic 15), not "two three"."""
    return value < last or (last < 10 and value == 10) or (last < 10 and 20 <= value < 100)


def _value(word: str, *, is_first: bool, following: str) -> int | None:
    for form in (word, _bare(word)):
        if form in _COMPOUNDED:
            follows = following in (_TURKISH_UNITS if form == "on" else _SURE.keys() | _MULTIPLY.keys() | _LINKS)
            is_larger = _SURE.get(following, 1) < _COMPOUNDED[form]
            return _COMPOUNDED[form] if not is_first or (follows and is_larger) else None
        if form in _MULTIPLY:
            return _MULTIPLY[form] if not is_first or _MULTIPLY[form] < 1_000_000 else None
        if form in _SURE:
            return _SURE[form]
    return None


def _bare(word: str) -> str:
    """Without an Arabic or Hebrew conjunction or preposition written together with the word."""
    return word[1:] if len(word) > 3 and word.startswith(_PREFIXES) else word
