"""The store follows the configuration: its feeds, changed routes, removed receivers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import structlog

from watcher.service.load import CompiledConfig
from watcher.store.store import Store

log = structlog.get_logger()


class Fact(StrEnum):
    """What the store remembers of the configuration that was last in force."""

    CONFIGURATION = "configuration"
    NETWORK = "network"
    ROUTES = "routes"


def sync_feeds(store: Store, config: CompiledConfig, now: datetime) -> None:
    """Adds new feeds, pauses removed ones; failing feeds are retried when the network settings changed. One
    transaction: after a `StoreError` nothing has changed.
    """
    urls = [feed.url for feed in config.settings.feeds]
    network_changed = _has_changed(store, Fact.NETWORK, config.network_fingerprint)
    store.feeds.sync(urls, now, retry_failing=network_changed)


def reroute(store: Store, config: CompiledConfig, now: datetime) -> None:
    """If the routes have changed, routes the waiting alerts again; notifications of removed channels become dead.

    Call it when the configuration is in force. A `StoreError` leaves work that the next call does.
    """
    store.facts.remember(Fact.NETWORK, config.network_fingerprint)
    if _has_changed(store, Fact.ROUTES, config.routing_fingerprint):
        rerouted = store.routing.withdraw(now)
        dead = store.outbox.bury_removed(config.channel_refs, now)
        log.info("routes.changed", rerouted=rerouted, receiver_removed=dead)
    store.facts.remember(Fact.ROUTES, config.routing_fingerprint)


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


def _has_changed(store: Store, fact: Fact, value: str) -> bool:
    """Whether the store was last used with another value."""
    return store.facts.recall(fact) not in {None, value}
