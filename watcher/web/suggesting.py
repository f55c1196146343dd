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

from watcher.match.suggest import Marked, Suggestions, suggest, too_few
from watcher.sandbox.child import serve
from watcher.sandbox.limits import Limits

if TYPE_CHECKING:
    from watcher.match.compile import CompiledTopic
    from watcher.store.store import Store

MOST_MARKS = 500
"""Marks of each kind that suggestions are made of, the newest."""
LIMITS = Limits(memory_bytes=1_000_000_000, cpu_seconds=60, deadline=120.0)
"""A thousand reports take two seconds."""


def read_suggestions(store: Store, topic: CompiledTopic) -> Suggestions:
    """What the newest marks speak for."""
    from watcher.sandbox.oneshot import run_job_blocking  # the child has no use for it

    name, relevant, marked = topic.topic.name, 0, []
    for one in _marked(store, name):
        relevant += one.is_relevant
        marked.append(msgspec.json.encode(one))
    others = len(marked) - relevant
    if (none := too_few(relevant, others)) is not None:
        return none
    body = b"[%b]" % b",".join(marked)
    done = run_job_blocking("watcher.web.suggesting", pickle.dumps(topic.topic), body, LIMITS)
    if done.failure is not None:
        import structlog

        structlog.get_logger().warning(
            "topic.suggestions_failed", topic=name, reason=done.failure.value, marks=len(marked)
        )
        return Suggestions((), relevant, others, f"the marks took too much: {done.failure.value.replace('_', ' ')}")
    return msgspec.json.decode(done.frames[-1], type=Suggestions)


def _marked(store: Store, topic: str) -> Iterator[Marked]:
    for alert in store.marks.newest_alerts(topic, MOST_MARKS):
        yield Marked(alert.alert.entry, alert.is_relevant)
    for missed in store.marks.newest_missed(topic, MOST_MARKS):
        yield Marked(missed.entry, True)


def answer(head: bytes, body: bytes) -> Iterator[bytes]:
    """Works the suggestions out."""
    topic = pickle.loads(head)  # noqa: S301 - the parent wrote it
    yield msgspec.json.encode(suggest(topic, msgspec.json.decode(body, type=list[Marked])))


if __name__ == "__main__":
    serve(answer)
