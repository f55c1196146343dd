"""What a failed conversation with a mail server means for the message. Pure.

Reply codes after RFC 5321 section 4.2.1 (4yz passes, 5yz stays), RFC 4954 for AUTH, RFC 1870 for sizes. Enhanced codes
5.7.x (RFC 3463 section 3.8, security or policy) before the text was sent can only be about us: who we are, or say we are.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from enum import StrEnum

from aiosmtplib import SMTPResponseException

from watcher.errors import AttemptReason
from watcher.model.notification import GiveUp, Outcome, TryAgain

DETAIL_CHARACTERS = 300


class Stage(StrEnum):
    """How far the conversation had come."""

    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    DATA = "data"


def judge_failure(stage: Stage, error: Exception, accepted: tuple[str, ...]) -> Outcome:
    """What an exception at a stage comes to; `accepted` are recipients that took the message earlier."""
    if not isinstance(error, SMTPResponseException):
        reason, detail = _broken(stage, error)
        return TryAgain(reason, detail, None, accepted)
    answer = reply(error.code, error.message)
    reason = _reply_reason(stage, error.code, answer)
    if reason is AttemptReason.AUTHENTICATION:
        answer = f"{answer}: {_WHO_WE_ARE}"
    if reason in {AttemptReason.REFUSED, AttemptReason.TOO_LARGE}:
        return GiveUp(reason, answer, accepted)
    return TryAgain(reason, answer, None, accepted)


def _broken(stage: Stage, error: Exception) -> tuple[AttemptReason, str]:
    """Without a reply: the network, TLS, or a server that lacks what is needed."""
    if isinstance(error, TimeoutError):
        return AttemptReason.TIMEOUT, f"the mail server did not answer in time ({stage})"
    if stage is Stage.DATA:
        return AttemptReason.CONNECT, _LOST_AFTER_DATA
    if stage is Stage.TLS or isinstance(error.__cause__, ssl.SSLError):
        return AttemptReason.TLS, _NO_TLS
    if stage is Stage.LOGIN and not isinstance(error, OSError):
        return AttemptReason.AUTHENTICATION, _NO_LOGIN
    if stage is Stage.CONNECT:
        return AttemptReason.CONNECT, _NO_CONNECTION
    return AttemptReason.PROTOCOL, f"the mail server broke off ({stage})"


_LOST_AFTER_DATA = "the connection broke after the text was sent: it may arrive twice, with one Message-ID"
_NO_TLS = "no trusted TLS connection: check the server's certificate and smtp.tls"
_NO_LOGIN = "the mail server offers no way to log in that we know: check smtp.username and smtp.tls"
_NO_CONNECTION = "could not connect: check smtp.host and smtp.port, and that the server runs"


def _reply_reason(stage: Stage, code: int, answer: str) -> AttemptReason:
    """A refusal of the whole server, of us, or of this one message."""
    is_about_us = stage is Stage.LOGIN or code == 530 or (stage is Stage.SENDER and _is_policy(answer))
    if code == 421 or stage in {Stage.CONNECT, Stage.TLS} or (code < 500 and is_about_us):
        return AttemptReason.UNAVAILABLE
    if is_about_us:
        return AttemptReason.AUTHENTICATION
    if code < 500:
        return AttemptReason.SLOW_DOWN
    return AttemptReason.TOO_LARGE if code == 552 or "5.3.4" in answer else AttemptReason.REFUSED


def judge_refused(refused: Mapping[str, tuple[int, str]], accepted: tuple[str, ...]) -> Outcome:
    """Some recipients were refused. As long as one of them may pass later the message is tried again.

    All of them by policy is about us, which a person can mend: a message to nobody is not a dead letter yet.
    """
    detail = "; ".join(f"{address}: {reply(code, text)}" for address, (code, text) in sorted(refused.items()))
    detail = detail[:DETAIL_CHARACTERS]
    if any(code < 500 for code, _ in refused.values()):
        return TryAgain(AttemptReason.SLOW_DOWN, detail, None, accepted)
    if not accepted and all(_is_policy(text) for _, text in refused.values()):
        return TryAgain(AttemptReason.AUTHENTICATION, f"{detail}: {_WHO_WE_ARE}")
    return GiveUp(AttemptReason.RECIPIENT_REFUSED, detail, accepted)


def _is_policy(answer: str) -> bool:
    return bool(re.search(r"\b5\.7\.\d", answer))


_WHO_WE_ARE = "check smtp.username, smtp.password and smtp.from"


def reply(code: int, text: str) -> str:
    """A server's answer on one printable line."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return f"{code} {' '.join(printable.split())}"[:DETAIL_CHARACTERS]
