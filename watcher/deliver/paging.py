"""Splitting a message that exceeds a service's limits into parts, and sending those that were not taken before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from watcher.clock import stopwatch
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import stable_hash
from watcher.model.notification import Delivered, GiveUp, Message, MessageItem, Notification, Outcome, TryAgain

MOST_PARTS = 5
"""More messages at once than this are a flood; what they do not show is counted in the last."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the messages that a notification is sent as. `name` is the same on every attempt."""

    name: str
    message: Message

    @property
    def shown(self) -> frozenset[str]:
        return frozenset(alert for item in self.message.items for alert in item.alert_ids)

    @property
    def late(self) -> frozenset[str]:
        """The alerts of earlier messages to which it lists late copies."""
        return frozenset(item.alert_id for item in self.message.items if item.is_late)


def split(message: Message, fits: Callable[[Message], bool], most: int = MOST_PARTS) -> tuple[Part, ...]:
    """The message in parts that `fits` accepts, in order; the last one counts what no part shows.

    An alert that does not fit even alone is left out and counted. Late copies that no part lists are for the next
    digest.
    """
    parts: list[tuple[MessageItem, ...]] = []
    left = message.items
    left_out = 0
    while left and len(parts) < most:
        count = _most_that_fit(message, left, fits)
        if count:
            parts.append(left[:count])
        left_out += not count and not left[0].is_late
        left = left[count or 1 :]
    return _numbered(message, parts, message.omitted + left_out + sum(not item.is_late for item in left))


def _most_that_fit(message: Message, items: Sequence[MessageItem], fits: Callable[[Message], bool]) -> int:
    """How many items from the front fit into one message that also counts others."""

    def exceeds(count: int) -> bool:
        return not fits(replace(message, items=tuple(items[:count]), omitted=9_999))

    step = 1
    while step < len(items) and not exceeds(step):
        step *= 2
    return bisect_left(range(1, min(step, len(items)) + 1), True, key=exceeds)


def _numbered(message: Message, parts: Sequence[tuple[MessageItem, ...]], omitted: int) -> tuple[Part, ...]:
    if len(parts) <= 1:
        return (Part("whole", replace(message, items=parts[0] if parts else (), omitted=omitted)),)
    last = len(parts) - 1
    return tuple(
        Part(
            "part " + stable_hash(*(item.title + item.link for item in items))[:8] if number else "part 1",
            replace(
                message,
                subject=f"{message.subject} ({number + 1}/{len(parts)})",
                items=items,
                omitted=omitted if number == last else 0,
            ),
        )
        for number, items in enumerate(parts)
    )


async def send_parts(
    parts: Sequence[Part],
    notification: Notification,
    deadline: timedelta,
    send: Callable[[Part, timedelta], Awaitable[Outcome]],
) -> Outcome:
    """Sends in order what was not taken in an earlier attempt; the first that is not delivered ends the attempt."""
    ends = stopwatch() + deadline.total_seconds()
    accepted = list(notification.accepted)
    shown = frozenset[str]().union(*(part.shown for part in parts if part.name in accepted))
    late = frozenset[str]().union(*(part.late for part in parts))
    first = Delivered("every part was taken before")
    for part in parts:
        if part.name in accepted:
            continue
        outcome = await send(part, timedelta(seconds=ends - stopwatch()))
        match outcome:
            case Delivered():
                first = outcome if part is parts[0] else first
                accepted.append(part.name)
                shown |= part.shown
            case TryAgain():
                return replace(outcome, accepted=tuple(accepted))
            case GiveUp():
                return replace(outcome, accepted=tuple(accepted), shown=shown)
    return replace(first, shown=shown, late=late)
