"""Every error and every closed list of reasons.

The tree::

    WatcherError
    ├── ConfigError          the configuration is refused; carries every problem      exit 2
    ├── UsageError           a command was called in a way that cannot work           exit 2
    ├── ParseError           a document is not a feed (a value outside parse)         —
    ├── FetchError           a document could not be fetched (a value outside fetch)  —
    └── StoreError           the store cannot do what was asked                       exit 1
        ├── StoreBusy        locked by another process for longer than we wait
        ├── StoreFull        no space left where the store lives
        ├── StoreCorrupt     the file is not a database, or is damaged
        ├── SchemaMismatch   made by a newer or an older version of the program
        └── SchemaInUse      processes of an older version work on it, which could not go on after an upgrade

An *expected* failure — a feed that does not answer, a receiver that refuses — is a value, not an exception
(`FetchFailed`, `ParseFailed`, `Outcome`), with one of the reasons below. The log, the metrics and the commands all use
the same word.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from watcher.lazy_dataclass import dataclass


class PollReason(StrEnum):
    """Why a poll brought no entries. Recorded on the feed, shown by `feeds health`."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    HOST_BUSY = "host_busy"
    ADDRESS_REFUSED = "address_refused"
    SCHEME_REFUSED = "scheme_refused"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    PROTOCOL = "protocol"
    HTTP_UNAUTHORIZED = "http_unauthorized"
    HTTP_NOT_FOUND = "http_not_found"
    HTTP_GONE = "http_gone"
    HTTP_TOO_MANY_REQUESTS = "http_too_many_requests"
    HTTP_CLIENT_ERROR = "http_client_error"
    HTTP_SERVER_ERROR = "http_server_error"
    EMPTY = "empty"
    HTML = "html"
    NOT_A_FEED = "not_a_feed"
    MALFORMED = "malformed"
    PARSE_TIMEOUT = "parse_timeout"
    PARSE_MEMORY = "parse_memory"
    PARSE_CRASHED = "parse_crashed"
    DEFECT = "defect"


class AttemptReason(StrEnum):
    """Why an attempt to deliver did not end as delivered."""

    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    AUTHENTICATION = "authentication"
    SENDER_REFUSED = "sender_refused"
    SENDING_LIMIT = "sending_limit"
    SLOW_DOWN = "slow_down"
    UNAVAILABLE = "unavailable"
    NOT_THE_SERVICE = "not_the_service"
    REFUSED = "refused"
    RECIPIENT_REFUSED = "recipient_refused"
    GONE = "gone"
    REDIRECTED = "redirected"
    TOO_LARGE = "too_large"
    RENDER = "render"
    DEFECT = "defect"
    RECEIVER_REMOVED = "receiver_removed"
    DROPPED = "dropped"


class NotifyReason(StrEnum):
    """Why a notification was made."""

    FIRST = "first"
    MORE = "more"
    DIGEST = "digest"
    NOTHING = "nothing"
    RELEASED = "released"
    OVERFLOW = "overflow"
    FEED_SHARE = "feed_share"
    TEST = "test"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a configuration file; line and column count from 1. `file` None is the main file."""

    line: int
    column: int
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a configuration: position, cause and remedy."""

    file: Path
    position: Position | None
    path: str
    message: str

    def __str__(self) -> str:
        file = (self.position and self.position.file) or self.file
        where = f"{file}:{self.position.line}:{self.position.column}" if self.position else str(file)
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class WatcherError(Exception):
    """The root of every error that this program raises on purpose."""


class ConfigError(WatcherError):
    """The configuration is refused as a whole (I9)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(WatcherError):
    """A command was called in a way that cannot work; the message says how it can."""


class ParseError(WatcherError):
    """A document is not a feed."""

    def __init__(self, reason: PollReason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class FetchError(WatcherError):
    """A document could not be fetched. `detail` holds no secret: it names hosts, never whole addresses."""

    def __init__(self, reason: PollReason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class StoreError(WatcherError):
    """The store cannot do what was asked; the transaction was rolled back."""


class StoreBusy(StoreError):
    """Another process holds the store for longer than we wait. Retry later."""


class StoreFull(StoreError):
    """No space is left for the store. Retry once there is space."""


class StoreCorrupt(StoreError):
    """The file is not a database, or it is damaged. The operator must restore a backup."""


class SchemaMismatch(StoreError):
    """The database was made by another version; the message names the command that helps."""


class SchemaInUse(StoreError):
    """Processes work on the store that could not go on after an upgrade. Retry when they have ended."""
