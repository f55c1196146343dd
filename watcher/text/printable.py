"""Making untrusted texts safe to print anywhere. Pure.

What is taken out is what acts instead of showing: control characters, characters that reorder others
(Unicode TR 36 section 2.1 on bidirectional spoofing), invisible tags, lone surrogates.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_ACTING = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"
    "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides, isolates
    "\u2028\u2029\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_SPACE = re.compile(r"\s+")
_UNSAFE_IN_LINK = re.compile(r"[\s\"'<>\\^`{|}\x00-\x1f\x7f-\x9f]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")

LINK_CHARACTERS = 2_000
"""Longer links are left out: some services refuse the whole message for one."""


def printable(text: str) -> str:
    """The text on one line, without characters that act; outer spaces stay, so that runs can be joined."""
    return _SPACE.sub(" ", _ACTING.sub(" ", text))


def harmless(text: str) -> str:
    """The text without characters that act, its lines as they are."""
    return _ACTING.sub("", text)


def one_line(text: str) -> str:
    """`printable` without outer spaces."""
    return printable(text).strip()


def safe_link(link: str) -> str:
    """An http(s) link that cannot end an attribute or a markup construct; "" for anything else.

    Userinfo is dropped and a host in another script is written in ASCII (IDNA), so that a reader sees where it leads:
    `https://www.bbc.com@evil.example/` and a Cyrillic look-alike of apple.com are known tricks.
    """
    link = _ACTING.sub("", link[: LINK_CHARACTERS + 1]).strip()
    if len(link) > LINK_CHARACTERS:
        return ""
    try:
        parts = urlsplit(link)
        host = _ascii_host(parts.netloc.rpartition("@")[2])
    except ValueError:
        return ""
    if "%" in host and not host.startswith("["):
        return ""  # readers decode it: www.bbc.com%40evil.example
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return ""
    shown = link if host == parts.netloc else urlunsplit(parts._replace(netloc=host))
    return _UNSAFE_IN_LINK.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), shown)


def _ascii_host(netloc: str) -> str:
    """Host and port; raises `ValueError` (UnicodeError) for a name that cannot be one."""
    return netloc if netloc.isascii() else netloc.encode("idna").decode("ascii")


def isolate(text: str) -> str:
    """A right-to-left text between isolates (FSI … PDI), so that what stands beside it keeps its place."""
    return f"\u2068{text}\u2069" if _RIGHT_TO_LEFT.search(text) else text
