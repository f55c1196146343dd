"""Passwords as scrypt hashes (RFC 7914), and waiting longer after each wrong one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from functools import cache

COST = (15, 8, 1)
"""n as a power of two, r, p: 32 MiB and about 0.14 s of CPU a try."""
_MOST_COST = (18, 16, 4)
_MOST_MEMORY = (1 << 31) - 1
_ONE_AT_A_TIME = threading.Lock()
_PATIENCE = 3.0

FREE_TRIES = 5
LONGEST_WAIT = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(minutes=30)
MOST_REMEMBERED = 10_000


def hash_password(password: str, cost: tuple[int, int, int] = COST) -> str:
    """The line for `password:` in the configuration: `scrypt:15:8:1:SALT:HASH`."""
    salt = secrets.token_bytes(16)
    return ":".join(("scrypt", *map(str, cost), _text(salt), _text(_scrypt(password, salt, cost))))


def is_password(password: str, written: str) -> bool:
    """Whether a password belongs to a line of `hash_password`. Tries wait for each other, so that they cannot use up
    memory. Raises `ValueError` for a line of another form, `TimeoutError` when too many tries wait.
    """
    name, log_n, r, p, salt, digest = written.split(":")
    cost = (int(log_n), int(r), int(p))
    if name != "scrypt" or any(asked > most for asked, most in zip(cost, _MOST_COST, strict=True)):
        raise ValueError("not a line of `watcher web password`")
    if not _ONE_AT_A_TIME.acquire(timeout=_PATIENCE):
        raise TimeoutError
    try:
        found = _scrypt(password, _bytes(salt), cost)
    finally:
        _ONE_AT_A_TIME.release()
    return hmac.compare_digest(found, _bytes(digest))


@cache
def hash_of_nobody() -> str:
    """Tried for unknown names, so that they cannot be recognised by the time of the answer."""
    return hash_password(secrets.token_urlsafe())


def _scrypt(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
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
