"""The slots at which a digest with `empty: true` says that nothing matched.

A slot within quiet hours is answered when they end. A slot that the program was not running for is answered at most an
hour late: after a longer stop nothing has been polled, so that "nothing matched" would be a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from watcher.model.notification import EmptySlot
from watcher.model.route import ChannelRef, DigestTiming, Receiver, Route
from watcher.route.due import next_slot
from watcher.route.quiet_hours import JOINED_DAYS, quiet_until

LATEST = timedelta(hours=1)
"""How long after it was due a slot may still be answered."""

_LONGEST_QUIET = timedelta(days=JOINED_DAYS + 2)
"""How long quiet hours can last, weekends and spans that meet included."""


def empty_slots(
    routes: Mapping[str, Route], receivers: Mapping[str, Receiver], now: datetime, *, at_once: bool = False
) -> list[EmptySlot]:
    """The slots that are due at `now`, each once a channel, earlier ones first; with `at_once` it is `now` for all."""
    slots = {
        EmptySlot(channel, _digests_to(routes, channel), *due): None
        for route in routes.values()
        if isinstance(route.timing, DigestTiming) and route.timing.empty
        for due in [(now, now) if at_once else _latest_due(route, now)]
        if due is not None
        for channel in receivers[route.receiver].channels
    }
    return sorted(slots, key=lambda one: (one.slot, str(one.channel)))


def _digests_to(routes: Mapping[str, Route], channel: ChannelRef) -> tuple[str, ...]:
    """Every route that sends digests to the channel: if one of them has an alert, the channel gets no empty digest."""
    digests = (route for route in routes.values() if isinstance(route.timing, DigestTiming))
    return tuple(route.path for route in digests if route.receiver == channel.receiver)


def _latest_due(route: Route, now: datetime) -> tuple[datetime, datetime] | None:
    """The last slot that is due and not too late, with the moment it was due at; None in quiet hours."""
    if not isinstance(route.timing, DigestTiming) or (route.hold and quiet_until(route.hold, now)):
        return None
    found = None
    for slot in _slots(route.timing, now - LATEST - (_LONGEST_QUIET if route.hold else timedelta(0)), now):
        due = (quiet_until(route.hold, slot) if route.hold else None) or slot
        if due <= now < due + LATEST:
            found = (slot, due)
    return found


def _slots(digest: DigestTiming, after: datetime, until: datetime) -> Iterator[datetime]:
    slot = next_slot(digest, after)
    while slot <= until:
        yield slot
        slot = next_slot(digest, slot)
