"""Where alerts go: matchers, the tree of routes, receivers and the options of their channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, time, timedelta
from pathlib import Path
from typing import ClassVar, Literal

from watcher.errors import Position
from watcher.lazy_dataclass import dataclass
from watcher.model.secret import Secret
from watcher.model.topic import Points

Operator = Literal["=", "!=", "=~", "!~", ">=", "<="]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Rank = Literal["score", "publishers"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

OWN_LABELS = ("topic", "level", "score", "feed", "language", "story", "publishers")
"""Labels that alerts carry by themselves; a feed label of the same name is an error."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A predicate on labels: `level="focus"`, `topic=~"ceasefire.*"` (whole value), `score>="12"`."""

    label: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


@dataclass(frozen=True, slots=True)
class DigestTiming:
    """Clock times of one zone at which what has gathered goes out; `min` alerts or wait for the next.

    With `empty`, a slot for which nothing has gathered sends a message that says so. `rank`: what makes one alert of
    a level more important than another. `except_on`: dates without a slot.
    """

    at: tuple[time, ...]
    zone: str
    days: tuple[Weekday, ...] = WEEKDAYS
    min: int = 1
    empty: bool = False
    rank: Rank = "score"
    except_on: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class GroupTiming:
    """Send soon: `wait` after the first alert of a group, at most one message per `interval`."""

    wait: timedelta = timedelta(seconds=30)
    interval: timedelta = timedelta(minutes=5)


Timing = DigestTiming | GroupTiming


@dataclass(frozen=True, slots=True)
class Hold:
    """Quiet hours in local time: alerts are held, and released as one message when they end.

    `spans`: pairs of start and end; an end at or before its start is on the next day. A span begins on one of the
    weekdays `days`, except on the dates `except_on`.
    """

    spans: tuple[tuple[time, time], ...]
    zone: str
    break_through: Points | None = None
    days: tuple[Weekday, ...] = WEEKDAYS
    except_on: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `max` messages per `per`; what is over is folded into one message that says so."""

    max: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Route:
    """A node of the tree, inheritance already applied. `path` names it: `/`, `/0`, `/0/1`…

    `path` is readable and stable as long as the tree keeps its shape; it is part of notification keys.
    """

    path: str
    receiver: str
    timing: Timing
    group_by: tuple[str, ...]
    matchers: tuple[Matcher, ...] = ()
    continues: bool = False
    hold: Hold | None = None
    budget: Budget | None = None
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """A Jinja2 template of the user: its text, what messages call it, and where in the configuration it is named."""

    source: str
    name: str
    path: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class ChannelOptions:
    """The options of one channel. Each kind has its own subclass beside its code in `watcher.deliver`."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = {"extra": "forbid"}
    """Unknown keys of the configuration are errors."""

    @property
    def own_template(self) -> OwnTemplate | None:
        """The user's template for what this channel sends, None for ours."""
        return None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who gets it, where that is no secret."""
        return ()


@dataclass(frozen=True, slots=True)
class ChannelRef:
    """The name of a channel: no URL, no secret in it. Printed `desk/email/0`."""

    receiver: str
    kind: str
    position: int = 0

    def __str__(self) -> str:
        return f"{self.receiver}/{self.kind}/{self.position}"

    @classmethod
    def parse(cls, text: str) -> ChannelRef:
        receiver, kind, position = text.rsplit("/", 2)
        return cls(receiver, kind, int(position))


DIRECT = "none"
"""The `proxy` of a receiver that is reached without one."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A named set of channels, in the order written.

    `proxy` (`DIRECT`: none) and `ca_file` are the way to its channels where the section `network` does not say it.
    """

    name: str
    channels: Mapping[ChannelRef, ChannelOptions] = field(default_factory=dict)
    proxy: str | Secret | None = None
    ca_file: Path | None = None
