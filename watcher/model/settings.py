"""A whole configuration as values: what `config` returns and `app` builds from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import time, timedelta
from pathlib import Path
from typing import Literal

from watcher.errors import Position
from watcher.lazy_dataclass import dataclass
from watcher.model.feed import Feed, FeedIssueKind
from watcher.model.route import Receiver, Route
from watcher.model.secret import Secret
from watcher.model.topic import Topic
from watcher.model.web import WebSettings


@dataclass(frozen=True, slots=True)
class PerHost:
    """Manners towards one host: requests at once, and the least time between two starts."""

    concurrency: int = 2
    spacing: timedelta = timedelta(seconds=1)

    @property
    def at_once(self) -> int | None:
        """How many feeds of a host one node takes at once: what it may ask for in half a minute; None: any number."""
        if not self.spacing:
            return None
        return max(self.concurrency, timedelta(seconds=30) // self.spacing)


@dataclass(frozen=True, slots=True)
class Polling:
    """How feeds are polled. `interval` None means learned for each feed."""

    interval: timedelta | None = None
    min: timedelta = timedelta(minutes=5)
    max: timedelta = timedelta(hours=24)
    backfill: timedelta = timedelta(hours=24)
    timeout: timedelta = timedelta(seconds=30)
    max_bytes: int = 10_000_000
    contact: str | None = None
    per_host: PerHost = PerHost()


@dataclass(frozen=True, slots=True)
class Network:
    """`allow`: ranges (CIDR) that a feed may resolve to although they are private or loopback.

    `proxy` is for feeds, `delivery_proxy` for receivers and the mail server. `ca_file`: certificates that are trusted
    beside the system's, for all of them.
    """

    allow: tuple[str, ...] = ()
    proxy: str | Secret | None = None
    ca_file: Path | None = None
    delivery_proxy: str | Secret | None = None


@dataclass(frozen=True, slots=True)
class Smtp:
    """The mail server. `tls`: "starttls", "implicit" or "none". `helo`: our name in EHLO, if not the machine's."""

    host: str
    sender: str
    port: int = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str | None = None
    password: str | Secret | None = None
    helo: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one feed may use, so that it cannot drown the others.

    `alerts_per_feed`: messages sent at once carry at most so many of its alerts an hour, for each route and channel;
    the rest follows in one message. `entries_per_feed`, `bytes_per_feed`: new entries and their texts a day; the rest
    is left for the next day.
    """

    alerts_per_feed: int = 30
    entries_per_feed: int = 5_000
    bytes_per_feed: int = 50_000_000


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the store keeps entries, entries without an alert, messages with their alerts, and the keys of entries
    that have left their feeds (I6; no configuration sets that).

    While it has more than `max_entries` entries, or takes more than `max_bytes`, the oldest without an alert go before
    their time.
    """

    entries: timedelta = timedelta(days=90)
    unmatched: timedelta = timedelta(days=14)
    messages: timedelta = timedelta(days=90)
    max_entries: int | None = None
    max_bytes: int | None = None
    seen: timedelta = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Meaning:
    """Whether closeness in meaning makes entries mentions. `closeness`: the least, in hundredths. `per_day`: how many
    entries of each topic in any 24 hours.
    """

    enabled: bool = False
    closeness: int = 8
    per_day: int = 5


@dataclass(frozen=True, slots=True)
class SecondLook:
    """A language model behind an interface like OpenAI's, which is asked at most `per_day` questions in 24 hours."""

    url: str | Secret
    model: str
    key: Secret | None = None
    per_day: int = 100
    timeout: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class FeedReports:
    """When the operator is notified of feed issues, and of which kinds; without kinds, never."""

    at: time = time(6)
    zone: str = "UTC"
    kinds: frozenset[FeedIssueKind] = frozenset(FeedIssueKind) - {FeedIssueKind.UNREAD}


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A dead man's switch: an address that is asked regularly, but only while nothing waits longer than it may.

    `max_poll_lag`: how long a feed may have been due; `max_message_age`: how old an unsent message may be.
    """

    url: str | Secret
    every: timedelta = timedelta(minutes=1)
    max_poll_lag: timedelta = timedelta(minutes=15)
    max_message_age: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a configuration says. `positions` maps paths (`topics.0.name`) to places in `file`."""

    file: Path
    store: str | Secret
    polling: Polling
    network: Network
    feeds: tuple[Feed, ...]
    topics: tuple[Topic, ...]
    receivers: Mapping[str, Receiver]
    route: Route | None
    smtp: Smtp | None = None
    limits: Limits = Limits()
    retention: Retention = Retention()
    meaning: Meaning = Meaning()
    second_look: SecondLook | None = None
    feed_reports: FeedReports = FeedReports()
    heartbeat: Heartbeat | None = None
    web: WebSettings = field(default_factory=WebSettings)
    warnings: tuple[str, ...] = ()
    opml_files: tuple[Path, ...] = ()
    positions: Mapping[str, Position] = field(default_factory=dict)
