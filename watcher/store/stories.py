"""The stories of entries that have alerts: found and kept inside the transaction that saves the alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Select, and_, delete, exists, func, or_, select

from watcher.model.alert import Alert
from watcher.model.story import AssignsStories, Kinship, Placement, Sketch, StoryMember
from watcher.model.trust import Trust
from watcher.store import documents
from watcher.store.database import AnyRow, chunks
from watcher.store.story_tables import story_hashes, story_members

MOST_OF_ONE_PUBLISHER = 20
"""Members of one story by the publisher of an entry that it is compared with, the latest ones."""


def place_alerts(
    connection: Connection,
    alerts: Sequence[Alert],
    sketches: Mapping[str, Sketch],
    assigner: AssignsStories,
    now: datetime,
) -> list[tuple[Alert, Kinship]]:
    """Each alert with its story and the number of its publishers; and what its entry is to that story.

    An alert whose entry has no sketch stays as it is.
    """
    keys = dict.fromkeys(alert.entry_key for alert in alerts if alert.entry_key in sketches)
    placed = {key: _place(connection, sketches[key], assigner, now) for key in keys}
    publishers = publishers_of(connection, {placement.story for placement in placed.values()})
    return [
        (_in_story(alert, placed[alert.entry_key].story, publishers), placed[alert.entry_key].kinship)
        if alert.entry_key in placed
        else (alert, Kinship.COPY)
        for alert in alerts
    ]


def forget_stories(connection: Connection, begun_before: datetime, chunk: int) -> int:
    """Deletes the members of stories that began before a moment, at most `chunk`; returns how many."""
    old = select(story_members.c.id).where(story_members.c.begun_at < begun_before)
    old = old.order_by(story_members.c.begun_at, story_members.c.id).limit(chunk)
    connection.execute(delete(story_hashes).where(story_hashes.c.member_id.in_(old)))
    return connection.execute(delete(story_members).where(story_members.c.id.in_(old))).rowcount


def publishers_of(connection: Connection, stories: Collection[str]) -> dict[str, int]:
    """How many independent publishers report each of these stories; those unknown count as one together."""
    number = func.count(story_members.c.publisher.distinct()).label("publishers")
    counted = select(story_members.c.story, number).where(story_members.c.counts.is_(True))
    found = {
        row.story: row.publishers
        for some in chunks(stories)
        for row in connection.execute(counted.where(story_members.c.story.in_(some)).group_by(story_members.c.story))
    }
    return {story: found.get(story, 1) for story in stories}


def _place(connection: Connection, sketch: Sketch, assigner: AssignsStories, now: datetime) -> Placement:
    """Where a new entry belongs. An entry that has a story stays in it, and its new text is nobody's copy."""
    known = connection.scalar(select(story_members.c.story).where(story_members.c.entry_key == sketch.entry_key))
    if known is not None:
        return Placement(known, Kinship.REPORT)
    begun_since = now - assigner.window
    chosen = assigner.candidates(sketch, _postings(connection, sketch, begun_since))
    members = [_member(row) for row in connection.execute(_compared_with(sketch, chosen))]
    placement = assigner.place(sketch, members, now)
    begun_at = next((member.begun_at for member in members if member.story == placement.story), now)
    _keep(connection, StoryMember(placement.story, sketch, begun_at, now))
    return placement


def _postings(connection: Connection, sketch: Sketch, begun_since: datetime) -> dict[int, list[int]]:
    query = (
        select(story_hashes.c.hash, story_hashes.c.member_id)
        .join(story_members, story_members.c.id == story_hashes.c.member_id)
        .where(story_hashes.c.hash.in_(sketch.hashes), story_members.c.begun_at >= begun_since)
        .order_by(story_hashes.c.member_id)
    )
    postings: defaultdict[int, list[int]] = defaultdict(list)
    for row in connection.execute(query):
        postings[row.hash].append(row.member_id)
    return postings


def _compared_with(sketch: Sketch, chosen: Collection[int]) -> Select[tuple[AnyRow]]:
    """The chosen members, and those of their stories that have the publisher or the feed of the entry: what a publisher
    says again is news although somebody else said it first.
    """
    stories = select(story_members.c.story).where(story_members.c.id.in_(chosen))
    is_own = or_(
        and_(story_members.c.publisher == sketch.publisher, story_members.c.publisher != ""),
        story_members.c.feed_url == sketch.feed_url,
    )
    own = select(story_members.c.id).where(story_members.c.story.in_(stories), is_own)
    own = own.order_by(story_members.c.id.desc()).limit(MOST_OF_ONE_PUBLISHER)
    wanted = or_(story_members.c.id.in_(chosen), story_members.c.id.in_(own))
    return select(story_members).where(wanted).order_by(story_members.c.id)


def _keep(connection: Connection, member: StoryMember) -> None:
    """Adds a member to its story; its hashes where no other member of the story has them."""
    sketch = member.sketch
    row = {
        "entry_key": sketch.entry_key,
        "story": member.story,
        "feed_url": sketch.feed_url,
        "publisher": sketch.publisher,
        "counts": _counts(connection, member),
        "begun_at": member.begun_at,
        "seen_at": member.seen_at,
        "sketch": documents.write_sketch(sketch),
    }
    member_id = connection.execute(story_members.insert().returning(story_members.c.id), [row]).scalar_one()
    of_story = story_hashes.join(story_members, story_members.c.id == story_hashes.c.member_id)
    posted = set(
        connection.scalars(
            select(story_hashes.c.hash)
            .select_from(of_story)
            .where(story_members.c.story == member.story, story_hashes.c.hash.in_(sketch.hashes))
        )
    )
    rows = [{"hash": value, "member_id": member_id} for value in dict.fromkeys(sketch.hashes) if value not in posted]
    if rows:
        connection.execute(story_hashes.insert(), rows)


def _counts(connection: Connection, member: StoryMember) -> bool:
    """Whether the publisher is one more for the story: of a feed that is no aggregator only the first one is."""
    sketch = member.sketch
    if sketch.trust is Trust.LOW:
        return False
    if sketch.is_aggregator:
        return True
    of_feed = exists().where(story_members.c.story == member.story, story_members.c.feed_url == sketch.feed_url)
    return not connection.scalar(select(of_feed))


def _member(row: AnyRow) -> StoryMember:
    return StoryMember(row.story, documents.read_sketch(row.sketch), row.begun_at, row.seen_at)


def _in_story(alert: Alert, story: str, publishers: Mapping[str, int]) -> Alert:
    labels = {**alert.labels, "story": story, "publishers": str(publishers[story])}
    return replace(alert, story=story, labels=labels)
