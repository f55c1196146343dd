"""`watcher once`: polls what is due, delivers what is ripe, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from watcher.errors import PollReason
from watcher.notify.flusher import Early
from watcher.notify.notifier import SendResult
from watcher.poll.poller import PollReport, PollResult
from watcher.service.app import POLLS_AT_ONCE, Application
from watcher.service.once_report import OnceReport
from watcher.store.store import Store

NOTIFICATIONS_AT_ONCE = 64
HOST_PATIENCE = 20
"""Seconds for which a named feed is tried again whose host another node polls just now."""


async def run_once(app: Application, *, force: bool = False, early: Early = Early.GROUP_WAIT) -> OnceReport:
    """Polls what is due (`force`: also what is not), then delivers what is ripe. Raises `StoreError`."""
    await app.follow_configuration()
    polled = await _poll_all(app, force)
    await app.report_feeds()
    sent, shown = await _deliver_all(app, early)
    waiting, held = await app.pools.store(_left, app.store)
    count = {result: sum(report.result is result for report in polled) for result in PollResult}
    return OnceReport(
        feeds=len(polled),
        fetched=count[PollResult.FETCHED],
        not_modified=count[PollResult.NOT_MODIFIED],
        failed=count[PollResult.FAILED] + count[PollResult.UNSAVED],
        entries_new=sum(report.entries_new for report in polled),
        alerts=sum(report.alerts for report in polled),
        folded=sum(report.folded for report in polled),
        delivered=shown,
        omitted=sent[SendResult.DELIVERED] - shown,
        dead=sent[SendResult.DEAD],
        postponed=sent[SendResult.POSTPONED],
        waiting=waiting,
        held=held,
        reached=sum(report.reached for report in polled),
    )


async def poll_named(app: Application, urls: Collection[str], *, force: bool = False) -> list[PollReport]:
    """Polls these feeds now, due or not, failing or not; `force`: also against a Retry-After. Raises `StoreError`.

    Those that may not be polled, or that another process polls, have no report.
    """
    await app.follow_configuration()
    reports: list[PollReport] = []
    left = set(urls)
    for _ in range(HOST_PATIENCE):
        acquired = await app.poller.acquire_named(left, force=force)
        reports += await asyncio.gather(*(app.poller.poll(feed) for feed in acquired))
        left -= {feed.state.url for feed in acquired}
        if not await app.pools.store(app.store.polls.held_elsewhere, app.node.id, left, app.clock.now()):
            break
        await asyncio.sleep(1)
    return reports


def _left(store: Store) -> tuple[int, int]:
    """Deliveries that wait and that are held."""
    waiting = sum(group.count for group in store.groups.waiting())
    return waiting, sum(group.count for group in store.holds.held())


async def _poll_all(app: Application, force: bool) -> list[PollReport]:
    """One report for each feed. Ends at the first round that finishes no further feed: those left are busy."""
    started = app.clock.now()
    reports: dict[str, PollReport] = {}
    finished: set[str] = set()
    while acquired := await app.poller.acquire(POLLS_AT_ONCE, now=started, force=force):
        unfinished = [feed for feed in acquired if feed.state.url not in finished]
        before = len(finished)
        for report in await asyncio.gather(*(app.poller.poll(feed) for feed in unfinished)):
            reports[report.url] = report
            if report.reason is not PollReason.HOST_BUSY:
                finished.add(report.url)
        if len(finished) == before:
            break
    return list(reports.values())


async def _deliver_all(app: Application, early: Early) -> tuple[dict[SendResult, int], int]:
    """Deliveries by how their message ended, and how many of those delivered the receivers were shown."""
    if await app.lead():
        await app.notifier.route_new()
        await app.notifier.freeze_ripe(early)
    sent, shown = dict.fromkeys(SendResult, 0), 0
    while acquired := await app.notifier.acquire(NOTIFICATIONS_AT_ONCE):
        reports = await asyncio.gather(*(app.notifier.attempt(one) for one in acquired))
        for one, report in zip(acquired, reports, strict=True):
            sent[report.result] += len(one.notification.alerts) + one.notification.omitted
            if report.result is SendResult.DELIVERED:
                shown += report.shown
    await app.notifier.send_pending_alarms()
    return sent, shown
