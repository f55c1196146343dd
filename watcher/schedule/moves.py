"""Feeds that redirect for good: which new address is asked in place of the configured one; pure.

A redirect is what some server says. It may not hand a feed to another site for good: that takes the administrator's
agreement (`moves_to`), and the configured address is asked again once a day in any case.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from urllib.parse import urlsplit

from watcher.errors import PollReason
from watcher.model.feed import Fetched, FetchFailed, NotModified, ParseFailed, PollState
from watcher.text.domains import registrable_domain

AGREEING_REDIRECTS = 3
"""Polls in a row that must agree on a permanent redirect before it is kept."""

_LEFT_THE_NEW_ADDRESS = {PollReason.HTTP_NOT_FOUND, PollReason.HTTP_GONE, PollReason.DNS, PollReason.ADDRESS_REFUSED}


def kept_address(state: PollState, moves_to: Collection[str] = ()) -> str | None:
    """The address to ask in place of the configured one: a permanent redirect that three polls agreed on.

    None when it is on another registrable domain that is not in `moves_to`, or falls from https to http.
    """
    if state.moved_to is None or state.moved_streak < AGREEING_REDIRECTS:
        return None
    return state.moved_to if may_keep(state.url, state.moved_to, moves_to) else None


def may_keep(configured: str, target: str, moves_to: Collection[str]) -> bool:
    """Whether a permanent redirect to `target` may be kept for the feed configured as `configured`."""
    old, new = urlsplit(configured), urlsplit(target)
    if old.scheme == "https" and new.scheme != "https":
        return False
    domain = registrable_domain(new.hostname or "")
    return domain == registrable_domain(old.hostname or "") or domain in moves_to


def is_moved(state: PollState) -> bool:
    """Three polls agreed on a permanent redirect, kept or not."""
    return state.moved_to is not None and state.moved_streak >= AGREEING_REDIRECTS


def after_answer(state: PollState, answer: Fetched | NotModified, moves_to: Collection[str] = ()) -> PollState:
    """Counts polls that agree on a permanent redirect (RFC 9110 §15.4.2, §15.4.9)."""
    if answer.permanent_url is None:
        nothing_known = state.moved_to is None and not state.moved_kept
        if nothing_known or (is_moved(state) and answer.asked_kept):
            return state
        return replace(state, moved_to=None, moved_streak=0, moved_kept=False)
    streak = state.moved_streak + 1 if answer.permanent_url == state.moved_to else 1
    keep = may_keep(state.url, answer.permanent_url, moves_to)
    return replace(state, moved_to=answer.permanent_url, moved_streak=streak, moved_kept=keep)


def after_failure(state: PollState, failed: FetchFailed | ParseFailed) -> PollState:
    """Forgets a kept address that is of no use any more: the configured one is asked again."""
    useless = isinstance(failed, ParseFailed) or failed.reason in _LEFT_THE_NEW_ADDRESS
    return replace(state, moved_to=None, moved_streak=0) if useless and is_moved(state) else state
