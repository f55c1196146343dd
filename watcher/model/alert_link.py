"""Signed links from a message to the page of one alert. Nothing is stored: the link itself says what it allows. Pure.

A token has 41 bytes: version with use, minute of issue (4), id of the alert (16), hash of the channel (4), and an
HMAC-SHA-256 cut to 128 bits (RFC 2104 section 5). It is written in base32: no chat escapes or ends it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

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


class LinkProblem(StrEnum):
    """Why a token opens nothing."""

    FORGED = "forged"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class AlertLink:
    """What a token says. `channel` is a hash of the channel that the message went to."""

    alert_id: str
    use: LinkUse
    issued_at: datetime
    channel: str


def write_token(alert_id: str, channel: str, use: LinkUse, issued_at: datetime, key: str) -> str:
    """The token of an alert; the same for the same arguments. `use` is READ or ACT."""
    minute = int(issued_at.timestamp()) // 60
    data = (
        bytes([_VERSIONS[use]])
        + minute.to_bytes(4, "big")
        + bytes.fromhex(alert_id)
        + bytes.fromhex(short_name(channel))
    )
    return base64.b32encode(data + _sign(data, key)).decode().rstrip("=").lower()


def read_token(token: str, keys: Sequence[str], now: datetime, valid_for: timedelta) -> AlertLink | LinkProblem:
    """What a token says, if one of the keys has signed it and its time is not over."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        return LinkProblem.FORGED
    data, signature = raw[:_SIGNED], raw[_SIGNED:]
    is_ours = len(token) == TOKEN_CHARACTERS and any(hmac.compare_digest(_sign(data, key), signature) for key in keys)
    if not is_ours or data[0] not in _USES:
        return LinkProblem.FORGED
    issued_at = datetime.fromtimestamp(int.from_bytes(data[1:5], "big") * 60, UTC)
    if not -_MAY_BE_AHEAD <= now - issued_at <= valid_for:
        return LinkProblem.EXPIRED
    return AlertLink(data[5:21].hex(), _USES[data[0]], issued_at, data[21:25].hex())


def short_name(channel: str) -> str:
    """The hash of a channel that tokens have."""
    return stable_hash("channel", channel)[:8]


def _sign(data: bytes, key: str) -> bytes:
    purpose = hmac.digest(key.encode(), b"watcher alert link", hashlib.sha256)
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
