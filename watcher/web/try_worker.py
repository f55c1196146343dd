"""Compares two definitions of a topic over stored entries, in a child with limits: a worker of the sandbox.

The head of a job is JSON: `before`, `after` (texts), `vocabulary` (JSON), `seconds` of CPU. The body has one entry a
line: JSON with `key`, `labels`, `entry`. The answer is one frame of JSON: `problems`, or `read` and the `changes`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from watcher.config.topic_text import read_definition
from watcher.match.compile import CompiledTopic
from watcher.match.percolator import Percolator, compile_topics
from watcher.model.entry import Entry
from watcher.model.topic import Level, Topic
from watcher.sandbox.child import serve

TEXTS = ("title", "summary", "content", "link", "id", "language")
"""What scoring looks at; times and authors stay with the parent."""


def entry_facts(entry: Entry) -> dict[str, Any]:
    """What an entry sends to the child."""
    facts: dict[str, Any] = {name: getattr(entry, name) for name in TEXTS}
    return facts | {"categories": list(entry.categories)}


def answer(head: bytes, body: bytes) -> Iterator[bytes]:
    """Scores every entry by both definitions, until the time is up."""
    job = json.loads(head)
    before, _ = read_definition(job["before"], job["vocabulary"])
    after, problems = read_definition(job["after"], job["vocabulary"])
    compiled, found = _compiled(after) if after is not None and not problems else (None, [])
    if compiled is None or problems or found:
        yield json.dumps({"problems": [*problems, *found]}).encode()
        return
    old = _compiled(before)[0] if before is not None else None
    read, changes = 0, []
    for line in body.splitlines():
        if time.process_time() > job["seconds"]:
            break
        read += 1
        if (change := _change(json.loads(line), old, compiled)) is not None:
            changes.append(change)
    yield json.dumps({"problems": [], "read": read, "changes": changes}).encode()


def _compiled(topic: Topic) -> tuple[Percolator | None, list[str]]:
    compiled: tuple[CompiledTopic, ...]
    compiled, broken = compile_topics([topic])
    problems = [f"{problem.path}: {problem.message}" for _, problem in broken]
    return (Percolator(compiled) if compiled and not problems else None), problems


def _change(facts: dict[str, Any], old: Percolator | None, new: Percolator) -> dict[str, Any] | None:
    """How the level of an entry changes; None when it does not."""
    entry = Entry(**{**facts["entry"], "categories": tuple(facts["entry"]["categories"])})
    before, after = (_level(one, entry, facts["labels"]) for one in (old, new))
    if before[0] is after[0]:
        return None
    return {"key": facts["key"], "before": before[0].value, "after": after[0].value, "score": after[1]}


def _level(percolator: Percolator | None, entry: Entry, labels: dict[str, str]) -> tuple[Level, int]:
    matches = percolator.percolate(entry, labels) if percolator is not None else []
    return (matches[0].level, matches[0].score) if matches else (Level.NONE, 0)


if __name__ == "__main__":
    serve(answer)
