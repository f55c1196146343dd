"""An HTTP request to a receiver, and what its answer means. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import field

from watcher.errors import AttemptReason
from watcher.http_headers import retry_after
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Delivered, GiveUp, Outcome, TryAgain

DETAIL_CHARACTERS = 200
"""How much of an answer goes into the notification log."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. `secrets` are texts that must not be seen in any answer we keep (I12)."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers in lower case, and the beginning of the body on one line.

    `text` is without secrets, to be shown. `body` is as it came, to be understood: a short secret may be a part of
    `true`, too.
    """

    status: int
    headers: Mapping[str, str]
    text: str
    body: str | None = field(default=None, repr=False)

    @property
    def said(self) -> str:
        """The body as the service wrote it, without outer spaces; not to be shown."""
        return (self.text if self.body is None else self.body).strip()

    @property
    def summary(self) -> str:
        return f"HTTP {self.status} {self.text}".strip()

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Whether the body is a web page: a login page, a proxy's or a CDN's error page, but no API's answer."""
        return bool(_PAGE.match(self.said))

    def json(self) -> Mapping[str, object]:
        """The JSON object of the body; empty where there is none, or where it was too long to be read whole."""
        try:
            found = json.loads(self.said)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def has_id(self, key: str = "id") -> bool:
        """Whether the JSON names what the service made: a text that is not empty."""
        found = self.json().get(key)
        return isinstance(found, str) and bool(found)


_PAGE = re.compile(
    r"[\s\ufeff]*+(?:<\?xml[^>]*+>|(?><!--.*?-->)|\s)*+<(?:!doctype html|html|head|body|title|meta|script|form|h1)\b",
    re.I,
)
"""Never goes back in what it has read: of comments in a row, an answer of 300 bytes took hours."""

Judge = Callable[[Answer], Outcome]
"""What a receiver's answer means; each kind of channel knows its own."""


def judge_status(answer: Answer) -> Outcome:
    """The meaning of a status as HTTP (RFC 9110) has it, whatever the body says."""
    detail = answer.summary[:DETAIL_CHARACTERS]
    if answer.is_success:
        return Delivered(detail)
    reason = reason_of(answer.status)
    if reason in _REMEDIES:
        detail = f"{detail}: {_REMEDIES[reason]}"
    if reason in FINAL:
        return GiveUp(reason, detail)
    return TryAgain(reason, detail, retry_after(answer.headers))


def judge_answer(answer: Answer, is_delivered: Callable[[Answer], bool]) -> Outcome:
    """What an answer of a service means: a success only in the form that the service documents (`is_delivered`).

    A page of a login, a proxy or a CDN, whatever its status, says nothing about the message, so it is tried again.
    """
    blocked = _CDN_LIMIT.search(answer.said)
    if blocked and not answer.is_success:
        return TryAgain(AttemptReason.SLOW_DOWN, answer.summary[:DETAIL_CHARACTERS], retry_after(answer.headers))
    outcome = judge_status(answer)
    if isinstance(outcome, Delivered):
        return outcome if is_delivered(answer) else not_the_service(answer)
    return not_the_service(answer) if answer.is_page and outcome.reason in _OF_THE_SERVICE else outcome


def not_the_service(answer: Answer) -> TryAgain:
    """Somebody else answered: the service would have answered otherwise."""
    what = "a web page" if answer.is_page else "something" if answer.text else "an empty answer"
    detail = f"HTTP {answer.status} with {what} that the service never sends ({answer.text[:80]}): {_ELSEWHERE}"
    return TryAgain(AttemptReason.NOT_THE_SERVICE, detail)


_ELSEWHERE = "check the address, and whether a proxy or a login page of the network answers in its place"
_CDN_LIMIT = re.compile(r"error(?: code)?:? 1015\b", re.IGNORECASE)
"""Cloudflare in front of a service, with status 403 or 429: "You are being rate limited"
(https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/error-1015/)."""


def reason_of(status: int) -> AttemptReason:
    """What a status that is not a success says."""
    if status in _REASONS:
        return _REASONS[status]
    if status >= 500:
        return AttemptReason.UNAVAILABLE
    return AttemptReason.REFUSED if status >= 400 else AttemptReason.REDIRECTED


FINAL = frozenset({AttemptReason.REFUSED, AttemptReason.GONE, AttemptReason.TOO_LARGE})
"""Reasons for which another attempt with the same message would fail as well."""

_OF_THE_SERVICE = FINAL | {AttemptReason.AUTHENTICATION}
"""Reasons that count only when the service itself gives them."""

_REASONS: Mapping[int, AttemptReason] = {
    401: AttemptReason.AUTHENTICATION,
    403: AttemptReason.AUTHENTICATION,
    404: AttemptReason.GONE,
    407: AttemptReason.AUTHENTICATION,
    408: AttemptReason.UNAVAILABLE,
    409: AttemptReason.UNAVAILABLE,
    410: AttemptReason.GONE,
    413: AttemptReason.TOO_LARGE,
    425: AttemptReason.UNAVAILABLE,
    429: AttemptReason.SLOW_DOWN,
    502: AttemptReason.SLOW_DOWN,
    503: AttemptReason.SLOW_DOWN,
    504: AttemptReason.SLOW_DOWN,
}

_REMEDIES: Mapping[AttemptReason, str] = {
    AttemptReason.AUTHENTICATION: "check the credentials of this channel",
    AttemptReason.GONE: "the receiver no longer exists at this address; configure the new one",
    AttemptReason.REDIRECTED: "redirects are not followed; configure the new address",
}
