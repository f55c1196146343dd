"""Feeds of the configuration with their states, and one of them with its newest entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from watcher.model.feed import Feed, PollState
from watcher.model.settings import Settings
from watcher.queries.entries import read_entry_rows
from watcher.schedule.health import feed_issues
from watcher.store.store import Store
from watcher.views.entries import EntryRow
from watcher.views.feeds import FeedRow, ListedFeed, listed_feeds, why_then

NEWEST = 15


def list_feeds(store: Store, settings: Settings, now: datetime) -> list[ListedFeed]:
    """All feeds, those with issues first; no states are read but of those that may have one."""
    titles = {url: title for title, url in store.feeds.names().values()}
    return listed_feeds(settings.feeds, titles, feed_issues(store.feeds.with_issues(now), now))


def read_feed_rows(store: Store, settings: Settings, listed: Sequence[ListedFeed]) -> list[FeedRow]:
    """These feeds with their states."""
    states = {state.url: state for state in store.feeds.states_of([one.feed.url for one in listed])}
    return [_row(one, states.get(one.feed.url), settings) for one in listed]


def read_feed_row(store: Store, settings: Settings, feed: Feed, now: datetime) -> FeedRow:
    """One feed."""
    state = store.feeds.state(feed.url)
    return _row(ListedFeed(feed, "", tuple(feed_issues([state], now) if state else ())), state, settings)


def _row(one: ListedFeed, state: PollState | None, settings: Settings) -> FeedRow:
    return FeedRow(one.feed, state, one.issues, why_then(one.feed, state, settings.polling))


def read_newest_entries(store: Store, row: FeedRow) -> tuple[EntryRow, ...]:
    """The newest entries of a feed, with their alerts."""
    return read_entry_rows(store, store.entries.of_feed(row.feed.url, NEWEST))
