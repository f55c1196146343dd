"""What users did, by whom and how: the log of acts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from watcher.lazy_dataclass import dataclass


class WayIn(StrEnum):
    """How it is known who acts: at this machine, named by a proxy, by password, token, link in a message, command."""

    LOCAL = "local"
    PROXY = "proxy"
    PASSWORD = "password"  # noqa: S105 - the name of a way
    TOKEN = "token"  # noqa: S105
    LINK = "link"
    COMMAND = "command"


class Deed(StrEnum):
    """What was done."""

    MARK_RELEVANT = "mark_relevant"
    MARK_IRRELEVANT = "mark_irrelevant"
    UNMARK = "unmark"
    MARK_MISSED = "mark_missed"
    UNMARK_MISSED = "unmark_missed"
    SILENCE = "silence"
    EXPIRE_SILENCE = "expire_silence"
    POLL_FEED = "poll_feed"
    RETRY_MESSAGE = "retry_message"
    DROP_MESSAGE = "drop_message"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts."""

    name: str
    way: WayIn


@dataclass(frozen=True, slots=True)
class Act:
    """One act, as it was done.

    `subject` is the id of an alert, silence or message, the key of an entry, or the address of a feed; `detail` is the
    topic of a mark, the matchers of a silence, the channel of a message. `number` orders acts.
    """

    number: int
    at: datetime
    by: Actor
    deed: Deed
    subject: str
    detail: str = ""
