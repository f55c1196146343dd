"""The description of the API (OpenAPI 3.1): written as YAML and served as JSON, made by a worker of the sandbox.

So the process of the pages needs no reader of YAML.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources

from watcher.sandbox.child import serve
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import run_job_blocking


@cache
def description() -> bytes:
    """The document as JSON; as text it takes a tenth of the memory."""
    text = (resources.files("watcher.web") / "openapi.yaml").read_bytes()
    done = run_job_blocking("watcher.web.description", b"", text, Limits())
    if done.failure is not None:
        raise RuntimeError(f"the description of the API was not read: {done.failure.value}")
    return done.frames[-1]


def answer(head: bytes, body: bytes) -> Iterator[bytes]:
    """YAML as JSON."""
    import yaml

    from watcher.config.yaml_tree import LOADER

    yield json.dumps(yaml.load(body, Loader=LOADER), ensure_ascii=False).encode()  # noqa: S506 - safe


if __name__ == "__main__":
    serve(answer)
