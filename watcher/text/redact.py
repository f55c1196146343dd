"""Keeping secrets out of what is shown, logged or sent (I12). Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, unquote, urlsplit

TOKEN_CHARACTERS = 8
"""Shorter parts of a URL are ordinary words (`hooks`, `api`)."""

STARS = "***"

_QUERY = re.compile(r"(?<=[?&;#])(?P<name>[^=&#;\s\"'<>]*)=(?P<value>[^&#;\s\"'<>]+)")
_USERINFO = re.compile(r"(?<=://)[^/?#@\s\"'<>]+@")
_SECRET_NAME = re.compile(
    r"(?:^|[_.\-\[])(?:access|api|app|auth|client|feed|private|rss|secret|session|user)?[_.\-]?"
    r"(?:token|key|apikey|auth|authkey|authorization|bearer|cred|credential|credentials|hash|hmac|jwt|pass|passwd"
    r"|password|passkey|passphrase|passcode|pin|appid|phpsessid|jsessionid|pw|pwd|secret|session|sessionid|sid|sig|sign"
    r"|signature|ticket)(?:\[\d*\])?\]?$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"(?:eyJ[\w-]{8,}\.[\w-]{8,}\.|gh[opsu]_|github_pat_|glpat-|xox[abp]-|AKIA)[\w.-]{8,}|[0-9a-f]{32,}", re.IGNORECASE
)
"""What only a secret looks like, whatever its parameter is called: a JSON Web Token, the tokens of some services, a
digest in hexadecimal."""


def redact(text: str, secrets: Collection[str]) -> str:
    """The text on one line with every secret replaced by stars."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, STARS)
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())


def secret_parts(url: str) -> list[str]:
    """The URL and what in it may be a token by itself: a receiver that refuses one likes to repeat it."""
    parts = urlsplit(url)
    pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
    return [url, *(form for piece in pieces if len(piece) >= TOKEN_CHARACTERS for form in (piece, unquote(piece)))]


def redact_addresses(text: str) -> str:
    """The text with the secrets of every address in it as stars: values of `?token=` and the like, and userinfo.

    What remains still distinguishes one feed from another. Idempotent.
    """
    if "://" not in text:
        return text
    return _QUERY.sub(_without_value, _USERINFO.sub("", text))


def secret_in_address(url: str) -> str:
    """The name of the first query parameter that looks like a secret, "" for none."""
    return next((name for name, value in parse_qsl(urlsplit(url).query) if value and is_secret(name, value)), "")


def is_secret(name: str, value: str = "") -> bool:
    """Whether a query parameter of this name usually holds a secret, or its value can be nothing else."""
    if _SECRET_NAME.search(unquote(name)):
        return True
    return not name.lower().endswith("id") and _SECRET_VALUE.fullmatch(unquote(value)) is not None


def _without_value(found: re.Match[str]) -> str:
    return f"{found['name']}={STARS}" if is_secret(found["name"], found["value"]) else found[0]
