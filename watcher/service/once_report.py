"""What one `watcher once` did, and whether there is anything to do at all.

Imports nothing heavy: `once` may run every minute from a timer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from watcher.lazy_dataclass import dataclass
from watcher.model.notification import NotificationState
from watcher.model.route import DigestTiming, Route
from watcher.service import reconcile
from watcher.service.load import CompiledConfig
from watcher.store.store import Store


@dataclass(frozen=True, slots=True)
class OnceReport:
    """What one `once` did. `delivered`, `omitted` and `dead` count deliveries: one alert on one channel.

    `omitted` are those that a message only counts (I14). `folded` are copies of a story, which `alerts` does not count.
    `postponed` failed and will be tried again. `waiting` and `held` are the deliveries left in the store: not ripe yet,
    or held back. `reached` counts the feeds of which something answered.
    """

    feeds: int = 0
    fetched: int = 0
    not_modified: int = 0
    failed: int = 0
    entries_new: int = 0
    alerts: int = 0
    folded: int = 0
    delivered: int = 0
    omitted: int = 0
    dead: int = 0
    postponed: int = 0
    waiting: int = 0
    held: int = 0
    reached: int = 0

    @property
    def nothing_reachable(self) -> bool:
        return self.feeds > 0 and self.reached == 0


def is_idle(store: Store, config: CompiledConfig, now: datetime) -> bool:
    """Brings the store in line with the configuration, as every start does; then whether nothing at all is to be done.

    No feed is due, and no alert, delivery or message waits, whatever it waits for.
    """
    if any(_may_be_empty(route) for route in _routes(config.settings.route)):
        return False
    reconcile.warn_of_another_file(store, config)
    reconcile.sync_feeds(store, config, now)
    reconcile.reroute(store, config, now)
    is_busy = (
        store.polls.has_due(now)
        or store.outbox.newest(state=NotificationState.READY, limit=1)
        or store.routing.unrouted(1)
        or store.routing.unexamined_copies(1)
        or store.groups.waiting()
        or store.holds.held()
    )
    return not is_busy


def _may_be_empty(route: Route) -> bool:
    """A digest that is sent even when empty has a time of its own."""
    return isinstance(route.timing, DigestTiming) and route.timing.empty


def _routes(root: Route | None) -> Iterator[Route]:
    if root is not None:
        yield root
        for child in root.routes:
            yield from _routes(child)
