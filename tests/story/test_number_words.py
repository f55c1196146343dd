"""Numbers in words keep reports apart, in every language whose numbers we know, and join copies that write the same."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from tests.story.test_compare import are_copies, entry_sketch

REPORTS = {
    "en": (
        "Officials said {} people were killed when the roof of the prison collapsed during the night, and "
        "that many more were trapped beneath the rubble; cranes have been brought from the capital, and "
        "relatives waited behind a cordon.",
        "twelve | 12",
        "twenty | twenty-five | forty-two | one hundred | a hundred and ten | two hundred and fifty | "
        "1,200 | scores of | dozens of | hundreds of | thousands of | several | a few | many | no | "
        "nobody | two | three | 2.5 million | half a million",
    ),
    "ar": (
        "قال مسؤولون إن {} قتلوا في انهيار سجن في المدينة خلال الليل وإن كثيرين ما زالوا تحت الأنقاض، وأضافوا"
        " أن رافعات نقلت من العاصمة وأن الأقارب ينتظرون خلف حاجز أمني أخبار السجناء",
        "اثني عشر شخصا | 12 شخصا | ١٢ شخصا",
        "أحد عشر شخصا | ثلاثة عشر شخصا | عشرين شخصا | واحدا وعشرين شخصا | مئة شخص | مئتي شخص | ثلاثمئة "
        "شخص | ألف شخص | ألفي شخص | آلاف الأشخاص | عشرات الأشخاص | مئات الأشخاص | شخصين | ثلاثة أشخاص",
    ),
    "tr": (
        "Yetkililer, gece cezaevinin çatısının çökmesi sonucu {} kişinin öldüğünü, çok sayıda kişinin de "
        "enkaz altında kaldığını söyledi; başkentten vinçler getirildi, yakınlar kordonun arkasında haber "
        "bekliyor.",
        "on iki | 12",
        "on bir | on üç | yirmi | yirmi bir | yüz | yüz on | iki yüz elli | bin | bin iki yüz | onlarca |"
        " yüzlerce | binlerce | iki | üç",
    ),
    "fr": (
        "Selon les autorités, {} personnes ont été tuées dans l'effondrement du toit de la prison pendant la "
        "nuit et beaucoup d'autres sont encore sous les décombres ; des grues ont été amenées de la capitale "
        "et les familles attendent.",
        "douze | 12 | une douzaine de",
        "onze | treize | vingt | vingt et une | soixante et onze | quatre-vingts | quatre-vingt-onze | "
        "cent | deux cents | mille | des dizaines de | des centaines de | des milliers de | deux | trois "
        "| plusieurs | une trentaine de | une centaine de",
    ),
    "es": (
        "Según las autoridades, {} personas murieron al derrumbarse el techo de la cárcel durante la noche y "
        "muchas más siguen bajo los escombros; se han traído grúas de la capital y los familiares esperan "
        "noticias tras el cordón.",
        "doce | 12 | una docena de",
        "once | trece | veinte | veintiuna | treinta y dos | cien | ciento diez | doscientas | quinientas"
        " | mil | dos mil | decenas de | cientos de | miles de | dos | tres | varias",
    ),
    "ru": (
        "По данным властей, при обрушении крыши тюрьмы ночью погибли {} человек, многие ещё остаются под "
        "завалами; из столицы доставлены краны, родственники ждут за оцеплением новостей о заключённых.",
        "двенадцать | 12",
        "одиннадцать | тринадцать | двадцать | двадцать один | сорок | сто | сто десять | двести | тысяча"
        " | десятки | сотни | тысячи | два | три | несколько | свыше ста | полсотни",
    ),
    "de": (
        "Nach Angaben der Behörden kamen beim Einsturz des Gefängnisdachs in der Nacht {} Menschen ums Leben,"
        " viele weitere liegen noch unter den Trümmern; Kräne wurden aus der Hauptstadt gebracht, Angehörige "
        "warten hinter der Absperrung.",
        "zwölf | 12 | ein Dutzend",
        "elf | dreizehn | zwanzig | einundzwanzig | hundert | einhundertzehn | zweihundertfünfzig | "
        "tausend | zweitausend | Dutzende | Hunderte | Tausende | zwei | drei | mehrere",
    ),
    "fa": (
        "مقام\u200cها گفتند {} نفر در فروریختن سقف زندان در شهر کشته شدند و بسیاری هنوز زیر آوار هستند و جرثقیل\u200cها"
        " از پایتخت آورده شده\u200cاند و بستگان پشت نوار امنیتی در انتظار خبر زندانیان هستند",
        "دوازده | ۱۲ | 12",
        "یازده | سیزده | بیست | بیست و یک | سی | صد | صد و ده | دویست | هزار | ده‌ها | صدها | هزاران | دو"
        " | سه",
    ),
    "he": (
        "לפחות {} בני אדם נהרגו בקריסת גג הכלא במהלך הלילה ורבים עדיין לכודים מתחת להריסות, אמרו הרשויות, "
        "והוסיפו כי מנופים הובאו מן הבירה וכי בני המשפחות ממתינים מאחורי גדר",
        "שנים עשר | 12",
        "אחד עשר | שלושה עשר | עשרים | עשרים ואחד | מאה | מאתיים | אלף | עשרות | מאות | אלפי | שני | "
        "שלושה",
    ),
    "zh": (
        "当地政府通报，今天凌晨监狱屋顶坍塌造成{}人死亡，多人仍被埋在废墟下，救援人员已从首都调来起重机，家属在警戒线外等候消息，事故原因正在调查",
        "十二 | 12 | １２",
        "十一 | 十三 | 二十 | 二十一 | 一百 | 两百五十 | 一千二百 | 数十 | 数百 | 上百 | 几十 | 两 | 三",
    ),
    "uk": (
        "За даними влади, під час обвалу даху в'язниці вночі загинули {} людей, багато хто ще під завалами; "
        "зі столиці доставили крани, родичі чекають за огорожею новин про ув'язнених.",
        "дванадцять | 12",
        "одинадцять | тринадцять | двадцять | двадцять один | п'ятнадцять | дев'ять | сто | двісті | "
        "десятки | сотні | тисячі | два | три",
    ),
    "it": (
        "Secondo le autorità {} persone sono morte nel crollo del tetto del carcere durante la notte e molte "
        "altre sono ancora sotto le macerie; dalla capitale sono arrivate le gru e i parenti aspettano "
        "notizie dietro le transenne.",
        "dodici | 12 | una dozzina di",
        "undici | tredici | venti | ventuno | cento | duecento | mille | decine di | centinaia di | "
        "migliaia di | due | tre",
    ),
    "pt": (
        "Segundo as autoridades, {} pessoas morreram no desabamento do telhado da prisão durante a noite e "
        "muitas outras continuam sob os escombros; guindastes foram trazidos da capital e os parentes esperam"
        " notícias.",
        "doze | 12 | uma dúzia de",
        "onze | treze | vinte | vinte e uma | cem | duzentas | mil | dezenas de | centenas de | milhares "
        "de | duas | três",
    ),
    "nl": (
        "Volgens de autoriteiten zijn {} mensen omgekomen toen het dak van de gevangenis in de nacht "
        "instortte en liggen velen nog onder het puin; er zijn kranen uit de hoofdstad gehaald en "
        "familieleden wachten achter een lint.",
        "twaalf | 12",
        "elf | dertien | twintig | eenentwintig | honderd | tweehonderd | duizend | tientallen | "
        "honderden | duizenden | twee | drie",
    ),
}  # fmt: skip
"""A report, how twelve is written, and other numbers."""


@pytest.mark.parametrize("language", REPORTS)
def test_the_same_number_in_other_words_is_a_copy(language: str) -> None:
    text, same, _ = REPORTS[language]
    for one, other in product(same.split(" | "), repeat=2):
        assert are_copies(entry_sketch("a", text.format(one)), entry_sketch("b", text.format(other))), (one, other)


@pytest.mark.parametrize("language", REPORTS)
def test_another_number_is_no_copy(language: str) -> None:
    """Beside the first one, and each beside the next: twenty and twenty-one, hundred and hundred and ten."""
    text, same, others = REPORTS[language]
    first, *rest = (same.split(" | ")[0], *others.split(" | "))
    for one, other in {*((first, other) for other in rest), *pairwise(rest)}:
        assert not are_copies(entry_sketch("a", text.format(one)), entry_sketch("b", text.format(other))), (one, other)
        assert not are_copies(entry_sketch("a", text.format(other)), entry_sketch("b", text.format(one))), (other, one)
