"""Words of which a report can mean only one: accepted or rejected, arrested or freed, north or south.

A copy that was edited here and there keeps them, whatever else differs; a text with another one is another report.
Each line is a class of such words. `|` is between those that exclude each other, `*` ends the beginning of a word.
Words with a second meaning that is frequent in news are left out, for they would keep copies apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from watcher.text.fold import fold
from watcher.text.letters import is_unspaced

_CLASSES = """
accept* agree agrees agreed approv* endors* ratif* adopts adopted | reject* refus* declines declined veto* rebuff* \
    dismisses dismissed
confirm* admits admitted acknowledg* | deny denies denied refut*
arrest* detains detained jails jailed imprison* | releas* free freed frees
convict* guilty | acquit* innocent exonerat*
win wins won | lose loses lost
open opens opened reopen* | close closes closed shut shuts
rise rises rose risen gain gains gained increas* climbs climbed | fall falls fell fallen drops dropped decreas*
begin begins began begun starts started resum* launches launched | ends ended halt* suspend* stops stopped cancel*
imposes imposed introduces introduced tighten* | lift lifts lifted abolish* eases eased
allow* permits permitted authoris* authoriz* legalis* legaliz* | ban bans banned prohibit* forbid* outlaw*
kill* dead died dies | wound* injur* hurt
joins joined | leaves quits quit withdraws withdrew
succeed* success successful* | fail fails failed failure
supports supported backs backed | opposes opposed
true | false fake
man men boy boys father son brother | woman women girl girls mother daughter sister
north northern | south southern | east eastern | west western
school schools | hospital hospitals | mosque* | church* | market* bazaar* | bridge* | airport* | hotel hotels \
    | embassy embassies | factory factories | museum* | stadium*
bus buses | train trains | plane planes aircraft | boat boats ship ships ferry | helicopter*

يقبل تقبل قبلت قبلوا وافق* يوافق* توافق* أقر أقرت يقر تقر اعتمد* | يرفض* ترفض* رفض*
أكد* يؤكد* تؤكد* | نفى نفت ينفي تنفي
اعتقل* يعتقل* تعتقل* اعتقال احتجز* | أفرج* يفرج* الإفراج أطلق إطلاق
أدان* يدين تدين إدانة | برأ* يبرئ تبرئ تبرئة براءة
فاز* يفوز تفوز | خسر* يخسر تخسر
فتح* يفتح تفتح افتتح* | أغلق* يغلق تغلق إغلاق
ارتفع* يرتفع ترتفع ارتفاع | انخفض* ينخفض تنخفض انخفاض تراجع*
بدأ* يبدأ تبدأ استأنف* استئناف | انتهى انتهت توقف* تعليق
سمح* يسمح تسمح | منع* يمنع تمنع حظر* يحظر تحظر
قتل* مقتل | جرح* أصيب* إصابة
شمال شمالي شمالية | جنوب جنوبي جنوبية | شرق شرقي شرقية | غرب غربي غربية
مدرسة | مستشفى | مسجد | كنيسة | سوق | جسر | مطار | فندق
رجل رجال | امرأة نساء

kabul onayla* onaylıyor benimse* | redde* reddi*
doğrula* | yalanla*
tutukla* gözaltına | serbest
suçlu mahkum* | beraat
kazandı kazanıyor kazandılar | kaybetti kaybediyor
açıldı açılıyor açtı | kapandı kapatıldı kapattı kapanıyor
arttı artıyor yükseldi yükseliyor | azaldı azalıyor düştü düşüyor
başladı başlıyor başlattı | bitti sona durdu durduruldu askıya
öldü öldürüldü ölen öldürdü | yaralandı yaralanan yaraladı
kuzey kuzeyi* | güney güneyi* | doğusu* | batısı*
erkek | kadın
okul okula okulda okulu | hastane* | cami camiye camide camiyi | kilise* | köprü* | havalima* | otel*

accepte* approuv* adopté adoptent ratifi* | rejet* refus* repouss*
confirm* | dément* démenti*
arrêté arrêtés arrêtée | libéré* relâché*
condamn* coupable* | acquitt* innocent*
gagné gagne remport* | perdu perdent
ouvert ouvre rouvert* | fermé ferme fermés
augment* progress* | baiss* chut* recul*
commencé débuté repris | suspend* suspendu* interromp* annul*
autoris* | interdi* interdit*
tué tués tuée tuées | blessé blessés blessée blessées
nord | sud | ouest
école écoles | hôpital hôpitaux | mosquée* | église* | marché* | aéroport* | hôtel*
homme hommes | femme femmes

acepta* aprueba* aprob* ratific* | rechaz* rehús*
confirm* | desmient* desminti*
detiene* detenid* detuv* | liber*
condena* culpable* | absuelv* absuelt* inocente*
gana ganó ganaron | pierde perdió perdieron
abre abrió abren | cierra cerró cierran
sube subió aumenta aumentó | baja bajó cae cayó
comienz* comenz* empez* | suspend* cancel* termin*
autoriza* autorizó permit* | prohíb* prohib* niega* negó
muert* muer* mata* | herid*
norte | sur | oeste
escuela* | hospital hospitales | mezquita* | iglesia* | aeropuerto*
hombre* | mujer*

принял* одобри* утверди* согласил* поддержал* | отклони* отверг* отказал*
подтверди* | опроверг* отрица*
арест* задержа* | освобо* отпусти*
осужд* осуди* виновн* | оправда*
победил* выиграл* | проиграл*
открыл* открыт* | закрыл* закрыт*
выросл* вырос увеличил* повысил* | упал* снизил* сократил*
начал* возобнови* | прекрати* приостанови* отмени* завершил*
разреши* | запрети*
погиб* убит* | ранен* пострада*
север* | юг юга юге южн* | восток* восточ* | запад*
школ* | больниц* | мечет* | церк* | рынок рынк* | мост моста мосту | аэропорт*
мужчин* | женщин*

прийнял* схвали* затверди* погоди* підтримал* | відхили* відмови*
заарешт* затрима* | звільни*
відкри* | закри*
почал* віднови* | припини* скасува*
загину* вбит* | поранен*
північ* | півден* південь | схід схід* східн* | захід західн*

angenommen akzeptier* gebilligt billigt billigen stimmt* zugestimmt verabschied* | abgelehnt lehnt lehnen verworfen \
    zurückgewiesen
bestätig* | dementier* bestreit* bestritt*
festgenommen verhaftet verhaften inhaftiert | freigelassen freigekommen
verurteil* schuldig | freigesprochen unschuldig
gewinnt gewann gewonnen | verliert verlor verloren
geöffnet öffnet öffnen eröffnet | geschlossen schließt schließen
gestiegen steigt stiegen erhöht | gesunken sinkt sanken gefallen
begonnen beginnt begann | beendet ausgesetzt gestoppt abgesagt
erlaubt erlauben genehmigt | verboten verbietet untersagt
getötet töten tote toten tot | verletzt verletzte verletzten
norden nördlich* | süden südlich* | osten östlich* | westen westlich*
schule* | krankenhaus* | moschee* | kirche* | flughafen*
mann männer | frau frauen

accett* approva* approv* | respin* rifiut* bocci*
arresta* | rilascia* liberat*
aperto apre aprono | chiuso chiude chiudono
uccis* morti morto | ferit*
nord | sud | ovest

aceita* aceitou aceitaram aprova* aprovou | rejeit* recus*
preso presos detid* | solto soltos libert*
abre abriu | fecha fechou
mort* morreu morreram | ferid*

aanvaard* aanvaardde goedgekeurd keurt | verworpen verwerpt afgewezen wijst
gearresteerd aangehouden | vrijgelaten
gedood doden | gewond gewonden
noorden | zuiden | oosten | westen

پذیرفت* تصویب* موافقت | رد مخالفت
تایید* تأیید* | تکذیب*
بازداشت* دستگیر* | آزاد آزادی
کشته | زخمی مجروح
شمال | جنوب | شرق | غرب

קיבל קיבלה קיבלו אישר אישרה אישרו | דחה דחתה דחו סירב*
נעצר נעצרו עצרו | שוחרר שוחררו שחררו
נהרגו נהרג נהרגה | נפצעו נפצע נפצעה
צפון | דרום | מזרח | מערב

接受 同意 批准 通过 通過 | 拒绝 拒絕 否决 否決 驳回 駁回
证实 證實 确认 確認 | 否认 否認
逮捕 拘留 | 释放 釋放 获释 獲釋
死亡 身亡 遇难 遇難 | 受伤 受傷
上涨 上升 增加 | 下跌 下降 减少 減少
开放 開放 | 关闭 關閉
北部 | 南部 | 东部 東部 | 西部
学校 學校 | 医院 醫院 | 清真寺 | 教堂 | 机场 機場
"""

OneOfClass = tuple[int, int]
"""The number of a class, and which of its words that exclude each other."""
_Table = Mapping[str, frozenset[OneOfClass]]


@cache
def _tables() -> tuple[_Table, _Table, _Table]:
    """Whole words, beginnings of words, and words of scripts without spaces."""
    whole: dict[str, set[OneOfClass]] = {}
    begins: dict[str, set[OneOfClass]] = {}
    unspaced: dict[str, set[OneOfClass]] = {}
    lines = [line for line in _CLASSES.splitlines() if line]
    for number, line in enumerate(lines):
        for side, words in enumerate(line.split("|")):
            for word in words.split():
                table = unspaced if is_unspaced(word) else begins if word.endswith("*") else whole
                table.setdefault(fold(word.removesuffix("*")), set()).add((number, side))
    frozen = [{word: frozenset(places) for word, places in table.items()} for table in (whole, begins, unspaced)]
    return frozen[0], frozen[1], frozen[2]


_SHORTEST, _LONGEST = 3, 12
"""Letters of the beginnings."""


def opposites_in(words: Sequence[str], forms: Iterable[str]) -> frozenset[OneOfClass]:
    """The words of the classes among folded words; `forms` are the words as they are compared, without particles."""
    whole, begins, unspaced = _tables()
    found: set[OneOfClass] = set()
    for form in forms:
        found |= whole.get(form, frozenset())
        for end in range(_SHORTEST, min(len(form), _LONGEST) + 1):
            found |= begins.get(form[:end], frozenset())
    if any(map(is_unspaced, words)):
        joined = "".join(words)
        found.update(place for word, places in unspaced.items() if word in joined for place in places)
    return frozenset(found)


def exclude_each_other(removed: Iterable[OneOfClass], added: Iterable[OneOfClass]) -> bool:
    """Whether of one class a word is gone, and another one that excludes it has come."""
    sides: dict[int, set[int]] = {}
    for number, side in removed:
        sides.setdefault(number, set()).add(side)
    come: dict[int, set[int]] = {}
    for number, side in added:
        come.setdefault(number, set()).add(side)
    return any(sides[number].isdisjoint(come[number]) for number in sides.keys() & come.keys())


_NEGATING = ("un", "in", "im", "il", "ir", "dis", "non")
_SHORTEST_NEGATED = 4


def is_negated(one: str, other: str) -> bool:
    """Whether of two folded words one is the negation of the other by its form: legal and illegal; in Turkish, which
    has the negation inside the verb, etti and etmedi.
    """
    short, long = sorted((one, other), key=len)
    if len(short) < _SHORTEST_NEGATED or not short.isascii():
        return False
    return any(long == prefix + short for prefix in _NEGATING) or any(
        long[:end] + long[end + 2 :] in (short, short[:end] + short[end:].replace("t", "d", 1))
        for end in range(2, len(long) - 2)
        if long[end : end + 2] in ("ma", "me")
    )
