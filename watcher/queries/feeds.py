"""Feeds of the configuration with their states, and one of them with its newest entries."""

from __future__ import annotations

from datetime import datetime

from watcher.model.settings import Settings
from watcher.queries.entries import read_entry_rows
from watcher.schedule.health import feed_issues
from watcher.store.store import Store
from watcher.views.entries import EntryRow
from watcher.views.feeds import FeedRow, feed_rows

NEWEST = 15


def read_feed_rows(store: Store, settings: Settings, now: datetime) -> list[FeedRow]:
    """All feeds, those with issues first."""
    states = {state.url: state for state in store.feeds.states()}
    return feed_rows(settings.feeds, states, feed_issues(states.values(), now), settings.polling)


def read_newest_entries(store: Store, row: FeedRow) -> tuple[EntryRow, ...]:
    """The newest entries of a feed, with their alerts."""
    return read_entry_rows(store, store.entries.of_feed(row.feed.url, NEWEST))
