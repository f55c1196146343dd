"""Facts as JSON, the same for commands and the JSON API."""

from __future__ import annotations

import json
from datetime import datetime

from watcher.model.local_time import representable
from watcher.text.redact import redact_addresses

ADDRESS_KEYS = frozenset({"feed", "url", "feed_url", "moved_to"})
"""Names of facts that may be addresses of feeds: they are shown without their secrets."""


def json_time(moment: datetime | None) -> str | None:
    """A time as RFC 3339 writes it, in UTC: `2026-01-24T07:00:00Z`; None for none."""
    return None if moment is None else representable(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def json_text(facts: object, indent: int | None = None) -> str:
    """Facts as JSON; aware times as `json_time` writes them, addresses of feeds without their secrets."""
    return json.dumps(_redacted(facts), ensure_ascii=False, indent=indent, default=_as_json)


def _redacted(facts: object) -> object:
    if isinstance(facts, dict):
        return {
            key: redact_addresses(value) if key in ADDRESS_KEYS and isinstance(value, str) else _redacted(value)
            for key, value in facts.items()
        }
    return [_redacted(one) for one in facts] if isinstance(facts, list | tuple) else facts


def _as_json(value: object) -> object:
    if isinstance(value, datetime):
        return json_time(value)
    raise TypeError(f"{type(value).__name__} cannot be printed as JSON")
