"""Links made comparable. What is stripped here is stripped for comparison only, never from what is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

_TRACKING_NAME = re.compile(
    r"(?:utm_|at_|ns_|mc_|wt\.|pk_|mtm_|hsa_|_hs)\w*"
    r"|fbclid|gclid|dclid|msclkid|yclid|igshid|twclid|_ga|ncid|ocid|cmpid|cmp|xtor|smid|smtyp|soc_src|soc_trk"
    r"|ftag|guccounter",
    re.IGNORECASE,
)
_ORIGIN_NAME = re.compile(r"ref|src|source|from|via|origin|partner|maca|feature|traffic_source", re.IGNORECASE)
_ORIGIN_VALUE = re.compile(r".*(?:rss|feed|atom|twitter|facebook|newsletter).*", re.IGNORECASE)
_PLAIN = re.compile(r"https?://(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)((?:/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*)?)")
"""Links of a host and a path alone, as nearly all are: what is said of them needs no parser."""
_DEFAULT_PORTS = frozenset({80, 443})
_REMEMBERED = 2_048
"""Links: each is asked for several times while its document is looked at."""


def comparable_link(link: str, home: str = "") -> str:
    """The link without what changes while the page stays the same: scheme, `www.`, port 80 or 443, a slash at the end,
    tracking parameters and their order. A link on the host `home` loses the host, so that a move of the whole site
    does not rename its pages. "" for an empty link; a link that is no URL is returned as it is.
    """
    host, rest = _host_and_rest(link)
    if rest is None:
        return link.strip()
    return f"//{rest}" if home and host == home else f"//{host}{rest}"


def host_of(link: str) -> str:
    """The host of a link in lower case, without `www.` and without a default port; "" when there is none."""
    return _host_and_rest(link)[0]


@lru_cache(maxsize=_REMEMBERED)
def _host_and_rest(link: str) -> tuple[str, str | None]:
    """What both are made of; a link that is no URL has neither."""
    if plain := _PLAIN.fullmatch(link):
        host, path = plain.groups()
        return host, path.rstrip("/")
    parts = _split(link)
    if parts is None:
        return "", None
    kept = (pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(*pair))
    query = urlencode(sorted(kept))
    fragment = "" if _is_tracking_fragment(parts.fragment) else parts.fragment
    rest = parts.path.rstrip("/") + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    return _host(parts), rest


def home_host(links: Iterable[str]) -> str:
    """The host of more than half of the links: the site itself. "" when they lead to many places."""
    hosts = Counter(host_of(link) for link in links if link)
    if not hosts:
        return ""
    host, count = hosts.most_common(1)[0]
    return host if count * 2 > hosts.total() else ""


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    try:
        port = parts.port
    except ValueError:  # not a number, or beyond 65535
        return parts.netloc.lower()
    return host if port is None or port in _DEFAULT_PORTS else f"{host}:{port}"


def _split(link: str) -> SplitResult | None:
    try:
        parts = urlsplit(link.strip())
        return parts if parts.hostname else None
    except ValueError:  # brackets that hold no IPv6 address
        return None


def _is_tracking(name: str, value: str) -> bool:
    if _TRACKING_NAME.fullmatch(name):
        return True
    return bool(_ORIGIN_NAME.fullmatch(name) and _ORIGIN_VALUE.fullmatch(value))


def _is_tracking_fragment(fragment: str) -> bool:
    pairs = parse_qsl(fragment)
    return bool(pairs) and all(_is_tracking(*pair) for pair in pairs)
