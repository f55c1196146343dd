"""The sections about this machine: `store`, `polling`, `limits`, `retention`, `network`, `smtp`."""

from __future__ import annotations

from pathlib import Path

from watcher.config.credentials import Credentials
from watcher.config.reader import Reader
from watcher.config.schema import LimitsShape, NetworkShape, PollingShape, RetentionShape, SmtpShape
from watcher.config.secrets import read_text_or_secret
from watcher.config.yaml_tree import Where
from watcher.model.secret import Secret
from watcher.model.settings import Limits, Network, PerHost, Polling, Retention, Smtp

_DEFAULT_STORE = "sqlite:///watcher.db"
_SQLITE = "sqlite:///"
_POSTGRES = "postgresql+psycopg://"
_NO_SERVER = {"host": "localhost", "from": "watcher@localhost"}
"""Replaces wrong values, so that the rest of the section is checked as well."""


def read_store(reader: Reader, credentials: Credentials) -> str | Secret:
    """The store's final URL; a relative SQLite file is in $STATE_DIRECTORY, else beside the configuration.

    The URL of a server is a secret, because it may contain a password; without a value when it is missing.
    """
    where: Where = ("store",)
    try:
        written = read_text_or_secret(reader.plain(where) if reader.given(where) else _DEFAULT_STORE)
    except ValueError:
        reader.problem(where, "must be text, like sqlite:///watcher.db, or one of {env: NAME}, {file: PATH}")
        return _DEFAULT_STORE
    url = credentials.kept(written, where)
    if url.value is None:
        return url
    problem = _store_problem(url.value)
    if problem:
        reader.problem(where, problem)
        return _DEFAULT_STORE
    if not url.value.startswith(_SQLITE):
        return url
    name, query, options = url.value.removeprefix(_SQLITE).partition("?")
    return f"{_SQLITE}{_state_folder(reader) / name}{query}{options}"


def _store_problem(written: str) -> str | None:
    """Why a URL is not a store's, or None; the message does not repeat it."""
    if written.startswith(_POSTGRES):
        return None
    if written.partition(":")[0] != "sqlite":
        return f"must be an address like sqlite:///watcher.db or {_POSTGRES}USER@HOST/DATABASE"
    name = written.removeprefix(_SQLITE).partition("?")[0]
    if not written.startswith(_SQLITE) or not name or name.startswith(":memory:"):
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


def read_network(reader: Reader, credentials: Credentials) -> Network:
    where: Where = ("network",)
    shape = reader.shape(NetworkShape, where) if reader.given(where) else None
    if shape is None:
        return Network()
    proxy = credentials.secret(shape.proxy, (*where, "proxy")) if shape.proxy else None
    ca_file = (reader.file.parent / Path(shape.ca_file).expanduser()).absolute() if shape.ca_file else None
    if ca_file and not ca_file.is_file():
        reader.problem((*where, "ca_file"), f"there is no file {ca_file}")
    return Network(tuple(shape.allow), proxy, ca_file)


def sends_mail(reader: Reader) -> bool:
    """Whether any receiver uses e-mail."""
    return any("email" in reader.keys(("receivers", index)) for index in reader.items(("receivers",)))


def read_smtp(reader: Reader, credentials: Credentials) -> Smtp | None:
    where: Where = ("smtp",)
    shape = reader.shape(SmtpShape, where, instead=_NO_SERVER) if reader.given(where) else None
    if shape is None:
        return None
    has_username, has_password = reader.given((*where, "username")), reader.given((*where, "password"))
    if has_username != has_password:
        given, lacking = ("username", "password") if has_username else ("password", "username")
        reader.problem(where, f"has a {given} but no {lacking}; give both or neither")
    if shape.password is not None and shape.tls == "none":
        reader.warn((*where, "tls"), "the password crosses the network unencrypted; use starttls or implicit")
    is_used = sends_mail(reader)
    password = credentials.secret(shape.password, (*where, "password"), needed=is_used) if shape.password else None
    return Smtp(shape.host, shape.sender, shape.port, shape.tls, shape.username, password)
