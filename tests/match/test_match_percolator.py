"""The percolator: languages, scripts, lists, feeds, many topics, many threads, hostile texts."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.harness.topics import compiled, entry, topic
from watcher.match.percolator import Percolator, compile_topics
from watcher.model.entry import Entry
from watcher.model.topic import Level, ListMember

ALL = ("en", "ar", "tr", "fr", "es", "ru", "de", "fa", "he", "ku", "zh")


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("prison", "Prisons burn"),
        ("detain*", "A detainee"),
        ("al-Hol camp", "the Al Hol Camp"),
        ("al-Hol camp", "the al\u2011Hol camps"),
        ("ceasefire", "a cease-fire"),
        ("cease-fire", "a ceasefire"),
        ("Hayat Tahrir", "Hay'at Tahrir al-Sham"),
        ("US", "The U.S. says"),
        ("سجن", "والسجن"),
        ("وقف إطلاق النار", "لوقف اطلاق النّار"),
        ("محتجزين", "المحتجزين"),
        ("cezaevi", "CEZAEVİNDEN kaçtı"),
        ("ateşkes", "Ateşkesi bozdu"),
        ("évasion", "Les evasions"),
        ("тюрьма", "из тюрьмы"),
        ("Häftling", "Die Häftlinge"),
        ("آتش‌بس", "آتش بس"),
        ("آتش بس", "آتش‌بس"),
        ("הפסקת אש", "הפסקת אש"),
        ("agirbest*", "Agirbesta nû"),
        ("ئاگربەست", "ئاگربەست لە"),
        ("监狱", "叙利亚哈塞克监狱发生"),
        ("刑務所", "旧刑務所から"),
        ("ガザ", "ｶﾞｻﾞ地区"),
        ("ガザ", "カ\u3099サ\u3099地区"),
        ("=SDF", "the SDF said"),
        ("“al-Hol”", "al-Hol"),
    ],
)
def test_a_term_is_found(term: str, text: str) -> None:
    assert Percolator([topic({3: [term]}, languages=ALL)]).percolate(entry("x", text))


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("castle", "Newcastle wins"),
        ("Hol", "a hole in the hall"),
        ("=WHO", "WHO IS WHO IN ALL CAPITALS"),
        ("=US", "come with us"),
        ("detain*", "we obtain"),
        ("3.5", "35 men"),
        ("DEAŞ", "el centro de Madrid"),
        ("监狱", "监视 狱"),
        ("al-Hol camp", "a camp in al-Hol"),
    ],
)
def test_a_term_is_not_found(term: str, text: str) -> None:
    assert not Percolator([topic({3: [term]}, languages=ALL)]).percolate(entry("x", text))


def test_arabic_prefixes_can_be_switched_off() -> None:
    text = entry("x", "وسجن غويران")
    assert Percolator([topic({3: ["سجن"]}, languages=())]).percolate(text)
    assert not Percolator([topic({3: ["سجن"]}, languages=(), arabic_prefixes=False)]).percolate(text)


@pytest.mark.parametrize(("text", "found"), [("السجن", False), ("للسجن", False), ("وسجن", False), ("سجن", True)])
def test_the_arabic_stemmer_keeps_the_article_then(text: str, found: bool) -> None:
    raw = topic({3: ["سجن"]}, languages=("ar", "en"), arabic_prefixes=False)
    assert bool(Percolator([raw]).percolate(entry("x", text))) is found
    assert Percolator([topic({3: ["سجن"]}, languages=("ar", "en"))]).percolate(entry("x", text))


def test_what_invites_to_read_on_is_not_read() -> None:
    percolator = Percolator([topic({5: ["prison"]})])
    assert not percolator.percolate(entry("Rain", "It rains.\nThe post Rain appeared first on Prison News."))
    assert not percolator.percolate(entry("Rain", "It snows.", summary="It rains. Read more: prison riot"))
    assert percolator.percolate(entry("Rain", "It rains in the prison.\nThe post Rain appeared first on Prison News."))


def test_a_list_counts_as_one_term() -> None:
    raw = topic({3: ["@daesh"]}, vocabulary={"daesh": ("Daesh", "ISIS", "Islamic State")})
    (match,) = Percolator([raw]).percolate(entry("Daesh, ISIS and Islamic State"))
    (part,) = match.evidence
    assert (part.term, part.count) == ("@daesh", 3)
    assert [part.text[start:end] for start, end in part.highlights] == ["Daesh", "ISIS", "Islamic State"]


@pytest.mark.parametrize(
    ("term", "title", "content", "fields"),
    [
        ("=WHO", "WHO WARNS OF EPIDEMIC", "", ["title"]),
        ("=WHO", "WHO IS NEXT", "", []),
        ("=WHO", "WHO WANTS THIS?", "", []),
        ("=WHO", "MEN WHO FLED", "", []),
        ("=WHO", "SUDAN: WHO WARNS OF EPIDEMIC", "", ["title"]),
        ("=WHO", "SUDAN - WHO WARNS", "", ["title"]),
        ("=WHO", "POLICE: WHO IS THIS MAN", "", []),
        ("=WHO", "1,000 DEAD IN SUDAN - WHO", "", ["title"]),
        ("=WHO", "1,000 DEAD IN SUDAN, WHO SAYS", "", ["title"]),
        ("=WHO", "A MAN, WHO SAYS HE FLED, DIES", "", []),
        ("=WHO", "NOBODY KNOWS WHO", "", []),
        ("=WHO", "THE WHO WARNS", "", ["title"]),
        ("=WHO", "MEN WHO KNOW", "The WHO knows", ["title", "lead"]),
        ("U.S.", "JOIN US TODAY", "", []),
        ("U.S.", "ALL OF US WANT PEACE", "", []),
        ("U.S.", "IRAN AND US TALK", "", ["title"]),
        ("=IS", "IS CLAIMS ATTACK IN MALI", "", ["title"]),
        ("U.S.", "U.S. STRIKES", "", ["title"]),
        ("U.S.", "ARMY AND U.S. TROOPS", "", ["title"]),
        ("U.S.", "US STRIKES CONVOY", "", ["title"]),
        ("=SDF", "TROOPS OF SDF LEAVE", "", ["title"]),
    ],
)
def test_initials_in_capitals_count_by_the_documented_rule(
    term: str, title: str, content: str, fields: list[str]
) -> None:
    found = Percolator([topic({3: [term]}, focus=3)]).percolate(entry(title, content))
    assert [part.field for match in found for part in match.evidence] == fields


def test_feeds_restrict_a_topic() -> None:
    percolator = Percolator([topic({3: ["prison"]}, feeds={"region": "mena"})])
    assert percolator.percolate(entry("A prison"), {"region": "mena", "feed": "x"})
    assert not percolator.percolate(entry("A prison"), {"feed": "x"})
    assert percolator.percolate(entry("A prison"), None)


def test_evidence_marks_the_words_in_the_original_text() -> None:
    long = "Schöne Wörter " * 30 + "die Häftlinge\n\tfliehen " + "und weiter " * 30
    (match,) = Percolator([topic({3: ["Häftling"]}, languages=("de",))]).percolate(entry("x", long))
    (part,) = match.evidence
    ((start, end),) = part.highlights
    assert part.text[start:end] == "Häftlinge"
    assert part.text.startswith("…")
    assert part.text.endswith("…")
    assert "\n" not in part.text


@pytest.mark.slow
def test_threads_share_a_percolator() -> None:
    raws = [topic({3: [f"word{at}", f"common {at % 7}"], 1: ["camp*"]}, name=str(at)) for at in range(50)]
    entries = [entry(f"word{at % 50} common {at % 7}", "camps " * at, id=str(at)) for at in range(100)]
    alone = Percolator(raws)
    expected = [alone.percolate(one) for one in entries]
    shared = Percolator(raws)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(shared.percolate, entries)) == expected


@pytest.mark.parametrize("language", ["en", None])
def test_threads_share_the_forms_of_a_language_that_nobody_has_looked_for(language: str | None) -> None:
    lists = {"many": tuple(ListMember(f"prison{at}er", "en") for at in range(2_000))}
    shared = Percolator([topic({3: ["@many"]}, vocabulary=lists)])
    entries = [entry(f"The prison{at}ers fled", language=language) for at in (0, 1_999)] * 8
    start = Barrier(len(entries))

    def percolated(one: Entry) -> int:
        start.wait()
        return len(shared.percolate(one))

    with ThreadPoolExecutor(len(entries)) as pool:
        assert list(pool.map(percolated, entries)) == [1] * len(entries)


def test_a_percolator_survives_pickling() -> None:
    percolator = Percolator([topic({3: ["al-Hol camp"]}, near=[(["riot"], ["camp"], 5, 3)])])
    read = entry("Riot in al-Hol camp")
    assert pickle.loads(pickle.dumps(percolator)).percolate(read) == percolator.percolate(read)


def test_all_problems_of_all_topics_are_reported() -> None:
    bad = topic(
        {3: ["ok", "a*", "@nowhere"], 1: ["x AND y"]},
        near=[(["*"], [], 0, 1)],
        require="(a OR",
        exclude="foo and bar",
        query="NOT a",
        vocabulary={"list": ("fine", "b*")},
    )
    good = topic({1: ["fine"]}, name="good")
    done, problems = compile_topics([bad, good])
    assert [one.name for one in done] == ["good"]
    assert all(of is bad for of, _ in problems)
    paths = [problem.path for _, problem in problems]
    assert paths == [
        "vocabulary.list.1", "terms.3.1", "terms.3.2", "terms.1.0",
        "near.0.within", "near.0.of", "near.0.any.0", "require", "exclude", "query",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="require"):
        Percolator([bad])


def test_a_topic_that_looks_for_nothing_is_refused() -> None:
    (_, problem) = compile_topics([topic()])[1][0]
    assert "looks for nothing" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "camp " * 200_000,
        "a-" * 500_000,
        "camp riot " * 100_000,
        "监" * 1_000_000,
        "\u0301" * 1_000_000,
        "U.S." * 250_000,
    ],
)
def test_a_hostile_text_is_bounded(text: str) -> None:
    raw = topic(
        {3: ["camp", "camp riot camp", "监狱"], 1: ["riot*"]},
        [(["camp"], ["riot"], 100, 3)],
        exclude="camp NEAR/50 prison",
    )
    found = Percolator([raw]).percolate(entry("x", text))
    assert all(part.count <= 20_000 and len(part.text) < 1_000 for match in found for part in match.evidence)


def test_a_topic_with_only_negative_terms_never_alerts() -> None:
    assert Percolator([topic({-3: ["prison"]})]).percolate(entry("prison prison")) == []
    assert Percolator([topic({-3: ["prison"], 3: ["camp"]})]).percolate(entry("", "camp prison")) == []


def test_a_weighted_query_scores_by_its_words() -> None:
    raw = compiled(topic(query="(prison^3 OR jail^1) AND Syria*"))
    (match,) = Percolator([raw]).percolate(entry("Prison in Syria"))
    assert {part.term: part.points for part in match.evidence} == {"prison": 900, "Syria*": 300}
    assert not Percolator([raw]).percolate(entry("Prison in France"))


def test_a_plain_query_reaches_focus() -> None:
    raw = topic(query="prison AND Syria*")
    (match,) = Percolator([raw]).percolate(entry("News", "A prison in Syria"))
    assert (match.level, match.score) == (Level.FOCUS, 500)
