"""The sections about this machine: store, polling, limits, retention, monitoring, network and mail server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from watcher.config.credentials import Credentials
from watcher.config.reader import Reader
from watcher.config.schema import (
    FeedReportsShape,
    HeartbeatShape,
    LimitsShape,
    NetworkShape,
    PollingShape,
    RetentionShape,
    SmtpShape,
)
from watcher.config.secrets import SecretSource, read_text_or_secret
from watcher.config.yaml_tree import Where
from watcher.model.feed import FeedIssueKind
from watcher.model.route import DIRECT, Route
from watcher.model.secret import Secret
from watcher.model.settings import FeedReports, Heartbeat, Limits, Network, PerHost, Polling, Retention, Smtp
from watcher.model.store_address import POSTGRES, SQLITE
from watcher.route.tree import zone_of
from watcher.text.addresses import email_problem, web_url_problem

DEFAULT_STORE = "sqlite:///watcher.db"
_NO_SERVER = {"host": "localhost", "from": "watcher@localhost"}
"""Replaces wrong values, so that the rest of the section is checked as well."""


def read_store(reader: Reader, credentials: Credentials) -> str | Secret:
    """The store's final URL; a relative SQLite file is in $STATE_DIRECTORY, else beside the configuration.

    The URL of a server is a secret, because it may contain a password; without a value when it is missing.
    """
    where: Where = ("store",)
    try:
        written = read_text_or_secret(reader.plain(where) if reader.given(where) else DEFAULT_STORE)
    except ValueError:
        reader.problem(where, "must be text, like sqlite:///watcher.db, or one of {env: NAME}, {file: PATH}")
        return DEFAULT_STORE
    url = credentials.kept(written, where)
    if url.value is None:
        return url
    problem = _store_problem(url.value)
    if problem:
        reader.problem(where, problem)
        return DEFAULT_STORE
    if not url.value.startswith(SQLITE):
        return url
    name, query, options = url.value.removeprefix(SQLITE).partition("?")
    return f"{SQLITE}{_state_folder(reader) / name}{query}{options}"


def _store_problem(written: str) -> str | None:
    """Why a URL is not a store's, or None; the message does not repeat it."""
    if written.startswith(POSTGRES):
        return None
    if written.partition(":")[0] != "sqlite":
        return f"must be an address like sqlite:///watcher.db or {POSTGRES}USER@HOST/DATABASE"
    name = written.removeprefix(SQLITE).partition("?")[0]
    if not written.startswith(SQLITE) or not name or name.startswith(":memory:"):
        return "must name a file, like sqlite:///watcher.db; in memory nothing would be kept"
    return None


def _state_folder(reader: Reader) -> Path:
    state = reader.env.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(state) if state else reader.file.parent.absolute()


def read_polling(reader: Reader) -> Polling:
    where: Where = ("polling",)
    shape = reader.shape(PollingShape, where) if reader.given(where) else None
    if shape is None:
        return Polling()
    if shape.min > shape.max:
        reader.problem((*where, "min"), "min is longer than max; swap them")
    values = dict(shape) | {"per_host": PerHost(**dict(shape.per_host))}
    return Polling(**values)


def read_limits(reader: Reader) -> Limits:
    where: Where = ("limits",)
    shape = reader.shape(LimitsShape, where) if reader.given(where) else None
    return Limits(**dict(shape)) if shape else Limits()


def read_retention(reader: Reader) -> Retention:
    where: Where = ("retention",)
    shape = reader.shape(RetentionShape, where) if reader.given(where) else None
    if shape is None:
        return Retention()
    values = dict(shape)
    if "unmatched" not in shape.model_fields_set:
        values["unmatched"] = min(shape.unmatched, shape.entries)
    elif shape.unmatched > shape.entries:
        reader.problem((*where, "unmatched"), "unmatched is longer than entries; swap them")
    return Retention(**values)


def read_feed_reports(reader: Reader, route: Route | None) -> FeedReports:
    """When feed issues are reported: in the zone of the route's digest or quiet hours, unless the section has one."""
    where: Where = ("feed_reports",)
    shape = reader.shape(FeedReportsShape, where) if reader.given(where) else None
    zone = "UTC" if route is None else zone_of({route.path: route}, route.path)
    if shape is None:
        return FeedReports(zone=zone)
    kinds = frozenset(FeedIssueKind[name.upper()] for name in shape.kinds)
    return FeedReports(shape.at, shape.zone or zone, kinds)


def read_heartbeat(reader: Reader, credentials: Credentials) -> Heartbeat | None:
    where: Where = ("heartbeat",)
    shape = reader.shape(HeartbeatShape, where) if reader.given(where) else None
    if shape is None:
        return None
    url = credentials.secret(shape.url, (*where, "url"))
    if url.value is not None and web_url_problem(url.value):
        reader.problem((*where, "url"), "must be an address like https://monitor.example.org/ping/ID")
    return Heartbeat(url, shape.every, shape.max_poll_lag, shape.max_message_age)


def read_network(reader: Reader, credentials: Credentials) -> Network:
    where: Where = ("network",)
    shape = reader.shape(NetworkShape, where) if reader.given(where) else None
    if shape is None:
        return Network()
    proxy = credentials.secret(shape.proxy, (*where, "proxy")) if shape.proxy else None
    delivery_proxy = read_delivery_proxy(reader, credentials, (*where, "delivery_proxy"), shape.delivery_proxy)
    return Network(tuple(shape.allow), proxy, read_ca_file(reader, (*where, "ca_file"), shape.ca_file), delivery_proxy)


def read_ca_file(reader: Reader, where: Where, written: str | None) -> Path | None:
    """A bundle of certificates beside the configuration, which must be one."""
    if not written:
        return None
    file = (reader.file.parent / Path(written).expanduser()).absolute()
    if not file.is_file():
        reader.problem(where, f"there is no file {file}")
        return None
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except (OSError, ssl.SSLError) as error:
        reader.problem(where, f"{file} is no bundle of certificates in PEM ({error.strerror or error})")
    return file


def read_delivery_proxy(
    reader: Reader, credentials: Credentials, where: Where, written: str | SecretSource | None
) -> Secret | None:
    """The proxy of receivers and of the mail server: `http://[USER:PASSWORD@]HOST:PORT`, or `none`."""
    if written is None:
        return None
    found = credentials.kept(written, where)
    if found.value is not None and found.value != DIRECT:
        parts = urlsplit(found.value)
        if parts.scheme != "http" or not parts.hostname or web_url_problem(found.value):
            reader.problem(where, "must be a proxy like http://proxy.example:3128, or none for a direct connection")
    return Secret(found.origin) if credentials.mode == "defer" and not isinstance(written, str) else found


def sends_mail(reader: Reader) -> bool:
    """Whether any receiver has e-mail."""
    return any("email" in reader.keys(("receivers", index)) for index in reader.items(("receivers",)))


def read_smtp(reader: Reader, credentials: Credentials) -> Smtp | None:
    where: Where = ("smtp",)
    shape = reader.shape(SmtpShape, where, instead=_NO_SERVER) if reader.given(where) else None
    if shape is None:
        return None
    has_username, has_password = reader.given((*where, "username")), reader.given((*where, "password"))
    if has_username != has_password:
        given, missing = ("username", "password") if has_username else ("password", "username")
        reader.problem(where, f"has a {given} but no {missing}; give both or neither")
    if shape.password is not None and shape.tls == "none":
        reader.warn((*where, "tls"), "the password crosses the network unencrypted; use starttls or implicit")
    is_used = sends_mail(reader)
    password = credentials.secret(shape.password, (*where, "password"), needed=is_used) if shape.password else None

    def text(key: str, value: str | int | SecretSource, check: Callable[[str], str | None] = lambda text: None) -> str:
        """The value, or what the environment has for it; an unknown one is allowed where nothing is sent."""
        if not isinstance(value, SecretSource):
            return str(value)
        kept = credentials.kept(value, (*where, key), needed=is_used).value
        found = None if kept is None else kept.strip()
        problem = check(found) if found is not None else None
        if problem:
            reader.problem((*where, key), problem)
        return _NO_SERVER.get(key, "") if found is None or problem else found

    return Smtp(
        host=text("host", shape.host),
        sender=text("from", shape.sender, email_problem),
        port=int(text("port", shape.port, _port_problem) or 587),
        tls=shape.tls,
        username=None if shape.username is None else text("username", shape.username),
        password=password,
        helo=shape.helo,
    )


def _port_problem(text: str) -> str | None:
    is_port = text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= 65535
    return None if is_port else "must be the number of a port, between 1 and 65535"
