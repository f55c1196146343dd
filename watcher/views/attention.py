"""What the first page says beside its stories: how things are now, what needs somebody, what is silenced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from watcher.lazy_dataclass import dataclass
from watcher.model.feed import FeedIssue
from watcher.model.notification import HeldGroup
from watcher.model.route import ChannelRef
from watcher.model.silence import Silence
from watcher.store.records import PollCounts


@dataclass(frozen=True, slots=True)
class NextDigest:
    """When a route sends its next digest, and how many alerts wait for it."""

    receiver: str
    at: datetime
    waiting: int


@dataclass(frozen=True, slots=True)
class Attention:
    """`dead` counts by channel the messages that were given up and that nobody has dropped. `stories`: the titles of
    stories that silences name, by the id of the silence.
    """

    feeds: int
    failing: int
    is_running: bool
    entries_day: int
    last_entry_at: datetime | None
    polls_day: PollCounts
    digests: tuple[NextDigest, ...]
    waiting: int
    held: tuple[HeldGroup, ...]
    issues: tuple[FeedIssue, ...]
    dead: tuple[tuple[ChannelRef, int], ...]
    silences: tuple[Silence, ...]
    stories: Mapping[str, str]
