"""Documents of which only the changed entries are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mutation.polled_feed import START, PolledFeed
from watcher.model.entry import Entry

TEXT = "The harbour of the town was closed on Monday after the dockers had walked out over their pay, officials said. "


def entry(number: int, **changes: object) -> Entry:
    made = Entry(
        id=f"tag:{number}",
        link=f"https://example.org/{number}",
        title=f"Report number {number}",
        summary=TEXT + f"It was report {number}.",
        published=START + timedelta(minutes=number),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def document(*numbers: int) -> list[Entry]:
    return [entry(number) for number in numbers]


def polled_once(*entries: Entry) -> PolledFeed:
    feed = PolledFeed()
    feed.poll(list(entries))
    return feed


def test_one_new_entry_of_thirty_is_the_only_one_looked_at() -> None:
    feed = polled_once(*document(*range(1, 31)))
    decision = feed.poll(document(*range(2, 32)))
    assert ([item.entry.id for item in decision.new], decision.unchanged) == (["tag:31"], 29)
    assert (decision.known, decision.updated, decision.quiet) == ((), (), ())
    assert not decision.possible_gap


def test_a_document_with_no_entry_changed_needs_no_look_up() -> None:
    feed = polled_once(*document(1, 2, 3))
    feed.rows.clear()
    decision = feed.poll(document(3, 2))
    assert (decision.unchanged, decision.new) == (2, ())


def test_a_changed_text_is_an_update_and_a_changed_category_is_none() -> None:
    feed = polled_once(*document(1, 2, 3))
    decision = feed.poll([entry(1, summary="Another text"), entry(2, categories=("port",)), entry(3)])
    assert [item.entry.id for item in decision.updated] == ["tag:1"]
    assert (len(decision.known), decision.unchanged) == (1, 1)


OPEN: dict[str, Entry] = {
    "the same title": entry(9, title="Report number 1"),
    "the same text": entry(9, summary=entry(1).summary),
    "the same link": entry(9, link="https://example.org/1"),
    "the same link in another form": entry(9, link="http://www.example.org/1/?utm_source=rss"),
    "the same id": entry(9, id="tag:1"),
    "the link of one that left": entry(9, link="https://example.org/3"),
    "the title of one that left": entry(9, title="Report number 3"),
    "neither id nor link, and the same title": entry(9, id="", link="", title="Report number 3"),
    "another link and text under a name that is known": entry(
        3, link="https://example.org/9", summary="Else", title="Else"
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_depends_on_other_entries_is_decided_in_full(name: str) -> None:
    feed, other = polled_once(*document(1, 2, 3)), PolledFeed(may_be_short=False)
    other.poll(document(1, 2, 3))
    shown = [OPEN[name], *document(1, 2)]
    decision = feed.poll(shown)
    assert decision.unchanged == 0
    assert decision == other.poll(shown)
    assert feed.state.entry_hashes == ""


def test_a_feed_that_needs_all_is_read_twice_at_every_second_poll_only() -> None:
    feed = polled_once(*document(1, 2))
    hashes = []
    for number in range(3, 9):
        feed.poll([entry(number, title="Report number 1"), *document(1, 2)])
        hashes.append(bool(feed.state.entry_hashes))
    assert hashes == [False, True] * 3


def test_once_a_day_all_is_looked_at_so_that_keys_are_refreshed() -> None:
    feed = polled_once(*document(1, 2))
    shorts = [feed.poll(document(1, 2)).unchanged for _ in range(48)]
    assert shorts.count(0) == 2
    assert len(feed.poll(document(1, 2)).known) in {0, 2}


def test_a_clock_that_went_back_reads_in_full() -> None:
    feed = polled_once(*document(1, 2))
    feed.now -= timedelta(hours=3)
    assert feed.poll(document(1, 2)).unchanged == 0


def test_entries_under_names_that_are_used_twice_are_never_passed_over() -> None:
    twice = [entry(1), entry(2, id="tag:1"), entry(3)]
    feed = polled_once(*twice)
    decision = feed.poll([entry(4, id="tag:1"), *twice])
    assert [item.entry.link for item in decision.new] == ["https://example.org/4"]


SMALL = st.builds(
    entry,
    st.integers(1, 4),
    id=st.sampled_from(["a", "b", "c", "d", ""]),
    link=st.sampled_from(
        ["https://example.org/1", "https://example.org/2", "https://example.org/3", "https://e.net/", ""]
    ),
    title=st.sampled_from(["One", "Two", "Three", ""]),
    summary=st.sampled_from([TEXT, TEXT + "More", "Short", ""]),
)
LARGE = st.integers(1, 12).map(entry)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(SMALL | LARGE | LARGE | LARGE, max_size=6), min_size=2, max_size=6))
@pytest.mark.slow
def test_both_ways_find_the_same_entries_new(documents: Sequence[Sequence[Entry]]) -> None:
    """But for entries that were in the last document, too: by changes they are known, whatever became of others."""
    short, full = PolledFeed(), PolledFeed(may_be_short=False)
    last: Sequence[Entry] = ()
    for shown in documents:
        one, other = short.poll(shown), full.poll(shown)
        repeated = [item for item in (*other.new, *other.updated) if one.unchanged and item.entry in last]
        if repeated:
            assert not {item.entry.title for item in one.new} - {item.entry.title for item in other.new}
            return
        assert [(item.entry, item.key, item.link_hash) for item in one.new] == [
            (item.entry, item.key, item.link_hash) for item in other.new
        ]
        assert [item.entry for item in one.updated] == [item.entry for item in other.updated]
        last = shown
