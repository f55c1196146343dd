"""Stored entries with their alerts, and what every topic makes of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from watcher.match.backtest import labels_of
from watcher.match.compile import CompiledTopic
from watcher.match.explain import explain_all
from watcher.model.entry import EntryRecord
from watcher.store.store import Store
from watcher.views.entries import EntryPage, EntryRow, entry_rows, why_no_alert


def read_entry_rows(store: Store, records: Sequence[EntryRecord]) -> tuple[EntryRow, ...]:
    """The rows of a list, in the given order."""
    return entry_rows(records, store.alerts.of_entries([record.key for record in records]))


def read_entry_page(
    store: Store, topics: Sequence[CompiledTopic], backfill: timedelta, record: EntryRecord, chosen: str = ""
) -> EntryPage:
    """One entry, its alerts, and what every topic makes of it as the topics are now.

    `chosen`: the topic for which every term of the entry that would help is wanted.
    """
    (row,) = read_entry_rows(store, [record])
    missed, state = tuple(store.marks.missed_by(record.key)), store.feeds.state(record.feed_url)
    baseline = state.baseline_at if state else None
    explanations = explain_all(topics, record.entry, labels_of(record), chosen)
    why_not = None if row.alerts else why_no_alert(record, explanations, baseline, backfill)
    return EntryPage(row, explanations, missed, why_not)
