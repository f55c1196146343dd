"""Copies and further reports join a story; templates with other figures do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.model.entry import Entry, Identified
from watcher.story.cluster import Kinship, Member, Telling, assign, story_of, telling_of
from watcher.story.sketch import SKETCH, overlap, sketch
from watcher.story.window import MOST_STORIES, WINDOW, StoryWindow

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TEXT = (
    "Guards fled from a prison in the north-eastern province on Monday night as dozens of inmates escaped after a riot, "
    "two security officials said. Roads around the town were closed, a curfew was announced, and helicopters circled "
    "above the fields where the fugitives were thought to hide. It was the second breakout within a year; officials had "
    "warned that the crowded camps could not be held with the men they had. Families waited at the gates for news."
)
OTHER = (
    "The central bank left its main rate unchanged and said that inflation would ease more slowly than it had expected, "
    "while economists pointed to rising rents, a weak harvest and the cost of imported gas as the reasons for the delay."
)
CASUALTIES = (
    "At least {dead} people were killed and {hurt} wounded when a bomb exploded near the market on {day}, officials said. "
    "Nobody claimed responsibility for the attack, and the security forces sealed off the area around it."
)
WEATHER = (
    "The weather service expects {degrees} degrees in {place} tomorrow with showers in the evening and a light wind from "
    "the west. Residents of {place} are asked to keep away from the coast until the warning is lifted."
)


def telling(key: str, body: str, title: str = "", publisher: str = "") -> Telling:
    return Telling(key, sketch(title, body), publisher or key)


def together(one: Telling, other: Telling) -> bool:
    return assign(other, [Member("told", one)]).story == "told"


class TestCopies:
    @pytest.mark.parametrize(
        "copy",
        [
            TEXT,
            TEXT.upper(),
            TEXT[: len(TEXT) // 2],
            TEXT[len(TEXT) // 2 :],
            f"HASAKAH (Reuters) - {TEXT} Reporting by Jane Doe; editing by John Roe. Read more: our coverage.",
            f"{TEXT}\nPhoto: Getty Images\nSubscribe to our newsletter.\n© 2026 All rights reserved.",
            TEXT.replace("Monday night", "late Monday").replace("dozens of", "many").replace("fugitives", "men"),
        ],
        ids=["same", "capitals", "first half", "second half", "agency lines", "credits", "edited"],
    )
    def test_a_copy_joins_whatever_its_headline(self, copy: str) -> None:
        first = telling("a", TEXT, "Inmates escape from a prison in the north-east")
        found = assign(telling("b", copy, "Breakout: what we know"), [Member("told", first)])
        assert (found.story, found.kinship, found.of) == ("told", Kinship.COPY, "a")

    def test_another_text_begins_a_story_of_its_own(self) -> None:
        found = assign(telling("b", OTHER), [Member("told", telling("a", TEXT))])
        assert found.kinship is Kinship.FIRST
        assert found.story != "told"

    def test_equal_texts_begin_equal_stories_without_seeing_each_other(self) -> None:
        entries = [Entry("", f"https://{n}.example/", f"Headline {n}", TEXT) for n in range(2)]
        assert len({story_of(Identified(str(n), entry, None, "", "")) for n, entry in enumerate(entries)}) == 1

    def test_arabic_and_chinese_texts(self) -> None:
        arabic = "فر عشرات السجناء من سجن في شمال شرق البلاد ليل الاثنين بعد أعمال شغب حسب ما قاله مسؤولان أمنيان اليوم"
        chinese = "周一晚间东北部一所监狱发生骚乱后数十名囚犯越狱守卫逃离现场两名安全官员表示当地宣布宵禁并封锁了道路"
        for text in (arabic, chinese):
            assert together(telling("a", text), telling("b", text[: len(text) * 3 // 4]))


class TestFurtherReports:
    def test_the_same_headline_elsewhere_with_other_words(self) -> None:
        title = "Dozens escape from prison in the north-east after riot"
        found = assign(telling("b", OTHER, title), [Member("told", telling("a", TEXT, title))])
        assert (found.story, found.kinship) == ("told", Kinship.REPORT)

    def test_a_constant_headline_of_one_publisher_says_nothing(self) -> None:
        title = "The morning briefing from our desk in Ankara"
        assert not together(telling("a", TEXT, title, "desk"), telling("b", OTHER, title, "desk"))


class TestTitlesOnly:
    TITLE = "Gale warning for the northern coast until tomorrow"

    def test_the_same_title_of_two_publishers(self) -> None:
        assert together(telling("a", "", self.TITLE, "one"), telling("b", "", self.TITLE, "two"))

    def test_the_same_title_of_one_publisher_is_a_new_bulletin(self) -> None:
        assert not together(telling("a", "", self.TITLE, "one"), telling("b", "", self.TITLE, "one"))

    def test_short_titles_do_not_agree(self) -> None:
        assert not together(telling("a", "", "Earthquake in Japan"), telling("b", "", "Earthquake in Japan"))

    def test_an_aggregator_repeats_the_title_of_a_report(self) -> None:
        entry = Entry("", "https://news.google.com/x", f"{self.TITLE} - Daily Coast", f"{self.TITLE} Daily Coast")
        passed_on = telling_of(Identified("b", entry, None, "", ""))
        assert passed_on.publisher == "dailycoast"
        assert together(telling("a", TEXT, self.TITLE), passed_on)


class TestTemplates:
    def test_other_numbers_of_casualties(self) -> None:
        one = CASUALTIES.format(dead=12, hurt=30, day="Monday")
        assert not together(telling("a", one), telling("b", CASUALTIES.format(dead=15, hurt=30, day="Monday")))
        assert not together(telling("a", one), telling("b", CASUALTIES.format(dead="fifteen", hurt=30, day="Monday")))
        assert together(telling("a", one), telling("b", CASUALTIES.format(dead="twelve", hurt=30, day="Monday")))

    def test_another_place_or_temperature(self) -> None:
        kent = WEATHER.format(place="Kent", degrees=14)
        assert not together(telling("a", kent), telling("b", WEATHER.format(place="Essex", degrees=14)))
        assert not together(telling("a", kent), telling("b", WEATHER.format(place="Kent", degrees=15)))
        assert together(telling("a", kent), telling("b", kent))

    def test_other_names_in_a_language_whose_letters_fold(self) -> None:
        sentence = (
            "Meteoroloji uzmanları yarın {place} çevresinde öğleden sonra kuvvetli yağış beklendiğini ve vatandaşların "
            "dikkatli olması gerektiğini bildirdi. Rüzgârın akşam saatlerinde kuzeyden eseceği tahmin ediliyor."
        )
        one = telling("a", sentence.format(place="İzmir"))
        assert not together(one, telling("b", sentence.format(place="Şırnak")))
        assert together(one, telling("b", sentence.format(place="Izmir")))

    def test_a_contradicted_story_is_not_joined_through_another_member(self) -> None:
        twelve = CASUALTIES.format(dead=12, hurt=30, day="Monday")
        short = twelve[twelve.index("Nobody") :]
        members = [Member("told", telling("a", twelve)), Member("told", telling("b", short))]
        fifteen = telling("c", CASUALTIES.format(dead=15, hurt=44, day="Tuesday"))
        assert assign(fifteen, members).story != "told"

    def test_the_order_of_candidates_does_not_matter(self) -> None:
        members = [
            Member("x", telling("a", TEXT)),
            Member("y", telling("b", TEXT[: len(TEXT) // 2])),
            Member("z", telling("c", OTHER)),
        ]
        outcomes = {assign(telling("d", TEXT), order) for order in permutations(members)}
        assert len(outcomes) == 1


class TestWindow:
    def test_thirty_copies_are_one_story(self) -> None:
        window = StoryWindow()
        copies = [telling(str(n), TEXT if n % 2 else TEXT[: len(TEXT) * 2 // 3], f"Headline {n}") for n in range(30)]
        found = [window.assign(copy, NOW + timedelta(minutes=4 * n)) for n, copy in enumerate(copies)]
        assert len({assignment.story for assignment in found}) == 1
        assert [assignment.kinship for assignment in found].count(Kinship.FIRST) == 1

    def test_a_window_filled_again_decides_alike(self) -> None:
        before, after = StoryWindow(), StoryWindow()
        first = telling("a", TEXT)
        story = before.assign(first, NOW).story
        after.remember(Member(story, first), NOW)
        copy = telling("b", TEXT[:300])
        assert before.assign(copy, NOW) == after.assign(copy, NOW)

    def test_a_story_is_forgotten_when_nobody_told_it_for_the_window(self) -> None:
        window = StoryWindow()
        story = window.assign(telling("a", CASUALTIES[:60], "Explosion near the market kills several people"), NOW)
        again = telling("b", CASUALTIES[:60], "Explosion near the market kills several people")
        window.forget(NOW + WINDOW)
        assert len(window) == 1
        window.forget(NOW + WINDOW + timedelta(seconds=1))
        assert len(window) == 0
        assert window.assign(again, NOW + WINDOW * 2).kinship is Kinship.FIRST
        assert story.kinship is Kinship.FIRST

    def test_what_too_many_stories_share_finds_no_candidates(self) -> None:
        window = StoryWindow()
        title = "The same headline stands above everything here"
        for number in range(MOST_STORIES + 3):
            alike = Telling(str(number), replace(sketch(title, ""), shingles=sketch("", "").shingles), "one")
            window.remember(Member(f"story {number}", alike), NOW)
        assert window.candidates(telling("x", "", title)) == []


@given(st.lists(st.sampled_from(["abcdefghij", "klm", "nop", "qrstu", "vwxyz", "12", "7,000"]), max_size=120))
def test_a_text_contains_itself_and_its_own_beginning(words: list[str]) -> None:
    whole, part = sketch("", " ".join(words)), sketch("", " ".join(words[: len(words) // 2]))
    assert overlap(whole, whole).containment in (0.0, 1.0)
    assert list(whole.shingles) == sorted(set(whole.shingles))
    assert len(whole.shingles) <= SKETCH
    if part.has_text and part.is_complete and whole.is_complete:
        assert overlap(whole, part).containment == 1.0


@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_has_a_sketch_that_a_database_can_hold(body: str, title: str) -> None:
    kept = sketch(title, body)
    assert all(0 <= value < 1 << 63 for value in (*kept.shingles, *kept.figures, kept.title))
