"""E-mail: one message to all recipients of a channel, each refused one told apart."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from datetime import timedelta

from aiosmtplib import SMTP, SMTPException, SMTPRecipientRefused

from watcher.deliver.mail_message import Mail, addresses, build_mail
from watcher.deliver.smtp_failure import Stage, judge_failure, judge_refused, reply
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, GiveUp, Message, Notification, Outcome
from watcher.model.route import Email
from watcher.model.secret import reveal
from watcher.model.settings import Smtp

FAREWELL = timedelta(seconds=1)
"""How long a server may take to answer QUIT; the message is safe by then."""


class EmailChannel:
    """Speaks SMTP with the configured server, one conversation a message. `tls` replaces the system's trust."""

    def __init__(self, options: Email, smtp: Smtp, tls: ssl.SSLContext | None = None) -> None:
        self._options = options
        self._smtp = smtp
        self._tls = tls

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome:
        left = [address for address in addresses(self._options) if address not in notification.accepted]
        if not left:
            return Delivered("every recipient had taken it")
        mail = build_mail(self._options, self._smtp, notification, message)
        conversation = Conversation(self._smtp, self._tls, deadline)
        return await conversation.deliver(mail, left, notification.accepted)


class Conversation:
    """One SMTP session; `stage` says how far it came, whatever ends it."""

    def __init__(self, smtp: Smtp, tls: ssl.SSLContext | None, deadline: timedelta) -> None:
        self.stage = Stage.CONNECT
        self._smtp = smtp
        self._deadline = max(deadline - FAREWELL, FAREWELL).total_seconds()
        self._client = SMTP(
            hostname=smtp.host,
            port=smtp.port,
            use_tls=smtp.tls == "implicit",
            start_tls=False,
            tls_context=tls,
            timeout=self._deadline,
        )

    async def deliver(self, mail: Mail, recipients: list[str], accepted: tuple[str, ...]) -> Outcome:
        """The whole session within the deadline; `accepted` are recipients of earlier attempts."""
        try:
            async with asyncio.timeout(self._deadline):
                await self._open()
                outcome = await self._transact(mail, recipients, accepted)
            await self._farewell()
        except (SMTPException, OSError) as error:
            return judge_failure(self.stage, error, accepted)
        finally:
            self._client.close()
        return outcome

    async def _open(self) -> None:
        await self._client.connect()
        if self._smtp.tls == "starttls":
            self.stage = Stage.TLS
            await self._client.starttls()
        if self._smtp.username is not None:
            self.stage = Stage.LOGIN
            password = reveal(self._smtp.password or "")
            await self._client.login(self._smtp.username.encode(), password.encode())  # RFC 4616: UTF-8

    async def _transact(self, mail: Mail, recipients: list[str], accepted: tuple[str, ...]) -> Outcome:
        self.stage = Stage.SENDER
        options = await self._mail_options(mail)
        if options is None:
            return GiveUp(AttemptReason.REFUSED, _NO_SMTPUTF8, accepted)
        encoding = "utf-8" if mail.needs_smtputf8 else "ascii"
        await self._client.mail(mail.sender, options=options, encoding=encoding)
        self.stage = Stage.RECIPIENTS
        refused = await self._refused(recipients, encoding)
        taken = tuple(address for address in recipients if address not in refused)
        if not taken:
            return judge_refused(refused, accepted)
        self.stage = Stage.DATA
        answer = await self._client.data(mail.content)
        if refused:
            return judge_refused(refused, (*accepted, *taken))
        return Delivered(reply(answer.code, answer.message))

    async def _mail_options(self, mail: Mail) -> list[str] | None:
        """The options of MAIL; None when the server cannot carry these addresses (RFC 6531)."""
        if self._client.is_ehlo_or_helo_needed:
            await self._client.ehlo()
        options = [f"SIZE={len(mail.content)}"] if self._client.supports_extension("size") else []
        if not mail.needs_smtputf8:
            return options
        return [*options, "SMTPUTF8", "BODY=8BITMIME"] if self._client.supports_extension("smtputf8") else None

    async def _refused(self, recipients: list[str], encoding: str) -> dict[str, tuple[int, str]]:
        refused: dict[str, tuple[int, str]] = {}
        for address in recipients:
            try:
                await self._client.rcpt(address, encoding=encoding)
            except SMTPRecipientRefused as error:
                refused[address] = (error.code, error.message)
        return refused

    async def _farewell(self) -> None:
        with contextlib.suppress(SMTPException, OSError):
            await self._client.quit(timeout=FAREWELL.total_seconds())


_NO_SMTPUTF8 = "the mail server takes only ASCII addresses (no SMTPUTF8): use an ASCII address or another server"
