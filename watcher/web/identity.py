"""Who asks: a program with a token, a user whom a proxy names, somebody signed in, or whoever is at this machine."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address

import structlog

from watcher.lazy_dataclass import dataclass
from watcher.model.act import WayIn
from watcher.model.web import AccessToken, May, Person, TrustedProxy, WebSettings
from watcher.web.exchange import Refused, User
from watcher.web.sessions import Generation, Session, cookie_name, read_session

log = structlog.get_logger()

Headers = Sequence[tuple[bytes, bytes]]
FORWARDED = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
"""Headers that proxies add, each of them some."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, None when it is not known; and the session that says so."""

    user: User | None
    session: Session | None = None


def identify(
    web: WebSettings, headers: Headers, peer: str, generation: Generation, now: datetime, local_name: str
) -> Identity:
    """Who asks. Raises `Refused` for a wrong token, and for headers that only a trusted proxy may send."""
    if (token := _bearer(headers)) is not None:
        return Identity(_of_token(web.tokens, token))
    if web.proxy is not None and (named := _of_proxy(web, web.proxy, headers, peer)) is not None:
        return Identity(named)
    if web.is_open:
        if any(name in FORWARDED for name, _ in headers):
            remedy = "A proxy is in front of watcher, which takes everybody for the user of this machine: " \
                "add people or proxy to the section web of the configuration."  # fmt: skip
            raise Refused(403, "Requests through a proxy are refused", remedy)
        return Identity(User(local_name, May.ADMIN, WayIn.LOCAL))
    cookie = cookie_of(headers, cookie_name(web.is_secure))
    keys = [key.value for key in (web.key, *web.old_keys) if key is not None and key.value]
    found = read_session(cookie, web.people, keys, generation, now) if cookie else None
    if found is None:
        return Identity(None)
    session, person = found
    return Identity(User(person.name, person.may, WayIn.PASSWORD), session)


def values_of(headers: Headers, name: str) -> list[str]:
    """All values of a header, whose name is given in lower case."""
    wanted = name.encode("ascii")
    return [value.decode("latin-1") for key, value in headers if key == wanted]


def token_hash(token: str) -> str:
    """What the configuration holds of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _bearer(headers: Headers) -> str | None:
    found = values_of(headers, "authorization")
    scheme, _, token = found[0].partition(" ") if len(found) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else None


def _of_token(tokens: Sequence[AccessToken], token: str) -> User:
    digest = token_hash(token)
    known = [one for one in tokens if hmac.compare_digest(one.hash, digest)]
    if not known:
        raise Refused(401, "This token is not known", "Make one with: watcher web token NAME",
                      {"WWW-Authenticate": 'Bearer error="invalid_token"'})  # fmt: skip
    return User(known[0].name, known[0].may, WayIn.TOKEN, known[0].topics)


def _of_proxy(web: WebSettings, proxy: TrustedProxy, headers: Headers, peer: str) -> User | None:
    named = values_of(headers, proxy.header.lower())
    if not named:
        return None
    if not _is_inside(peer, proxy) or len(named) > 1:
        log.warning("proxy_header.refused", peer=peer, header=proxy.header, times=len(named))
        remedy = f"The header {proxy.header} is believed once, and only from the addresses in web.proxy.from."
        raise Refused(400, "A header that names the user came from elsewhere", remedy)
    name = _decoded(named[0]).strip()
    if not name:
        return None
    person = next((one for one in web.people if one.name == name), None)
    may = person.may if person else proxy.may
    if may is None:
        remedy = f'Add {{name: "{name}", may: read}} to web.people, or may: read to web.proxy.'
        raise Refused(403, f"{name} may not see these pages", remedy)
    return User(name, may, WayIn.PROXY)


def _decoded(text: str) -> str:
    """A header's value, which proxies send as UTF-8 (HTTP itself knows only ASCII, RFC 9110 section 5.5)."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return text


def _is_inside(peer: str, proxy: TrustedProxy) -> bool:
    """A connection over our Unix socket counts as one from 127.0.0.1."""
    try:
        address = ip_address(peer or "127.0.0.1")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in proxy.networks)


def cookie_of(headers: Headers, name: str) -> str:
    pairs = (pair.partition("=") for written in values_of(headers, "cookie") for pair in written.split(";"))
    return next((value.strip() for key, _, value in pairs if key.strip() == name), "")


def person_named(people: Sequence[Person], name: str) -> Person | None:
    """The person of this name who has a password."""
    return next((one for one in people if one.name == name and one.password is not None), None)
