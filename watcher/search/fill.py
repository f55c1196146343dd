"""Filling the index from the store, a batch at a time: new entries, changed ones, and what has gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from watcher.errors import StoreCorrupt
from watcher.lazy_dataclass import dataclass
from watcher.search.index import EntryIndex, IndexState
from watcher.search.text import IndexedText, indexed_text, labels_of
from watcher.store.records import StoredEntry
from watcher.store.store import Store

BATCH = 500
SETTLED = timedelta(minutes=1)
"""Entries get their numbers before they are saved: below one that is there, another may appear for so long."""
_AHEAD = 5_000
"""Entries beyond the settled ones that are looked at."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step did. `to_go` is how many entries wait at least; 0 when all are indexed."""

    indexed: int
    to_go: int


class Filler:
    """Keeps one index as complete as the store. One at a time for each index."""

    def __init__(self, store: Store, index: EntryIndex) -> None:
        self._store = store
        self._index = index
        self._changes: dict[int, datetime] = {}

    def step(self, now: datetime) -> Progress:
        """Indexes one batch. An index that is lost, broken, of another version or of another store is begun again."""
        state = self._state()
        ahead = self._store.entries.ids_between(state.filled_to, None, _AHEAD)
        missing = self._index.missing(ahead)
        batch = missing[:BATCH]
        changes = self._changed(state, state.filled_to if not ahead else max(ahead))
        rows = texts_of(self._store, {*batch, *changes})
        gone = set(batch) - {number for number, _ in rows}
        state = self._advanced(state, ahead, set(missing) - set(batch) | gone, now)
        oldest, _ = self._store.entries.number_range()
        state = IndexState(state.filled_to, state.key, max(changes.values(), default=state.changed_to), oldest)
        self._index.fill(rows, state)
        self._changes = {**self._changes, **changes} if len(self._changes) < _AHEAD else dict(changes)
        self._index.drop_before(oldest)
        return Progress(len(rows), len(missing) - len(batch))

    def _state(self) -> IndexState:
        try:
            state = self._index.state()
        except StoreCorrupt:
            state = None
        if state is None or self._is_of_another_store(state):
            self._index.clear()
            self._changes = {}
            state = IndexState(changed_to=_NEVER)
        return state

    def _is_of_another_store(self, state: IndexState) -> bool:
        """A restored backup gives numbers of entries again. An entry that has gone says nothing below a later one."""
        if not state.filled_to:
            return False
        key = self._store.entries.key_of(state.filled_to)
        return key != state.key if key else self._store.entries.number_range()[1] < state.filled_to

    def _changed(self, state: IndexState, highest: int) -> dict[int, datetime]:
        """A batch of entries that changed since the last step; clocks and transactions may differ by `SETTLED`."""
        since = (state.changed_to or _NEVER + SETTLED) - SETTLED
        found = self._store.entries.changed_since(since, _AHEAD)
        fresh = {number: at for number, at in found.items() if number <= highest and self._changes.get(number) != at}
        return dict(list(fresh.items())[:BATCH])

    def _advanced(self, state: IndexState, ahead: dict[int, datetime], waiting: set[int], now: datetime) -> IndexState:
        """The state with `filled_to` moved over entries that are indexed and settled."""
        filled_to = state.filled_to
        for number in sorted(ahead):
            if number in waiting or ahead[number] > now - SETTLED:
                break
            filled_to = number
        key = state.key if filled_to == state.filled_to else self._store.entries.key_of(filled_to) or ""
        return IndexState(filled_to, key, state.changed_to, state.oldest)


def texts_of(store: Store, ids: Iterable[int]) -> list[tuple[int, IndexedText]]:
    """The words of stored entries, with the labels of their alerts, by number; those that have gone are left out."""
    return [(one.id, text) for one, text in read_texts(store, ids)]


def read_texts(store: Store, ids: Iterable[int]) -> list[tuple[StoredEntry, IndexedText]]:
    """Stored entries with their words and labels, newest first."""
    stored = store.entries.stored(set(ids))
    alerts = store.alerts.of_entries([one.record.key for one in stored])
    return [
        (
            one,
            indexed_text(
                one.record.entry,
                labels_of(one.feed_id, one.record.entry, alerts.get(one.record.key, ())),
            ),
        )
        for one in stored
    ]
