"""The store follows the configuration: its feeds, changed routes, removed receivers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import structlog

from watcher.model.secret import reveal
from watcher.service.changes import write_summary
from watcher.service.load import CompiledConfig
from watcher.store.records import NodeState
from watcher.store.store import Store

log = structlog.get_logger()


class Fact(StrEnum):
    """What the store remembers of the configuration that was last in force."""

    CONFIGURATION = "configuration"
    REACH = "network"
    INTERVALS = "intervals"
    ROUTES = "routes"
    SUMMARY = "configuration summary"


def sync_feeds(store: Store, config: CompiledConfig, now: datetime, *, reloading: bool = False) -> None:
    """Adds new feeds, pauses removed ones, and brings forward what the configuration lets be polled sooner.

    Failing feeds are retried after a reload, and when what may make them fail has changed: network, limits, headers. A
    shorter interval counts from the last poll. One transaction: after a `StoreError` nothing has changed.
    """
    urls = [feed.url for feed in config.settings.feeds]
    reach_changed = _has_changed(store, Fact.REACH, config.reach_fingerprint)
    intervals_changed = _has_changed(store, Fact.INTERVALS, config.interval_fingerprint)
    over_quota = (
        [state.url for state in store.feeds.with_issues(now) if state.over_quota_since] if reach_changed else []
    )
    store.feeds.sync(
        urls,
        now,
        retry_failing=reloading or reach_changed,
        longest=config.longest_intervals if intervals_changed else None,
        due=over_quota,
    )


def reroute(store: Store, config: CompiledConfig, now: datetime) -> None:
    """If the routes have changed, routes the waiting alerts again; notifications of removed channels become dead.

    Call it when the configuration is in force. A `StoreError` leaves work that the next call does.
    """
    store.facts.remember(Fact.REACH, config.reach_fingerprint)
    store.facts.remember(Fact.INTERVALS, config.interval_fingerprint)
    if _has_changed(store, Fact.ROUTES, config.routing_fingerprint):
        rerouted = store.routing.withdraw(now)
        dead = store.outbox.bury_removed(config.channel_refs, now)
        log.info("routes.changed", rerouted=rerouted, receiver_removed=dead)
    store.facts.remember(Fact.ROUTES, config.routing_fingerprint)
    summary = write_summary(config.summary)
    if store.facts.recall(Fact.SUMMARY) != summary:
        store.facts.remember(Fact.SUMMARY, summary)


def warn_of_another_file(store: Store, config: CompiledConfig) -> None:
    """Warns when the store was last used with another configuration file, and remembers this one."""
    file = str(config.settings.file.resolve())
    if _has_changed(store, Fact.CONFIGURATION, file):
        log.warning(
            "store.configuration_changed",
            before=store.facts.recall(Fact.CONFIGURATION),
            now=file,
            remedy="waiting alerts are routed by this file now; if both files are in use, give each its own `store`",
        )
    store.facts.remember(Fact.CONFIGURATION, file)


def warn_of_other_nodes(store: Store, config: CompiledConfig, own: str, now: datetime) -> None:
    """Says which other processes work on the store: usual on a server, most likely a mistake on a file."""
    others = [node for node in store.nodes.all() if node.id != own and node.state(now) is NodeState.ALIVE]
    if not others:
        return
    names = [f"{node.name} since {node.started_at.isoformat(timespec='seconds')}" for node in others]
    if str(reveal(config.settings.store)).startswith("sqlite"):
        remedy = "leases keep them apart, so that nothing is sent twice; if this is not intended, stop one of them"
        log.warning("store.shared", nodes=names, remedy=remedy)
    else:
        log.info("store.shared", nodes=names)


def _has_changed(store: Store, fact: Fact, value: str) -> bool:
    """Whether the store was last used with another value."""
    return store.facts.recall(fact) not in {None, value}
