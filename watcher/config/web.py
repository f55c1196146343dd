"""The section `web`: where the pages are served, and who may see and do what."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from watcher.config.credentials import Credentials
from watcher.config.did_you_mean import did_you_mean
from watcher.config.reader import Reader
from watcher.config.schema import Shape
from watcher.config.value_types import Line, Name, PositiveDuration, TextOrSecret, one_of
from watcher.config.yaml_tree import Where
from watcher.model.secret import Secret
from watcher.model.web import AccessToken, LinkUse, Listen, May, Person, TrustedProxy, WebSettings
from watcher.text.addresses import web_url_problem

_KEY_CHARACTERS = 32
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
PASSWORD_HASH = re.compile(r"scrypt:\d{1,2}:\d{1,2}:\d{1,2}:[\w-]{22,}:[\w-]{43,}")
"""What `watcher web password` prints: cost as a power of two, r, p, salt, hash (RFC 7914), in base64url."""
_TOKEN_HASH = re.compile(r"sha256:[0-9a-f]{64}")


def read_listen(value: object) -> Listen:
    """`HOST:PORT`, `:PORT` (loopback) or `unix:PATH`. Raises `ValueError` for anything else."""
    if isinstance(value, str) and value.startswith("unix:/"):
        return Listen(socket=Path(value.removeprefix("unix:")))
    host, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535 or not _is_host(host):
        raise ValueError("must be an address like 127.0.0.1:8080, or a socket like unix:/run/watcher/web.sock")
    return Listen(host, int(port))


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _url(text: str) -> str:
    problem = web_url_problem(text)
    if problem:
        raise ValueError(problem)
    parts = urlsplit(text)
    if parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be the address of a whole site, like https://watcher.example.org, without a path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError("must be the name of a header, like Remote-User")
    return text


def _token_hash(text: str) -> str:
    if not _TOKEN_HASH.fullmatch(text):
        raise ValueError("must be sha256: and 64 hex digits; `watcher web token NAME` prints it")
    return text.removeprefix("sha256:")


def _ranges(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ValueError(f"not a network range: {error}; write it like 127.0.0.1/32") from None


_PERSON_MAY = ("read", "act", "admin")
_TOKEN_MAY = ("feeds", "read", "act")
_LINKS = ("none", "read", "act")
_LANGUAGES = ("auto", "en", "ar", "fr", "ku", "tr")


class ProxyShape(Shape):
    header: Annotated[str, AfterValidator(_header)]
    networks: list[Annotated[str, AfterValidator(_ranges)]] = Field(alias="from", min_length=1)
    may: Annotated[Literal["read", "act", "admin"], one_of(_PERSON_MAY)] | None = None


class PersonShape(Shape):
    name: Line
    password: TextOrSecret | None = None
    may: Annotated[Literal["read", "act", "admin"], one_of(_PERSON_MAY)] = "read"


class TokenShape(Shape):
    name: Name
    hash: Annotated[str, AfterValidator(_token_hash)]
    may: Annotated[Literal["feeds", "read", "act"], one_of(_TOKEN_MAY)] = "read"
    topics: list[Name] = Field([])


class WebShape(Shape):
    listen: Annotated[
        Listen, PlainValidator(read_listen), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8080"]})
    ] = Listen()
    url: Annotated[str, AfterValidator(_url)] | None = None
    key: TextOrSecret | None = None
    old_keys: list[TextOrSecret] = Field([])
    proxy: ProxyShape | None = None
    people: list[PersonShape] = Field([])
    tokens: list[TokenShape] = Field([])
    links: Annotated[Literal["none", "read", "act"], one_of(_LINKS)] | None = None
    links_for: PositiveDuration = timedelta(days=14)
    embed_in: list[Annotated[str, AfterValidator(_url)]] = Field([])
    language: Annotated[Literal["auto", "en", "ar", "fr", "ku", "tr"], one_of(_LANGUAGES)] = "auto"


def read_web(reader: Reader, credentials: Credentials) -> WebSettings:
    """How the pages are served. Only addresses of this machine are allowed where nobody has to sign in."""
    where: Where = ("web",)
    shape = reader.shape(WebShape, where) if reader.given(where) else None
    if shape is None:
        return WebSettings()
    people = tuple(_person(reader, credentials, index, one) for index, one in enumerate(shape.people))
    web = WebSettings(
        listen=shape.listen,
        url=shape.url,
        key=_key(reader, credentials, (*where, "key"), shape),
        old_keys=tuple(credentials.kept(one, (*where, "old_keys", i)) for i, one in enumerate(shape.old_keys)),
        proxy=_proxy(shape.proxy),
        people=people,
        tokens=tuple(AccessToken(one.name, one.hash, May(one.may), tuple(one.topics)) for one in shape.tokens),
        links=LinkUse(shape.links) if shape.links else None,
        links_for=shape.links_for,
        embed_in=tuple(shape.embed_in),
        language=shape.language,
    )
    _check_openness(reader, web)
    _refuse_doubles(reader, "people", [one.name for one in people])
    _refuse_doubles(reader, "tokens", [one.name for one in web.tokens])
    return web


def check_topics_of_tokens(reader: Reader, web: WebSettings, topics: Collection[str]) -> None:
    """A token for a topic that is not there would open nothing."""
    for number, token in enumerate(web.tokens):
        where: Where = ("web", "tokens", number, "topics")
        if not token.topics and reader.given(where):
            reader.problem(where, "names no topic; leave it out for a token for all topics")
        for place, name in enumerate(token.topics):
            if name not in topics:
                reader.problem((*where, place), f'there is no topic "{name}"{did_you_mean(name, topics)}')


def _key(reader: Reader, credentials: Credentials, where: Where, shape: WebShape) -> Secret | None:
    has_links = shape.url is not None and shape.links != "none"
    has_passwords = any(person.password is not None for person in shape.people)
    if shape.key is None:
        if has_links or has_passwords:
            used = "links in messages (web.url)" if has_links else "the sessions of people with passwords"
            remedy = "openssl rand -hex 32 > web-key, then key: {file: web-key}"
            reader.problem(("web",), f"{used} must be signed with a key that is missing here: {remedy}", at_key=True)
        return None
    key = credentials.kept(shape.key, where, needed=has_links)
    if key.value is not None and len(key.value) < _KEY_CHARACTERS:
        reader.problem(where, f"is shorter than {_KEY_CHARACTERS} characters; make one with: openssl rand -hex 32")
    return key


def _proxy(shape: ProxyShape | None) -> TrustedProxy | None:
    if shape is None:
        return None
    networks = tuple(ip_network(one) for one in shape.networks)
    return TrustedProxy(shape.header, networks, May(shape.may) if shape.may else None)


def _person(reader: Reader, credentials: Credentials, index: int, shape: PersonShape) -> Person:
    where: Where = ("web", "people", index, "password")
    password = None if shape.password is None else credentials.kept(shape.password, where, needed=False)
    if password is not None and password.value is not None and not PASSWORD_HASH.fullmatch(password.value):
        reader.problem(where, "must be the line that `watcher web password` prints, never the password itself")
    return Person(shape.name, May(shape.may), password)


def _check_openness(reader: Reader, web: WebSettings) -> None:
    where: Where = ("web", "listen")
    if web.is_open and not web.listen.is_local:
        reader.problem(
            where, "everybody on the network could do everything there; add people or proxy, or listen on 127.0.0.1"
        )
    if web.is_open and web.url is not None and not _is_local_name(urlsplit(web.url).hostname or ""):
        reader.problem(
            ("web", "url"), "everybody who reaches this address could do everything there; add people or proxy"
        )
    if not web.listen.is_local and web.url is None:
        reader.problem(where, "needs url, the address that browsers use, so that other names are refused")
    if web.has_passwords and web.url is not None and not web.is_secure and not _is_local_name(web.host):
        reader.warn(("web", "url"), "passwords cross the network unencrypted; use https")
    unreachable = [one.name for one in web.people if one.password is None] if web.proxy is None else []
    for name in unreachable:
        reader.problem(("web", "people"), f"{name} has no password and there is no proxy, so nobody can be {name}")


def _is_local_name(host: str) -> bool:
    name = host.rpartition(":")[0] if host.count(":") == 1 else host
    return Listen(name.strip("[]")).is_local or name.endswith(".localhost")


def _refuse_doubles(reader: Reader, key: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            reader.problem(("web", key, index, "name"), f'a second "{name}"; give each a name of its own')
