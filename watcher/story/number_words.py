"""The words for numbers, in the languages that `numbers` reads, and what each is worth."""

from __future__ import annotations

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
    2_000_000: "مليونان مليونين مليوني",
}
_MULTIPLIERS = {
    10: "十",
    100: "hundred yüz مئة مائة صد cent cents cien ciento сто ста hundert honderd cento מאה 百",
    1_000: "thousand hezar hezarek هەزار bin ألف آلاف هزار mille mil тысяча тысячи тысяч тисяча тисячі тисяч "
    "tausend duizend mila אלף 千",
    10_000: "万 萬",
    1_000_000: "million millions milyon milyonek ملیۆن ملیۆنێک مليون ملايين میلیون millón millones миллион миллиона "
    "миллионов мільйон мільйона мільйони "
    "мільйонів millionen miljoen milione milioni milhão milhões מיליון",
    100_000_000: "亿 億",
    1_000_000_000: "billion billions milyar مليار مليارات میلیارد milliard milliards миллиард миллиарда миллиардов "
    "мільярд мільярда milliarde milliarden miljard miliardo miliardi מיליארד",
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
ONE = frozenset(map(fold, ["one", "un", "une", "um", "uma", "uno", "una", "ein", "eine", "bir"]))
ALL_TENS = range(20, 100, 10)
LINKS = frozenset(map(fold, ["and", "y", "et", "und", "e", "en", "و", "и", "ve"]))


def folded(words: str) -> list[str]:
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
        values |= {word: value for value, word in enumerate(folded(words)) if word not in values}
    for words in _TENS.values():
        values |= dict(zip(folded(words), range(20, 100, 10), strict=True))
    for value, words in _OTHER_FORMS.items():
        values |= dict.fromkeys(folded(words), value)
    values |= _german_compounds() | _dutch_compounds() | _italian_compounds() | _arabic_hundreds()
    values |= {fold(word): value for word, value in _ONE_OF_MANY.items()}
    return values


_ALL_VALUES = _values()
MULTIPLY = {word: value for value, words in _MULTIPLIERS.items() for word in folded(words)}
VAGUE_VALUES = {word: value for value, words in _VAGUE.items() for word in folded(words)}
VAGUE_VALUES |= {word: value for value, words in _PLURALS.items() for word in folded(words)}
VAGUE_PAIRS = {
    (first, unit): f"~{value}"
    for first, (unit, value) in product(folded(_BEFORE_VAGUE), {"十": 10, "百": 100, "千": 1_000, "万": 10_000}.items())
} | {(fold(unit), fold(_PERSIAN_PLURAL)): value for unit, value in (("ده", "~10"), ("صد", "~100"), ("هزار", "~1000"))}
"""数十, 上百; ده‌ها, whose parts a zero-width non-joiner separates."""
_UNSURE = frozenset(folded(_AMBIGUOUS)) - _KEPT.keys()
SURE = {word: value for word, value in _ALL_VALUES.items() if word not in _UNSURE and word not in MULTIPLY} | _KEPT
COMPOUNDED = {fold(word): value for word, value in _ONLY_IN_COMPOUNDS.items()}
_HARDLY_NUMBERS = frozenset(folded("on die miles a"))
UNSURE_VALUES = {
    word: value
    for word, value in (_ALL_VALUES | MULTIPLY | COMPOUNDED).items()
    if word in _UNSURE and word not in _HARDLY_NUMBERS
}
NUMBER_WORDS = frozenset({*VAGUE_VALUES, *(first for first, _ in VAGUE_PAIRS), *COMPOUNDED, *MULTIPLY, *SURE})
TURKISH_UNITS = frozenset(folded(_BELOW_TWENTY["tr"])[1:10])
PREFIXES = tuple("وفبلكומבלשהכ")
LONGEST_COMPOUND = 8

HALF = frozenset(
    folded(
        "half halves demi demie medio media mezzo mezza meio meia halb halbe halben halbes halve buçuk yarım "
        "نصف نیم חצי nîv نیو"
        " половиной половиною пів"
    )
)
ENGLISH_HALF = fold("half")
HALF_BEHIND = frozenset(folded("buçuk"))
"""Stands behind a number without any link."""
QUARTER = frozenset(
    folded(
        "quarter quarters quart quarts cuarto cuartos quarto quarti viertel kwart çeyrek ربع רבע четверть "
        "четверти чверть"
    )
)
LINKS_OF_HALF = LINKS | frozenset(folded("û с з con com mit"))
ARTICLES = frozenset(folded("a an of de d du di un une um uma einer eine o il l the"))
ONE_BEFORE_HALF = ONE | frozenset(folded("a an yek یەک یک"))
_SMALL = {
    "de": "ein zwei drei vier fünf sechs sieben acht neun",
    "nl": "een twee drie vier vijf zes zeven acht negen",
}
MIXED = {
    fold(f"{unit}{ending}"): number + 0.5
    for language, endings in {"de": ("einhalb", "undeinhalb"), "nl": ("enhalf", "enhalve", "eneenhalf")}.items()
    for number, unit in enumerate(_SMALL[language].split(), 1)
    for ending in endings
} | dict.fromkeys(folded("anderthalb anderthalbe anderhalf anderhalve полтора полторы полутора півтора півтори"), 1.5)
"""Words that are a number and a half."""
SHARES_IN_ONE_WORD = {
    word: round(share * MULTIPLY[magnitude])
    for share, words in {
        0.5: "пол+миллиона пол+миллиарда пол+тысячи пів+мільйона пів+мільярда пів+тисячі halb+million",
        0.25: "viertel+million viertel+milliarde",
        0.75: "dreiviertel+million dreiviertel+milliarde",
    }.items()
    for part, _, whole in (word.partition("+") for word in words.split())
    for word in (fold(part + whole),)
    for magnitude in (fold({"мільйона": "мільйон", "мільярда": "мільярд", "тисячі": "тисяча"}.get(whole, whole)),)
    if magnitude in MULTIPLY
}
MAGNITUDES = {word: value for word, value in MULTIPLY.items() if value >= 100} | {
    fold(word): value for word, value in _ONE_OF_MANY.items()
}
UNITS_OF_TWO = dict.fromkeys(folded("ألفان ألفين ألفي אלפיים"), 1_000) | dict.fromkeys(
    folded("مليونان مليونين مليوني"), 1_000_000
)
FRACTION_WORDS = frozenset(
    {*HALF, *QUARTER, *MIXED, *SHARES_IN_ONE_WORD, *(f"{link}{half}" for link in "وו" for half in HALF)}
)
