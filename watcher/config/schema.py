"""The keys of the configuration file, section by section, as strict pydantic models. Pure.

Names are those of the YAML file.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from watcher.config.quantities import read_clock_spans, read_date
from watcher.config.value_types import (
    Clock,
    Domain,
    Duration,
    EmailAddress,
    FeedUrl,
    Helo,
    Interval,
    LabelName,
    Labels,
    LanguageCode,
    Line,
    Name,
    NetworkRange,
    PointsText,
    PositiveDuration,
    Size,
    Text,
    TextOrSecret,
    Weight,
    Zone,
    one_of,
    or_source,
    reject,
    written_as,
)
from watcher.model.feed import FeedIssueKind
from watcher.model.route import WEEKDAYS, Rank, Weekday
from watcher.model.topic import Level


class Shape(BaseModel):
    """Strict: no unknown key, no conversion between text and number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True, defer_build=True)


ISSUE_NAMES = tuple(kind.name.lower() for kind in FeedIssueKind)
"""As in the metric `watcher_feed_issues`."""


class PerHostShape(Shape):
    concurrency: int = Field(2, ge=1, le=100)
    spacing: Duration = timedelta(seconds=1)


class PollingShape(Shape):
    interval: Interval = None
    min: Duration = timedelta(minutes=5)
    max: PositiveDuration = timedelta(hours=24)
    backfill: Duration = timedelta(hours=24)
    timeout: PositiveDuration = timedelta(seconds=30)
    max_bytes: Size = 10_000_000
    contact: Line | None = None
    per_host: PerHostShape = Field(default_factory=lambda: PerHostShape.model_validate({}))


class LimitsShape(Shape):
    alerts_per_feed: int = Field(30, ge=1)
    entries_per_feed: int = Field(5_000, ge=1)
    bytes_per_feed: Size = 50_000_000


class RetentionShape(Shape):
    entries: PositiveDuration = timedelta(days=90)
    unmatched: PositiveDuration = timedelta(days=14)
    messages: PositiveDuration = timedelta(days=90)
    max_entries: int | None = Field(None, ge=1)
    max_bytes: Size | None = None


class MeaningShape(Shape):
    enabled: bool = False
    closeness: Annotated[PointsText, reject(lambda points: not 0 < points <= 100, "must be between 0 and 1")] = 8
    per_day: int = Field(5, ge=0)


class SecondLookShape(Shape):
    url: TextOrSecret
    model: Line
    key: TextOrSecret | None = None
    per_day: int = Field(100, ge=0)
    timeout: PositiveDuration = timedelta(seconds=20)


class FeedReportsShape(Shape):
    at: Clock = time(6)
    zone: Zone | None = None
    kinds: list[Annotated[str, one_of(ISSUE_NAMES)]] = [name for name in ISSUE_NAMES if name != "unread"]


class HeartbeatShape(Shape):
    url: TextOrSecret
    every: PositiveDuration = timedelta(minutes=1)
    max_poll_lag: PositiveDuration = timedelta(minutes=15)
    max_message_age: PositiveDuration = timedelta(hours=1)


class NetworkShape(Shape):
    allow: list[NetworkRange] = []
    proxy: TextOrSecret | None = None
    ca_file: Text | None = None
    delivery_proxy: TextOrSecret | None = None


FullTextName = Annotated[Literal["never", "near_misses"], one_of(("never", "near_misses"))]
TrustName = Annotated[Literal["low", "normal", "high"], one_of(("low", "normal", "high"))]


class FeedShape(Shape):
    url: FeedUrl
    name: Line | None = None
    labels: Labels = {}
    interval: Interval = None
    headers: dict[str, TextOrSecret] = {}
    moves_to: list[Domain] = []
    allow: list[NetworkRange] = []
    trust: TrustName = "normal"
    aggregator: bool = False
    critical: bool = False
    full_text: FullTextName = "never"


class OpmlShape(Shape):
    opml: Text
    labels: Labels = {}
    interval: Interval = None
    trust: TrustName = "normal"
    aggregator: bool = False
    critical: bool = False
    full_text: FullTextName = "never"


class NearShape(Shape):
    any: list[Text] = Field(min_length=1)
    of: list[Text] = Field(min_length=1)
    within: int = Field(ge=1, le=1000)
    weight: Weight
    across: bool = False
    also: list[Text] = []


class ExampleShape(Shape):
    text: Text
    level: Annotated[
        Level, BeforeValidator(lambda value: Level(value) if value in list(Level) else value), one_of(tuple(Level))
    ]


class TopicShape(Shape):
    name: Name
    use: str | list[str] = []
    title: Line | None = None
    about: Text | None = None
    meaning: bool = True
    terms: dict[str, Annotated[list[Text], Field(min_length=1)]] = {}
    near: list[NearShape] = []
    require: Text | None = None
    exclude: Text | None = None
    query: Text | None = None
    focus: Annotated[PointsText, reject(lambda points: points <= 0, "must be more than 0 points")] | None = None
    languages: list[LanguageCode] | None = Field(None, min_length=1)
    arabic_prefixes: bool = True
    fold: bool = True
    updates: bool = False
    feeds: Labels = {}
    examples: list[ExampleShape] = []


class SmtpShape(Shape):
    """Where `or_source` is added, the value may also be a `SecretSource`, although it is no secret."""

    host: Annotated[Line, or_source]
    port: Annotated[int, Field(ge=1, le=65535), or_source] = 587
    tls: Annotated[Literal["starttls", "implicit", "none"], one_of(("starttls", "implicit", "none"))] = "starttls"
    username: Annotated[Line, or_source] | None = None
    password: TextOrSecret | None = None
    helo: Helo | None = None
    sender: Annotated[EmailAddress, or_source] = Field(alias="from")


Days = list[Annotated[Weekday, one_of(WEEKDAYS)]]
Dates = Annotated[
    list[Annotated[date, PlainValidator(read_date), written_as(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-12-25")]],
    Field(max_length=366),
]


_SPANS = WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "examples": ["22:00-06:00"]})


class DigestShape(Shape):
    at: list[Clock] = Field(min_length=1)
    zone: Zone
    days: Days = Field(list(WEEKDAYS), min_length=1)
    min: int = Field(1, ge=1, le=10_000)
    except_on: Dates = Field([], alias="except")
    empty: bool = False
    rank: Annotated[Rank, one_of(get_args(Rank))] = "score"


class HoldShape(Shape):
    between: Annotated[tuple[tuple[time, time], ...], PlainValidator(read_clock_spans), _SPANS]
    zone: Zone
    days: Days = Field(list(WEEKDAYS), min_length=1)
    except_on: Dates = Field([], alias="except")
    break_through: PointsText | None = None


class BudgetShape(Shape):
    max: int = Field(ge=1)
    per: PositiveDuration


class RouteShape(Shape):
    """One node of the tree. Its children (`routes`) are read one by one elsewhere."""

    receiver: Text | None = None
    matchers: list[Text] = []
    group_by: list[LabelName] | None = None
    digest: DigestShape | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    hold: HoldShape | None = None
    budget: BudgetShape | None = None
    continues: bool = Field(False, alias="continue")
    routes: Any = None
