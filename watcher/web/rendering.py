"""Templates and assets. Texts of feeds cannot act: autoescape, a strict environment, and no characters that reorder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from watcher.model.local_time import to_local
from watcher.model.topic import format_points
from watcher.render.dates import age, local_date, local_time
from watcher.text.printable import harmless, one_line, safe_link
from watcher.text.redact import redact_addresses
from watcher.text.shorten import shorten
from watcher.web.exchange import with_query

ASSETS = {
    "style.css": "text/css; charset=utf-8",
    "script.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
SHOWN_ID = 8


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that is served from memory. `name` has the hash of its content, so that browsers may keep it."""

    name: str
    content_type: str
    body: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """The assets by the name that templates use."""
    folder = resources.files("watcher.web") / "assets"
    found = {}
    for name, content_type in ASSETS.items():
        body = (folder / name).read_bytes()
        stem, _, suffix = name.rpartition(".")
        found[name] = Asset(f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{suffix}", content_type, body)
    return found


class Templates:
    """The environment of the pages' templates."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("watcher.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_finalize,
        )
        self._environment.filters |= FILTERS
        self._environment.globals |= {"asset": _asset, "with_query": with_query}

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(name).render(values)


def _finalize(value: object) -> object:
    """Every text that a template prints passes here; markup is our own."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> str:
    return f"/assets/{assets()[name].name}"


def clock(moment: datetime | None, zone: str, now: datetime) -> str:
    """`07:00` today, else `Mon 23 Nov, 07:00`."""
    if moment is None:
        return "never"
    at = to_local(moment, zone)
    return f"{at:%H:%M}" if at.date() == to_local(now, zone).date() else local_time(moment, zone)


def span(length: timedelta) -> str:
    """`3 min`, `5 h`, `2 d`, roughly."""
    minutes = int(abs(length).total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else age(moment, now) or "in the future"


def _until(moment: datetime, now: datetime) -> str:
    return "now" if moment <= now else f"in {span(moment - now)}"


def _short(text: str | None, limit: int = 160) -> str:
    return shorten(one_line(redact_addresses((text or "")[: limit * 8])), limit)


def _counted(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


FILTERS: Mapping[str, Callable[..., object]] = {
    "clock": clock,
    "local_time": local_time,
    "local_date": local_date,
    "span": span,
    "ago": _ago,
    "until": _until,
    "points": format_points,
    "short": _short,
    "id": lambda text: text[:SHOWN_ID],
    "safe_link": safe_link,
    "counted": _counted,
    "redact": redact_addresses,
}
