"""The stored entry that a user means: by its key, an alert's id, its link or its title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.model.entry import EntryRecord
    from watcher.store.store import Store

SHOWN = 5


def find_entry(store: Store, text: str) -> EntryRecord:
    """The one entry meant. Raises `UsageError`, with the candidates, when there is none or more than one."""
    from watcher.store.records import EntryFilter

    alert = store.alerts.find(text)
    record = store.entries.find(alert.entry_key if alert else text)
    if record is not None:
        return record
    found = store.entries.matching(EntryFilter(text=text), limit=SHOWN + 1)
    exact = [one for one in found if text in (one.entry.link, one.entry.title)]
    if len(found) == 1 or len(exact) == 1:
        return (exact or found)[0]
    if not found:
        raise UsageError(f"no entry or alert matches {text!r}; see `watcher entries list` and `watcher entries search`")
    candidates = "".join(f"\n  {one.key[:8]}  {one.feed_title}  {one.entry.title}" for one in found[:SHOWN])
    more = "\n  …" if len(found) > SHOWN else ""
    raise UsageError(f"more than one entry matches {text!r}; name one by its key:{candidates}{more}")
