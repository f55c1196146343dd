"""The demo's feeds: invented news with dates relative to now, as RSS, Atom and one web page."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from importlib import resources
from typing import Any

import jinja2
import yaml

from watcher.lazy_dataclass import dataclass

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_FORMATS = {
    "rss": ("rss.xml.j2", "application/rss+xml; charset=utf-8"),
    "atom": ("atom.xml.j2", "application/atom+xml; charset=utf-8"),
    "web page": ("page.html.j2", "text/html; charset=utf-8"),
}

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("watcher.demo"),
    autoescape=jinja2.select_autoescape(("xml.j2", "html.j2")),
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
)
TEMPLATES.filters["rfc822"] = format_datetime


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """One invented entry. `age` None: published without a date."""

    id: str
    title: str
    text: str
    age: timedelta | None

    @property
    def path(self) -> str:
        return "/read/" + re.sub(r"\W+", "-", self.id)

    @property
    def html(self) -> str:
        return f"<p>{html.escape(self.text)}</p>"


@dataclass(frozen=True, slots=True)
class SampleFeed:
    """One invented feed; `format` is "rss", "atom" or "web page"."""

    path: str
    title: str
    format: str
    language: str
    entries: tuple[SampleEntry, ...]

    @property
    def site(self) -> str:
        """The site of its entries; `.example` is reserved for such uses (RFC 2606)."""
        return f"https://{self.path.strip('/').partition('.')[0]}.example"


def load_samples() -> tuple[SampleFeed, ...]:
    """The bundled feeds, copies filled in."""
    return read_samples((resources.files("watcher.demo") / "samples.yaml").read_text(encoding="utf-8"))


def read_samples(text: str) -> tuple[SampleFeed, ...]:
    """Feeds from their YAML."""
    feeds = yaml.safe_load(text)
    originals = {entry["id"]: entry for feed in feeds for entry in feed["entries"] if "copy_of" not in entry}
    return tuple(
        SampleFeed(
            feed["path"],
            feed["title"],
            feed["format"],
            feed["language"],
            tuple(_entry(entry, originals) for entry in feed["entries"]),
        )
        for feed in feeds
    )


def _entry(entry: Mapping[str, Any], originals: Mapping[str, Mapping[str, Any]]) -> SampleEntry:
    text = originals[entry["copy_of"]] if "copy_of" in entry else entry
    age = parse_age(entry["age"]) if "age" in entry else None
    return SampleEntry(entry["id"], text["title"], text["text"], age)


def parse_age(text: str) -> timedelta:
    """`40m`, `3h` or `5d`."""
    return int(text[:-1]) * _UNITS[text[-1]]


def render_feed(feed: SampleFeed, now: datetime) -> tuple[bytes, str]:
    """The feed as a document of its format, and the document's media type."""
    template, media_type = _FORMATS[feed.format]
    return TEMPLATES.get_template(template).render(feed=feed, now=now).encode(), media_type
