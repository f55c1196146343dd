"""Domains that somebody registered, by the public suffix list as bundled with tldextract: never fetched, never cached."""

from __future__ import annotations

from functools import lru_cache

import tldextract

_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


@lru_cache(maxsize=65_536)
def registrable_domain(host: str) -> str:
    """`news.bbc.co.uk` → `bbc.co.uk`, `x.blog.github.io` → `blog.github.io`. An address, a single label and a public
    suffix are returned in lower case.
    """
    return _SUFFIXES(host).top_domain_under_public_suffix or host.lower()


def site_name(host: str) -> str:
    """The label below the public suffix: `news.bbc.co.uk` → `bbc`; the host itself where there is no public suffix."""
    parts = _SUFFIXES(host)
    return str(parts.domain) if parts.suffix else host
