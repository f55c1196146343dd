"""The keys of the configuration file, section by section, as strict pydantic models. Pure.

Names are those of the YAML file. Values become those of `watcher.model` where the rest of the file is not needed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from watcher.config.did_you_mean import did_you_mean
from watcher.config.quantities import (
    read_clock,
    read_clock_spans,
    read_date,
    read_duration,
    read_points,
    read_size,
    read_zone,
)
from watcher.config.secrets import SecretSource, read_text_or_secret
from watcher.model.route import WEEKDAYS, Rank, Weekday
from watcher.model.topic import Level, Points
from watcher.text.addresses import email_problem, web_url_problem
from watcher.text.domains import registrable_domain
from watcher.text.languages import TWO_LETTERS, language_code


def _reject(condition: Callable[[Any], bool], message: str) -> AfterValidator:
    def check(value: Any) -> Any:
        if condition(value):
            raise ValueError(message)
        return value

    return AfterValidator(check)


def label_name(text: str) -> str:
    """The name of a label. Raises `ValueError` for anything else."""
    if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}", text):
        raise ValueError(f'"{text}" is not a label name; use letters, digits and _')
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"\w[\w.\-]{0,63}", text):
        raise ValueError(f'"{text}" cannot be a name; use up to 64 letters, digits, . - and _ without spaces')
    return text


def feed_url_problem(text: str) -> str | None:
    """Why a text is not the address of a feed, or None; the message does not repeat the address."""
    problem = web_url_problem(text)
    if problem is None and "@" in urlsplit(text).netloc:
        return (
            "a user name or password in a feed's address would be shown in lists and logs; "
            "use headers: {Authorization: {env: NAME}} instead"
        )
    return problem


def _feed_url(text: str) -> str:
    problem = feed_url_problem(text)
    if problem:
        raise ValueError(problem)
    return text


def _interval(value: object) -> timedelta | None:
    return None if value == "auto" else _positive(read_duration(value))


def _positive(duration: timedelta) -> timedelta:
    if not duration:
        raise ValueError("must be longer than 0s")
    return duration


def one_of(words: tuple[str, ...]) -> BeforeValidator:
    def check(value: object) -> object:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}{did_you_mean(str(value), words)}")
        return value

    return BeforeValidator(check)


def _language(code: str) -> str:
    known = language_code(code)
    if known is None:
        hint = did_you_mean(code, TWO_LETTERS) or "; write a code of ISO 639 like en, ar or tr"
        raise ValueError(f'"{code}" is not the code of a language{hint}')
    return known


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise ValueError(f"not a network range: {error}; write it like 10.0.0.0/8 or ::1/128") from None


def _domain(text: str) -> str:
    domain = registrable_domain(text.strip().rstrip("."))
    if not re.fullmatch(r"[\w.:\[\]-]+", text.strip()) or domain != text.strip().rstrip(".").lower():
        raise ValueError(f"not a registrable domain; write it like {_example_domain(domain)}")
    return domain


def _example_domain(domain: str) -> str:
    return domain if re.fullmatch(r"[\w-]+(\.[\w-]+)+", domain) else "example.org"


def _email_address(text: str) -> str:
    problem = email_problem(text)
    if problem:
        raise ValueError(problem)
    return text


def _helo(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Za-z:.]+\]", text):
        raise ValueError("must be the name of this machine, like mail.example.org, or an address like [192.0.2.1]")
    return text


def _source_or(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
    return read_text_or_secret(value) if isinstance(value, dict) else handler(value)


_or_source = WrapValidator(_source_or)
"""Also allows `{env: NAME}` and the like; the value is then a `SecretSource`."""


def _written(pattern: str, example: str) -> WithJsonSchema:
    """How a value that is read from a text is written, for `check --schema`."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


_A_DURATION = r"(?=[0-9])([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?"
_DURATION_TEXT = _written(f"^{_A_DURATION}$", "1h30m")
_POINTS = WithJsonSchema({"type": ["number", "string"], "examples": [1.5]})
_SECRET_FORMS = [
    {"type": "object", "properties": {kind: {"type": "string"}}, "required": [kind], "additionalProperties": False}
    for kind in ("env", "file", "credential")
]
_SECRET = WithJsonSchema({"anyOf": [{"type": "string"}, *_SECRET_FORMS]})

Duration = Annotated[timedelta, PlainValidator(read_duration), _DURATION_TEXT]
PositiveDuration = Annotated[timedelta, PlainValidator(read_duration), AfterValidator(_positive), _DURATION_TEXT]
Interval = Annotated[timedelta | None, PlainValidator(_interval), _written(f"^(auto|{_A_DURATION})$", "auto")]
Size = Annotated[
    int,
    PlainValidator(read_size),
    _reject(lambda size: size == 0, "must be more than 0B"),
    _written(r"^[0-9]+ ?([kKMG]i?)?B$", "10MB"),
]
Clock = Annotated[time, PlainValidator(read_clock), _written(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "07:00")]
Zone = Annotated[str, PlainValidator(read_zone), _written(r"^[A-Za-z0-9_+/-]+$", "Europe/Istanbul")]
PointsText = Annotated[Points, PlainValidator(read_points), _POINTS]
Weight = Annotated[PointsText, _reject(lambda points: points == 0, "a weight of 0 never counts; remove it")]
Text = Annotated[str, _reject(lambda text: not text.strip(), "must not be empty")]
Line = Annotated[
    Text, _reject(lambda text: bool(re.search(r"[\x00-\x1f\x7f]", text)), "must be one line of plain text")
]
Name = Annotated[str, AfterValidator(_name)]
LabelName = Annotated[str, AfterValidator(label_name)]
Labels = dict[LabelName, str]
FeedUrl = Annotated[str, AfterValidator(_feed_url)]
TextOrSecret = Annotated[str | SecretSource, PlainValidator(read_text_or_secret), _SECRET]
EmailAddress = Annotated[str, AfterValidator(_email_address)]


class Shape(BaseModel):
    """Strict: no unknown key, no conversion between text and number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True, defer_build=True)


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


class NetworkShape(Shape):
    allow: list[Annotated[str, AfterValidator(_network)]] = []
    proxy: TextOrSecret | None = None
    ca_file: Text | None = None
    delivery_proxy: TextOrSecret | None = None


TrustName = Annotated[Literal["low", "normal", "high"], one_of(("low", "normal", "high"))]


class FeedShape(Shape):
    url: FeedUrl
    name: Line | None = None
    labels: Labels = {}
    interval: Interval = None
    headers: dict[str, TextOrSecret] = {}
    moves_to: list[Annotated[str, AfterValidator(_domain)]] = []
    allow: list[Annotated[str, AfterValidator(_network)]] = []
    trust: TrustName = "normal"
    aggregator: bool = False


class OpmlShape(Shape):
    opml: Text
    labels: Labels = {}
    interval: Interval = None
    trust: TrustName = "normal"
    aggregator: bool = False


class NearShape(Shape):
    any: list[Text] = Field(min_length=1)
    of: list[Text] = Field(min_length=1)
    within: int = Field(ge=1, le=1000)
    weight: Weight
    across: bool = False


class ExampleShape(Shape):
    text: Text
    level: Annotated[
        Level, BeforeValidator(lambda value: Level(value) if value in list(Level) else value), one_of(tuple(Level))
    ]


class TopicShape(Shape):
    name: Name
    use: str | list[str] = []
    title: Line | None = None
    terms: dict[str, Annotated[list[Text], Field(min_length=1)]] = {}
    near: list[NearShape] = []
    require: Text | None = None
    exclude: Text | None = None
    query: Text | None = None
    focus: Annotated[PointsText, _reject(lambda points: points <= 0, "must be more than 0 points")] | None = None
    languages: list[Annotated[str, AfterValidator(_language)]] | None = Field(None, min_length=1)
    arabic_prefixes: bool = True
    fold: bool = True
    updates: bool = False
    feeds: Labels = {}
    examples: list[ExampleShape] = []


class SmtpShape(Shape):
    """Where `_or_source` is added, the value may also be a `SecretSource`, although it is no secret."""

    host: Annotated[Line, _or_source]
    port: Annotated[int, Field(ge=1, le=65535), _or_source] = 587
    tls: Annotated[Literal["starttls", "implicit", "none"], one_of(("starttls", "implicit", "none"))] = "starttls"
    username: Annotated[Line, _or_source] | None = None
    password: TextOrSecret | None = None
    helo: Annotated[str, AfterValidator(_helo)] | None = None
    sender: Annotated[EmailAddress, _or_source] = Field(alias="from")


Days = list[Annotated[Weekday, one_of(WEEKDAYS)]]
Dates = Annotated[
    list[Annotated[date, PlainValidator(read_date), _written(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-12-25")]],
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
