"""Where alerts go: matchers, the tree of routes, receivers and the options of their channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Literal, get_args

from watcher.errors import Position
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
    a level more important than another.
    """

    at: tuple[time, ...]
    zone: str
    days: tuple[Weekday, ...] = WEEKDAYS
    min: int = 1
    empty: bool = False
    rank: Rank = "score"


@dataclass(frozen=True, slots=True)
class GroupTiming:
    """Send soon: `wait` after the first alert of a group, at most one message per `interval`."""

    wait: timedelta = timedelta(seconds=30)
    interval: timedelta = timedelta(minutes=5)


Timing = DigestTiming | GroupTiming


@dataclass(frozen=True, slots=True)
class Hold:
    """Quiet hours in local time: held and released as one digest when they end."""

    start: time
    end: time
    zone: str
    break_through: Points | None = None


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
class Email:
    """One message to all of `to` and `cc`; `subject` replaces the generated one."""

    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """A person's Jinja2 template: its text, what messages call it, and where in the configuration it is named."""

    source: str
    name: str
    path: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A JSON POST, signed after Standard Webhooks when a `secret` (`whsec_…` or plain) is given.

    `template` makes the JSON in place of ours.
    """

    url: str | Secret
    secret: str | Secret | None = None
    template: OwnTemplate | None = None


@dataclass(frozen=True, slots=True)
class Slack:
    """An incoming webhook of Slack (`url`), or a channel that a bot writes to (`token`, `channel`), which can reply.

    With a token, `url` is the API's address if it is not the usual one.
    """

    url: str | Secret | None = None
    token: str | Secret | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Discord:
    """An incoming webhook of Discord."""

    url: str | Secret


@dataclass(frozen=True, slots=True)
class Ntfy:
    """A topic of an ntfy server: `url` with the topic's name as its last part."""

    url: str | Secret
    token: str | Secret | None = None


@dataclass(frozen=True, slots=True)
class Teams:
    """A workflow of Microsoft Teams that posts to a channel when a webhook request is received."""

    url: str | Secret


@dataclass(frozen=True, slots=True)
class Mattermost:
    """An incoming webhook of Mattermost, or, with `token` and `channel` (its id), a bot on the server `url`."""

    url: str | Secret
    token: str | Secret | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Telegram:
    """A chat that a bot writes to. `chat` is its number or `@name`; `thread` a topic's number in a forum."""

    token: str | Secret
    chat: str
    thread: str | None = None
    url: str | Secret = "https://api.telegram.org"


@dataclass(frozen=True, slots=True)
class Matrix:
    """A room (`!id:server`) of a homeserver, and the access token of a member."""

    url: str | Secret
    room: str
    token: str | Secret


@dataclass(frozen=True, slots=True)
class Apprise:
    """Any service that Apprise knows, best effort: it does not say why something failed. Needs `watcher[apprise]`."""

    url: str | Secret


ChannelOptions = Email | Webhook | Slack | Discord | Ntfy | Teams | Mattermost | Telegram | Matrix | Apprise

CHANNEL_KINDS: Mapping[str, type[ChannelOptions]] = {kind.__name__.lower(): kind for kind in get_args(ChannelOptions)}
"""What a receiver may name in the configuration; `config` reads the fields of these classes."""


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


@dataclass(frozen=True, slots=True)
class Receiver:
    """A named set of channels, in the order written."""

    name: str
    channels: Mapping[ChannelRef, ChannelOptions] = field(default_factory=dict)
