"""How much of its daily limits a feed has used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watcher.model.feed import USAGE_DAY, FeedUsage

NOW = datetime(2026, 1, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_day_begins_with_the_first_entry_and_adds_up() -> None:
    used = FeedUsage().adding(3, 100, NOW).adding(2, 50, NOW + USAGE_DAY - SECOND)
    assert used == FeedUsage(NOW, 5, 150)


@pytest.mark.parametrize("later", [NOW + USAGE_DAY, NOW + 10 * USAGE_DAY, NOW - SECOND])
def test_a_new_day_begins_when_the_old_is_over_or_the_clock_went_back(later: datetime) -> None:
    used = FeedUsage().adding(3, 100, NOW)
    assert used.at(later) == FeedUsage(later)
    assert used.adding(1, 10, later) == FeedUsage(later, 1, 10)
