"""Signed links from a message to the page of one alert, or of the message itself. Nothing is stored: the link says what
it allows. Pure.

A token has 41 bytes: version with use, minute of issue (4), id of the alert or key of the message (16), hash of the
channel (4), and an HMAC-SHA-256 cut to 128 bits (RFC 2104 section 5). It is written in base32, which no chat escapes or
ends.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import stable_hash
from watcher.model.route import ChannelRef
from watcher.model.settings import Settings
from watcher.model.web import LinkUse

_USES = {1: LinkUse.READ, 2: LinkUse.ACT}
_VERSIONS = {use: version for version, use in _USES.items()}
_SIGNED, _SIGNATURE = 25, 16
TOKEN_CHARACTERS = 66
_MAY_BE_AHEAD = timedelta(minutes=10)
"""Clocks of two machines may differ by so much."""

PageOf = Callable[[str], str]
"""The address of an alert's page, by the alert's id."""


class LinkKind(StrEnum):
    """What a link opens. The value is what its signature covers beside the token, so that no link opens the other."""

    ALERT = "watcher alert link"
    MESSAGE = "watcher message link"


class LinkProblem(StrEnum):
    """Why a token opens nothing."""

    FORGED = "forged"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class AlertLink:
    """What a token says. `about` is the id of an alert, or the key of a message; `channel` is a hash of the channel
    that the message went to.
    """

    about: str
    use: LinkUse
    issued_at: datetime
    channel: str


def write_token(
    about: str, channel: str, use: LinkUse, issued_at: datetime, key: str, kind: LinkKind = LinkKind.ALERT
) -> str:
    """The token of an alert or a message; the same for the same arguments. `use` is READ or ACT."""
    minute = int(issued_at.timestamp()) // 60
    data = (
        bytes([_VERSIONS[use]]) + minute.to_bytes(4, "big") + bytes.fromhex(about) + bytes.fromhex(short_name(channel))
    )
    return base64.b32encode(data + _sign(data, key, kind)).decode().rstrip("=").lower()


def read_token(
    token: str, keys: Sequence[str], now: datetime, valid_for: timedelta, kind: LinkKind = LinkKind.ALERT
) -> AlertLink | LinkProblem:
    """What a token says, if one of the keys has signed it and its time is not over."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        return LinkProblem.FORGED
    data, signature = raw[:_SIGNED], raw[_SIGNED:]
    is_ours = len(token) == TOKEN_CHARACTERS and any(
        hmac.compare_digest(_sign(data, key, kind), signature) for key in keys
    )
    if not is_ours or data[0] not in _USES:
        return LinkProblem.FORGED
    issued_at = datetime.fromtimestamp(int.from_bytes(data[1:5], "big") * 60, UTC)
    if not -_MAY_BE_AHEAD <= now - issued_at <= valid_for:
        return LinkProblem.EXPIRED
    return AlertLink(data[5:21].hex(), _USES[data[0]], issued_at, data[21:25].hex())


def short_name(channel: str) -> str:
    """The hash of a channel that tokens have."""
    return stable_hash("channel", channel)[:8]


def _sign(data: bytes, key: str, kind: LinkKind) -> bytes:
    purpose = hmac.digest(key.encode(), kind.value.encode(), hashlib.sha256)
    return hmac.digest(purpose, data, hashlib.sha256)[:_SIGNATURE]


@dataclass(frozen=True, slots=True)
class AlertLinks:
    """Makes the links of messages: the address of the pages, the key, and what links to each channel allow."""

    url: str
    key: str = field(repr=False)
    uses: Mapping[ChannelRef, LinkUse]

    def page_of(self, channel: ChannelRef, made_at: datetime) -> PageOf:
        """The links of one message, the same on every attempt: `made_at` is when the message was made."""
        use = self.uses.get(channel, LinkUse.READ)

        def page(alert_id: str) -> str:
            return f"{self.url}/l/{write_token(alert_id, str(channel), use, made_at, self.key)}"

        return page

    def message_page(self, key: str, channel: ChannelRef, made_at: datetime) -> str:
        """The address of the page of a message, by its key."""
        use = self.uses.get(channel, LinkUse.READ)
        return f"{self.url}/m/{write_token(key, str(channel), use, made_at, self.key, LinkKind.MESSAGE)}"


def links_of(settings: Settings) -> AlertLinks | None:
    """The links of a configuration; None where messages have none."""
    web = settings.web
    if web.url is None or web.key is None or web.key.value is None or web.links is LinkUse.NONE:
        return None
    uses = {
        ref: web.links or (LinkUse.ACT if ref.kind == "email" and len(options.recipients) == 1 else LinkUse.READ)
        for receiver in settings.receivers.values()
        for ref, options in receiver.channels.items()
    }
    return AlertLinks(web.url, web.key.reveal(), uses)
