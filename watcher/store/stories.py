"""The stories of entries that have alerts: found and kept inside the transaction that saves the alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from watcher.model.alert import Alert
from watcher.model.story import AssignsStories, Placement, StoryMember, Trace
from watcher.store.database import AnyRow, chunks
from watcher.store.tables import story_hashes, story_traces


def place_alerts(
    connection: Connection, alerts: Sequence[Alert], traces: Mapping[str, Trace], teller: AssignsStories, now: datetime
) -> list[tuple[Alert, bool]]:
    """Each alert with its story and the number of its publishers; and whether the story was alive before.

    An alert whose entry has no trace stays as it is.
    """
    keys = dict.fromkeys(alert.entry_key for alert in alerts if alert.entry_key in traces)
    placed = {key: _place(connection, traces[key], teller, now) for key in keys}
    publishers = {placement.story: _publishers(connection, placement.story) for placement in placed.values()}
    return [
        (_in_story(alert, placed[alert.entry_key].story, publishers), placed[alert.entry_key].continues)
        if alert.entry_key in placed
        else (alert, True)
        for alert in alerts
    ]


def forget_stories(connection: Connection, ended_before: datetime, chunk: int) -> int:
    """Deletes traces of stories that nobody tells any more."""
    old = select(story_traces.c.id).where(story_traces.c.alive_at < ended_before)
    old = old.order_by(story_traces.c.alive_at, story_traces.c.id).limit(chunk)
    connection.execute(delete(story_hashes).where(story_hashes.c.trace_id.in_(old)))
    return connection.execute(delete(story_traces).where(story_traces.c.id.in_(old))).rowcount


def _place(connection: Connection, trace: Trace, teller: AssignsStories, now: datetime) -> Placement:
    known = connection.scalar(select(story_traces.c.story).where(story_traces.c.entry_key == trace.entry_key))
    if known is not None:
        return Placement(known, continues=True)
    alive_since = now - teller.window
    chosen = teller.candidates(trace, _postings(connection, trace, alive_since))
    rows = connection.execute(select(story_traces).where(story_traces.c.id.in_(chosen)).order_by(story_traces.c.id))
    placement = teller.place(trace, [_member(row) for row in rows])
    _keep(connection, trace, placement.story, now)
    return placement


def _postings(connection: Connection, trace: Trace, alive_since: datetime) -> dict[int, list[int]]:
    query = (
        select(story_hashes.c.hash, story_hashes.c.trace_id)
        .join(story_traces, story_traces.c.id == story_hashes.c.trace_id)
        .where(story_hashes.c.hash.in_(trace.hashes), story_traces.c.alive_at >= alive_since)
        .order_by(story_hashes.c.trace_id)
    )
    postings: defaultdict[int, list[int]] = defaultdict(list)
    for row in connection.execute(query):
        postings[row.hash].append(row.trace_id)
    return postings


def _keep(connection: Connection, trace: Trace, story: str, now: datetime) -> None:
    """Adds a trace to its story, which is alive again; its hashes where no other trace of the story has them."""
    connection.execute(update(story_traces).where(story_traces.c.story == story).values(alive_at=now))
    row = {
        "entry_key": trace.entry_key,
        "story": story,
        "publisher": trace.publisher,
        "sketch": trace.sketch,
        "alive_at": now,
    }
    trace_id = connection.execute(story_traces.insert().returning(story_traces.c.id), [row]).scalar_one()
    of_story = story_hashes.join(story_traces, story_traces.c.id == story_hashes.c.trace_id)
    posted = set(
        connection.scalars(
            select(story_hashes.c.hash)
            .select_from(of_story)
            .where(story_traces.c.story == story, story_hashes.c.hash.in_(trace.hashes))
        )
    )
    rows = [{"hash": value, "trace_id": trace_id} for value in dict.fromkeys(trace.hashes) if value not in posted]
    if rows:
        connection.execute(story_hashes.insert(), rows)


def _publishers(connection: Connection, story: str) -> int:
    """How many independent publishers tell it; those unknown count one together."""
    return (
        connection.scalar(select(func.count(story_traces.c.publisher.distinct())).where(story_traces.c.story == story))
        or 0
    )


def publishers_of(connection: Connection, stories: Collection[str]) -> dict[str, int]:
    """How many independent publishers tell each of these stories, of those that are alive."""
    counted = select(story_traces.c.story, func.count(story_traces.c.publisher.distinct()).label("publishers"))
    return {
        row.story: row.publishers
        for some in chunks(stories)
        for row in connection.execute(counted.where(story_traces.c.story.in_(some)).group_by(story_traces.c.story))
    }


def _member(row: AnyRow) -> StoryMember:
    return StoryMember(row.story, Trace(row.entry_key, row.publisher, (), row.sketch))


def _in_story(alert: Alert, story: str, publishers: Mapping[str, int]) -> Alert:
    labels = {**alert.labels, "story": story, "publishers": str(publishers[story])}
    return replace(alert, story=story, labels=labels)
