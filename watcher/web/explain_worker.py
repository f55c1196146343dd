"""Explains a text that a user sent for topics, in a child with limits: a worker of the sandbox.

The head of a job has the compiled topics, as the process of the pages pickled them; the body is JSON with `title` and
`content`. The answer is one frame of JSON for each topic, in order: the fields of its explanation.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import asdict

from watcher.match.explain import explain
from watcher.model.entry import Entry
from watcher.sandbox.child import serve


def answer(head: bytes, body: bytes) -> Iterator[bytes]:
    """Explains one text."""
    entry = Entry(id="", link="", **json.loads(body))
    for topic in pickle.loads(head):  # noqa: S301 - nobody but our own process writes it
        yield json.dumps(asdict(explain(topic, entry))).encode()


if __name__ == "__main__":
    serve(answer)
