"""A feed, what is remembered of polling it, and what one visit to it brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote, urlsplit

from watcher.errors import PollReason
from watcher.lazy_dataclass import dataclass
from watcher.model.entry import IdentityScheme, UpdateHints
from watcher.model.secret import Secret
from watcher.model.trust import Trust


class FullText(StrEnum):
    """For which entries the page is fetched, because the feed carries only the beginning of its texts.

    NEAR_MISSES: those that are mentions, or have points of a topic but too few or without what it requires.
    """

    NEVER = "never"
    NEAR_MISSES = "near_misses"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as configured. `url` as written is its identity; `interval` None means learned ("auto").

    `moves_to`: registrable domains to which the feed may move for good. `allow`: private or loopback ranges (CIDR) that
    this feed may resolve to, beside those of `network.allow`. `is_aggregator`: it passes on what others publish, so
    each of its entries counts for the publisher that it names. `is_critical`: its issues are notified of at once.
    """

    url: str
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    interval: timedelta | None = None
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    moves_to: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    trust: Trust = Trust.NORMAL
    is_aggregator: bool = False
    is_critical: bool = False
    full_text: FullText = FullText.NEVER

    address: Secret | None = None
    """Where it is read when that is a secret; `url` then is what may be shown of it, see `public_address`."""

    @property
    def address_to_ask(self) -> str:
        """Where it is read. Raises `LookupError` when that is a secret without a value."""
        return self.url if self.address is None else self.address.reveal()

    @property
    def label(self) -> str:
        """The value of the label `feed`: only the configuration decides what routes and silences see."""
        return self.name or self.url


def public_address(address: Secret) -> str:
    """What is shown and stored of a feed whose address is a secret: its host, and where the secret comes from.

    It is the feed's identity, and stays the same when a token in the address is replaced.
    """
    parts = urlsplit(address.value or "https://unknown.invalid")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    kind, _, name = address.origin.partition(" ")
    return f"{parts.scheme}://{host}{port}/***?{kind}={quote(name)}"


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave us for the next conditional request, byte for byte (RFC 9110 §8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None


USAGE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FeedUsage:
    """What a feed has stored in the day that began at `since`: new entries, and characters of their texts."""

    since: datetime | None = None
    entries: int = 0
    characters: int = 0

    def at(self, now: datetime) -> FeedUsage:
        """The usage that counts at `now`: nothing once the day is over."""
        begins = self.since is None or now - self.since >= USAGE_DAY or now < self.since
        return FeedUsage(now) if begins else self

    def adding(self, entries: int, characters: int, now: datetime) -> FeedUsage:
        """The usage after so much more was stored at `now`."""
        today = self.at(now)
        return FeedUsage(today.since, today.entries + entries, today.characters + characters)


@dataclass(frozen=True, slots=True)
class PollState:
    """All that is remembered of a feed between polls. Kept as one document; grows without migrations.

    `identity` is the scheme in force for this feed; `identity_streak` counts consecutive documents that asked for
    another one (hysteresis).
    `moved_to` is the address of a permanent redirect on which the last `moved_streak` polls agreed; `moved_kept` says
    that it may be asked in place of the configured one, `moved_since` when three polls had agreed.
    `newest_published` is the latest date seen in the feed that was not in the future, `newest_shown` the latest of all,
    `interval` what cadence learned last.
    """

    url: str
    next_poll_at: datetime
    validators: Validators = Validators()
    baseline_at: datetime | None = None
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    last_changed_at: datetime | None = None
    last_unconditional_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    reason: PollReason | None = None
    detail: str | None = None
    interval: timedelta | None = None
    title: str | None = None
    language: str | None = None
    body_hash: str | None = None
    validators_distrusted: bool = False
    identity: IdentityScheme = IdentityScheme.ID
    identity_streak: int = 0
    newest_published: datetime | None = None
    newest_shown: datetime | None = None
    moved_to: str | None = None
    moved_streak: int = 0
    moved_kept: bool = False
    moved_since: datetime | None = None
    possible_gap_at: datetime | None = None
    not_before: datetime | None = None
    """The time that the server asked us to wait until (Retry-After): not even `once --all` polls earlier."""

    busy_since: datetime | None = None
    """Since when the feed was not read because its host has no time for us (`host_busy`); None once it answers."""

    truncated_since: datetime | None = None
    """Since when only the beginning of the feed's document could be read; None once it is complete."""

    repairs: tuple[str, ...] = ()
    """What had to be repaired to read the last document, in the reader's words."""

    repaired_since: datetime | None = None
    hints: UpdateHints = field(default_factory=UpdateHints)
    """When the last document asked to be polled; `interval` has its `ttl` in it."""

    slow_since: datetime | None = None
    """Since when the feed takes more than half of `polling.timeout` to answer."""

    usage: FeedUsage = FeedUsage()
    """How much of its daily limits the feed has used."""

    over_quota_since: datetime | None = None
    """Since when entries are left out because the feed publishes more than `limits` allows; None once all are taken."""

    entry_hashes: str = ""
    """What is kept of the last document's entries (`dedupe/unchanged.py`); "" when the next is to be read in full."""

    read_in_full_at: datetime | None = None
    """When all entries of a document were last compared with what is remembered."""

    recent_polls: str = ""
    """What the last polls brought, as `schedule/history.py` writes it."""

    entries_by_day: str = ""
    """New entries a day, as `schedule/history.py` writes them."""


@dataclass(frozen=True, slots=True)
class AcquiredFeed:
    """A feed under our lease: only the holder of `epoch` may save its poll, and only before `until`.

    `host_asked_at`: another node may have asked the feed's host as late as then. `host_paused_until`: the host asked
    some node to be left alone until then.
    """

    state: PollState
    epoch: int
    until: datetime
    host_asked_at: datetime | None = None
    host_paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document with status 200: `body` is decoded bytes, `headers` have lower-case names.

    `url` is the address that answered at the end; `permanent_url` the address after the last of an
    unbroken chain of 301/308 from the start, None when there was none. `asked_kept` says that a
    kept redirect was asked in place of the configured address.
    `repairs` name what is wrong with the answer although it could be read; `took` is the time of all requests.
    """

    url: str
    body: bytes
    headers: Mapping[str, str]
    validators: Validators
    permanent_url: str | None = None
    redirects: int = 0
    asked_kept: bool = False
    repairs: tuple[str, ...] = ()
    took: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class NotModified:
    """304: the document is the one we know. `headers` may carry new floors for the cadence."""

    headers: Mapping[str, str]
    validators: Validators
    permanent_url: str | None = None
    asked_kept: bool = False
    took: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """No document. `retry_after` is how long the server asked us to wait, already capped at 24 hours.

    `queue_wait`, only with the reason HOST_BUSY: how long our own other requests to this host will take. `pauses`: the
    registrable domain that asked to be left alone, and for how long.
    """

    reason: PollReason
    detail: str
    status: int | None = None
    retry_after: timedelta | None = None
    queue_wait: timedelta | None = None
    pauses: tuple[str, timedelta] | None = None


FetchResult = Fetched | NotModified | FetchFailed


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """A document that is not a readable feed, or whose reading cost more than it may."""

    reason: PollReason
    detail: str


class FeedIssueKind(StrEnum):
    """What can be wrong with a feed, the worst first."""

    GONE = "gone"
    FAILING = "failing"
    HOST_BUSY = "host busy"
    POSSIBLE_GAP = "possible gap"
    TRUNCATED = "truncated"
    OVER_QUOTA = "over quota"
    SILENT = "silent"
    MOVED = "moved for good"
    SLOW = "slow"
    REPAIRED = "repaired"
    UNREAD = "not read yet"


@dataclass(frozen=True, slots=True)
class FeedIssue:
    """One issue of one feed. `since` is None where there was no time before it; `detail` names cause and remedy."""

    url: str
    title: str
    kind: FeedIssueKind
    since: datetime | None
    detail: str
    reason: PollReason | None = None
    failures: int = 0
