"""What one feed may add to the store in a day. Pure.

Without it, a document of 30 kB on the wire could add 10 MB every five minutes, until the disk is full for everybody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from watcher.lazy_dataclass import dataclass
from watcher.model.entry import Entry, EntryDecision, Identified
from watcher.model.feed import FeedUsage, PollState, Validators
from watcher.model.settings import Limits


@dataclass(frozen=True, slots=True)
class WithinQuota:
    """The part of a decision that the feed's quota allows, with what is used then; `left_out` counts the rest."""

    decision: EntryDecision
    usage: FeedUsage
    left_out: int = 0


def within_quota(decision: EntryDecision, state: PollState, limits: Limits, now: datetime) -> WithinQuota:
    """Takes new and updated entries in the order of the document, up to the limits of the day.

    What is left out is not remembered as seen: it is new again at the next poll, and taken on another day. Entries of a
    baseline are always remembered: otherwise they would be new, and alert, later.
    """
    new, usage = _taken(decision.new, state.usage.at(now), limits, now)
    updated, usage = _taken(decision.updated, usage, limits, now)
    left_out = len(decision.new) + len(decision.updated) - len(new) - len(updated)
    return WithinQuota(replace(decision, new=new, updated=updated), usage, left_out)


def after_quota(state: PollState, quota: WithinQuota, now: datetime) -> PollState:
    """The state of a feed after a document. With entries left out, the same document must be read again."""
    if not quota.left_out:
        return replace(state, usage=quota.usage, over_quota_since=None)
    since = state.over_quota_since or now
    return replace(state, usage=quota.usage, over_quota_since=since, validators=Validators(), body_hash=None)


def _taken(
    entries: tuple[Identified, ...], usage: FeedUsage, limits: Limits, now: datetime
) -> tuple[tuple[Identified, ...], FeedUsage]:
    for count, one in enumerate(entries):
        more = usage.adding(1, _size(one.entry), now)
        if more.entries > limits.entries_per_feed or more.characters > limits.bytes_per_feed:
            return entries[:count], usage
        usage = more
    return entries, usage


def _size(entry: Entry) -> int:
    return len(entry.title) + len(entry.summary) + len(entry.content)
