"""Trying a changed definition of a topic over stored entries, in a child process: one at a time."""

from __future__ import annotations

import difflib
import json
import threading
from collections.abc import Sequence

from watcher.config.topic_text import WrittenTopic
from watcher.match.backtest import labels_of
from watcher.model.entry import EntryRecord
from watcher.model.topic import Level
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import run_job_blocking
from watcher.store.records import EntryFilter
from watcher.store.store import Store
from watcher.views.topics import LevelChange, TriedTopic
from watcher.web.exchange import Refused
from watcher.web.try_worker import entry_facts

WORKER = "watcher.web.try_worker"
SECONDS = 7
"""Of CPU; the child is ended a little later, and the whole try within ten seconds on a quiet machine."""
LIMITS = Limits(memory_bytes=512_000_000, cpu_seconds=SECONDS + 2, deadline=20.0)
MOST_ENTRIES = 10_000
MOST_BYTES = 60_000_000
_LOCK = threading.Lock()


def try_definition(store: Store, written: WrittenTopic, text: str) -> TriedTopic:
    """What the changed text would do. Raises `Refused` while another try is under way."""
    if not _LOCK.acquire(blocking=False):
        raise Refused(503, "Somebody else tries a definition just now", "Try again in a moment.", {"Retry-After": "10"})
    try:
        return _tried(store, written, text)
    finally:
        _LOCK.release()


def _tried(store: Store, written: WrittenTopic, text: str) -> TriedTopic:
    records = store.entries.matching(EntryFilter(), MOST_ENTRIES)
    job = {"before": written.text, "after": text, "vocabulary": written.vocabulary, "seconds": SECONDS}
    done = run_job_blocking(WORKER, json.dumps(job).encode(), _lines(records), LIMITS)
    if done.failure is not None or not done.frames:
        reason = done.failure.value.replace("_", " ") if done.failure else "crashed"
        return TriedTopic(text, (f"the try was ended ({reason}); make the definition simpler",))
    found = json.loads(done.frames[-1])
    if found["problems"]:
        return TriedTopic(text, tuple(found["problems"]))
    by_key = {record.key: record for record in records}
    changes = tuple(
        LevelChange(by_key[one["key"]], Level(one["before"]), Level(one["after"]), one["score"])
        for one in found["changes"]
    )
    read = found["read"]
    return TriedTopic(
        text=text,
        read=read,
        stored=len(records),
        back_to=records[read - 1].first_seen if read else None,
        changes=changes,
        diff=_diff(written.text, text),
    )


def _lines(records: Sequence[EntryRecord]) -> bytes:
    lines, size = [], 0
    for record in records:
        facts = {"key": record.key, "labels": labels_of(record), "entry": entry_facts(record.entry)}
        line = json.dumps(facts).encode()
        size += len(line)
        if size > MOST_BYTES:
            break
        lines.append(line)
    return b"\n".join(lines)


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.rstrip().splitlines(), "as it is", "as tried", lineterm="")
    return "\n".join(lines)
