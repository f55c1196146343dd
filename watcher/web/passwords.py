"""Passwords as scrypt hashes (RFC 7914), and waiting longer after each wrong one.

The process of the pages has no OpenSSL, and thus no scrypt (`left_out`): there this module is a worker of the sandbox.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import TypeAlias

from watcher.sandbox.child import serve
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import run_job_blocking

Cost: TypeAlias = tuple[int, int, int]

COST: Cost = (15, 8, 1)
"""n as a power of two, r, p: 32 MiB and about 0.14 s of CPU a try."""
_MOST_COST = (18, 16, 4)
_MOST_MEMORY = (1 << 31) - 1
_ONE_AT_A_TIME = threading.Lock()
_PATIENCE = 3.0
_LIMITS = Limits(memory_bytes=2_000_000_000, cpu_seconds=60, deadline=60.0)
_RIGHT, _WRONG = b"right", b"wrong"

FREE_TRIES = 5
LONGEST_WAIT = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(minutes=30)
MOST_REMEMBERED = 10_000


def hash_password(password: str, cost: Cost = COST) -> str:
    """The line for `password:` in the configuration: `scrypt:15:8:1:SALT:HASH`."""
    salt = secrets.token_bytes(16)
    return _line(cost, salt, _scrypt(password, salt, cost))


def is_password(password: str, written: str) -> bool:
    """Whether a password belongs to a line of `hash_password`. Tries wait for each other, so that they cannot use up
    memory. Raises `ValueError` for a line of another form, `TimeoutError` when too many tries wait.
    """
    _parts(written)
    if not _ONE_AT_A_TIME.acquire(timeout=_PATIENCE):
        raise TimeoutError
    try:
        return _is_password(password, written) if hasattr(hashlib, "scrypt") else _is_in_child(password, written)
    finally:
        _ONE_AT_A_TIME.release()


def _is_in_child(password: str, written: str) -> bool:
    """The same in a process that has scrypt; it also takes the 32 MB and gives them back."""
    text = password.encode("utf-8", "surrogatepass")
    done = run_job_blocking("watcher.web.passwords", written.encode(), text, _LIMITS)
    if done.failure is not None:
        raise RuntimeError(f"a password was not checked: {done.failure.value}")
    return done.frames == (_RIGHT,)


def answer(head: bytes, body: bytes) -> Iterator[bytes]:
    """Whether the password `body` belongs to the line `head`."""
    yield _RIGHT if _is_password(body.decode("utf-8", "surrogatepass"), head.decode()) else _WRONG


@cache
def hash_of_nobody() -> str:
    """Tried for unknown names, so that they cannot be recognised by the time of the answer. No password has it."""
    return _line(COST, secrets.token_bytes(16), secrets.token_bytes(32))


def _is_password(password: str, written: str) -> bool:
    cost, salt, digest = _parts(written)
    return hmac.compare_digest(_scrypt(password, salt, cost), digest)


def _parts(written: str) -> tuple[Cost, bytes, bytes]:
    name, log_n, r, p, salt, digest = written.split(":")
    cost = (int(log_n), int(r), int(p))
    if name != "scrypt" or any(asked > most for asked, most in zip(cost, _MOST_COST, strict=True)):
        raise ValueError("not a line of `watcher web password`")
    return cost, _bytes(salt), _bytes(digest)


def _line(cost: Cost, salt: bytes, digest: bytes) -> str:
    return ":".join(("scrypt", *map(str, cost), _text(salt), _text(digest)))


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    log_n, r, p = cost
    data = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=1 << log_n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=32)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Throttle:
    """Counts failures by key: a name or an address. After `FREE_TRIES` each further failure doubles the wait."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, now: datetime, *keys: str) -> timedelta:
        """How long a try with these keys must still wait; zero when it may be made."""
        with self._lock:
            return max((self._wait(key, now) for key in keys), default=timedelta(0))

    def failed(self, now: datetime, *keys: str) -> None:
        with self._lock:
            for key in keys:
                count, last = self._failures.pop(key, (0, now))
                self._failures[key] = (1 if now - last > FORGOTTEN_AFTER else count + 1, now)
            while len(self._failures) > MOST_REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait(self, key: str, now: datetime) -> timedelta:
        count, last = self._failures.get(key, (0, now))
        if count < FREE_TRIES:
            return timedelta(0)
        lasts = min(timedelta(seconds=2 ** min(count - FREE_TRIES, 10)), LONGEST_WAIT)
        return max(last + lasts - now, timedelta(0))


if __name__ == "__main__":
    serve(answer)
