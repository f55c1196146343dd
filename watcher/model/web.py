"""How the pages are served, and who may do what there: the section `web` of the configuration."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from watcher.lazy_dataclass import dataclass
from watcher.model.secret import Secret

SESSION_IDLE = timedelta(hours=12)
SESSION_LASTS = timedelta(days=14)


class May(StrEnum):
    """What somebody may do, each including those before it.

    ANYONE: what needs no sign-in. FEEDS: outgoing feeds. READ: see everything. ACT: mark, silence, ask for a poll.
    ADMIN: retry and drop messages, end silences of others.
    """

    ANYONE = "anyone"
    FEEDS = "feeds"
    READ = "read"
    ACT = "act"
    ADMIN = "admin"

    def includes(self, needed: May) -> bool:
        """Whether this is enough where `needed` is asked for."""
        order = list(May)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the pages are served: an address and a port, or a Unix socket."""

    host: str = "127.0.0.1"
    port: int = 8080
    socket: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        if self.socket is not None or self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        if self.socket is not None:
            return f"unix:{self.socket}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in. `password` is a scrypt hash; None: only a trusted proxy may say that it is them."""

    name: str
    may: May = May.READ
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class TrustedProxy:
    """A proxy that signs users in and names them in a header. `may` is for names that `people` does not list."""

    header: str
    networks: tuple[IPv4Network | IPv6Network, ...]
    may: May | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token of a program: the SHA-256 of its secret, in hex. `topics`: the only ones that it is for, () for all."""

    name: str
    hash: str
    may: May = May.READ
    topics: tuple[str, ...] = ()


class LinkUse(StrEnum):
    """What the link of an alert in a message allows: NONE: there is no link; READ: a page whose buttons ask for a
    sign-in; ACT: marks and silences without a sign-in.
    """

    NONE = "none"
    READ = "read"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The section `web`.

    `url` is the address that browsers use, without a slash at its end. `key` signs sessions and links; `old_keys` are
    still accepted. `links` None: ACT in e-mails to one address, else READ. `embed_in`: sites that may show the page of
    a topic in a frame. `language`: that of the pages, "auto" for what browsers ask for.
    """

    listen: Listen = Listen()
    url: str | None = None
    key: Secret | None = None
    old_keys: tuple[Secret, ...] = ()
    proxy: TrustedProxy | None = None
    people: tuple[Person, ...] = ()
    tokens: tuple[AccessToken, ...] = ()
    links: LinkUse | None = None
    links_for: timedelta = timedelta(days=14)
    embed_in: tuple[str, ...] = ()
    language: str = "auto"

    @property
    def is_open(self) -> bool:
        """Whether everybody who can connect may do everything: nobody signs in."""
        return not self.people and self.proxy is None

    @property
    def has_passwords(self) -> bool:
        return any(person.password is not None for person in self.people)

    @property
    def host(self) -> str:
        """Host and port of `url`, as browsers send them; "" without one."""
        return urlsplit(self.url).netloc.lower() if self.url else ""

    @property
    def is_secure(self) -> bool:
        """Whether browsers use https."""
        return self.url is not None and self.url.startswith("https://")
