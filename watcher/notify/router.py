"""Routes stored alerts: the first stage of the notify pipeline."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from watcher.clock import Clock
from watcher.model.alert import Alert
from watcher.model.notification import Delivery, Routed
from watcher.model.route import Receiver, Route
from watcher.route.tree import group_of, route_alert
from watcher.store.store import Store
from watcher.threads import ThreadPool

log = structlog.get_logger()

BATCH = 500


async def route_stored(
    root: Route, receivers: Mapping[str, Receiver], store: Store, store_pool: ThreadPool, clock: Clock
) -> int:
    """Routes alerts without a route, then copies that no route has seen; returns how many of the former."""
    count = 0
    while alerts := await store_pool(store.routing.unrouted, BATCH):
        routed = [route_or_default(root, receivers, alert) for alert in alerts]
        await store_pool(store.routing.save, routed, clock.now())
        count += len(alerts)
    while copies := await store_pool(store.routing.unexamined_copies, BATCH):
        routed = [route_or_default(root, receivers, alert) for alert in copies]
        await store_pool(store.routing.save_copies, routed, clock.now())
    return count


def route_or_default(root: Route, receivers: Mapping[str, Receiver], alert: Alert) -> Routed:
    """The deliveries of an alert. If routing it raises, the receiver of the root gets it: in doubt, notify."""
    try:
        return route_alert(root, receivers, alert)
    except Exception:
        log.exception("alert.routing_failed", alert=alert.id, remedy="the receiver of the root route gets it")
        channels = receivers[root.receiver].channels
        return Routed(alert.id, tuple(Delivery(alert.id, group_of(root, channel, {})) for channel in channels))
