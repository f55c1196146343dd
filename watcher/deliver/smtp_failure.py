"""What a failed conversation with a mail server means for the message. Pure.

Reply codes after RFC 5321 section 4.2.1 (4yz passes, 5yz stays), RFC 4954 for AUTH, RFC 1870 for sizes; enhanced codes
after RFC 3463 and its registry. A refusal is about one of three things, and only the first ends the message:

* this message or this recipient: it is spam, too large, or nobody has that address;
* us: the name in HELO, the sender, missing login, relaying that is not allowed to us;
* today: a limit of messages is used up.

Servers say the latter two at any stage, with any code and in words of their own, hence the patterns.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Collection, Mapping
from enum import StrEnum

from aiosmtplib import SMTPResponseException

from watcher.errors import AttemptReason
from watcher.model.notification import GiveUp, Outcome, TryAgain
from watcher.text.redact import redact

DETAIL_CHARACTERS = 300


class Stage(StrEnum):
    """How far the conversation had come."""

    CONNECT = "connect"
    GREETING = "greeting"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    DATA = "data"


SMTP_UNAVAILABLE = 421
"""RFC 5321 section 3.8: the server closes the connection, whatever the command was."""


def judge_failure(
    stage: Stage,
    error: Exception,
    accepted: tuple[str, ...],
    secrets: Collection[str] = (),
    *,
    server: str = "the mail server",
) -> Outcome:
    """What an exception at a stage comes to; `accepted` are recipients that took the message earlier.

    `server`: its host and port, for messages.
    """
    if not isinstance(error, SMTPResponseException):
        reason, detail = _broken(stage, error, server)
        return TryAgain(reason, detail, None, accepted)
    answer = reply(error.code, error.message, secrets)
    reason = _reply_reason(stage, error.code, answer)
    if reason in _REMEDIES:
        answer = f"{answer}: {_REMEDIES[reason]}"
    if reason in {AttemptReason.REFUSED, AttemptReason.TOO_LARGE}:
        return GiveUp(reason, answer, accepted)
    return TryAgain(reason, answer, None, accepted)


def _broken(stage: Stage, error: Exception, server: str) -> tuple[AttemptReason, str]:
    """Without a reply: the network, TLS, or a server that lacks what is needed."""
    if isinstance(error, TimeoutError):
        return AttemptReason.TIMEOUT, f"{server} did not answer in time ({stage})"
    if stage is Stage.DATA:
        return AttemptReason.CONNECT, _LOST_AFTER_DATA
    if stage is Stage.TLS or isinstance(error.__cause__, ssl.SSLError):
        return AttemptReason.TLS, _NO_TLS
    if stage is Stage.LOGIN and not isinstance(error, OSError):
        return AttemptReason.AUTHENTICATION, _NO_LOGIN
    if stage is Stage.CONNECT:
        return AttemptReason.CONNECT, f"could not connect to {server}: {_NO_CONNECTION}"
    return AttemptReason.PROTOCOL, f"the mail server closed the connection ({stage})"


_LOST_AFTER_DATA = "the connection broke after the text was sent: it may arrive twice, with one Message-ID"
_NO_TLS = (
    "no trusted TLS connection: check smtp.tls and the server's certificate; an authority of your own belongs into "
    "network.ca_file"
)
_NO_LOGIN = "the mail server offers no way to log in that we know: check smtp.username and smtp.tls"
_NO_CONNECTION = "check smtp.host and smtp.port, and that the server runs"


def _reply_reason(stage: Stage, code: int, answer: str) -> AttemptReason:
    """Whether a reply is about the whole server, us, today, or this one message."""
    if code == SMTP_UNAVAILABLE or stage is Stage.TLS or (stage is Stage.LOGIN and code < 500):
        return AttemptReason.UNAVAILABLE
    if stage is Stage.LOGIN:
        return AttemptReason.AUTHENTICATION
    if stage is not Stage.CONNECT and _is_about_size(code, answer):
        return AttemptReason.TOO_LARGE
    return _about_us(stage, answer) or _by_code(stage, code, answer)


def _by_code(stage: Stage, code: int, answer: str) -> AttemptReason:
    """Of a reply whose words say nothing that we know."""
    if code == _STORAGE_EXCEEDED and stage is not Stage.CONNECT and "5.2.2" not in answer:
        return AttemptReason.TOO_LARGE
    if code < 500:
        return AttemptReason.SLOW_DOWN if stage in _OF_THE_MESSAGE else AttemptReason.UNAVAILABLE
    return AttemptReason.REFUSED if stage is Stage.DATA else AttemptReason.SENDER_REFUSED


_OF_THE_MESSAGE = {Stage.SENDER, Stage.RECIPIENTS, Stage.DATA}


_STORAGE_EXCEEDED = 552
"""RFC 5321: of a message without other words its size; shared hosts use it for limits of the sender, too."""


def _is_about_size(code: int, answer: str) -> bool:
    return code >= 500 and _SIZE.search(answer) is not None


def _about_us(stage: Stage, answer: str) -> AttemptReason | None:
    """Whether the words of a refusal are about a login, a limit, or who we are; None when about the message."""
    if stage is Stage.RECIPIENTS and _RECIPIENT.search(answer):
        return None
    if _UNPROVEN.search(answer):
        return AttemptReason.SENDER_REFUSED
    if _LOGIN.search(answer):
        return AttemptReason.AUTHENTICATION
    if _LIMIT.search(answer):
        return AttemptReason.SENDING_LIMIT
    if _SENDER.search(answer) or (stage is Stage.RECIPIENTS and _POLICY.search(answer)):
        return AttemptReason.SENDER_REFUSED
    return None


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_SIZE = _words(
    r"\b5\.(?:3\.4|2\.3)\b",
    r"\btoo (?:big|large)\b",
    r"\b(?:message|mail|file|maximum|max)\b.{0,20}\b(?:size|length)\b",
)

_RECIPIENT = _words(r"\b5\.7\.1(?:2\d|3[0-8])\b|\bRESOLVER\.RST\b|\brecipient does not accept\b")
"""Exchange: groups and mailboxes that take mail from their own organisation only."""

_UNPROVEN = _words(r"\b(?:spf|dkim|dmarc)\b", r"\b5\.7\.26\b", r"\bnot owned by\b")
"""A sender that is not proven to be ours; such answers also say "authenticate", and mean no login."""

_LOGIN = _words(
    r"^530\b",
    r"^5\d\d 5\.7\.(?:0|57|139)\b.*\b(?:auth|log|sign)",
    r"\bauthenticat(?:e|ion)\b.*\b(?:required|needed|first|necessary|enabled|mandatory)",
    r"\b(?:requires?|needs?|must|not|without|please|after|use|send"
    r"|issue)\b.{0,30}\b(?:smtp )?(?:auth(?:enticat\w*)?|log[ -]?(?:in|on)|logged in|sign in)\b",
    r"\bauth\b.{0,12}\b(?:first|required)",
    r"\b(?:unauthenticated|anonymous|not logged in)\b(?!.*\b(?:spf|dkim|dmarc|email from)\b)",
    r"\bpop before smtp\b|\bcheck (?:for new )?mail first\b",
)
"""Postfix, Exim, Exchange ("5.7.57 Client not authenticated to send mail"), Gmail ("5.7.0 Authentication Required")."""

_LIMIT = _words(
    r"^5\d\d[ -]5\.4\.5\b",
    r"\b5\.7\.(?:508|233|236)\b|\b4\.7\.28\b",
    r"\b(?:daily|hourly|monthly|sending|send|outgoing|outbound|smtp|mail|message|messages|email|emails"
    r"|submission|relay|recipient|rate|per[ -](?:day|hour|minute))\b(?! size).{0,40}\b(?:limits?|quotas?"
    r"|allowance)\b(?!.{0,12}\bsize)",
    r"\b(?:limit|quota)\b.{0,30}\b(?:sending|send|daily|hourly|day|hour|outgoing|messages|emails|mails"
    r"|recipients per)\b",
    r"\btoo (?:many|much)\b.{0,20}\b(?:messages|mails?|emails?|recipients|connections|sent|requests)\b",
    r"\b(?:unusual|high|excessive|unsolicited)\b.{0,20}\b(?:rate|volume|activity)\b|\brate[ -]?limit",
    r"\bmax(?:imum)?\b.{0,20}\b(?:mails?|emails?|messages|sending rate|credits)\b(?!.{0,12}\bsize)",
    r"\bnumber of (?:outgoing |sent )?(?:messages|mails|emails)\b|\bthrottl|\bfrequency limited\b",
)
"""Gmail ("5.4.5 Daily user sending limit exceeded"), Exchange Online ("5.7.233 … exceeded the limit"), shared hosts."""

_SENDER = _words(
    r"\b(?:not|cannot|can't|unable to) forward\b|\bnot a local domain\b|\bfrom your (?:country|region)\b",
    r"\brelay(?:ing|ed|s)?\b|\brcpthosts\b|\bnot a gateway\b|\bopen relay\b|\brouting\b.{0,12}\bdenied\b",
    r"\bhelo\b|\behlo\b|\bfqdn\b|\bfully[ -]?qualified\b|\breverse (?:dns|lookup|hostname)\b"
    r"|\br?dns ptr\b|\bptr\b|\brdns\b",
    r"\b5\.1\.[78]\b|\b5\.2\.252\b|\b5\.7\.(?:2[0-7]|54|60|64|367|705|708|750)\b",
    r"\bsend[ -]?(?:as|on[ -]?behalf)|\bsendas",
    r"\b(?:sender|from|envelope|return[ -]path)\b.{0,40}\b(?:reject|denied|refused|not (?:owned|allowed"
    r"|permitted|authori[sz]ed|valid|exist|found|verif)|unknown|invalid|mismatch|verif|does not|doesn't"
    r"|must)",
    r"\bnot (?:allowed|permitted|authori[sz]ed|entitled)\b.{0,20}\b(?:to )?(?:send|use|submit)",
    r"\b(?:your|client|sending|remote)\b.{0,10}\b(?:ip|host|server|network|address"
    r"|domain)\b.{0,40}\b(?:block|reject|denied|list|reputation|banned|refused|not allowed)"
    r"|\boriginating from your ip\b",
    r"\b(?:rbl|dnsbl|spamhaus|spamcop|barracuda(?:central)?|sorbs|blocklist(?:ed)?|blacklist(?:ed)?|block list)\b",
    r"\baccount\b.{0,20}\b(?:suspended|disabled|locked|blocked|compromised|restricted|banned|paused)",
    r"\bsending (?:paused|suspended|disabled|blocked)\b|\bip\b.{0,40}\breputation\b",
    r"\baddress is not verified\b|\bidentit(?:y|ies) failed\b",
)
"""Who we are, or say that we are. Of lists of blocked hosts, too: they name the host that sends, not the message."""

_POLICY = re.compile(r"\b5\.7\.\d")
"""RFC 3463 section 3.8, security or policy: before the text was sent it can only be about us."""


def judge_refused(refused: Mapping[str, tuple[int, str]], accepted: tuple[str, ...]) -> Outcome:
    """Every recipient that was left refused it, or one of them asks to wait.

    `refused` are replies without secrets. As long as one may take it later, the message is tried again. If all of
    them refuse for what we are, it is not about the recipients.
    """
    detail = named(refused)
    codes = [code for code, _ in refused.values()]
    if SMTP_UNAVAILABLE in codes:
        return TryAgain(AttemptReason.UNAVAILABLE, detail, None, accepted)
    reasons = [_about_us(Stage.RECIPIENTS, answer) for _, answer in refused.values()]
    about_us = next((reason for reason in reasons if reason is not None), None)
    if about_us is not None and None not in reasons and not accepted:
        return TryAgain(about_us, f"{detail}: {_REMEDIES[about_us]}")
    if any(code < 500 for code in codes):
        return TryAgain(AttemptReason.SLOW_DOWN, detail, None, accepted)
    return GiveUp(AttemptReason.RECIPIENT_REFUSED, detail, accepted)


def named(refused: Mapping[str, tuple[int, str]]) -> str:
    """Who refused, with the reply to each."""
    return "; ".join(f"{address}: {answer}" for address, (_, answer) in sorted(refused.items()))[:DETAIL_CHARACTERS]


_REMEDIES: Mapping[AttemptReason, str] = {
    AttemptReason.AUTHENTICATION: "check smtp.username, smtp.password and smtp.from",
    AttemptReason.SENDER_REFUSED: "the server refuses mail from us: check smtp.from, smtp.helo, smtp.username and "
    "what the server allows this machine",
    AttemptReason.SENDING_LIMIT: "the server's limit for this sender is used up: wait, or raise it there",
}


def reply(code: int, text: str, secrets: Collection[str] = ()) -> str:
    """A server's answer on one printable line, without secrets."""
    return f"{code} {redact(text, secrets)}"[:DETAIL_CHARACTERS]
