"""What keeps a text from being an address of the web or of a mailbox. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit


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
    return None


def email_problem(text: str) -> str | None:
    """What keeps a text from being one mail address, `desk@example.org` or `Desk <desk@example.org>`."""
    named = re.fullmatch(r"[^<>\r\n]*<([^<>]*)>", text)
    address = named[1] if named else text
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(?:\.[^\s@<>,;:\"()\[\]\\.]+)*", address):
        return f'"{text}" is not one mail address like desk@example.org'
    return None
