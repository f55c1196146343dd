"""What a page is asked, and what it answers. Pages are plain functions from `Asked` to `Reply`, run in threads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

from watcher.lazy_dataclass import dataclass
from watcher.model.act import Actor, WayIn
from watcher.model.web import May
from watcher.web.looks import PLAIN, Looks

if TYPE_CHECKING:
    from watcher.web.site import Site

LARGEST_BODY = 65_536
MOST_FIELDS = 50
_WHOLE_ID = re.compile("[0-9a-f]{32}")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
HTML = "text/html; charset=utf-8"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, what they may do, and how that is known. `topics`: the only ones that a token is for, () for all."""

    name: str
    may: May
    way: WayIn
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A page that somebody may have meant who asked for one that there is not."""

    path: str
    name: str
    text: str = ""


class Refused(Exception):
    """An answer that is no page: its status, a title, and what helps."""

    def __init__(
        self,
        status: int,
        title: str,
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
        offers: Sequence[Offer] = (),
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.remedy, self.headers = status, title, remedy, dict(headers or {})
        self.offers = tuple(offers)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names as they are sent."""

    body: bytes = b""
    status: int = 200
    content_type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)

    def having(self, **headers: str) -> Reply:
        """The same with more headers; `_` in a name stands for `-`."""
        return replace(
            self, headers={**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
        )


def whole_id(text: str) -> str:
    """An id or key of 32 hex digits. Raises `ValueError` for anything else."""
    if not _WHOLE_ID.fullmatch(text.lower()):
        raise ValueError("not the whole id")
    return text.lower()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `query` and `form` have the last value of each name; `peer` is the address that connected."""

    site: Site
    user: User | None
    now: datetime
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    peer: str
    json: Any = None
    looks: Looks = PLAIN

    def may(self, needed: May) -> bool:
        """Whether who asks may do so much."""
        return self.user is not None and self.user.may.includes(needed)

    def whole_id(self, name: str) -> str | None:
        """The id or key that a value of the query is; None for anything else."""
        try:
            return whole_id(self.query.get(name, ""))
        except ValueError:
            return None

    def may_see(self, topic: str) -> bool:
        """Whether who asks is not limited to other topics."""
        return self.user is None or not self.user.topics or topic in self.user.topics

    def topic(self) -> str | None:
        """The topic that the query narrows a list to; for a token for one topic that one. Raises `Refused`."""
        wanted = self.query.get("topic") or None
        own = self.user.topics if self.user else ()
        if not own or wanted in own:
            return wanted
        if wanted is None and len(own) == 1:
            return own[0]
        raise Refused(403, "This token is limited to topics", f"Name one of them as `topic`: {', '.join(own)}.")

    @property
    def author(self) -> str:
        """The name that is kept with what is done."""
        return self.user.name if self.user else ""

    @property
    def address(self) -> str | None:
        """The address of who asks; None where it is that of a proxy on this machine, which all its users share."""
        try:
            return None if ip_address(self.peer).is_loopback else self.peer
        except ValueError:
            return None

    @property
    def actor(self) -> Actor | None:
        """Who acts, for the log of acts."""
        return Actor(self.user.name, self.user.way) if self.user else None

    def page(self, template: str, status: int = 200, **values: object) -> Reply:
        """A page made by a template."""
        return Reply(self.site.render(template, self, values).encode("utf-8", "replace"), status)

    def back(self, otherwise: str, done: str = "") -> Reply:
        """After a write: to the page named in the field `next`, else `otherwise`; `done` names what to say there."""
        return see_other(with_query(local_path(self.form.get("next", "")) or otherwise, done=done))


def see_other(path: str) -> Reply:
    return Reply(status=303, content_type="text/plain; charset=utf-8", headers={"Location": path})


def local_path(text: str) -> str:
    """A path of this site as given by a browser, "" for anything that could lead elsewhere."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\")) and len(text) <= 2_000
    return text if is_path and text.isprintable() and "\\" not in text else ""


def with_query(path: str, **values: str) -> str:
    """A path with these values in its query, before its fragment; those that are empty are left out or taken out."""
    path, _, fragment = path.partition("#")
    path, _, query = path.partition("?")
    kept = [(name, text) for name, text in parse_qsl(query, keep_blank_values=True) if name not in values]
    kept += [(name, text) for name, text in values.items() if text]
    written = f"{quote(path, safe='/%:@!$&()*+,;=~')}?{urlencode(kept)}" if kept else path
    return f"{written}#{fragment}" if fragment else written


def _fields(text: str) -> dict[str, str]:
    """The last value of each name. PostgreSQL takes no NUL, not even in a comparison."""
    found = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    return {name: value.replace("\0", "\ufffd") for name, value in found}


def read_query(raw: bytes) -> dict[str, str]:
    """The query of an address. Raises `Refused`."""
    try:
        return _fields(raw.decode("ascii", "replace"))
    except ValueError as error:
        raise Refused(400, "The address has too many values", f"At most {MOST_FIELDS} are read.") from error


def read_form(body: bytes, content_type: str) -> tuple[dict[str, str], Any]:
    """The fields of a form, or a value of JSON. Raises `Refused` for anything else."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return {}, None
    if kind == FORM:
        try:
            return _fields(body.decode("utf-8", "replace")), None
        except ValueError as error:
            raise Refused(400, "The form has too many fields", f"At most {MOST_FIELDS} are read.") from error
    if kind == JSON:
        try:
            return {}, json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, "The body is not JSON", "Send valid JSON in UTF-8.") from error
    raise Refused(415, "This kind of body is not read", f"Send {FORM} or {JSON}.")
