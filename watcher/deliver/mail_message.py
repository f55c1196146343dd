"""An e-mail as bytes: the same bytes for the same notification, whatever the attempt; and the channel that sends it.

RFC 5322 (message), RFC 2045 and 2046 (MIME), RFC 2369 and 2919 (List-*), RFC 3834 (Auto-Submitted).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import timedelta
from email.header import Header
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING
from unicodedata import category
from urllib.parse import quote

from watcher.deliver.channel import Channel, ChannelKind, MailServer, OptionProblem, Transport
from watcher.deliver.options import Line, MailAddresses, PlainHeaders
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import stable_hash
from watcher.model.notification import Delivered, GiveUp, Message, Notification, Outcome
from watcher.model.route import ChannelOptions
from watcher.model.settings import Smtp

if TYPE_CHECKING:
    from email.headerregistry import Address
    from email.message import EmailMessage

SUBJECT_CHARACTERS = 250
CRLF = "\r\n"

_OUR_HEADERS = frozenset(
    [
        "from",
        "to",
        "cc",
        "bcc",
        "sender",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "reply-to",
        "auto-submitted",
        "list-id",
        "list-unsubscribe",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "return-path",
        "received",
    ]
)


@dataclass(frozen=True, slots=True)
class Email(ChannelOptions):
    """One message to all of `to`, `cc` and `bcc`; `subject` replaces the generated one, `headers` are added."""

    to: MailAddresses
    cc: MailAddresses = ()
    subject: Line | None = None
    bcc: MailAddresses = ()
    reply_to: MailAddresses = ()
    headers: PlainHeaders = field(default_factory=dict)

    @property
    def recipients(self) -> tuple[str, ...]:
        return (*self.to, *self.cc, *self.bcc)


def email_problems(options: Email) -> Iterator[OptionProblem]:
    """Headers that this program sets itself."""
    for name in options.headers:
        if name.lower() in _OUR_HEADERS:
            yield OptionProblem("headers", f"{name} is set by this program; remove it")


@dataclass(frozen=True, slots=True)
class Mail:
    """What SMTP needs: the envelope's sender and the content with CRLF line ends."""

    sender: str
    content: bytes
    needs_smtputf8: bool


def addresses(options: Email) -> list[str]:
    """The envelope's recipients, each once, domains in ASCII (IDNA)."""
    return list(dict.fromkeys(bare_address(written) for written in options.recipients))


def bare_address(written: str) -> str:
    """`Desk <desk@example.org>` without the name, its domain in ASCII.

    Raises `ValueError` when it is not an address.
    """
    _, address = parseaddr(one_line(written))
    local, at, domain = address.rpartition("@")
    if not (at and local and domain):
        raise ValueError(f"{written!r} is not an e-mail address")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def build_mail(options: Email, smtp: Smtp, notification: Notification, message: Message) -> Mail:
    """The message with headers that let mail programs thread it, filter it and know it for automatic."""
    from email.message import EmailMessage  # every configuration with a receiver of mail imports this module
    from email.policy import SMTP, SMTPUTF8

    sender = bare_address(smtp.sender)
    needs_smtputf8 = not all(address.isascii() for address in (sender, *addresses(options)))
    mail = EmailMessage(policy=SMTPUTF8 if needs_smtputf8 else SMTP)
    _add_headers(mail, options, smtp, notification, message)
    mail.set_content(message.text, charset="utf-8")
    mail.add_alternative(message.html, subtype="html", charset="utf-8")
    mail.set_boundary(f"=_{notification.key}")
    subject = subject_header(one_line(options.subject or message.subject)[:SUBJECT_CHARACTERS])
    return Mail(sender, subject + mail.as_bytes(), needs_smtputf8)


def subject_header(subject: str) -> bytes:
    """The whole header line, folded.

    The older `email.header` writes it, because `EmailMessage` loses spaces between encoded words when it folds a
    long subject in two scripts (seen in Python 3.11). A title that itself looks like an encoded word (RFC 2047) is
    encoded, so that no mail program decodes it.
    """
    is_plain = subject.isascii() and "=?" not in subject
    header = Header(subject, None if is_plain else "utf-8", header_name="Subject")
    return f"Subject: {header.encode(linesep=CRLF)}{CRLF}".encode("ascii")


def _add_headers(mail: EmailMessage, options: Email, smtp: Smtp, notification: Notification, message: Message) -> None:
    sender = bare_address(smtp.sender)
    domain = sender.rpartition("@")[2]
    receiver = notification.group.channel.receiver
    mail["From"] = _header_address(smtp.sender, default_name="watcher")
    mail["To"] = _header_addresses(options.to)
    if options.cc:
        mail["Cc"] = _header_addresses(options.cc)
    if options.reply_to:
        mail["Reply-To"] = _header_addresses(options.reply_to)
    mail["Date"] = format_datetime(notification.created_at)
    mail["Message-ID"] = f"<{notification.key}@{domain}>"
    roots = [f"<{root}@{domain}>" for root in _roots(notification)]
    mail["In-Reply-To"] = roots[-1]
    mail["References"] = " ".join(roots)
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Id"] = f"<{_label(receiver)}.watcher.{domain}>"
    for name, value in options.headers.items():
        mail[name] = value
    by_mail = f"<mailto:{quote(sender, safe='@')}?subject={quote(f'unsubscribe {receiver}')}>"
    mail["List-Unsubscribe"] = f"<{message.page}>, {by_mail}" if message.page else by_mail


def _roots(notification: Notification) -> list[str]:
    """Names of messages that were never sent: mail programs thread beneath them the messages of one group, and of one
    story, whatever its group."""
    group = f"thread.{notification.group.id}"
    return [group, f"story.{stable_hash(notification.story)}"] if notification.story else [group]


def _label(name: str) -> str:
    """A name as a part of a domain, for List-Id."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "receiver"


def _header_addresses(written: Iterable[str]) -> list[Address]:
    return [_header_address(text) for text in written]


def _header_address(written: str, default_name: str = "") -> Address:
    from email.headerregistry import Address

    name, _ = parseaddr(one_line(written))
    local, _, domain = bare_address(written).rpartition("@")
    return Address(name or default_name, local, domain)


def one_line(text: str) -> str:
    """The text without characters that could end a header line; joiners and direction marks of scripts stay."""
    return " ".join("".join(" " if category(character) in _ENDING else character for character in text).split())


_ENDING = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode's categories of controls, surrogates, line and paragraph separators."""


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Speaks SMTP with the configured server, one conversation a message."""

    options: Email
    server: MailServer

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome:
        left = [address for address in addresses(self.options) if address not in notification.accepted]
        if not left:
            return Delivered("every recipient had taken it", shown=message.listed)
        from watcher.deliver.smtp import Conversation  # only here: most commands build the channels and send nothing

        mail = build_mail(self.options, self.server.smtp, notification, message)
        conversation = Conversation(self.server, deadline)
        outcome = await conversation.deliver(mail, left, notification.accepted)
        match outcome:
            case Delivered():
                return Delivered(outcome.detail, shown=message.listed)
            case GiveUp() if outcome.accepted:
                return GiveUp(outcome.reason, outcome.detail, outcome.accepted, message.listed or frozenset())
            case _:
                return outcome


def build_email(options: Email, transport: Transport) -> Channel:
    if transport.mail is None:
        raise ValueError("e-mail needs a mail server; add the section smtp")
    return EmailChannel(options, transport.mail)


EMAIL = ChannelKind("email", Email, build_email, email_problems)
