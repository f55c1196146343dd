"""New, updated, quiet, known: one small feed after another."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tests.mutation.polled_feed import START, PolledFeed
from watcher.dedupe.decide import CLOCK_ERROR
from watcher.model.entry import Entry

LONG = "The council met on Monday in the old town hall and spoke about water, roads and the price of bread for hours."


def entry(number: int, *, published: datetime | None = START, **changes: object) -> Entry:
    plain = Entry(
        id=f"tag:{number}",
        link=f"https://example.org/news/{number}",
        title=f"Report number {number} from the council",
        summary=f"{LONG} Item {number}.",
        published=published + timedelta(minutes=number) if published else None,
    )
    return replace(plain, **changes)


def titles(*numbers: int) -> list[str]:
    return [entry(number).title for number in numbers]


class TestBaseline:
    def test_only_entries_within_the_backfill_are_new(self, feed: PolledFeed) -> None:
        old = entry(1, published=START - timedelta(days=3))
        undated = entry(2, published=None)
        decision = feed.poll([entry(3), undated, old])
        assert [item.entry.title for item in decision.new] == titles(3)
        assert [item.entry.title for item in decision.quiet] == titles(2, 1)
        assert decision.is_baseline

    def test_an_empty_document_is_no_baseline(self, feed: PolledFeed) -> None:
        assert not feed.poll([]).is_baseline
        assert feed.state.baseline_at is None
        assert feed.new_titles([entry(1, published=None)]) == []

    def test_a_wrong_time_zone_is_fresh_but_a_calendar_is_not(self, feed: PolledFeed) -> None:
        skewed = entry(1, published=START + CLOCK_ERROR)
        planned = entry(2, published=START + timedelta(days=40))
        assert feed.new_titles([skewed, planned]) == titles(1)

    def test_a_date_of_update_counts_where_there_is_no_other(self, feed: PolledFeed) -> None:
        assert feed.new_titles([entry(1, published=None, updated=START)]) == titles(1)


class TestAfterTheBaseline:
    def test_what_was_there_is_known_and_the_rest_is_new(self, feed: PolledFeed) -> None:
        feed.poll([entry(2), entry(1)])
        decision = feed.poll([entry(3), entry(2), entry(1)])
        assert [item.entry.title for item in decision.new] == titles(3)
        assert len(decision.known) + decision.unchanged == 2
        assert not decision.possible_gap

    def test_late_and_undated_entries_are_new(self, feed: PolledFeed) -> None:
        feed.poll([entry(1)])
        late = entry(2, published=START - timedelta(days=30))
        assert feed.new_titles([entry(1), late, entry(3, published=None)]) == titles(2, 3)

    def test_an_entry_that_left_and_returns_is_known(self, feed: PolledFeed) -> None:
        feed.poll([entry(1), entry(2)])
        feed.poll([entry(3)])
        feed.poll([])
        assert feed.new_titles([entry(1), entry(2), entry(3)]) == []

    def test_a_new_date_alone_is_not_news(self, feed: PolledFeed) -> None:
        feed.poll([entry(1)])
        decision = feed.poll([entry(1, published=START + timedelta(days=2))])
        assert decision.known
        assert not decision.updated

    def test_a_changed_text_or_title_is_an_update(self, feed: PolledFeed) -> None:
        feed.poll([entry(1), entry(2)])
        decision = feed.poll([entry(1, summary=f"{LONG} Corrected."), entry(2, title="Another headline altogether")])
        assert len(decision.updated) == 2
        assert not decision.new

    def test_a_text_that_is_missing_for_once_is_no_update(self, feed: PolledFeed) -> None:
        feed.poll([entry(1)])
        assert len(feed.poll([entry(1, summary="")]).known) == 1

    def test_a_document_without_anything_known_is_a_possible_gap(self, feed: PolledFeed) -> None:
        feed.poll([entry(1), entry(2)])
        assert feed.poll([entry(8), entry(9)]).possible_gap


class TestRenamedEntries:
    def test_a_renamed_entry_keeps_the_key_that_it_was_first_known_by(self, feed: PolledFeed) -> None:
        first = feed.poll([entry(1), entry(2)]).new[0]
        renamed = feed.poll([entry(1, id="other"), entry(2)]).quiet[0]
        assert renamed.key != first.key
        assert renamed.entry_key == first.key
        again = feed.poll([entry(1, id="third"), entry(2)]).quiet[0]
        assert again.entry_key == first.key
        assert (
            feed.poll([entry(1, id="third", summary=f"{LONG} Corrected."), entry(2)]).updated[0].entry_key == first.key
        )


class TestEntriesThatDidNotLeaveInTheirTurn:
    """Without texts, and with other names: what vanished while older ones stand beside it is still there."""

    def short(self, number: int, *, published: datetime | None = START, **changes: object) -> Entry:
        return replace(entry(number, published=published), summary="", **changes)

    def test_a_renamed_entry_without_a_date(self, feed: PolledFeed) -> None:
        feed.poll([self.short(1)])
        feed.poll([self.short(2), self.short(1)])
        renamed = self.short(2, published=None, id="other", link="https://example.org/archive/2")
        assert feed.new_titles([self.short(3), renamed, self.short(1)]) == titles(3)

    def test_a_later_edition_of_it_is_new_also_where_the_clock_is_hours_behind(self, feed: PolledFeed) -> None:
        feed.poll([self.short(1)])
        for minutes in (10, 20, 30):
            edition = {"id": f"edition-{minutes}", "link": f"https://example.org/archive/{minutes}"}
            assert feed.new_titles(
                [self.short(2, published=START + timedelta(minutes=minutes), **edition), self.short(1)]
            )

    def test_one_that_left_too_may_come_again(self, feed: PolledFeed) -> None:
        feed.poll([self.short(1)])
        feed.poll([self.short(2)])
        again = self.short(
            2, id="other", link="https://example.org/archive/2", published=feed.now - timedelta(minutes=1)
        )
        assert feed.new_titles([self.short(3), again]) == titles(3, 2)

    def test_where_known_entries_are_dated_again_dates_say_nothing(self, feed: PolledFeed) -> None:
        numbers = range(1, 6)
        feed.poll([self.short(number) for number in numbers])
        feed.poll([self.short(6), *(self.short(number) for number in numbers)])
        stamp = feed.now + timedelta(minutes=30)
        document = [self.short(number, published=stamp) for number in numbers]
        edited = self.short(6, id="other", title="Another headline", published=stamp)
        assert feed.new_titles([self.short(7, published=stamp), edited, *document]) == titles(7)

    def test_dates_in_the_future_are_not_taken_for_reset_dates(self, feed: PolledFeed) -> None:
        """Forecasts at pages that stay, each under an id of its own, dated for the day they are about."""

        def forecast(place: int, day: int) -> Entry:
            page = f"https://example.org/forecast/{place}"
            day_of = feed.now + timedelta(days=2 + day)
            return Entry(f"{place}-{day}", page, f"Forecast for place {place}", f"Wind {day}", published=day_of)

        kept = [self.short(number, published=feed.now + timedelta(days=9)) for number in range(10, 16)]
        for day in range(4):
            document = [*(forecast(place, day) for place in range(3)), *kept]
            assert len(feed.poll(document).new) == (0 if day == 0 else 3)

    def test_of_two_equal_entries_the_later_one_is_new(self, feed: PolledFeed) -> None:
        feed.poll([self.short(1, title="Open thread"), self.short(2), self.short(3)])
        moved = {"title": "Open thread", "id": "x", "link": "https://example.org/x"}
        late = self.short(4, title="Open thread", published=START + timedelta(hours=3))
        decision = feed.poll([late, self.short(1, **moved), self.short(2), self.short(3)])
        assert [item.entry for item in decision.new] == [late]


class TestNewEntriesThatResembleOldOnes:
    """Nothing is lost: what only looks like an old entry is new."""

    def test_a_column_with_a_constant_title(self, feed: PolledFeed) -> None:
        feed.poll([entry(1, title="The morning briefing from Ankara")])
        assert feed.new_titles([entry(2, title="The morning briefing from Ankara")])

    def test_bulletins_with_equal_titles_and_hardly_any_text(self, feed: PolledFeed) -> None:
        bulletins = [entry(n, title="Weather for the coast", summary="Rain, 12 degrees") for n in range(1, 6)]
        for bulletin in bulletins:
            assert feed.new_titles([bulletin])

    def test_bulletins_on_a_constant_page(self, feed: PolledFeed) -> None:
        page = "https://example.org/weather/kent"
        for number in range(1, 6):
            assert feed.new_titles([entry(number, link=page, title="Weather for the coast of Kent")])

    def test_one_link_for_all(self, feed: PolledFeed) -> None:
        live = "https://example.org/live"
        posts = [entry(number, link=live, summary="") for number in range(1, 6)]
        feed.poll(posts[:1])
        assert feed.new_titles(posts[:3]) == titles(2, 3)
        assert feed.new_titles(posts) == titles(4, 5)

    def test_a_template_as_text(self, feed: PolledFeed) -> None:
        feed.poll([entry(1, summary=LONG), entry(2, summary=LONG)])
        assert feed.new_titles([entry(3, summary=LONG), entry(4, summary=LONG)]) == titles(3, 4)

    def test_the_old_one_still_stands_beside_it(self, feed: PolledFeed) -> None:
        old = entry(1, title="Gale warning for sea area Dogger", summary="")
        late = replace(old, id="tag:x", link="https://example.org/news/x", published=START - timedelta(hours=2))
        feed.poll([old])
        assert len(feed.new_titles([old, late])) == 1

    def test_an_id_that_is_used_for_every_new_entry(self, feed: PolledFeed) -> None:
        for number in range(1, 6):
            assert feed.new_titles([entry(number, id="latest")]) == titles(number)
            assert feed.new_titles([entry(number, id="latest")]) == []

    def test_an_id_of_an_entry_without_a_title_that_is_used_again(self, feed: PolledFeed) -> None:
        feed.poll([entry(1, id="shared", title=""), entry(2)])
        assert feed.new_titles([entry(3, id="shared", published=START + timedelta(hours=2)), entry(2)]) == titles(3)

    def test_ids_that_number_the_places_of_a_document(self, feed: PolledFeed) -> None:
        def document(*numbers: int) -> list[Entry]:
            return [entry(number, id=f"item-{place}") for place, number in enumerate(numbers)]

        feed.poll(document(3, 2, 1))
        assert feed.new_titles(document(4, 3, 2)) == titles(4)
        assert feed.new_titles(document(6, 5, 4)) == titles(6, 5)
        assert feed.new_titles(document(6, 5, 4)) == []
        assert not feed.poll(document(6, 5, 4)).updated
