"""Whether a channel has a story already, so that a copy of it need not be sent there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from watcher.model.notification import DeliveryState, StoryDelivery, WaitingGroup
from watcher.model.route import Route
from watcher.model.silence import Silence
from watcher.model.trust import Trust
from watcher.route.due import NEVER, due_at
from watcher.route.limits import silenced

ARRIVED = frozenset({DeliveryState.DELIVERED, DeliveryState.SENDING})
"""The channel was shown the alert, or it is on its way; if it dies or is only counted, its copies are examined again.
"""


def is_covered(
    routes: Mapping[str, Route],
    copy: WaitingGroup,
    trust: Trust,
    others: Sequence[StoryDelivery],
    in_force: Sequence[Silence],
    now: datetime,
) -> bool:
    """Whether a copy may stay silent on a channel: another alert of its story arrived there, or leaves no later.

    Never behind an alert that is held, silenced, omitted or dead there, nor behind one from a feed trusted less. `copy`
    is the group in which the copy would wait. Nor behind one that waits and meets a silence in force: its digest would
    leave without both. If a later silence or quiet hours meet the other alert, the store makes the copy unexamined
    again.
    """
    return any(
        other.state in ARRIVED or (other.group is not None and _due_at(routes, other.group) <= _due_at(routes, copy))
        for other in others
        if other.trust >= trust and not (other.alert and silenced([other.alert], in_force, now))
    )


def _due_at(routes: Mapping[str, Route], group: WaitingGroup) -> datetime:
    route = routes.get(group.key.route)
    if route is None:
        return NEVER
    return due_at(route.timing, group.first_waiting_at, group.last_flush_at, count=group.count)
