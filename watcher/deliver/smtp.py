"""The SMTP conversation of one e-mail to all recipients of a channel; each recipient may refuse it by itself.

OAuth (XOAUTH2) is left out: it needs a registered application and a token that is renewed in a browser. Providers that
demand it offer app passwords, or take mail from a relay.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
from datetime import timedelta
from functools import lru_cache

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPRecipientRefused

from watcher.deliver.channel import MailServer
from watcher.deliver.connect_proxy import connect_through
from watcher.deliver.mail_message import Mail
from watcher.deliver.smtp_failure import SMTP_UNAVAILABLE, Stage, judge_failure, judge_refused, named, reply
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, GiveUp, Outcome
from watcher.model.secret import reveal
from watcher.model.settings import Smtp

FAREWELL = timedelta(seconds=1)
"""How long a server may take to answer QUIT; the message is safe by then."""


class Conversation:
    """One SMTP session; `stage` says how far it came, whatever ends it."""

    def __init__(self, server: MailServer, deadline: timedelta) -> None:
        self.stage = Stage.CONNECT
        self._server = server
        self._smtp = server.smtp
        self._secrets = _secrets(server.smtp)
        self._deadline = max(deadline - FAREWELL, FAREWELL).total_seconds()
        self._client = SMTP(
            hostname=self._smtp.host,
            port=None if server.proxy else self._smtp.port,
            local_hostname="localhost",  # until the connection shows a better one
            use_tls=self._smtp.tls == "implicit",
            start_tls=False,
            tls_context=server.tls() if server.tls else None,
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
            server = f"{self._smtp.host}:{self._smtp.port}"
            return judge_failure(self.stage, error, accepted, self._secrets, server=server)
        finally:
            self._client.close()
        return outcome

    async def _open(self) -> None:
        if self._server.proxy:
            await self._client.connect(sock=await connect_through(self._server.proxy, self._smtp.host, self._smtp.port))
        else:
            await self._client.connect()
        self._client.local_hostname = await helo_name(self._smtp.helo, self._client)
        if self._smtp.tls == "starttls":
            await self._greet()
            self.stage = Stage.TLS
            await self._client.starttls()
        await self._greet()
        if self._smtp.username is not None:
            self.stage = Stage.LOGIN
            password = reveal(self._smtp.password or "")
            await self._client.login(self._smtp.username.encode(), password.encode())  # RFC 4616: UTF-8

    async def _greet(self) -> None:
        """EHLO, or HELO for a server that does not know it (RFC 5321 section 3.2)."""
        self.stage = Stage.GREETING
        try:
            await self._client.ehlo()
        except SMTPHeloError:
            if not self._client.is_connected:
                raise
            await self._client.helo()

    async def _transact(self, mail: Mail, recipients: list[str], accepted: tuple[str, ...]) -> Outcome:
        self.stage = Stage.SENDER
        options = self._mail_options(mail)
        if options is None:
            return GiveUp(AttemptReason.REFUSED, _NO_SMTPUTF8, accepted)
        encoding = "utf-8" if mail.needs_smtputf8 else "ascii"
        await self._client.mail(mail.sender, options=options, encoding=encoding)
        self.stage = Stage.RECIPIENTS
        refused = await self._refused(recipients, encoding)
        taken = tuple(address for address in recipients if address not in refused)
        if not taken and not accepted:
            return judge_refused(refused, accepted)
        answer = "taken before"
        if taken:
            self.stage = Stage.DATA
            got = await self._client.data(mail.content)
            answer = reply(got.code, got.message, self._secrets)
        if any(code < 500 for code, _ in refused.values()):
            return judge_refused(refused, (*accepted, *taken))
        return _delivered(answer, refused)

    def _mail_options(self, mail: Mail) -> list[str] | None:
        """The options of MAIL; None when the server cannot carry these addresses (RFC 6531)."""
        options = [f"SIZE={len(mail.content)}"] if self._client.supports_extension("size") else []
        if not mail.needs_smtputf8:
            return options
        return [*options, "SMTPUTF8", "BODY=8BITMIME"] if self._client.supports_extension("smtputf8") else None

    async def _refused(self, recipients: list[str], encoding: str) -> dict[str, tuple[int, str]]:
        """The replies to those who do not take it; a server that closes the connection ends the session."""
        refused: dict[str, tuple[int, str]] = {}
        for address in recipients:
            try:
                await self._client.rcpt(address, encoding=encoding)
            except SMTPRecipientRefused as error:
                if error.code == SMTP_UNAVAILABLE:
                    raise
                refused[address] = (error.code, reply(error.code, error.message, self._secrets))
        return refused

    async def _farewell(self) -> None:
        with contextlib.suppress(SMTPException, OSError):
            await self._client.quit(timeout=FAREWELL.total_seconds())


_NO_SMTPUTF8 = "the mail server takes only ASCII addresses (no SMTPUTF8): use an ASCII address or another server"


def _delivered(answer: str, refused: dict[str, tuple[int, str]]) -> Delivered:
    """The others have it: an address that does not exist is a warning, and no reason to call the message dead."""
    if not refused:
        return Delivered(answer)
    import structlog  # only here: `check` builds channels and logs nothing

    log = structlog.get_logger()
    log.warning("mail.recipient_refused", refused=named(refused), remedy="correct or remove the address in receivers")
    return Delivered(f"{answer}; but refused: {named(refused)}")


async def helo_name(configured: str | None, client: SMTP) -> str:
    """How we introduce ourselves (RFC 5321 section 4.1.4): as configured, else our full name, else our address."""
    if configured:
        return configured
    name = await asyncio.to_thread(_full_name)
    return name or _address_literal(client.get_transport_info("sockname"))


@lru_cache(maxsize=1)
def _full_name() -> str:
    """The machine's fully qualified name; "" when it has none that others could know."""
    name = socket.getfqdn().rstrip(".").lower()
    is_local = name.startswith("localhost") or name.endswith((".localdomain", ".local", ".arpa"))
    return "" if is_local or "." not in name or not name.isascii() else name


def _address_literal(address: object) -> str:
    """RFC 5321 section 4.1.3: `[192.0.2.1]` or `[IPv6:2001:db8::1]`."""
    host = str(address[0]).partition("%")[0] if isinstance(address, tuple) and address else "127.0.0.1"
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"


def _secrets(smtp: Smtp) -> list[str]:
    """The password as a server may repeat it: plainly, or in the base64 of AUTH PLAIN and LOGIN."""
    if smtp.username is None or smtp.password is None:
        return []
    password = reveal(smtp.password)
    forms = (password, f"\0{smtp.username}\0{password}")
    return [password, *(base64.b64encode(form.encode()).decode() for form in forms)]
