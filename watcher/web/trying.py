"""Trying a changed definition of a topic over stored entries, in a child process: one at a time."""

from __future__ import annotations

import difflib
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from watcher.match.backtest import labels_of
from watcher.model.entry import Entry, EntryRecord
from watcher.model.topic import Level
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import BlockingChild
from watcher.search.candidates import candidates_of
from watcher.search.index import EntryIndex
from watcher.search.node import from_json
from watcher.store.store import Store
from watcher.views.topics import LevelChange, TriedTopic
from watcher.web.exchange import Refused

WORKER = "watcher.web.try_worker"
SECONDS = 7.0
"""For reading and scoring; what is under way then is finished, and the whole try within ten seconds."""
DAYS = 90
LIMITS = Limits(memory_bytes=512_000_000, cpu_seconds=5, deadline=9.0)
"""Of one batch; it takes a fifth of a second, unless the definition is hostile."""
MOST_BYTES = 1_000_000
MOST_AT_ONCE = 100
"""Of one batch, in bytes and entries: it is finished when the time is up, also on a busy machine."""
TEXTS = ("title", "summary", "content", "link", "id", "language")
"""What scoring looks at; times and authors stay here."""
_LOCK = threading.Lock()


def try_definition(
    store: Store, index: EntryIndex | None, before: str, vocabulary: str, text: str, now: datetime
) -> TriedTopic:
    """What the changed text would do to the entries of 90 days. Raises `Refused` while another try is under way.

    `before`: the topic as it is written; `vocabulary`: all lists of words, as JSON.
    """
    if not _LOCK.acquire(blocking=False):
        raise Refused(503, "Somebody else tries a definition just now", "Try again in a moment.", {"Retry-After": "10"})
    try:
        return _tried(store, index, before, vocabulary, text, now)
    finally:
        _LOCK.release()


def _tried(
    store: Store, index: EntryIndex | None, before: str, vocabulary: str, text: str, now: datetime
) -> TriedTopic:
    end = time.monotonic() + SECONDS
    head = json.dumps({"before": before, "after": text, "vocabulary": vocabulary}).encode()
    changes: list[LevelChange] = []
    read, back_to, is_cut = 0, None, False
    with BlockingChild(WORKER, LIMITS) as child:
        found = _answer(child, head, ())
        if found["problems"]:
            return TriedTopic(text, tuple(found["problems"]))
        wanted = None if found["wanted"] is None else from_json(found["wanted"])
        since = now - timedelta(days=DAYS)
        for records in _batches(store, candidates_of(store, index, wanted, tuple(found["languages"]), since)):
            if time.monotonic() > end:
                is_cut = True
                break
            found = _answer(child, head, records)
            if found["problems"]:
                return TriedTopic(text, tuple(found["problems"]))
            by_key = {record.key: record for record in records}
            changes += [_change(by_key[one["key"]], one) for one in found["changes"]]
            read, back_to = read + len(records), records[-1].first_seen
    return TriedTopic(
        text=text, read=read, is_cut=is_cut, back_to=back_to if is_cut else None, days=DAYS,
        changes=tuple(changes), diff=_diff(before, text),
    )  # fmt: skip


def _answer(child: BlockingChild, head: bytes, records: Sequence[EntryRecord]) -> dict[str, Any]:
    """What the child says (see there); `problems` are why the definition cannot be tried."""
    done = child.run(head, _lines(records))
    if done.failure is not None or not done.frames:
        reason = done.failure.value.replace("_", " ") if done.failure else "crashed"
        return {"problems": [f"the try was ended ({reason}); make the definition simpler"]}
    answer: dict[str, Any] = json.loads(done.frames[-1])
    return answer


def _change(record: EntryRecord, found: dict[str, Any]) -> LevelChange:
    """Without the texts: there may be thousands."""
    shown = replace(record, entry=replace(record.entry, summary="", content=""))
    return LevelChange(shown, Level(found["before"]), Level(found["after"]), found["score"])


def _batches(store: Store, numbers: Iterable[Sequence[int]]) -> Iterator[list[EntryRecord]]:
    """Entries by their numbers, in batches that are not too large."""
    for some in numbers:
        batch: list[EntryRecord] = []
        size = 0
        for one in store.entries.stored(some):
            size += len(one.record.entry.content) + len(one.record.entry.summary)
            if batch and (size > MOST_BYTES or len(batch) == MOST_AT_ONCE):
                yield batch
                batch, size = [], 0
            batch.append(one.record)
        if batch:
            yield batch


def _lines(records: Sequence[EntryRecord]) -> bytes:
    facts = ({"key": one.key, "labels": labels_of(one), "entry": _entry_facts(one.entry)} for one in records)
    return b"\n".join(json.dumps(one).encode() for one in facts)


def _entry_facts(entry: Entry) -> dict[str, Any]:
    facts: dict[str, Any] = {name: getattr(entry, name) for name in TEXTS}
    return facts | {"categories": list(entry.categories)}


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.rstrip().splitlines(), "as it is", "as tried", lineterm="")
    return "\n".join(lines)
