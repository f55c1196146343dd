"""Copies join a story whatever their headline; what only looks like a copy does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.story.traps import ALARMS, BACKGROUND, LEADS, Report, traps
from watcher.model.entry import Entry, Identified
from watcher.model.feed import Feed
from watcher.model.story import Kinship, Placement, Sketch, StoryMember
from watcher.story.assign import MOST_STORIES, StoryAssigner, assign
from watcher.story.compare import Relation, compare
from watcher.story.leads import Difference
from watcher.story.sketch import SKETCH, overlap, sketch_of

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
NO_TIME = timedelta(0)
HOUR = timedelta(hours=1)
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


def entry_sketch(
    key: str, body: str, title: str = "", publisher: str = "", *, at: datetime = NOW, link: str = ""
) -> Sketch:
    host = f"{publisher or key}.example"
    entry = Entry("", link or f"https://{host}/{key}", title, body, published=at)
    return sketch_of(Identified(key, entry, None, "", ""), Feed(f"https://{host}/feed"))


def member(sketch: Sketch, story: str = "first", at: datetime = NOW) -> StoryMember:
    return StoryMember(story, sketch, at, at)


def are_copies(one: Sketch, other: Sketch, *, after: timedelta = NO_TIME) -> bool:
    found = assign(other, [member(one)], NOW + after)
    return found.story == "first" and found.kinship is Kinship.COPY


def report_sketch(report: Report, place: int) -> Sketch:
    publisher = report.publisher.removesuffix(".example") or f"publisher{place}"
    return entry_sketch(str(place), report.text, report.title, publisher, at=NOW + place * report.after)


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
            TEXT.replace("dozens of inmates escaped", "dozens of inmates have escaped"),
            TEXT.replace("It was the second breakout within a year; ", ""),
        ],
        ids=["same", "capitals", "first half", "second half", "agency", "credits", "edited", "inflected", "cut inside"],
    )
    def test_a_copy_joins_whatever_its_headline(self, copy: str) -> None:
        first = entry_sketch("a", TEXT, "Inmates escape from a prison in the north-east")
        found = assign(entry_sketch("b", copy, "Breakout: what we know"), [member(first)], NOW)
        assert found == Placement("first", Kinship.COPY, "a")

    def test_another_text_begins_a_story_of_its_own(self) -> None:
        found = assign(entry_sketch("b", OTHER), [member(entry_sketch("a", TEXT))], NOW)
        assert found.kinship is Kinship.FIRST
        assert found.story != "first"

    @pytest.mark.parametrize(
        ("spelling", "other"),
        [
            ("The organisation said twelve people were killed", "The organization said 12 people were killed"),
            ("The organisation said 12,500 people were killed", "The organization said 12.500 people were killed"),
            ("قال مسؤولون إن خمسة وعشرين شخصا قتلوا في انهيار", "قال مسؤولون إن ٢٥ شخصا قتلوا في انهيار"),
        ],
    )
    def test_another_spelling_is_no_difference(self, spelling: str, other: str) -> None:
        rest = " " + TEXT[TEXT.index("Roads") :]
        assert are_copies(entry_sketch("a", spelling + rest), entry_sketch("b", other + rest))

    def test_arabic_and_chinese_texts(self) -> None:
        arabic = "فر عشرات السجناء من سجن في شمال شرق البلاد ليل الاثنين بعد أعمال شغب حسب ما قاله مسؤولان أمنيان اليوم"
        chinese = "周一晚间东北部一所监狱发生骚乱后数十名囚犯越狱守卫逃离现场两名安全官员表示当地宣布宵禁并封锁了道路"
        for text in (arabic, chinese):
            assert are_copies(entry_sketch("a", text), entry_sketch("b", text[: len(text) * 3 // 4]))

    def test_a_short_report_of_one_publisher_in_two_feeds_at_once(self) -> None:
        title, text = ALARMS[0]
        first = entry_sketch("a", text, title, "one")
        assert are_copies(first, entry_sketch("b", text, title, "one", at=NOW + timedelta(minutes=5)))


class TestWhatIsNoCopy:
    @pytest.mark.parametrize(
        ("kind", "reports"), list(traps()), ids=lambda value: value if isinstance(value, str) else ""
    )
    def test_traps(self, kind: str, reports: tuple[Report, ...]) -> None:
        sketches = [report_sketch(report, place) for place, report in enumerate(reports)]
        for place, sketch in enumerate(sketches):
            for number in range(place):
                gap = (place - number) * reports[place].after
                relation = compare(sketch, sketches[number], gap, gap)
                assert relation.kinship is not Kinship.COPY, (kind, reports[number].title, reports[place].title)

    def test_the_difference_is_named(self) -> None:
        one, other = (
            entry_sketch(key, CASUALTIES.format(dead=dead, hurt=30, day="Monday")) for key, dead in ("a9", "b7")
        )
        assert compare(other, one, NO_TIME, NO_TIME).difference is Difference.NUMBER
        kent, essex = (entry_sketch(place, WEATHER.format(place=place, degrees=9)) for place in ("Kent", "Essex"))
        assert compare(essex, kent, NO_TIME, NO_TIME).difference is Difference.NAME
        first, late = (
            entry_sketch(key, ALARMS[0][1], "", "one", at=at) for key, at in (("a", NOW), ("b", NOW + 30 * HOUR))
        )
        assert compare(late, first, 30 * HOUR, 30 * HOUR).difference is Difference.RECURRING

    def test_other_numbers_of_casualties(self) -> None:
        one = entry_sketch("a", CASUALTIES.format(dead=12, hurt=30, day="Monday"))
        for dead, is_copy in ((15, False), ("fifteen", False), ("twenty-three", False), ("twelve", True), (12, True)):
            copy = entry_sketch("b", CASUALTIES.format(dead=dead, hurt=30, day="Monday"))
            assert are_copies(one, copy) is is_copy, dead

    def test_another_place_or_temperature(self) -> None:
        kent = WEATHER.format(place="Kent", degrees=14)
        assert not are_copies(entry_sketch("a", kent), entry_sketch("b", WEATHER.format(place="Essex", degrees=14)))
        assert not are_copies(entry_sketch("a", kent), entry_sketch("b", WEATHER.format(place="Kent", degrees=15)))
        assert are_copies(entry_sketch("a", kent), entry_sketch("b", kent))

    def test_other_names_in_a_language_whose_letters_fold(self) -> None:
        sentence = (
            "Meteoroloji uzmanları yarın {place} çevresinde öğleden sonra kuvvetli yağış beklendiğini ve vatandaşların "
            "dikkatli olması gerektiğini bildirdi. Rüzgârın akşam saatlerinde kuzeyden eseceği tahmin ediliyor."
        )
        one = entry_sketch("a", sentence.format(place="İzmir"))
        assert not are_copies(one, entry_sketch("b", sentence.format(place="Şırnak")))
        assert are_copies(one, entry_sketch("b", sentence.format(place="Izmir")))

    def test_a_headline_that_differs_in_a_word_over_the_same_text(self) -> None:
        one = entry_sketch("a", TEXT, "Governor confirms prison escape")
        assert not are_copies(one, entry_sketch("b", TEXT, "Governor denies prison escape"))
        assert not are_copies(one, entry_sketch("b", TEXT, "Governor confirms second prison escape with 40 fugitives"))
        assert are_copies(one, entry_sketch("b", TEXT, "Dozens of inmates flee after riot"))

    def test_agency_lines_of_two_places(self) -> None:
        text = " At least four people were killed in shelling on Sunday morning, and many houses burned." + BACKGROUND
        one, other = (
            entry_sketch(key, f"{place} (Reuters) -{text}") for key, place in (("a", "IDLIB"), ("b", "ALEPPO"))
        )
        assert compare(other, one, NO_TIME, NO_TIME).difference is Difference.DATELINE

    def test_a_full_report_after_a_single_sentence(self) -> None:
        first = entry_sketch("a", "An explosion was heard in the north of Raqqa on Sunday evening, residents said.")
        full = f"An explosion was heard in the north of Raqqa on Sunday evening, residents said. {LEADS[0][1]}"
        assert assign(entry_sketch("b", full), [member(first)], NOW).kinship is Kinship.REPORT
        more = (
            "An explosion was heard in the north of Raqqa on Sunday evening, residents said. At least 40 were killed."
        )
        assert assign(entry_sketch("b", more), [member(first)], NOW).kinship is Kinship.FIRST

    def test_a_contradicted_story_is_not_joined_through_another_member(self) -> None:
        twelve = CASUALTIES.format(dead=12, hurt=30, day="Monday")
        short = twelve[twelve.index("Nobody") :]
        members = [member(entry_sketch("a", twelve)), member(entry_sketch("b", short))]
        fifteen = entry_sketch("c", CASUALTIES.format(dead=15, hurt=44, day="Tuesday"))
        assert assign(fifteen, members, NOW).story != "first"

    def test_the_publisher_of_a_copy_says_it_again(self) -> None:
        title, text = ALARMS[0]
        bait = member(entry_sketch("a", text, title, "one"))
        official = member(entry_sketch("b", text, title, "two", at=NOW + HOUR), at=NOW + HOUR)
        again = entry_sketch("c", text, title, "two", at=NOW + 5 * HOUR)
        assert assign(again, [bait, official], NOW + 5 * HOUR).kinship is Kinship.FIRST


class TestTime:
    """The window of a story counts from its first entry, and is shorter for less evidence."""

    @pytest.mark.parametrize(
        ("text", "title", "hours"),
        [("", "Gale warning for the northern coast until tomorrow", 6), (ALARMS[0][1], "", 24)],
    )
    def test_windows(self, text: str, title: str, hours: int) -> None:
        first = entry_sketch("a", text, title)
        assert are_copies(first, entry_sketch("b", text, title), after=hours * HOUR)
        assert not are_copies(first, entry_sketch("b", text, title), after=(hours + 1) * HOUR)

    def test_headlines_alone_of_two_days(self) -> None:
        title = "Gale warning for the northern coast until tomorrow"
        late = entry_sketch("b", "", title, at=NOW + 20 * HOUR)
        assert not are_copies(entry_sketch("a", "", title), late)

    def test_one_publisher_with_the_same_link_only_moves_its_entry(self) -> None:
        link = "https://one.example/live"
        first = entry_sketch("a", TEXT, "Breakout", "one", link=link)
        assert are_copies(first, entry_sketch("b", TEXT, "Breakout", "one", link=link, at=NOW + 30 * HOUR))


class TestHeadlines:
    TITLE = "Gale warning for the northern coast until tomorrow"

    def test_the_same_headline_elsewhere_with_other_words_is_a_report_of_its_own(self) -> None:
        title = "Dozens escape from prison in the north-east after riot"
        found = assign(entry_sketch("b", OTHER, title), [member(entry_sketch("a", TEXT, title))], NOW)
        assert (found.story, found.kinship) == ("first", Kinship.REPORT)

    def test_a_constant_headline_of_one_publisher_says_nothing(self) -> None:
        title = "The morning briefing from our desk in Ankara"
        one, other = entry_sketch("a", TEXT, title, "desk"), entry_sketch("b", OTHER, title, "desk")
        assert compare(other, one, NO_TIME, NO_TIME) == Relation()

    def test_the_same_title_of_two_publishers(self) -> None:
        assert are_copies(entry_sketch("a", "", self.TITLE, "one"), entry_sketch("b", "", self.TITLE, "two"))

    def test_the_same_title_of_one_publisher_is_a_new_bulletin(self) -> None:
        assert not are_copies(entry_sketch("a", "", self.TITLE, "one"), entry_sketch("b", "", self.TITLE, "one"))

    def test_the_same_title_with_another_line_below(self) -> None:
        one, other = (
            entry_sketch("a", "Force 8 expected.", self.TITLE),
            entry_sketch("b", "Force 9 expected.", self.TITLE),
        )
        assert not are_copies(one, other)

    def test_short_titles_do_not_agree(self) -> None:
        assert not are_copies(
            entry_sketch("a", "", "Earthquake in Japan"), entry_sketch("b", "", "Earthquake in Japan")
        )

    def test_an_aggregator_repeats_the_title_of_a_report(self) -> None:
        entry = Entry("", "https://news.google.com/x", f"{self.TITLE} - Daily Coast", f"{self.TITLE} Daily Coast")
        passed_on = sketch_of(Identified("b", entry, None, "", ""), Feed("https://news.google.com/rss"))
        assert passed_on.publisher == "dailycoast"
        assert are_copies(entry_sketch("a", TEXT, self.TITLE), passed_on)


def test_the_order_of_members_does_not_matter() -> None:
    members = [
        member(entry_sketch("a", TEXT), "x"),
        member(entry_sketch("b", TEXT[: len(TEXT) // 2]), "y"),
        member(entry_sketch("c", OTHER), "z"),
    ]
    assert len({assign(entry_sketch("d", TEXT), order, NOW) for order in permutations(members)}) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_short_copy_does_not_decide_what_an_edited_copy_is(order: tuple[int, ...]) -> None:
    """The beginning alone differs from the edited text in two words and looks like a template of it."""
    edited = TEXT.replace("a riot", "a brawl").replace("curfew", "lockdown").replace("fugitives", "runaways")
    edited = edited.replace("crowded", "packed").replace("Families", "Relatives")
    texts = (TEXT, " ".join(TEXT.split()[:36]), edited)
    beginning = compare(entry_sketch("2", texts[2]), entry_sketch("1", texts[1]), NO_TIME, NO_TIME)
    assert beginning.difference is Difference.WORD
    members: list[StoryMember] = []
    for place in order:
        found = assign(entry_sketch(f"{place}", texts[place]), members, NOW)
        members.append(member(entry_sketch(f"{place}", texts[place]), found.story))
    if order.index(2) > order.index(0):  # with the whole text before it, whatever else came
        assert members[order.index(2)].story == members[order.index(0)].story


TALKS = (
    "Negotiators for both sides met for nine hours in the lakeside hotel and then {} the ceasefire proposal that mediators "
    "had put on the table last week. A spokesman said the talks had been frank, thanked the hosts for their patience and "
    "announced that the delegations would travel home in the evening to brief their governments."
)
RAID = (
    "Security forces raided a house in a {} where convicts who had fled from the prison were hiding, seized weapons, and "
    "took {} people for questioning; the search of the area will go on until the morning, the governor said in a{} statement."
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TALKS.format("accepted"), TALKS.format("rejected").replace("the lakeside", "a lakeside").replace("had been", "were")),
        (
            TALKS.format("accepted"),
            TALKS.format("did not accept").replace("the lakeside", "a lakeside").replace("had been", "were")
            .replace("nine hours", "more than nine hours").replace("last week", "a week ago").replace("in the e", "this e"),
        ),
        (RAID.format("school", "several", " short"), RAID.format("mosque", "various", "")),
    ],
    ids=["opposite", "negation", "place"],
)  # fmt: skip
def test_differences_of_style_do_not_hide_the_one_that_decides(one: str, other: str) -> None:
    assert not are_copies(entry_sketch("a", one), entry_sketch("b", other))
    assert not are_copies(entry_sketch("a", other), entry_sketch("b", one))


def test_of_stories_with_the_same_text_a_copy_joins_the_first() -> None:
    later = member(entry_sketch("z", TEXT), "later", NOW + HOUR)
    first = member(entry_sketch("a", TEXT), "first")
    for members in permutations((later, first)):
        assert assign(entry_sketch("copy", TEXT), members, NOW + 2 * HOUR).story == "first"


def test_what_too_many_stories_share_finds_no_candidates() -> None:
    sketch = entry_sketch("x", TEXT)
    shared = {value: range(MOST_STORIES + 1) for value in sketch.hashes}
    assert StoryAssigner().candidates(sketch, shared) == []
    assert StoryAssigner().candidates(sketch, {value: range(2) for value in sketch.hashes}) == [0, 1]


@given(st.lists(st.sampled_from(["abcdefghij", "klm", "nop", "qrstu", "vwxyz", "12", "7,000"]), max_size=120))
def test_a_text_contains_itself_and_its_own_beginning(words: list[str]) -> None:
    whole, part = entry_sketch("a", " ".join(words)), entry_sketch("b", " ".join(words[: len(words) // 2]))
    assert overlap(whole, whole).containment in (0.0, 1.0)
    assert list(whole.shingles) == sorted(set(whole.shingles))
    assert len(whole.shingles) <= SKETCH
    if len(words) >= 24 and max(len(part.shingles), len(whole.shingles)) < SKETCH:
        assert overlap(whole, part).containment == 1.0


@given(st.text(max_size=400), st.text(max_size=60), st.text(max_size=400))
def test_any_two_texts_can_be_compared(body: str, title: str, other: str) -> None:
    one, two = entry_sketch("a", body, title), entry_sketch("b", other, title)
    assert all(0 <= value < 1 << 63 for value in (*one.shingles, *one.hashes))
    assert 0 <= compare(two, one, NO_TIME, NO_TIME).agreement <= 1


def test_no_publication_date_stops_a_comparison() -> None:
    """A date that cannot be shifted to UTC must not cost the poll of the feed that is compared with it."""
    east, west = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))
    headline = "Ceasefire agreed in the old city at dawn"
    moments = [
        datetime(1, 1, 1, tzinfo=east),
        datetime(9999, 12, 31, 23, 59, tzinfo=west),
        datetime(2026, 1, 1, tzinfo=UTC),
    ]
    sketches = [
        Sketch(str(number), f"https://{number}.example/", str(number), "", headline, "", published=moment)
        for number, moment in enumerate(moments)
    ]
    for new in sketches:
        for old in sketches:
            compare(new, old, timedelta(0), timedelta(0))
