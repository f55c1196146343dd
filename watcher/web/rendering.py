"""Templates and assets. Texts of feeds cannot act: autoescape, a strict environment, and no characters that reorder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup, escape

from watcher.lazy_dataclass import dataclass
from watcher.model.local_time import to_local
from watcher.model.topic import format_points
from watcher.render.dates import age, iso, local_date, local_time
from watcher.text.printable import harmless, one_line, safe_link
from watcher.text.redact import redact_addresses
from watcher.text.shorten import shorten
from watcher.web.exchange import with_query
from watcher.web.language import ENGLISH, Language, language
from watcher.web.looks import PLAIN, Colors, Looks

ASSETS = {
    "style.css": "text/css; charset=utf-8",
    "script.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
STYLE = "style.css"
_BOTH_SCHEMES = b"color-scheme: light dark"
SHOWN_ID = 8
_BACKTICKS = re.compile("`([^`]{1,120})`")


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
        found[name] = _named(name, content_type, body)
        if name == STYLE:
            found |= {f"{colors}-{name}": _named(name, content_type, _in(colors, body)) for colors in Colors if colors}
    return found


def _named(name: str, content_type: str, body: bytes) -> Asset:
    stem, _, suffix = name.rpartition(".")
    return Asset(f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{suffix}", content_type, body)


def _in(colors: Colors, style: bytes) -> bytes:
    """The style sheet for somebody who has chosen light or dark, whatever the browser prefers."""
    dark = b"@media screen" if colors is Colors.DARK else b"@media not all"
    scheme = f"color-scheme: {colors}".encode()
    return style.replace(b"@media screen and (prefers-color-scheme: dark)", dark).replace(_BOTH_SCHEMES, scheme)


class Templates:
    """The pages' templates, in every language; each language is read when it is first asked for. Thread-safe."""

    def __init__(self) -> None:
        self._environments = {ENGLISH: _environment(language(ENGLISH))}

    def prepare(self, compiled: Mapping[str, bytes] | None = None) -> Mapping[str, bytes]:
        """Loads those in English, which takes half of the first request otherwise.

        Returns their code. Another process that is given it compiles nothing, which takes 2 MB that it would keep.
        """
        environment, cache = self._environments[ENGLISH], _Compiled(dict(compiled or {}))
        environment.bytecode_cache = cache
        for name in environment.list_templates():
            environment.get_template(name)
        environment.bytecode_cache = None
        return cache.code

    def render(self, name: str, values: Mapping[str, Any], looks: Looks = PLAIN) -> str:
        code = looks.language
        if code not in self._environments:
            self._environments[code] = _environment(language(code))
        return self._environments[code].get_template(name).render(values, colors=looks.colors.value)


class _Compiled(BytecodeCache):
    """The code of templates, by the key and with the checksum of Jinja2."""

    def __init__(self, code: dict[str, bytes]) -> None:
        self.code = code

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


class _Translated(PackageLoader):
    """Templates in one language."""

    def __init__(self, spoken: Language) -> None:
        super().__init__("watcher.web", "templates")
        self._spoken = spoken

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool] | None]:
        source, filename, is_current = super().get_source(environment, template)
        return self._spoken.template(source), filename, is_current


def _environment(spoken: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("watcher.web", "templates") if spoken.code == ENGLISH else _Translated(spoken),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {
        **FILTERS,
        "said": spoken.said,
        "counted": spoken.counted,
        "dated": spoken.dated,
        "number": spoken.number,
        "points": lambda points: spoken.number(format_points(points)),
    }
    environment.filters |= {name: _dated(FILTERS[name], spoken) for name in DATED}
    environment.filters |= {name: _timed(written, spoken) for name, written in TIMED.items()}
    environment.globals |= {"comma": spoken.comma, "asset": _asset, "with_query": with_query}
    return environment


def _dated(written: Callable[..., object], spoken: Language) -> Callable[..., str]:
    return lambda *arguments: spoken.dated(str(written(*arguments)))


def _timed(written: Callable[..., str], spoken: Language) -> Callable[..., str]:
    """A moment as an element that says the whole date and the zone where a pointer rests on it.

    A year is shown unless it is the present one: publishers have dates of years ago, and silences may end in years.
    """

    @pass_context
    def element(page: Context, moment: datetime | None, zone: str, *more: Any) -> str:
        if moment is None:
            return spoken.said("never")
        at, now = to_local(moment, zone), more[0] if more else page.get("now", moment)
        text = written(moment, zone, *more)
        shown = spoken.dated(text if at.year == to_local(now, zone).year else text.replace(",", f" {at.year},"))
        whole = f"{at:%Y-%m-%d %H:%M:%S} ({zone})"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(iso(moment), whole, shown)

    return element


def _finalize(value: object) -> object:
    """Every text that a template prints passes here; markup is our own."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str, colors: str = "") -> str:
    """The path of an asset; the style sheet has one for each choice of colours."""
    return f"/assets/{assets()[f'{colors}-{name}' if colors else name].name}"


def clock(moment: datetime, zone: str, now: datetime) -> str:
    """`07:00` today, else `Mon 23 Nov, 07:00`."""
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


def lasting(length: timedelta) -> str:
    """`30 s`, `5 min`, `24 h`."""
    seconds = int(length.total_seconds())
    return f"{seconds} s" if seconds < 60 else span(length)


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else age(moment, now) or "in the future"


def _until(moment: datetime, now: datetime) -> str:
    return "now" if moment <= now else f"in {span(moment - now)}"


def _coded(text: str) -> Markup:
    """A text of ours with what it has between backticks as code."""
    written = text if isinstance(text, Markup) else escape(harmless(text))
    return Markup(_BACKTICKS.sub(r"<code>\1</code>", str(written)))  # noqa: S704 - escaped above


def _short(text: str | None, limit: int = 160) -> str:
    return shorten(one_line(redact_addresses((text or "")[: limit * 8])), limit)


FILTERS: Mapping[str, Callable[..., object]] = {
    "local_date": local_date,
    "span": span,
    "ago": _ago,
    "until": _until,
    "short": _short,
    "id": lambda text: text[:SHOWN_ID],
    "safe_link": safe_link,
    "redact": redact_addresses,
    "coded": _coded,
    "ltr": lambda text: Markup('<bdi dir="ltr">{}</bdi>').format(text),
}

DATED = ("local_date", "span", "ago", "until")
"""Filters whose result names days, months or spans of time."""
TIMED: Mapping[str, Callable[..., str]] = {"clock": clock, "local_time": local_time}
"""Filters that write a moment."""
