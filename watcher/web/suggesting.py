"""What the marks of a topic suggest, worked out in a child process: a worker of the sandbox.

The lists of stop words and the phrases of a thousand texts would stay in the process of the pages, which needs them
once for each new mark. The head of a job is the topic (pickled by this program), its body the marked entries as JSON;
the answer is one frame, the suggestions as JSON.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from watcher.match.suggest import FEWEST_MARKED, Marked, Suggestions, suggest
from watcher.sandbox.child import serve
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import run_job_blocking

if TYPE_CHECKING:
    from watcher.match.compile import CompiledTopic
    from watcher.store.store import Store

MOST_MARKS = 500
"""Marks of each kind that suggestions are made of, the newest."""
LIMITS = Limits(memory_bytes=1_000_000_000, cpu_seconds=60, deadline=120.0)
"""A thousand reports take two seconds."""


def read_suggestions(store: Store, topic: CompiledTopic) -> Suggestions:
    """What the newest marks speak for."""
    name = topic.topic.name
    marked = [Marked(one.alert.entry, one.is_relevant) for one in store.marks.alerts(name, MOST_MARKS)]
    marked += [Marked(one.entry, True) for one in store.marks.missed(name, MOST_MARKS)]
    relevant = sum(one.is_relevant for one in marked)
    others = len(marked) - relevant
    if min(relevant, others) < FEWEST_MARKED:
        return suggest(topic, marked)
    done = run_job_blocking("watcher.web.suggesting", pickle.dumps(topic.topic), msgspec.json.encode(marked), LIMITS)
    if done.failure is not None:
        import structlog  # the child needs none, and would take longer to import it than to answer

        structlog.get_logger().warning(
            "topic.suggestions_failed", topic=name, reason=done.failure.value, marks=len(marked)
        )
        return Suggestions((), relevant, others, f"the marks took too much: {done.failure.value.replace('_', ' ')}")
    return msgspec.json.decode(done.frames[-1], type=Suggestions)


def answer(head: bytes, body: bytes) -> Iterator[bytes]:
    """Works the suggestions out."""
    topic = pickle.loads(head)  # noqa: S301 - the parent wrote it
    yield msgspec.json.encode(suggest(topic, msgspec.json.decode(body, type=list[Marked])))


if __name__ == "__main__":
    serve(answer)
