"""Keys, schemes, comparable links and fingerprints."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.mutation.polled_feed import PolledFeed
from watcher.dedupe.identity import RESTORE_AFTER, identify, probe_for, scheme_for
from watcher.dedupe.links import comparable_link, home_host, host_of
from watcher.dedupe.similarity import word_count
from watcher.model.alert import stable_hash
from watcher.model.entry import Entry, Identified, IdentityScheme, ParsedFeed, ReaderName, joined_texts
from watcher.model.fingerprint import fingerprint
from watcher.text.fold import fold

URL = "https://example.org/feed.xml"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def entry(number: int, **changes: object) -> Entry:
    plain = Entry(f"id-{number}", f"https://example.org/{number}", f"Title {number}", published=NOON)
    return replace(plain, **changes)


def identified(*entries: Entry, scheme: str = "id", feed_url: str = URL) -> tuple[Identified, ...]:
    return identify(feed_url, ParsedFeed(ReaderName.LXML, "", None, entries), IdentityScheme(scheme))


def keys(*entries: Entry, scheme: str = "id", feed_url: str = URL) -> list[str]:
    return [item.key for item in identified(*entries, scheme=scheme, feed_url=feed_url)]


class TestKeys:
    def test_a_key_is_of_the_feed_and_the_id_alone(self) -> None:
        moved = entry(1, link="https://elsewhere.example/", title="New", published=None)
        assert keys(entry(1)) == keys(moved)
        assert keys(entry(1)) != keys(entry(1), feed_url="https://example.org/other.xml")
        assert len(keys(entry(1))[0]) == 32

    def test_without_an_id_link_and_date_name_an_entry(self) -> None:
        nameless = entry(1, id="")
        assert keys(nameless) == keys(replace(nameless, title="Another"))
        assert keys(nameless) != keys(replace(nameless, published=NOON + timedelta(hours=1)))

    def test_doubled_ids_hide_nothing(self) -> None:
        doubled = [entry(number, id="same") for number in range(10)]
        assert len(set(keys(*doubled))) == 10

    def test_entries_that_differ_in_their_text_alone_are_different(self) -> None:
        assert len(keys(entry(1, summary="rain"), entry(1, summary="snow"))) == 2

    @pytest.mark.parametrize("other", [{}, {"published": NOON + timedelta(days=1)}, {"id": "https-id"}])
    def test_an_entry_listed_twice_comes_once(self, other: dict[str, object]) -> None:
        assert len(identified(entry(1), entry(1, **other))) == 1

    def test_a_link_that_is_not_unique_says_nothing(self) -> None:
        first, second, third = identified(entry(1), entry(2, link="https://example.org/1/"), entry(3))
        assert (first.link_hash, second.link_hash) == (None, None)
        assert third.link_hash is not None

    def test_the_probe_asks_for_everything(self) -> None:
        (item,) = identified(entry(1, summary="Some text"))
        asked = probe_for(URL, [item])
        assert item.key in asked.keys
        assert item.link_hash in asked.link_hashes
        assert asked.fingerprints == {item.title_fingerprint, item.text_fingerprint}


class TestSchemes:
    CLEAN = tuple(entry(number) for number in range(20))
    DOUBLED = tuple(entry(number, id="same") for number in range(20))

    def test_one_doubled_id_in_many_changes_no_scheme(self) -> None:
        assert scheme_for((*self.CLEAN, entry(50, id="id-1")), "id", 0).name == "link"
        assert scheme_for((*self.CLEAN, *(entry(n) for n in range(50, 80)), entry(90, id="id-1")), "id", 0).name == "id"

    def test_doubled_ids_and_links_leave_the_title(self) -> None:
        one_page = tuple(replace(each, link="https://example.org/") for each in self.DOUBLED)
        assert scheme_for(self.DOUBLED, "id", 0).name == "link"
        assert scheme_for(one_page, "id", 0).name == "title"

    def test_a_stronger_scheme_returns_only_after_many_clean_documents(self) -> None:
        name, streak = "link", 0
        for _ in range(RESTORE_AFTER - 1):
            scheme = scheme_for(self.CLEAN, name, streak)
            name, streak = scheme.name, scheme.streak
            assert name == "link"
        assert scheme_for(self.CLEAN, name, streak).name == "id"
        assert scheme_for(self.DOUBLED, name, streak).streak == 0

    def test_a_document_with_one_entry_says_nothing(self) -> None:
        assert scheme_for(self.CLEAN[:1], "link", 4).streak == 4


class TestLinks:
    @pytest.mark.parametrize(
        "link",
        [
            "http://example.org/news/1",
            "https://www.example.org/news/1/",
            "https://EXAMPLE.org:443/news/1",
            "https://example.org/news/1?utm_source=rss&utm_medium=feed",
            "https://example.org/news/1?at_medium=RSS&fbclid=x",
            "https://example.org/news/1?ref=rss#xtor=RSS-3",
        ],
    )
    def test_the_same_page(self, link: str) -> None:
        assert comparable_link(link) == "//example.org/news/1"

    @pytest.mark.parametrize(
        "link",
        [
            "https://example.org/news/2",
            "https://example.org/news/1?page=2",
            "https://example.org/news/1?ref=42",
            "https://example.org/news/1#post-7",
            "https://example.org:8080/news/1",
            "https://blog.example.org/news/1",
        ],
    )
    def test_another_page(self, link: str) -> None:
        assert comparable_link(link) != comparable_link("https://example.org/news/1")

    def test_the_home_of_a_feed_may_move(self) -> None:
        links = [f"https://old.example/{number}" for number in range(3)]
        assert home_host([*links, "https://other.example/"]) == "old.example"
        assert home_host(["https://a.example/", "https://b.example/"]) == ""
        assert comparable_link(links[0], "old.example") == comparable_link("https://new.example/0", "new.example")

    @given(st.text(max_size=60))
    def test_any_text_is_bearable(self, text: str) -> None:
        assert comparable_link(text) == comparable_link(text)
        assert isinstance(host_of(f"https://{text}"), str)


_SPACED = st.sampled_from("ab .…\n\t\xa0\u2028\u200d\x1f")


class TestFingerprints:
    def test_markup_case_accents_and_punctuation_do_not_count(self) -> None:
        assert fingerprint("Ceasefire – “now”, says Erdoğan!") == fingerprint("ceasefire now says erdogan")

    def test_another_word_does(self) -> None:
        assert fingerprint("12 dead") != fingerprint("13 dead")

    def test_without_a_word_there_is_none(self) -> None:
        assert fingerprint(" … — !") == ""

    @given(st.text(st.characters() | st.sampled_from("’‘“”–—…\xa0•·«»\u0301\u200d″ab_ "), max_size=60))
    @example("a’\u0301b")
    @example("".join(map(chr, range(0x2190, 0x21B0))) + "é_x")
    @example("it™s ½ ☕\ufe0f\u0301 ﬁn e\u0327ǰ\u20dd 20\u20e3")
    @example("한\u1161\u11a8 が\u3099 ｶﾞ ⁠µ ß ẞ İ K")
    def test_a_fingerprint_is_of_the_folded_words(self, text: str) -> None:
        for whole in (text, f"{'Plain words, and more. ' * 20}{text}x"):
            words = re.findall(r"[^\W_]+", fold(whole))
            assert fingerprint(whole) == (stable_hash("text", " ".join(words)) if words else "")

    @given(st.text(_SPACED, min_size=1, max_size=6), st.text(_SPACED, min_size=1, max_size=16))
    def test_a_summary_that_the_content_has_adds_nothing_whatever_the_spaces(self, summary: str, content: str) -> None:
        start = " ".join(summary.rstrip(" .…[]").split())
        is_part = summary in content or start in " ".join(content.split())
        assert joined_texts(summary, content) == (content if is_part else f"{summary}\n\n{content}")

    def test_words_are_counted_in_scripts_without_spaces_too(self) -> None:
        assert word_count("one two, three", 10) == 3
        assert word_count("数十名囚犯越狱守卫逃离", 10) >= 5
        assert word_count("word " * 500, 12) == 12


entries = st.builds(
    Entry,
    id=st.sampled_from(["", "a", "b", "c"]),
    link=st.sampled_from(["", "https://e.example/1", "http://e.example/1/", "https://e.example/2"]),
    title=st.sampled_from(["", "One title here", "Another title there"]),
    summary=st.sampled_from(["", "short", "a text that is long enough to be nobody else's text at all, we think so"]),
    published=st.sampled_from([None, NOON, NOON + timedelta(days=1)]),
)


@given(st.lists(st.lists(entries, max_size=6), max_size=5))
def test_every_entry_ends_in_one_pile_and_nothing_is_new_twice(documents: list[list[Entry]]) -> None:
    feed = PolledFeed(may_be_short=False)
    for document in documents:
        decision = feed.poll(document)
        named = [item.key for item in (*decision.new, *decision.updated, *decision.quiet)] + list(decision.known)
        assert len(identified(*document, scheme=decision.identity)) == len(named)
        again: tuple[Identified, ...] = feed.poll(document).new
        assert again == ()
