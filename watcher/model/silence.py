"""Alerts that a user switched off for a time."""

from __future__ import annotations

from datetime import datetime

from watcher.lazy_dataclass import dataclass
from watcher.model.route import Matcher


@dataclass(frozen=True, slots=True)
class Silence:
    """From `starts_at` until before `ends_at`, alerts whose labels meet all matchers are not sent.

    `author` and `comment` say who wanted that and why; a silence without matchers switches off nothing.
    """

    id: str
    matchers: tuple[Matcher, ...]
    author: str
    comment: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
