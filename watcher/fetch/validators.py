"""Conditional requests (RFC 9110 §13.1): the validators of a response, and the headers that send them back. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.model.feed import Validators


def conditional_headers(validators: Validators) -> list[tuple[str, str]]:
    """The request headers of RFC 9110 §13.1, with the validators exactly as they came."""
    headers = []
    if validators.etag is not None:
        headers.append(("If-None-Match", validators.etag))
    if validators.last_modified is not None:
        headers.append(("If-Modified-Since", validators.last_modified))
    return headers


def validators_of(headers: Mapping[str, str]) -> Validators:
    """The validators of a response (RFC 9110 §8.8)."""
    return Validators(etag=headers.get("etag") or None, last_modified=headers.get("last-modified") or None)


def refreshed_validators(known: Validators, headers: Mapping[str, str]) -> Validators:
    """After a 304: what it sends replaces what we had (RFC 9111 §3.2)."""
    fresh = validators_of(headers)
    return Validators(fresh.etag or known.etag, fresh.last_modified or known.last_modified)
