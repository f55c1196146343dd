"""An edited copy is a copy; one word in it that decides makes another report of it, however much else was edited."""

from __future__ import annotations

from functools import reduce
from unicodedata import normalize

import pytest

from tests.story.test_compare import are_copies, entry_sketch

EDITED = {
    "en talks": (
        "Negotiators for both sides met for nine hours in the lakeside hotel and then {} the ceasefire proposal that "
        "mediators had put on the table last week. A spokesman said the talks had been frank, thanked the hosts for their "
        "patience and announced that the delegations would travel home in the evening to brief their governments.",
        "nine hours > nearly nine hours; the lakeside > a lakeside; last week > a week ago; had been frank > were frank; "
        "in the evening > later that evening; announced > added",
        ("accepted", "rejected", "did not accept", "refused", "accepted: approved"),
    ),
    "en raid": (
        "Police {} the former mayor at his house in the suburbs early on Sunday after prosecutors had looked into "
        "contracts for the new harbour. His lawyer said he would comment later, neighbours gathered in the street, and "
        "officers carried several boxes with papers to their vans while reporters watched from behind a fence.",
        "early on Sunday > on Sunday morning; had looked into > were looking into; several boxes > a number of boxes; "
        "reporters > journalists; would comment > was to comment; in the street > on the street",
        ("arrested", "released", "arrested: detained"),
    ),
    "en quake": (
        "A strong earthquake shook the {} province shortly before dawn, and brought down houses while people slept. "
        "Officials said rescue teams dug through the rubble with their hands, the regional hospital called for blood "
        "donors, and schools would stay closed until further notice because of aftershocks.",
        "shortly before > just before; brought down > destroyed; rescue teams > rescuers; called for > asked for; "
        "would stay > were to stay; because of > due to",
        ("northern", "southern", "western"),
    ),
    "en attack": (
        "A {} was shot by an unknown attacker near the central market late on Tuesday and taken to a hospital, where "
        "doctors fought for hours. The police closed several streets, asked witnesses to come forward and said that the "
        "motive was unclear; it was the third such attack in this district since the beginning of the year.",
        "unknown > unidentified; late on Tuesday > on Tuesday night; fought for > worked for; asked witnesses > called on "
        "witnesses; was unclear > remained unclear; such attack > attack of this kind",
        ("man", "woman"),
    ),
    "tr": (
        "Hükümet ile muhalefet arasında başkentte dokuz saat süren görüşmelerin ardından taraflar arabulucuların geçen "
        "hafta sunduğu ateşkes önerisini {}. Sözcü, görüşmelerin açık geçtiğini, ev sahiplerine sabırları için teşekkür "
        "ettiklerini ve heyetlerin akşam ülkelerine döneceğini duyurdu.",
        "dokuz saat > yaklaşık dokuz saat; geçen hafta > bir hafta önce; akşam > aynı akşam; duyurdu > ekledi; sabırları "
        "için > gösterdikleri sabır için; açık > samimi",
        ("kabul etti", "reddetti", "kabul etmedi"),
    ),
    "ru": (
        "После девяти часов переговоров в столичной гостинице стороны {} предложение посредников о прекращении огня, "
        "которое было представлено на прошлой неделе. Представитель сообщил, что беседы были откровенными, поблагодарил "
        "хозяев за терпение и добавил, что делегации вечером вернутся домой для доклада правительствам.",
        "После девяти > После почти девяти; на прошлой неделе > неделю назад; сообщил > рассказал; откровенными > "
        "открытыми; вечером > поздно вечером; для доклада > чтобы доложить",
        ("приняли", "отвергли", "не приняли"),
    ),
    "ar": (
        "بعد مفاوضات استمرت تسع ساعات في فندق على البحيرة {} الطرفان مقترح وقف إطلاق النار الذي قدمه الوسطاء الأسبوع الماضي، "
        "وقال المتحدث إن المحادثات كانت صريحة وشكر المضيفين على صبرهم وأعلن أن الوفود ستعود مساء إلى بلدانها لإطلاع حكوماتها "
        "على النتائج",
        "استمرت تسع > دامت نحو تسع; الأسبوع الماضي > قبل أسبوع; وأعلن > وأضاف; صريحة > منفتحة; ستعود مساء > سترجع مساء اليوم",
        ("أقر", "رفض", "لم يقر"),
    ),
    "fa": (
        "پس از نه ساعت گفت‌وگو در هتلی کنار دریاچه نمایندگان دو طرف پیشنهاد آتش‌بس میانجی‌ها را که هفته گذشته ارائه شده بود {}. "
        "سخنگو گفت گفت‌وگوها صریح بود و از میزبانان برای شکیبایی تشکر کرد و اعلام کرد هیئت‌ها عصر برای گزارش به دولت‌های خود "
        "بازمی‌گردند",
        "پس از نه > بعد از حدود نه; هفته گذشته > یک هفته پیش; صریح > باز; اعلام کرد > افزود; عصر > شب; شکیبایی > صبر",
        ("پذیرفتند", "رد کردند"),
    ),
    "he": (
        "לאחר תשע שעות של שיחות במלון על שפת האגם {} נציגי שני הצדדים את הצעת הפסקת האש שהציגו המתווכים בשבוע שעבר. דובר אמר "
        "כי השיחות היו כנות, הודה למארחים על סבלנותם והודיע כי המשלחות יחזרו הערב לארצותיהן כדי לעדכן את הממשלות",
        "לאחר תשע > אחרי כתשע; בשבוע שעבר > לפני שבוע; כנות > פתוחות; והודיע > והוסיף; הערב > עוד הערב; לעדכן > לדווח",
        ("קיבלו", "דחו", "לא קיבלו"),
    ),
    "de": (
        "Nach neunstündigen Gesprächen in einem Hotel am See haben die Unterhändler beider Seiten den Vorschlag der "
        "Vermittler für eine Waffenruhe {}. Ein Sprecher nannte die Gespräche offen, dankte den Gastgebern für ihre Geduld "
        "und kündigte an, dass die Delegationen am Abend nach Hause reisen, um ihre Regierungen zu unterrichten.",
        "in einem Hotel > in dem Hotel; nannte > bezeichnete; am Abend > noch am Abend; reisen > fliegen; kündigte an > "
        "teilte mit; ihre Geduld > die Geduld",
        ("angenommen", "abgelehnt", "nicht angenommen"),
    ),
    "fr": (
        "Après neuf heures de pourparlers dans un hôtel au bord du lac, les négociateurs des deux camps ont {} la "
        "proposition de cessez-le-feu présentée la semaine dernière par les médiateurs. Un porte-parole a jugé les échanges "
        "francs, remercié les hôtes de leur patience et annoncé que les délégations rentreraient dans la soirée pour informer "
        "leurs gouvernements.",
        "dans un hôtel > dans l'hôtel; la semaine dernière > il y a une semaine; jugé > qualifié; annoncé > ajouté; dans la "
        "soirée > le soir même; informer > consulter",
        ("accepté", "rejeté"),
    ),
    "es": (
        "Tras nueve horas de conversaciones en un hotel junto al lago, los negociadores de ambas partes {} la propuesta de "
        "alto el fuego que los mediadores habían presentado la semana pasada. Un portavoz calificó las conversaciones de "
        "francas, agradeció a los anfitriones su paciencia y anunció que las delegaciones regresarían por la noche para "
        "informar a sus gobiernos.",
        "Tras nueve > Después de casi nueve; la semana pasada > hace una semana; calificó > describió; anunció > añadió; "
        "regresarían > volverían",
        ("aceptaron", "rechazaron", "no aceptaron"),
    ),
    "zh": (
        "经过九个小时的谈判，双方代表在湖边的酒店{}了调解人上周提出的停火方案。发言人表示，会谈气氛坦诚，感谢东道主的耐心，"
        "并宣布代表团将于当晚启程回国，向各自政府汇报谈判结果",
        "经过九个 > 历时九个; 上周 > 一周前; 表示 > 称; 坦诚 > 开放; 宣布 > 补充说; 当晚 > 晚间; 启程 > 动身",
        ("接受", "拒绝"),
    ),
}  # fmt: skip
"""A text with a slot, edits of style, and the words of the slot, each of which contradicts the first one; but the word
after a colon means the same as the word before it."""


def edited(text: str, edits: str) -> str:
    pairs = [edit.strip().split(" > ") for edit in edits.split(";")]
    assert all(old in text for old, _ in pairs)
    return reduce(lambda result, pair: result.replace(*pair), pairs, text)


def cases(*, decisive: bool) -> list[tuple[str, str]]:
    """Text and edited text. With `decisive` they differ in the word that decides."""
    found = []
    for text, edits, words in EDITED.values():
        same = [word.split(": ")[-1] for word in words if ": " in word]
        others = [word for word in words[1:] if ": " not in word] if decisive else [words[0], *same]
        found += [(text.format(words[0]), edited(text, edits).format(word)) for word in others]
    return found


@pytest.mark.parametrize(("text", "other"), cases(decisive=False))
def test_an_edited_copy_is_a_copy(text: str, other: str) -> None:
    assert are_copies(entry_sketch("a", text), entry_sketch("b", other))


@pytest.mark.parametrize(("text", "other"), cases(decisive=True))
def test_a_word_that_decides_is_not_outvoted(text: str, other: str) -> None:
    assert not are_copies(entry_sketch("a", text), entry_sketch("b", other))
    assert not are_copies(entry_sketch("a", other), entry_sketch("b", text))


TEMPLATES = {
    "hi": (
        "अधिकारियों ने बताया कि शुक्रवार रात जेल की छत गिरने से {} लोगों की मौत हो गई और कई लोग अब भी मलबे में दबे हुए हैं, राजधानी "
        "से क्रेनें मंगाई गई हैं और परिजन बाहर खबर का इंतजार कर रहे हैं",
        ("बारह", "चालीस", "१२", "४०"),
    ),
    "bn": (
        "আবহাওয়া অধিদপ্তর আজ রাতে {} জেলায় ভারী বৃষ্টির সতর্কতা জারি করেছে এবং মানুষকে ঘরে থাকতে ও নদীর তীর এড়িয়ে চলতে বলেছে। "
        "স্কুল বন্ধ থাকবে এবং উদ্ধারকারী দল প্রস্তুত রয়েছে",
        ("সিলেট", "খুলনা"),
    ),
    "ta": (
        "வானிலை ஆய்வு மையம் இன்று இரவு {} மாவட்டத்தில் மிக கனமழை பெய்யும் என்று எச்சரிக்கை விடுத்தது. மக்கள் வீடுகளில் இருக்கவும் "
        "ஆற்றங்கரைகளைத் தவிர்க்கவும் கேட்டுக்கொள்ளப்பட்டனர், பள்ளிகள் மூடப்பட்டன, மீட்புக் குழுக்கள் தயார் நிலையில் உள்ளன",
        ("சென்னை", "மதுரை"),
    ),
    "ko": (
        "경찰은 오늘 새벽 교도소 붕괴 사고로 {} 명이 숨졌다고 밝혔다. 구조대는 무너진 건물 아래에서 생존자를 찾고 있으며 가족들은 통제선 "
        "밖에서 소식을 기다리고 있다. 정확한 원인은 아직 밝혀지지 않았다",
        ("두", "세", "열두", "스물다섯"),
    ),
    "am": (
        "የሚቲዎሮሎጂ ኤጀንሲ ዛሬ ማታ በ{} ከባድ ዝናብ እንደሚጥል አስጠነቀቀ ነዋሪዎች ከቤት እንዳይወጡና ከወንዝ ዳርቻዎች እንዲርቁ ጠየቀ ትምህርት ቤቶች ተዘግተዋል "
        "የነፍስ አድን ሠራተኞች ዝግጁ ናቸው",
        ("ጎንደር", "ሐረር"),
    ),
    "th": (
        "กรมอุตุนิยมวิทยาออกประกาศเตือนฝนตกหนักถึงหนักมากในจังหวัด{}คืนนี้จนถึงเช้าวันพรุ่งนี้ ขอให้ประชาชนหลีกเลี่ยงพื้นที่ลุ่มต่ำและริมแม่น้ำ "
        "โรงเรียนปิดการเรียนการสอน และหน่วยกู้ภัยเตรียมพร้อมช่วยเหลือ",
        ("เชียงใหม่", "นครราชสีมา"),
    ),
    "km": (
        "ក្រសួងធនធានទឹកបានចេញសេចក្តីព្រមានអំពីភ្លៀងធ្លាក់ខ្លាំងនៅខេត្ត{}នៅយប់នេះ ហើយសុំឱ្យប្រជាពលរដ្ឋជៀសវាងតំបន់ទាប និងមាត់ទន្លេ "
        "សាលារៀនបិទជាបណ្តោះអាសន្ន",
        ("កំពត", "តាកែវ"),
    ),
    "ja": (
        "気象庁は今夜から明日朝にかけて{}で記録的な大雨になるおそれがあるとして特別警報を発表し、住民に直ちに安全な場所へ避難するよう"
        "呼びかけた。鉄道は運転を見合わせ、学校は休校となる見通しだ",
        ("福岡県", "佐賀県", "シリア"),
    ),
    "ur": (
        "محکمہ موسمیات نے آج شام {} میں شدید بارش اور طوفان کی وارننگ جاری کی ہے اور شہریوں سے کہا ہے کہ وہ گھروں میں رہیں اور غیر "
        "ضروری سفر سے گریز کریں، سکول بند رہیں گے اور امدادی ٹیمیں تیار ہیں",
        ("لاہور", "پشاور"),
    ),
    "el": (
        "Οι αρχές εξέδωσαν προειδοποίηση για πλημμύρες στην {} απόψε και ζήτησαν από τους κατοίκους να μείνουν σπίτι και να μην "
        "περνούν από γέφυρες. Τα σχολεία θα μείνουν κλειστά και τα συνεργεία διάσωσης είναι σε ετοιμότητα.",
        ("Λάρισα", "Καβάλα"),
    ),
    "pl": (
        "Ratownicy poinformowali, że {} osób zginęło, gdy w nocy zawalił się dach więzienia, a wielu innych wciąż jest "
        "uwięzionych pod betonowymi płytami; dźwigi sprowadzono ze stolicy, a krewni czekają za kordonem na wiadomości.",
        ("dwanaście", "czterdzieści", "dziesiątki"),
    ),
    "id": (
        "Petugas penyelamat mengatakan {} orang tewas ketika atap penjara runtuh pada malam hari dan banyak yang masih "
        "terjebak di bawah beton; derek didatangkan dari ibu kota dan keluarga menunggu kabar di balik garis polisi.",
        ("dua belas", "empat puluh", "ratusan"),
    ),
}  # fmt: skip
"""In scripts whose words hold vowel signs, in syllabaries, without spaces, and in languages whose numbers we do not know."""


@pytest.mark.parametrize(("text", "slots"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_in_any_script(text: str, slots: tuple[str, ...]) -> None:
    sketches = [entry_sketch(str(number), text.format(slot)) for number, slot in enumerate(slots)]
    for sketch in sketches:
        assert are_copies(sketch, entry_sketch("copy", sketch.text))
        assert not any(are_copies(sketch, other) for other in sketches if other is not sketch)


HEADLINES = [
    ("Minister resigns over prison deaths", "Minister refuses to resign over prison deaths"),
    ("Ceasefire holds in the north", "Ceasefire collapses in the north"),
    ("Army takes the town of Alpha", "Army loses the town of Alpha"),
    ("الوزير يستقيل بعد وفيات السجن", "الوزير لا يستقيل بعد وفيات السجن"),
    ("وقف إطلاق النار صامد في الشمال", "وقف إطلاق النار ينهار في الشمال"),
    ("Bakan cezaevi ölümleri nedeniyle istifa etti", "Bakan cezaevi ölümleri nedeniyle istifa etmedi"),
    ("部长因监狱死亡事件辞职", "部长因监狱死亡事件拒绝辞职"),
    ("Министр ушел в отставку после гибели в тюрьме", "Министр остался на посту после гибели в тюрьме"),
    ("השר מתפטר בגלל המוות בכלא", "השר מסרב להתפטר בגלל המוות בכלא"),
    ("장관 교도소 사망 사건으로 사임", "장관 교도소 사망 사건으로 사임 거부"),
    ("جنگ در شمال پایان یافت", "جنگ در شمال ادامه یافت"),
    ("Tunnel found at camp", "Tunnel found at camp (corrected)"),
    ("Tunnel found at camp", "Withdrawn: Tunnel found at camp"),
    ("Tunnel found at camp", "تنويه: Tunnel found at camp"),
    ("Tunnel found at camp", "更正：Tunnel found at camp"),
    ("Tunnel found at camp", "정정: Tunnel found at camp"),
    ("Tunnel found at camp", "Sprostowanie: Tunnel found at camp"),
]


@pytest.mark.parametrize(("title", "later"), HEADLINES)
def test_a_headline_with_another_word_over_the_same_text_is_no_copy(title: str, later: str) -> None:
    text = EDITED["en attack"][0].format("man")
    assert not are_copies(entry_sketch("a", text, title), entry_sketch("b", text, later))
    assert are_copies(entry_sketch("a", text, title), entry_sketch("b", text, "What is known about the attack"))


@pytest.mark.parametrize("language", ["fr", "tr", "de"])
def test_decomposed_accents_are_the_same_words(language: str) -> None:
    text, _, words = EDITED[language]
    first = entry_sketch("a", text.format(words[0]))
    assert are_copies(first, entry_sketch("b", normalize("NFD", text.format(words[0]))))
    assert not are_copies(first, entry_sketch("b", normalize("NFD", text.format(words[1]))))
