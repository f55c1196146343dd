"""The session of somebody who signed in with a password: a signed cookie, nothing in the store but a generation.

The signature covers the password's hash: a new password, or a removed person, ends the sessions. Signing out
everywhere raises the generation.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from watcher.lazy_dataclass import dataclass
from watcher.model.web import SESSION_IDLE, SESSION_LASTS, Person

RENEWED_AFTER = timedelta(hours=1)
"""How old the time of the last request in a cookie may become before the cookie is written again."""
SECURE_NAME, PLAIN_NAME = "__Host-watcher", "watcher"
"""Browsers accept the first only over https, for the whole site, and from no other host."""

Generation = Callable[[str], int]
"""The generation of a person's sessions, by name."""


@dataclass(frozen=True, slots=True)
class Session:
    """Whose it is, when it began, and when it was last used; `generation` is that of its beginning."""

    name: str
    began: datetime
    used: datetime
    generation: int

    def is_over(self, now: datetime) -> bool:
        return now - self.used > SESSION_IDLE or now - self.began > SESSION_LASTS or self.used > now + RENEWED_AFTER


def cookie_name(is_secure: bool) -> str:
    return SECURE_NAME if is_secure else PLAIN_NAME


def write_session(session: Session, person: Person, key: str) -> str:
    """The value of the cookie."""
    facts = [session.name, int(session.began.timestamp()), int(session.used.timestamp()), session.generation]
    data = json.dumps(facts, ensure_ascii=False).encode()
    return f"{_text(data)}.{_text(_sign(data, person, key))}"


def read_session(
    value: str, people: Sequence[Person], keys: Sequence[str], generation: Generation, now: datetime
) -> tuple[Session, Person] | None:
    """The session of a cookie's value; None when it is forged, over, or of somebody who is no longer known."""
    try:
        data, signature = (_bytes(part) for part in value.split("."))
        name, began, used, written_generation = json.loads(data)
        session = Session(str(name), _moment(began), _moment(used), int(written_generation))
    except (ValueError, TypeError, OverflowError, OSError, RecursionError):
        return None
    person = next((one for one in people if one.name == session.name and one.password is not None), None)
    if person is None or not any(hmac.compare_digest(_sign(data, person, key), signature) for key in keys):
        return None
    if session.is_over(now) or generation(session.name) != session.generation:
        return None
    return session, person


def _moment(seconds: object) -> datetime:
    if not isinstance(seconds, int):
        raise TypeError("not a time")
    return datetime.fromtimestamp(seconds, UTC)


def _sign(data: bytes, person: Person, key: str) -> bytes:
    password = person.password.reveal() if person.password else ""
    purpose = hmac.digest(key.encode(), b"watcher session\0" + password.encode(), hashlib.sha256)
    return hmac.digest(purpose, data, hashlib.sha256)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
