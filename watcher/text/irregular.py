"""What the stemmers do not know: irregular plurals, and light rules for languages that have no stemmer.

`bases` gives what a word may be a form of. A rule may give what is no word: nobody looks for that, so it costs nothing.
Tables and rules are meant for news, in which a wrong base that is a word would be noticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from watcher.text.fold import fold

_PLURALS = {
    "en": """
        man:men woman:women child:children foot:feet tooth:teeth goose:geese mouse:mice louse:lice ox:oxen
        crisis:crises analysis:analyses basis:bases thesis:theses hypothesis:hypotheses axis:axes oasis:oases
        emphasis:emphases diagnosis:diagnoses prognosis:prognoses synthesis:syntheses synopsis:synopses
        paralysis:paralyses catharsis:catharses nemesis:nemeses parenthesis:parentheses neurosis:neuroses
        psychosis:psychoses metamorphosis:metamorphoses sepsis:sepses metastasis:metastases thrombosis:thromboses
        ellipsis:ellipses antithesis:antitheses phenomenon:phenomena criterion:criteria automaton:automata
        bacterium:bacteria memorandum:memoranda referendum:referenda curriculum:curricula stadium:stadia
        stratum:strata erratum:errata addendum:addenda ultimatum:ultimata spectrum:spectra ovum:ova quantum:quanta
        moratorium:moratoria consortium:consortia sanatorium:sanatoria crematorium:crematoria millennium:millennia
        symposium:symposia aquarium:aquaria gymnasium:gymnasia auditorium:auditoria honorarium:honoraria
        emporium:emporia medium:media datum:data knife:knives wife:wives life:lives thief:thieves loaf:loaves
        leaf:leaves scarf:scarves hoof:hooves sheaf:sheaves wharf:wharves dwarf:dwarves turf:turves
        nucleus:nuclei fungus:fungi cactus:cacti radius:radii alumnus:alumni stimulus:stimuli locus:loci focus:foci
        bacillus:bacilli syllabus:syllabi terminus:termini embolus:emboli thrombus:thrombi index:indices
        appendix:appendices matrix:matrices vertex:vertices vortex:vortices die:dice person:people larva:larvae
        vertebra:vertebrae antenna:antennae formula:formulae alga:algae bureau:bureaux plateau:plateaux
        tableau:tableaux gateau:gateaux chateau:chateaux bus:buses gas:gases bias:biases canvas:canvases
        atlas:atlases alias:aliases quiz:quizzes kibbutz:kibbutzim corpus:corpora genus:genera money:monies
        """,
    "ar": """
        سجن:سجون سجين:سجناء أسير:أسرى,أسارى رهينة:رهائن قتيل:قتلى جريح:جرحى شهيد:شهداء مريض:مرضى ضحية:ضحايا
        جثة:جثث جثمان:جثامين هجوم:هجمات غارة:غارات حرب:حروب معركة:معارك جبهة:جبهات قنبلة:قنابل صاروخ:صواريخ
        لغم:ألغام سلاح:أسلحة مدفع:مدافع قذيفة:قذائف رصاصة:رصاص ذخيرة:ذخائر دبابة:دبابات مسيّرة:مسيّرات
        جندي:جنود جيش:جيوش ضابط:ضباط قائد:قادة عنصر:عناصر فصيل:فصائل كتيبة:كتائب فرقة:فرق لواء:ألوية فوج:أفواج
        وحدة:وحدات سرية:سرايا حارس:حراس عميل:عملاء رجل:رجال امرأة:نساء طفل:أطفال ولد:أولاد ابن:أبناء بنت:بنات
        أب:آباء أم:أمهات زوجة:زوجات زوج:أزواج أخ:إخوة شاب:شباب,شبان قاصر:قصر شخص:أشخاص فرد:أفراد إنسان:ناس
        عائلة:عوائل أسرة:أسر قبيلة:قبائل شعب:شعوب وزير:وزراء رئيس:رؤساء زعيم:زعماء سفير:سفراء خبير:خبراء
        عضو:أعضاء نائب:نواب حاكم:حكام قاض:قضاة والي:ولاة أمير:أمراء ملك:ملوك شيخ:شيوخ عالم:علماء طالب:طلاب,طلبة
        عامل:عمال موظف:موظفون طبيب:أطباء كاتب:كتاب خصم:خصوم عدو:أعداء حليف:حلفاء شريك:شركاء جار:جيران
        مدينة:مدن قرية:قرى بلد:بلدان,بلاد دولة:دول منطقة:مناطق مقاطعة:مقاطعات حي:أحياء شارع:شوارع طريق:طرق جسر:جسور
        ميناء:موانئ مطار:مطارات معبر:معابر حاجز:حواجز موقع:مواقع موقف:مواقف مركز:مراكز مكتب:مكاتب مقر:مقار
        قاعدة:قواعد معسكر:معسكرات ثكنة:ثكنات خندق:خنادق نفق:أنفاق حد:حدود بيت:بيوت منزل:منازل مبنى:مباني برج:أبراج
        مدرسة:مدارس جامع:جوامع مسجد:مساجد كنيسة:كنائس مصنع:مصانع متجر:متاجر سوق:أسواق سد:سدود بئر:آبار نهر:أنهار
        بحر:بحار جزيرة:جزر جبل:جبال سفينة:سفن قارب:قوارب زورق:زوارق مركب:مراكب ناقلة:ناقلات حاوية:حاويات
        خرق:خروقات,خروق شرط:شروط بند:بنود قرار:قرارات قانون:قوانين حكم:أحكام حق:حقوق عقد:عقود وثيقة:وثائق
        ملف:ملفات خبر:أخبار حدث:أحداث حادث:حوادث حادثة:حوادث خطر:أخطار,مخاطر خسارة:خسائر ضرر:أضرار أزمة:أزمات
        هدنة:هدن مهلة:مهل جولة:جولات لجنة:لجان وفد:وفود طرف:أطراف جانب:جوانب حزب:أحزاب تيار:تيارات صوت:أصوات
        نتيجة:نتائج لائحة:لوائح قائمة:قوائم صندوق:صناديق مرشح:مرشحون حملة:حملات وباء:أوبئة مرض:أمراض لقاح:لقاحات
        فيروس:فيروسات إصابة:إصابات زلزال:زلازل فيضان:فيضانات سيل:سيول إعصار:أعاصير عاصفة:عواصف حريق:حرائق
        كارثة:كوارث غابة:غابات محصول:محاصيل سعر:أسعار ضريبة:ضرائب مبلغ:مبالغ بنك:بنوك مصرف:مصارف شركة:شركات
        نظام:أنظمة جهاز:أجهزة هاتف:هواتف رسالة:رسائل وسيلة:وسائل عملية:عمليات خطة:خطط هدف:أهداف سبب:أسباب
        قبر:قبور مقبرة:مقابر لاجئ:لاجئون خيمة:خيام غرفة:غرف زنزانة:زنازين جدار:جدران سور:أسوار باب:أبواب قيد:قيود
        تهمة:تهم جريمة:جرائم مجزرة:مجازر مذبحة:مذابح عقوبة:عقوبات قضية:قضايا محكمة:محاكم دليل:أدلة شاهد:شهود
        صحيفة:صحف نشرة:نشرات مراسل:مراسلون نقابة:نقابات راتب:رواتب أجر:أجور يوم:أيام شهر:أشهر,شهور سنة:سنوات,سنين
        """,
    "he": """
        בית:בתים,בתי עיר:ערים,ערי אישה:נשים,נשות איש:אנשים,אנשי בן:בנים,בני בת:בנות אח:אחים אב:אבות אם:אמהות
        יום:ימים,ימי שנה:שנים,שנות עסקה:עסקאות,עסקות דוח:דוחות אדם:אנשים צד:צדדים,צדדי גבול:גבולות מקום:מקומות
        לילה:לילות רחוב:רחובות ארץ:ארצות שם:שמות נשק:נשקים אירוע:אירועי אסון:אסונות חוב:חובות
        """,
    "fa": """
        اسیر:اسرا,اسرای شهید:شهدا,شهدای وزیر:وزرا,وزرای منطقه:مناطق مرکز:مراکز فرد:افراد مدرسه:مدارس منزل:منازل
        حادثه:حوادث زن:زنان مرد:مردان طرف:طرفین قربانی:قربانیان سلاح:سلاح‌ها,اسلحه حمله:حملات ضربه:ضربات
        زندانی:زندانیان زخمی:زخمیان مجروح:مجروحین,مجروحان مقام:مقامات شرط:شرایط عضو:اعضا,اعضای قانون:قوانین
        حکم:احکام رئیس:روسا,روسای مرز:مرزها دولت:دول کشته:کشتگان اجتماع:اجتماعات قرارداد:قراردادها طفل:اطفال
        """,
    "de": """
        Museum:Museen Zentrum:Zentren Virus:Viren Drama:Dramen Firma:Firmen Thema:Themen Konto:Konten
        Gremium:Gremien Ministerium:Ministerien Stadion:Stadien Studium:Studien Visum:Visa,Visen Referendum:Referenden
        Ultimatum:Ultimaten Krise:Krisen Basis:Basen Praxis:Praxen Risiko:Risiken Embargo:Embargos Moratorium:Moratorien
        Mann:Männer Haus:Häuser Land:Länder Buch:Bücher Dach:Dächer Wald:Wälder Fluss:Flüsse Zug:Züge Wort:Wörter
        """,
    "nl": """
        schip:schepen stad:steden lid:leden kind:kinderen oorlog:oorlogen weg:wegen dag:dagen slag:slagen dak:daken
        ei:eieren volk:volkeren blad:bladeren museum:musea datum:data politicus:politici crisis:crises oorlog:oorlogs
        """,
    "fr": """
        travail:travaux bail:baux vitrail:vitraux corail:coraux œil:yeux ciel:cieux soupirail:soupiraux
        """,
    "uk": """
        Київ:Києва,Києву,Києві,Києвом дитина:діти,дітей,дітям людина:люди,людей,людям друг:друзі,друзів брат:братів
        """,
    "pl": """
        więzień:więźniów,więźnia,więźniowie,więźniom,więźniami,więźniach
        jeniec:jeńców,jeńcy,jeńca,jeńcom,jeńcami,jeńcach
        Polska:Polsce miasto:mieście,miast obóz:obozu,obozie,obozy,obozów,obozach dziecko:dzieci,dzieciom,dziećmi
        człowiek:ludzie,ludzi,ludziom,ludźmi łódź:łodzi,łodzie wojna:wojen dzień:dni,dniach granica:granic
        więzienie:więzień śmierć:śmierci żołnierz:żołnierze,żołnierzy ksiądz:księża,księży brat:bracia,braci
        """,
    "ru": """
        тюрьма:тюрем ребенок:дети,детей,детям,детьми,детях человек:люди,людей,людям,людьми,людях сестра:сестер
        война:войн судно:суда,судов,судам,судами,судах день:дни,дней,дням,днями,днях мать:матери,матерей,матерям
        друг:друзья,друзей сын:сыновья,сыновей брат:братья,братьев муж:мужья,мужей земля:земель деньги:денег
        """,
}
"""Singular and irregular plurals, by language."""


@cache
def _singulars(language: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pair in _PLURALS.get(language, "").split():
        singular, _, plurals = pair.partition(":")
        for plural in plurals.split(","):
            found.setdefault(fold(plural), set()).add(fold(singular))
    return found


@cache
def _plurals(language: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for plural, singulars in _singulars(language).items():
        for singular in singulars:
            found.setdefault(singular, set()).add(plural)
    return found


def beginnings(word: str, language: str) -> set[str]:
    """What irregular forms of a folded word begin with where that is not how the word itself begins."""
    found = set(_plurals(language).get(word, ()))
    for ending, beginning in _CHANGED_ENDINGS.get(language, ()):
        if ending.search(word):
            found.add(ending.sub(beginning, word))
    return found


_APART = """
    according:accordingly accordance aide aids animation authority:authorities capitalism:capitalist caste competent
    conference conservative convent conversation corporation corporate customer department:departmental
    deserter desertion detective effective:effectively,effectiveness elective engineer:engineered,engineering executable
    executive experiment:experimental federal:federally hamas homs hospitality hostile identical:identically
    important:importantly,importance informal:informally informant intelligent:intelligently liberal:liberally locale
    majority:majorities minority:minorities missing morale numerous objection objective:objectively officer operative
    opposite personality:personalities personal:personally polite:politely positive:positively procession prospective
    protestant publication rational:rationally rationale recession relative relatively reservation several
    respective:respectively severe:severely,severity terminate:terminated,terminating termination treasurer
    unite:united,uniting
    """
"""English words that Snowball takes for forms of others: united of unit, officer of office, Hamas of Hama."""
_CHANGED_ENDINGS = {
    language: tuple((re.compile(ending), beginning) for ending, beginning in changes)
    for language, changes in {
        "en": (("man$", "men"), ("person$", "people"), ("lf$", "lv")),
        "ar": (
            ("^(..)[اي](.)ه?$", r"\1ائ\2"),
            ("^(.)ا(..)ه?$", r"\1وا\2"),
            ("^(..)ي(.)$", r"\1\2اء"),
            ("^(..)ا(.)$", r"ا\1\2ه"),
        ),
        "fa": (("ه$", "گان"),),
        "ru": (("ец$", "ц"), (r"([аеиоуя])ец$", r"\1иц")),
        "uk": (("ень$", "н"), ("ець$", "ц"), ("і(.)$", r"о\1"), ("і(.)$", r"е\1")),
        "pl": (("k$", "c"),),
        "es": (("z$", "c"),),
    }.items()
}


@cache
def _set_apart() -> dict[str, str]:
    """Forms of the words of `_APART` → the word."""
    found: dict[str, str] = {}
    for entry in _APART.split():
        word, _, forms = entry.partition(":")
        found |= dict.fromkeys((word, f"{word}s", *filter(None, forms.split(","))), word)
    return found


def apart(word: str, language: str) -> str | None:
    """What a folded word is a form of, if it is known that the stemmer takes it for a form of an unrelated word."""
    return _set_apart().get(word) if language == "en" else None


def bases(word: str, language: str) -> set[str]:
    """What a folded word may be an irregular form of; not the word itself. Empty for most words."""
    found = set(_singulars(language).get(word, ()))
    rule = _RULES.get(language)
    if rule is not None:
        found.update(rule(word))
    found.discard(word)
    return found


def _english(word: str) -> Iterator[str]:
    """gunmen → gunman, salespeople → salesperson, halves → half."""
    if word.endswith("people") and word != "people":
        yield f"{word[:-6]}person"
    elif word.endswith("lves"):
        yield f"{word[:-3]}f"
    elif word.endswith("men") and len(word) > 4:
        yield f"{word[:-2]}an"


_ARABIC_PRONOUN = "(?:هما|كما|ها|هم|هن|كم|نا|ه|ي|ك)?"
_ARABIC_SOUND = re.compile(f"(..+)ات{_ARABIC_PRONOUN}")
_ARABIC_FEMININE = re.compile("(..+)(?:تان|تين|تي|تا|ت(?:هما|كما|ها|هم|هن|كم|نا|ه|ك))")
_ARABIC_OWNED = re.compile("(....+)(?:هما|كما|ها|هم|هن|كم|نا)")
_ARABIC_BROKEN = (
    (re.compile("(.)(.)ائ(.)"), ("{}{}ي{}ه", "{}{}ي{}", "{}{}ا{}ه")),  # كتائب, حرائق, خسائر
    (re.compile("(.)وا(.)(.)"), ("{}ا{}{}ه", "{}ا{}{}")),  # قواعد, حواجز
    (re.compile("(.)(.)(.)اء"), ("{}{}ي{}",)),  # سفراء
    (re.compile("ا(.)(.)(.)ه"), ("{}{}ا{}",)),  # اسلحه
)
_SHORTEST_ARABIC = 3


def _arabic(word: str) -> Iterator[str]:
    """Sound plurals and duals of the feminine, also before attached pronouns, and the safest of the broken plurals.

    انفجارات → انفجار, بطائراتها → طائره, كتائب → كتيبه. Patterns that verbal nouns share are in the table.
    """
    for ending in (_ARABIC_SOUND, _ARABIC_FEMININE):
        if found := ending.fullmatch(word):
            yield f"{found[1]}ه"
            if len(found[1]) >= _SHORTEST_ARABIC and ending is _ARABIC_SOUND:
                yield found[1]
    if owned := _ARABIC_OWNED.fullmatch(word):
        yield from (owned[1], *_singulars("ar").get(owned[1], ()))
    for pattern, singulars in _ARABIC_BROKEN:
        if broken := pattern.fullmatch(word):
            yield from (singular.format(*broken.groups()) for singular in singulars)


def _hebrew(word: str) -> Iterator[str]:
    """אסירים → אסיר, משפחות → משפחה, and the construct: הפסקת → הפסקה, אסירי → אסיר."""
    for ending, added, least in (
        ("ים", ("", "ה"), 2),
        ("ות", ("", "ה", "ת"), 2),
        ("יות", ("יה", "ית"), 2),
        ("אות", ("ה",), 2),
        ("ת", ("ה",), 3),
        ("י", ("",), 4),
    ):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= least:
            yield from (_as_last_letter(rest) if not letter else rest + letter for letter in added)


_HEBREW_FINALS = str.maketrans("כמנפצ", "ךםןףץ")


def _as_last_letter(rest: str) -> str:
    return rest[:-1] + rest[-1].translate(_HEBREW_FINALS)


def _persian(word: str) -> Iterator[str]:
    """پناهندگان → پناهنده, ایرانیان → ایرانی, سربازان → سرباز, حملات → حمله."""
    for ending, added, least in (("گان", "ه", 3), ("یان", "ی", 3), ("ان", "", 4), ("ات", "ه", 3), ("انی", "", 4)):
        rest = word.removesuffix(fold(ending))
        if rest != word and len(rest) >= least:
            yield rest + fold(added)


_KURDISH_LATIN = ("eyan", "yan", "yen", "yek", "an", "en", "ek", "eke", "in", "e", "a", "i")
_KURDISH_ARABIC = tuple(map(fold, ("ەکانی", "ەکان", "ەکەی", "ەکە", "ێکی", "ێک", "انی", "ان", "ی")))


def _kurdish(word: str) -> Iterator[str]:
    """girtiyan → girti, agirbestê → agirbest, زیندانەکان → زیندان."""
    endings = _KURDISH_LATIN if word.isascii() else _KURDISH_ARABIC
    yield from (word[: -len(end)] for end in endings if word.endswith(end) and len(word) - len(end) >= 4)


_UKRAINIAN = re.compile(
    "(?:ами|ями|ові|еві|єві|ого|ому|ими|ою|ею|єю|ів|ах|ях|ам|ям|ом|ем|єм|ої|их|им|ии|ии|іи|ий|ій|а|я|у|ю|і|и|е|о|є|ь)$"
)


def _ukrainian(word: str) -> Iterator[str]:
    """The word without its case ending, and without the vowel that comes and goes: обстрілів, вязень, табір."""
    if word.isascii():
        return
    if len(rest := _UKRAINIAN.sub("", word)) >= 3:
        yield rest
        if word[-1] in "іиаяуюеоь" and len(word) > 4:
            yield word[:-1]
    if fleeting := re.fullmatch("(.{2,})(?:ень|ен)", word):
        yield f"{fleeting[1]}н"
    if fleeting := re.fullmatch("(.{2,})(?:ець|ец)", word):
        yield f"{fleeting[1]}ц"
    if closed := re.fullmatch("(.{2,})і([^аеиіоуюя])", word):
        yield from (f"{closed[1]}{vowel}{closed[2]}" for vowel in "оеє")


def _russian(word: str) -> Iterator[str]:
    """беженцев → беженец, бойцы → боец, забастовок → забастовка."""
    if found := re.fullmatch("(.{2,}?)и?ц(?:ы|ев|ов|а|у|ем|ом|ам|ами|ах|е)", word):
        yield f"{found[1]}ец"
    if found := re.fullmatch("(.{3,})[ое]к", word):
        yield f"{found[1]}ка"


def _polish(word: str) -> Iterator[str]:
    """zakladnicy → zakladnik, Syrii → syria."""
    if word.endswith("cy"):
        yield f"{word[:-2]}k"
    elif word.endswith("ii"):
        yield f"{word[:-1]}a"


def _without_s(word: str) -> Iterator[str]:
    """Plurals of words too short for the stemmer: feux, lois, niños, luces, reyes."""
    if 4 <= len(word) <= 6 and word[-1] in "sx":
        yield word[:-1]
        if word.endswith("ces"):
            yield f"{word[:-3]}z"
        elif word.endswith("es"):
            yield word[:-2]


def _german(word: str) -> Iterator[str]:
    """Lagern, Lagers → lager: words too short for the stemmer."""
    if re.fullmatch(".{2,}e[lr][ns]", word):
        yield word[:-1]


_RULES: dict[str, Callable[[str], Iterator[str]]] = {
    "en": _english,
    "ar": _arabic,
    "he": _hebrew,
    "fa": _persian,
    "ku": _kurdish,
    "ckb": _kurdish,
    "uk": _ukrainian,
    "ru": _russian,
    "pl": _polish,
    "fr": _without_s,
    "es": _without_s,
    "de": _german,
}
LIGHT_LANGUAGES = frozenset(["he", "ku", "ckb", "uk"])
"""Languages without a stemmer whose forms are known by the rules above."""
