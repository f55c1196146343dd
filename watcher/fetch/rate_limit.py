"""Limits requests per host: a few at once, a pause between two starts, none while a host asks us to wait.

Counted per registrable domain, because that is what one operator runs: `a.example.co.uk` and `b.example.co.uk`
share one limit. The private part of the public suffix list counts, too, as it does in browsers: `a.github.io` and
`b.github.io` have different owners, and a pause that one of them asks for does not concern the other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import field
from datetime import timedelta

from watcher.errors import FetchError, PollReason
from watcher.lazy_dataclass import dataclass
from watcher.model.settings import PerHost
from watcher.text.domains import registrable_domain

_SWEEP_FROM = 1_000
_LONGEST_PAUSE = 10.0
"""Seconds for which a request waits in line for a host that asked us to wait; for longer ones it is given up."""


@dataclass(slots=True)
class _Bucket:
    running: int = 0
    next_start: float = 0.0
    paused_until: float = 0.0
    queue: deque[asyncio.Future[None]] = field(default_factory=deque)

    def is_idle(self, now: float) -> bool:
        return not self.running and not self.queue and max(self.next_start, self.paused_until) <= now


class HostBusy(FetchError):
    """No request to a host is possible within the patience given; `wait` is when one may be.

    `requested`: the host itself asked us to wait. Otherwise our own requests to it are queued for so long.
    """

    def __init__(self, detail: str, wait: timedelta, *, requested: bool = False) -> None:
        super().__init__(PollReason.HOST_BUSY, detail)
        self.wait = wait
        self.requested = requested


class HostLimiter:
    """Grants slots for requests; times are those of the running event loop."""

    def __init__(self, limits: PerHost) -> None:
        self._concurrency = limits.concurrency
        self._spacing = limits.spacing.total_seconds()
        self._buckets: dict[str, _Bucket] = {}
        self._sweep_at = _SWEEP_FROM

    @asynccontextmanager
    async def slot(self, host: str, patience: timedelta) -> AsyncIterator[None]:
        """Waits until the host may be asked, then holds a slot. Raises `HostBusy` when `patience` is too short."""
        bucket = self._bucket(domain := registrable_domain(host))
        await self._wait(bucket, domain, patience.total_seconds())
        try:
            yield
        finally:
            self._leave(bucket)

    def pause(self, host: str, wait: timedelta) -> None:
        """Stops requests to all hosts of this domain for `wait`."""
        bucket = self._bucket(registrable_domain(host))
        bucket.paused_until = max(bucket.paused_until, _now() + wait.total_seconds())

    def sent(self, host: str) -> None:
        """Spaces the next request from this moment: connecting may have taken longer than it will take the next one."""
        self.space(host, timedelta())

    def space(self, host: str, ago: timedelta) -> None:
        """Counts a request to all hosts of this domain that another process made at a time so far from now."""
        bucket = self._bucket(registrable_domain(host))
        bucket.next_start = max(bucket.next_start, _now() + ago.total_seconds() + self._spacing)

    def _bucket(self, domain: str) -> _Bucket:
        if len(self._buckets) >= self._sweep_at:
            now = _now()
            self._buckets = {name: bucket for name, bucket in self._buckets.items() if not bucket.is_idle(now)}
            self._sweep_at = max(_SWEEP_FROM, 2 * len(self._buckets))
        return self._buckets.setdefault(domain, _Bucket())

    async def _wait(self, bucket: _Bucket, domain: str, patience: float) -> None:
        arrived_at = _now()
        self._refuse_beyond(bucket, domain, patience)
        try:
            async with asyncio.timeout_at(arrived_at + patience):
                await self._enter(bucket)
        except TimeoutError:
            wait = timedelta(seconds=max(1.0, len(bucket.queue) * self._spacing))
            raise HostBusy(f"{domain} has many feeds waiting; this one comes later", wait) from None
        try:
            while (start := max(bucket.next_start, bucket.paused_until)) > _now():
                self._refuse_beyond(bucket, domain, patience - (_now() - arrived_at))
                await asyncio.sleep(start - _now())
            bucket.next_start = _now() + self._spacing
        except BaseException:
            self._leave(bucket)
            raise

    def _refuse_beyond(self, bucket: _Bucket, domain: str, patience: float) -> None:
        now = _now()
        if (pause := bucket.paused_until - now) > min(patience, _LONGEST_PAUSE):
            detail = f"{domain} asked us to wait; nothing is asked of it until then"
            raise HostBusy(detail, timedelta(seconds=pause), requested=True)
        queued = bucket.next_start - now + len(bucket.queue) * self._spacing
        if queued > patience:
            raise HostBusy(f"{domain} has many feeds waiting; this one comes later", timedelta(seconds=queued))

    async def _enter(self, bucket: _Bucket) -> None:
        if bucket.running < self._concurrency and not bucket.queue:
            bucket.running += 1
            return
        place = asyncio.get_running_loop().create_future()
        bucket.queue.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._leave(bucket)  # the place was handed over while we gave up
            elif place in bucket.queue:
                bucket.queue.remove(place)
            raise

    def _leave(self, bucket: _Bucket) -> None:
        """Hands the place to the next in the queue, or gives it up."""
        while bucket.queue:
            place = bucket.queue.popleft()
            if not place.done():
                place.set_result(None)
                return
        bucket.running -= 1


def _now() -> float:
    return asyncio.get_running_loop().time()
