"""What topics make of a text that a user sent, worked out in a child with limits: a worker of the sandbox.

The head of a job has the compiled topics (pickled by this program), its body is JSON with `title` and `content`; the
answer is one frame of JSON for each topic, in order.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence

import msgspec

from watcher.match.compile import CompiledTopic
from watcher.match.explain import Explanation, explain_all
from watcher.model.entry import TEXT_LIMIT, Entry
from watcher.sandbox.child import serve
from watcher.sandbox.limits import Limits

LIMITS = Limits(memory_bytes=512_000_000, cpu_seconds=8, deadline=15.0)
"""A thousand topics take three seconds."""


def explain_text(topics: Sequence[CompiledTopic], title: str, content: str) -> tuple[Explanation, ...] | None:
    """What each topic makes of a text; None when that took too much."""
    from watcher.sandbox.oneshot import run_job_blocking  # the child would take longer to import it than to answer

    texts = {"title": title[:TEXT_LIMIT], "content": content[:TEXT_LIMIT]}
    body = msgspec.json.encode({name: text.encode("utf-8", "replace").decode() for name, text in texts.items()})
    done = run_job_blocking("watcher.web.explaining", pickle.dumps(tuple(topics)), body, LIMITS)
    if done.failure is not None:
        import structlog

        structlog.get_logger().warning("text.not_explained", reason=done.failure.value, topics=len(topics))
        return None
    return tuple(msgspec.json.decode(frame, type=Explanation) for frame in done.frames)


def answer(head: bytes, body: bytes) -> Iterator[bytes]:
    """Explains one text."""
    entry = Entry(id="", link="", **msgspec.json.decode(body))
    topics = pickle.loads(head)  # noqa: S301 - the parent wrote it
    yield from map(msgspec.json.encode, explain_all(topics, entry))


if __name__ == "__main__":
    serve(answer)
