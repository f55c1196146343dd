"""Routes stored alerts: the first stage of the notify pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog

from watcher.clock import Clock
from watcher.model.alert import Alert
from watcher.model.notification import Delivery, Routed, StoryDelivery, WaitingGroup
from watcher.model.route import Receiver, Route
from watcher.model.silence import Silence
from watcher.model.trust import Trust
from watcher.route.copies import is_covered
from watcher.route.limits import active_silences
from watcher.route.tree import group_of, route_alert
from watcher.store.store import Store
from watcher.threads import ThreadPool

log = structlog.get_logger()

BATCH = 500
ROOT = "/"


async def route_stored(
    routes: Mapping[str, Route], receivers: Mapping[str, Receiver], store: Store, store_pool: ThreadPool, clock: Clock
) -> int:
    """Routes alerts without a route, then unexamined copies; returns how many of the former. `routes` by path."""
    root = routes[ROOT]
    count = 0
    while alerts := await store_pool(store.routing.unrouted, BATCH):
        routed = [route_or_default(root, receivers, alert) for alert in alerts]
        await store_pool(store.routing.save, routed, clock.now())
        count += len(alerts)
    await route_copies(routes, receivers, store, store_pool, clock)
    return count


async def route_copies(
    routes: Mapping[str, Route], receivers: Mapping[str, Receiver], store: Store, store_pool: ThreadPool, clock: Clock
) -> int:
    """Routes unexamined copies to the channels that do not have their story; returns how many are sent somewhere."""
    count = 0
    while copies := await store_pool(store.routing.unexamined_copies, BATCH):
        now = clock.now()
        in_force = active_silences(await store_pool(store.silences.ending_after, now), now)
        routed = [route_or_default(routes[ROOT], receivers, alert) for alert in copies]
        decider = partial(_covers, routes, in_force, now)
        count += await store_pool(store.routing.save_copies, routed, now, decider)
    return count


def _covers(
    routes: Mapping[str, Route],
    in_force: Sequence[Silence],
    now: datetime,
    copy: WaitingGroup,
    trust: Trust,
    others: Sequence[StoryDelivery],
) -> bool:
    """Whether the story covers a copy on a channel. If deciding it raises, it does not: in doubt, notify."""
    try:
        return is_covered(routes, copy, trust, others, in_force, now)
    except Exception:
        log.exception("copy.cover_failed", route=copy.key.route, channel=str(copy.key.channel), remedy="it is sent")
        return False


def route_or_default(root: Route, receivers: Mapping[str, Receiver], alert: Alert) -> Routed:
    """The deliveries of an alert. If routing it raises, the receiver of the root gets it: in doubt, notify."""
    try:
        return route_alert(root, receivers, alert)
    except Exception:
        log.exception("alert.routing_failed", alert=alert.id, remedy="the receiver of the root route gets it")
        channels = receivers[root.receiver].channels
        return Routed(alert.id, tuple(Delivery(alert.id, group_of(root, channel, {})) for channel in channels))
