"""Domains that somebody registered.

The public suffix list is the one bundled with tldextract: never fetched, never cached.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tldextract import TLDExtract

_NO_DOMAIN = re.compile(r"\A[^.]*\Z|:|\.[0-9]+\Z", re.ASCII)
"""A single label or an address: known without the list, whose import takes longer than a poll."""


@cache
def _suffixes() -> TLDExtract:
    """Imported at first use: tldextract brings an HTTP client that is never used here."""
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


@lru_cache(maxsize=65_536)
def registrable_domain(host: str) -> str:
    """`news.bbc.co.uk` → `bbc.co.uk`, `x.blog.github.io` → `blog.github.io`. An address, a single label and a public
    suffix are returned in lower case.
    """
    if _NO_DOMAIN.search(host):
        return host.lower()
    return _suffixes()(host).top_domain_under_public_suffix or host.lower()


@lru_cache(maxsize=1_024)
def domain_of(url: str) -> str:
    """The registrable domain of an address; the address itself where it names no host."""
    try:
        return registrable_domain(urlsplit(url).hostname or url)
    except ValueError:
        return url


def site_name(host: str) -> str:
    """The label below the public suffix: `news.bbc.co.uk` → `bbc`; the host itself where there is no public suffix."""
    parts = _suffixes()(host)
    return str(parts.domain) if parts.suffix else host
