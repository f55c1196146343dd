"""Texts that look like copies and are not: what the comparison of stories must keep apart.

Each trap is a group of reports of different events. Kinds:

    place           one template, filled in for different places, in ten languages
    number          the same report with another number in digits or in words
    opposite        one word decides
    background      a new lead above the background of yesterday
    correction      the publisher takes the report back
    recurring       the same publisher prints the same alarm a day later
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Report:
    """One report of a trap. `publisher` is a host; `after` is how long after the first report it was published."""

    title: str
    text: str
    publisher: str = ""
    after: timedelta = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Template:
    """A text with slots. `{place}` takes each of the places, `{number}` each of the numbers, `{verb}` each of the verbs."""

    title: str
    text: str
    places: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    verbs: tuple[tuple[str, str], ...] = ()


TEMPLATES = (
    Template(
        "Storm warning for {place}",
        "The weather service issued a storm warning for {place} this evening and asked people to stay at home and not to "
        "drive unless they have to. Gusts may reach ninety kilometres an hour, and trains may be late until the morning.",
        ("Kent", "Essex", "Surrey", "the northern coast", "Lower Saxony"),
    ),
    Template(
        "Residents told to leave {place} after explosion",
        "{place}: residents were told to leave their houses after an explosion in a warehouse during the night. The fire "
        "service fought the flames until dawn, nobody was hurt, and the police asked drivers to avoid the main road.",
        ("Hasakah", "Raqqa", "Deir ez-Zor", "Qamishli"),
    ),
    Template(
        "{number} killed in bus crash in the mountains",
        "A bus left the road in the mountains shortly after sunrise and fell into a river bed; {number} people were killed, "
        "the governor said. Helicopters took the injured to hospitals in the valley, and divers searched the water below.",
        (),
        ("12", "15", "twenty-one", "twenty-three", "forty", "dozens of", "hundreds of"),
    ),
    Template(
        "Parliament {verb} amnesty law",
        "After a debate of eleven hours parliament {verb} the amnesty law late on Thursday, with the votes of both smaller "
        "parties. The speaker thanked the members for their patience and closed the session; outside, crowds waited.",
        (),
        (),
        (("approves", "approved"), ("rejects", "rejected"), ("postpones", "postponed")),
    ),
    Template(
        "تحذير من فيضانات في {place}",
        "حذرت مديرية الدفاع المدني سكان {place} من فيضانات محتملة خلال الساعات المقبلة بعد هطول أمطار غزيرة، وطلبت منهم "
        "الابتعاد عن مجاري الأودية والجسور القديمة، وأعلنت إغلاق المدارس حتى إشعار آخر ووضع فرق الإنقاذ في حالة تأهب",
        ("درعا", "السويداء", "حماة", "إدلب", "القامشلي"),
    ),
    Template(
        "مقتل {number} مدنيا في غارة جوية",
        "قال مسعفون إن {number} مدنيا قتلوا في غارة جوية استهدفت سوقا شعبية صباح السبت وإن عدد المصابين مرشح للارتفاع، "
        "وأضافوا أن فرق الإنقاذ ما زالت تبحث عن ناجين تحت الركام وأن المستشفيات طلبت التبرع بالدم",
        (),
        ("١٢", "١٥", "ستة عشر", "ثلاثة وعشرين", "أربعين", "عشرات"),
    ),
    Template(
        "المجلس {verb} قانون العفو",
        "بعد جلسة استمرت عشر ساعات {verb} المجلس قانون العفو العام مساء الخميس بأصوات الكتلتين الصغيرتين، وشكر رئيس المجلس "
        "الأعضاء على صبرهم ورفع الجلسة، في حين كان المئات ينتظرون النتيجة أمام المبنى",
        (),
        (),
        (("يقر", "أقر"), ("يرفض", "رفض"), ("يؤجل", "أجل")),
    ),
    Template(
        "צבע אדום ב{place}",
        "אזעקות הופעלו הלילה ב{place} והתושבים התבקשו להיכנס למרחב המוגן ולהישאר בו עד להודעה חדשה, כוחות ההצלה נפרסו באזור "
        "ועד לשעה זו לא התקבלו דיווחים על נפגעים או על נזק לרכוש",
        ("שדרות", "אשקלון", "נהריה", "צפת"),
    ),
    Template(
        "{number} נהרגו בקריסת מבנה",
        "לפחות {number} בני אדם נהרגו בקריסת מבנה מגורים לפנות בוקר ורבים עדיין לכודים מתחת להריסות, אמר דובר כוחות ההצלה, "
        "והוסיף כי מנופים הובאו מן הבירה וכי בני המשפחות ממתינים מאחורי גדר",
        (),
        ("12", "25", "שלושים", "עשרים ושלושה", "עשרות"),
    ),
    Template(
        "{place}发布山洪预警",
        "水利部门今天下午对{place}发布山洪灾害红色预警，预计未来十二小时部分河流水位将明显上涨，请沿岸居民尽快转移到安全地带，"
        "景区暂停开放，救援队伍已经集结待命",
        ("重庆", "成都", "武汉", "郑州"),
    ),
    Template(
        "煤矿事故造成{number}人死亡",
        "当地政府通报，今天凌晨发生的煤矿透水事故造成{number}人死亡，救援人员仍在井下搜寻失联矿工，事故原因正在调查，"
        "企业负责人已经被控制，矿区通信和供电已经恢复",
        (),
        ("12", "15", "二十一", "三十"),
    ),
    Template(
        "Тревога в городе {place}",
        "В городе {place} ночью объявлена воздушная тревога, жителей просят спуститься в укрытия и оставаться там до отбоя. "
        "Движение транспорта остановлено, аварийные службы работают в усиленном режиме, данных о пострадавших пока нет.",
        ("Харьков", "Одесса", "Днепр", "Сумы"),
    ),
    Template(
        "При пожаре погибли {number} человек",
        "При пожаре в жилом доме рано утром погибли {number} человек, сообщили в управлении. Огонь начался на первом этаже и "
        "быстро поднялся по лестнице, спасатели выводили людей через окна, причина выясняется, открыто дело.",
        (),
        ("12", "15", "двадцать три", "двадцать пять", "десятки"),
    ),
    Template(
        "{place}'de sel uyarısı",
        "{place} için bu akşam sel ve su baskını uyarısı yapıldı, vatandaşlardan zorunlu olmadıkça dışarı çıkmamaları ve dere "
        "yataklarından uzak durmaları istendi. Okullar yarın tatil edildi, kurtarma ekipleri bölgeye sevk edildi.",
        ("Rize", "Artvin", "Sinop", "Trabzon"),
    ),
    Template(
        "Maden kazasında {number} işçi öldü",
        "Sabaha karşı meydana gelen maden kazasında {number} işçi hayatını kaybetti, çok sayıda işçi hastaneye kaldırıldı. "
        "Vali, arama çalışmalarının sürdüğünü, yakınların ocağın önünde beklediğini ve soruşturma açıldığını söyledi.",
        (),
        ("12", "15", "yirmi üç", "otuz beş", "onlarca"),
    ),
    Template(
        "Alerta por fuertes lluvias en {place}",
        "Las autoridades declararon la alerta roja por fuertes lluvias en {place} y pidieron a los vecinos que no salgan de sus "
        "casas ni crucen los puentes. Las clases quedan suspendidas y los equipos de rescate están listos para actuar.",
        ("Valencia", "Murcia", "Almería", "Castellón"),
    ),
    Template(
        "El tribunal {verb} la extradición del general",
        "Tras dos semanas de deliberaciones el tribunal {verb} la extradición del general, según la sentencia leída este lunes. "
        "Los abogados de ambas partes anunciaron que estudiarán el texto, y decenas de familiares esperaban fuera.",
        (),
        (),
        (("autoriza", "autorizó"), ("niega", "negó"), ("aplaza", "aplazó")),
    ),
    Template(
        "Unwetterwarnung für {place}",
        "Der Wetterdienst warnt für {place} vor schwerem Gewitter mit Hagel und Sturmböen in der Nacht. Die Feuerwehr bittet, "
        "Fenster zu schließen und nicht im Freien zu bleiben; der Zugverkehr kann bis zum Morgen eingeschränkt sein.",
        ("Kassel", "Fulda", "Erfurt", "Göttingen"),
    ),
    Template(
        "{number} Tote bei Brand in Fabrik",
        "Bei einem Brand in einer Fabrik sind in der Nacht {number} Menschen ums Leben gekommen, teilte die Polizei mit. Das "
        "Feuer brach in einer Lagerhalle aus und griff rasch über; die Ursache ist noch unklar, die Löscharbeiten dauern an.",
        (),
        ("12", "15", "dreiundzwanzig", "fünfundzwanzig", "Dutzende"),
    ),
    Template(
        "Vigilance rouge pour {place}",
        "Les services de prévision ont placé {place} en vigilance rouge pour des crues attendues dans la nuit. Les habitants "
        "sont invités à monter à l'étage et à ne pas prendre leur voiture ; les écoles resteront fermées jusqu'à nouvel ordre.",
        ("le Gard", "l'Aude", "l'Ardèche", "la Drôme"),
    ),
    Template(
        "{number} morts dans l'effondrement d'un immeuble",
        "L'effondrement d'un immeuble a fait {number} morts dans la nuit, selon la préfecture. Les secours cherchent encore des "
        "survivants sous les décombres, un périmètre a été établi et les familles attendent des nouvelles derrière les barrières.",
        (),
        ("12", "15", "vingt-trois", "vingt-cinq", "des dizaines de"),
    ),
    Template(
        "هشدار سیل در {place}",
        "سازمان هواشناسی برای {place} هشدار سیل صادر کرد و از مردم خواست از حاشیه رودخانه‌ها دور بمانند و سفرهای غیرضروری را به "
        "تعویق بیندازند، مدارس تعطیل شد و گروه‌های امداد در حالت آماده‌باش هستند",
        ("گیلان", "مازندران", "لرستان", "خوزستان"),
    ),
    Template(
        "TORNADO WARNING",
        "A TORNADO WARNING IS IN EFFECT FOR {place} COUNTY UNTIL FURTHER NOTICE. TAKE COVER NOW IN A BASEMENT OR AN INTERIOR "
        "ROOM ON THE LOWEST FLOOR. AVOID WINDOWS. IF YOU ARE OUTDOORS MOVE TO THE CLOSEST SUBSTANTIAL SHELTER.",
        ("ADAMS", "BAKER", "CLARK", "DOUGLAS"),
    ),
    Template(
        "اعتقال قيادي في عملية أمنية",
        "قال مسؤول أمني إن قوة خاصة اعتقلت القيادي {place} فجر اليوم في منزل على أطراف المدينة بعد مراقبة استمرت أسابيع، "
        "وصادرت أجهزة كمبيوتر ووثائق، ونقلته مروحية إلى قاعدة عسكرية حيث يجري التحقيق معه",
        ("أبو عمر", "أبو خالد", "الحسني", "الجبوري"),
    ),
    Template(
        "警方逮捕一名嫌疑人",
        "警方今天凌晨在城郊一处住宅内逮捕了嫌疑人{place}，并查获多台电脑和大量文件，目前案件正在进一步调查之中，"
        "警方呼吁知情者提供线索",
        ("王强", "李明", "张伟"),
    ),
    Template(
        "Central bank decides on its main rate",
        "The central bank {verb} by half a point on Thursday, a decision that most economists had expected, and said that it "
        "would watch the prices of food and rents closely; the currency hardly moved in early trading.",
        (),
        (),
        (("raises rate", "raised its main rate"), ("cuts rate", "cut its main rate")),
    ),
)
LEADS = (
    (
        "Tunnel found beneath camp fence",
        "Guards found a tunnel beneath the fence of the camp on Sunday and filled it with concrete, the administration said, "
        "adding that nobody was missing and that the neighbouring rows of tents would be searched in the coming days.",
    ),
    (
        "Explosion at camp gate kills guards",
        "A car exploded at the main gate of the camp on Wednesday morning and killed several guards, witnesses told our "
        "reporter; armed men then broke through the fence and freed prisoners before the first helicopters arrived.",
    ),
    (
        "Country takes back families from camp",
        "A group of women with their children left the camp on Friday in buses and will be flown home, the ministry said, the "
        "third such flight this year; doctors and teachers will meet them, and courts will decide about each of the mothers.",
    ),
)
BACKGROUND = (
    " The camp was set up years ago for people who fled from the fighting, and most of those who live there today are women "
    "and children. Aid groups say that water is short, that tents burn easily in winter and that schools reach only a few. "
    "Local forces, who guard it with a few hundred men, have asked the home countries of the inmates again and again to take "
    "their citizens back. Some have done so in small groups, others refuse and speak of risks to their own security. The "
    "authorities warn that a whole generation grows up behind fences without papers, work or any idea of another life."
)
ALARMS = (
    (
        "Air raid alert in the eastern district",
        "An air raid alert is in force in the eastern district. Go to the next shelter at once and stay there until the alert "
        "is lifted. Keep your telephone charged and follow the instructions of the civil defence service on the radio.",
    ),
    (
        "إنذار جوي في المنطقة الشرقية",
        "أعلن الإنذار الجوي في المنطقة الشرقية، توجهوا فورا إلى أقرب ملجأ وابقوا فيه حتى انتهاء الإنذار، وتابعوا تعليمات الدفاع "
        "المدني عبر الإذاعة ولا تستخدموا المصاعد",
    ),
    (
        "Воздушная тревога в восточном районе",
        "В восточном районе объявлена воздушная тревога. Немедленно пройдите в ближайшее укрытие и оставайтесь там до отбоя. "
        "Следите за сообщениями службы гражданской обороны по радио и не пользуйтесь лифтом.",
    ),
)
CORRECTIONS = (
    "CORRECTION: {title}",
    "Clarification: {title}",
    "تصحيح: {title}",
    "Исправление: {title}",
    "Düzeltme: {title}",
    "Berichtigung: {title}",
)


def traps() -> Iterator[tuple[str, tuple[Report, ...]]]:
    """Each trap's kind and its reports, of which no two are about the same event."""
    for template in TEMPLATES:
        yield from _filled(template)
    for (first, second), publishers in (
        (pair, names)
        for pair in combinations(LEADS, 2)
        for names in (("one.example", "one.example"), ("one.example", "two.example"))
    ):
        for length in (250, 420, len(BACKGROUND)):
            background = BACKGROUND[:length]
            yield (
                "background",
                (
                    Report(first[0], first[1] + background, publishers[0]),
                    Report(second[0], second[1] + background, publishers[1]),
                ),
            )
    for title, text in (*LEADS, *ALARMS):
        for words in CORRECTIONS:
            late = Report(words.format(title=title), text + BACKGROUND[:250], "one.example")
            yield "correction", (Report(title, text + BACKGROUND[:250], "one.example"), late)
    for title, text in ALARMS:
        yield "recurring", tuple(Report(title, text, "alarms.example", number * DAY) for number in range(3))


def _filled(template: Template) -> Iterator[tuple[str, tuple[Report, ...]]]:
    if template.places:
        filled = [(template.title.format(place=one), template.text.format(place=one)) for one in template.places]
        yield "place", tuple(Report(title, text) for title, text in filled)
        yield "place", tuple(Report(title, text, "one.example") for title, text in filled)
        silent = template.title.replace("{place}", "").strip(" :'")
        yield "place", tuple(Report(silent, text) for _, text in filled)
    if template.numbers:
        filled = [(template.title.format(number=one), template.text.format(number=one)) for one in template.numbers]
        yield "number", tuple(Report(title, text) for title, text in filled)
        silent = template.title.replace("{number}", "").strip()
        yield "number", tuple(Report(silent, text) for _, text in filled)
    if template.verbs:
        filled = [(template.title.format(verb=now), template.text.format(verb=then)) for now, then in template.verbs]
        yield "opposite", tuple(Report(title, text) for title, text in filled)
        yield "opposite", tuple(Report("", text) for _, text in filled)
