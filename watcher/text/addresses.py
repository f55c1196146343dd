"""What keeps a text from being an address of the web or of a mailbox, and what `feed:` stands for. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of characters that are not seen, or that change the direction of what follows."""


def web_url_problem(text: str) -> str | None:
    """What keeps a text from being an address of the web; the message does not repeat the address."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "not a web address; write it like https://example.org/feed.xml"
    if parts.scheme.lower() not in ("http", "https"):
        return "must begin with https:// or http://"
    if not host or re.search(r"\s", text):
        return "not a web address; write it like https://example.org/feed.xml"
    if any(unicodedata.category(character) in _INVISIBLE for character in text):
        return "an address never has control characters or invisible ones; type it again"
    return None


def without_feed_scheme(address: str) -> str:
    """`feed://a.example/f` and `feed:https://a.example/f`, as browsers once registered them, as http and https."""
    without = re.sub(r"^feed:(?://)?(?=https?://)", "", address, count=1, flags=re.IGNORECASE)
    return re.sub(r"^feed:(?://)?(?=[^/])", "http://", without, count=1, flags=re.IGNORECASE)


def email_problem(text: str) -> str | None:
    """What keeps a text from being one mail address, `desk@example.org` or `Desk <desk@example.org>`."""
    named = re.fullmatch(r"[^<>\r\n]*<([^<>]*)>", text)
    address = named[1] if named else text
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(?:\.[^\s@<>,;:\"()\[\]\\.]+)*", address):
        return f'"{text}" is not one mail address like desk@example.org'
    return None
