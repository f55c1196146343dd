"""Compares two definitions of a topic over stored entries, in a child with limits: a worker of the sandbox.

The head of a job is JSON: `before`, `after` (texts), `vocabulary` (JSON). The body has one entry a line: JSON with
`key`, `labels`, `entry`. The answer is one frame of JSON: `problems`, or the `changes`; to a job without entries also
what entries must meet to be worth sending (`wanted`, `languages`). One child does all jobs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from watcher.config.topic_text import read_definition
from watcher.match.compile import CompiledTopic
from watcher.match.percolator import Percolator, compile_topics
from watcher.model.entry import Entry
from watcher.model.topic import Level
from watcher.sandbox.child import serve
from watcher.search.candidates import languages_of, wanted_of
from watcher.search.node import to_json

BEFORE, AFTER = "before", "after"


def answer(head: bytes, body: bytes) -> Iterator[bytes]:
    """Scores every entry by both definitions."""
    percolator, problems = _compiled(head)
    if percolator is None:
        yield json.dumps({"problems": problems}).encode()
        return
    lines = body.splitlines()
    changes = [change for line in lines if (change := _change(json.loads(line), percolator)) is not None]
    narrowing = {} if lines else _narrowing(percolator.index.topics)
    yield json.dumps({"problems": [], "changes": changes, **narrowing}).encode()


@lru_cache(maxsize=1)
def _compiled(head: bytes) -> tuple[Percolator | None, list[str]]:
    """Both definitions, so that a text is read once for both; None when the changed one has problems."""
    job = json.loads(head)
    before, after, problems = definitions(job["before"], job["after"], job["vocabulary"])
    if after is None:
        return None, problems
    chosen = [(AFTER, after), *([(BEFORE, before)] if before is not None else [])]
    return Percolator([replace(one, topic=replace(one.topic, name=name)) for name, one in chosen]), []


def _narrowing(topics: Sequence[CompiledTopic]) -> dict[str, Any]:
    wanted = wanted_of(topics)
    return {"wanted": None if wanted is None else to_json(wanted), "languages": languages_of(topics)}


def definitions(
    before: str, after: str, vocabulary: str
) -> tuple[CompiledTopic | None, CompiledTopic | None, list[str]]:
    """Both definitions, None for what cannot be understood; and what is wrong with the changed one."""
    topic, problems = read_definition(after, vocabulary)
    old, _ = read_definition(before, vocabulary)
    known, _ = compile_topics([old] if old is not None else [])
    if topic is None or problems:
        return (known[0] if known else None), None, list(problems)
    changed, broken = compile_topics([topic])
    found = [f"{problem.path}: {problem.message}" for _, problem in broken]
    return (known[0] if known else None), (changed[0] if changed and not found else None), found


def _change(facts: dict[str, Any], percolator: Percolator) -> dict[str, Any] | None:
    """How the level of an entry changes; None when it does not."""
    entry = Entry(**{**facts["entry"], "categories": tuple(facts["entry"]["categories"])})
    matches = {match.topic: match for match in percolator.percolate(entry, facts["labels"])}
    before, after = (matches[name].level if name in matches else Level.NONE for name in (BEFORE, AFTER))
    if before is after:
        return None
    score = matches[AFTER].score if AFTER in matches else 0
    return {"key": facts["key"], "before": before.value, "after": after.value, "score": score}


if __name__ == "__main__":
    serve(answer)
