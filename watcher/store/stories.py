"""The stories of entries that have alerts: found and kept inside the transaction that saves the alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nlargest
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select

from watcher.model.alert import Alert
from watcher.model.story import AssignsStories, Kinship, Placement, Sketch, StoryMember
from watcher.model.trust import Trust
from watcher.store import documents
from watcher.store.database import AnyRow, Database, chunks
from watcher.store.story_tables import story_hashes, story_members

MOST_OF_ONE_PUBLISHER = 20
"""Members of the stories in question, by the publisher of an entry, that it is compared with: the latest ones."""
MOST_POSTINGS = 32
"""Open stories that a hash is kept for. No entry is found by a hash that so many share."""
ADDED = 1 << 62
"""The number of the first member that is added; ids are smaller."""


def place_alerts(
    database: Database,
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
    placed = _place(database, connection, [sketches[key] for key in keys], assigner, now) if keys else {}
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


def _place(
    database: Database, connection: Connection, sketches: Sequence[Sketch], assigner: AssignsStories, now: datetime
) -> dict[str, Placement]:
    """Where entries belong. An entry that has a story stays in it, and its new text is nobody's copy."""
    columns = select(story_members.c.entry_key, story_members.c.story)
    placed = {
        row.entry_key: Placement(row.story, Kinship.REPORT)
        for keys in chunks([sketch.entry_key for sketch in sketches])
        for row in connection.execute(columns.where(story_members.c.entry_key.in_(keys)))
    }
    if new := [sketch for sketch in sketches if sketch.entry_key not in placed]:
        stories = _OpenStories(database, connection, new, assigner, now)
        placed |= {sketch.entry_key: stories.place(sketch) for sketch in new}
        stories.save()
    return placed


class _OpenStories:
    """The stories that the new entries of one transaction may belong to.

    They are loaded, and what is added is saved, by a few statements for all entries together: one feed may bring
    thousands. Members are numbered by their ids; those added are numbered above all ids, in the order of their coming,
    so that the outcome is the same as if each had been saved before the next one was placed.
    """

    def __init__(
        self,
        database: Database,
        connection: Connection,
        sketches: Sequence[Sketch],
        assigner: AssignsStories,
        now: datetime,
    ) -> None:
        self._database = database
        self._connection = connection
        self._assigner = assigner
        self._now = now
        self._feeds = {sketch.feed_url for sketch in sketches}
        self._publishers = {sketch.publisher for sketch in sketches} - {""}
        self._postings: defaultdict[int, list[int]] = defaultdict(list)
        """The first member of each open story that has a hash, by hash."""
        self._stories: dict[int, str] = {}
        self._members: dict[int, StoryMember] = {}
        self._own: dict[str, dict[int, AnyRow | Sketch]] = {}
        """By story, its members by any of the publishers or feeds of the new entries."""
        self._added: list[tuple[int, StoryMember, bool]] = []
        self._load_postings(sketches)
        self._load([(sketch, self._candidates(sketch)) for sketch in sketches])

    def place(self, sketch: Sketch) -> Placement:
        """The story of an entry, which becomes a member of it."""
        chosen = self._candidates(sketch)
        self._load([(sketch, chosen)])
        compared = sorted({*chosen, *self._own_members(sketch, chosen)})
        members = [self._members[number] for number in compared]
        placement = self._assigner.place(sketch, members, self._now)
        begun_at = next((member.begun_at for member in members if member.story == placement.story), self._now)
        self._add(StoryMember(placement.story, sketch, begun_at, self._now))
        return placement

    def save(self) -> None:
        """Adds the members; their hashes where no other member of the story has them."""
        rows = [_row(member, counts=counts) for _, member, counts in self._added]
        self._database.insert_rows(self._connection, story_members, rows)
        query = select(story_members.c.entry_key, story_members.c.id)
        ids = {
            row.entry_key: row.id
            for keys in chunks([member.sketch.entry_key for _, member, _ in self._added])
            for row in self._connection.execute(query.where(story_members.c.entry_key.in_(keys)))
        }
        keys = {number: member.sketch.entry_key for number, member, _ in self._added}
        posted = [
            {"hash": value, "member_id": ids[keys[number]]}
            for value, numbers in self._postings.items()
            for number in numbers
            if number in keys
        ]
        self._database.insert_rows(self._connection, story_hashes, posted)

    def _candidates(self, sketch: Sketch) -> list[int]:
        known = {value: self._postings[value] for value in sketch.hashes if value in self._postings}
        return self._assigner.candidates(sketch, known)

    def _load_postings(self, sketches: Sequence[Sketch]) -> None:
        query = (
            select(story_hashes.c.hash, story_hashes.c.member_id, story_members.c.story)
            .join(story_members, story_members.c.id == story_hashes.c.member_id)
            .where(story_members.c.begun_at >= self._now - self._assigner.window)
            .order_by(story_hashes.c.member_id)
        )
        for hashes in chunks({value for sketch in sketches for value in sketch.hashes}):
            for row in self._connection.execute(query.where(story_hashes.c.hash.in_(hashes))):
                self._postings[row.hash].append(row.member_id)
                self._stories[row.member_id] = row.story

    def _load(self, wanted: Sequence[tuple[Sketch, Sequence[int]]]) -> None:
        """Loads what entries are compared with, given their candidates, unless it is loaded."""
        stories = {self._stories[number] for _, chosen in wanted for number in chosen}
        self._load_own(stories - self._own.keys())
        compared = {number for sketch, chosen in wanted for number in (*chosen, *self._own_members(sketch, chosen))}
        for some in chunks(compared - self._members.keys()):
            for row in self._connection.execute(select(story_members).where(story_members.c.id.in_(some))):
                self._members[row.id] = _member(row)

    def _load_own(self, stories: Collection[str]) -> None:
        is_own = or_(
            story_members.c.feed_url.in_(self._feeds),
            story_members.c.publisher.in_(self._publishers),
        )
        columns = (story_members.c.id, story_members.c.story, story_members.c.publisher, story_members.c.feed_url)
        query = select(*columns).where(is_own)
        self._own |= {story: {} for story in stories}
        for some in chunks(stories):
            for row in self._connection.execute(query.where(story_members.c.story.in_(some))):
                self._own[row.story][row.id] = row

    def _own_members(self, sketch: Sketch, chosen: Collection[int]) -> list[int]:
        """Of the stories of the chosen members, those by the publisher or the feed of the entry, the latest ones: what
        a publisher says again is news although somebody else said it first.
        """
        found = (
            number
            for story in {self._stories[number] for number in chosen}
            for number, one in self._own[story].items()
            if one.feed_url == sketch.feed_url or (one.publisher == sketch.publisher != "")
        )
        return nlargest(MOST_OF_ONE_PUBLISHER, found)

    def _add(self, member: StoryMember) -> None:
        sketch, number = member.sketch, ADDED + len(self._added)
        own = self._own.setdefault(member.story, {})
        counts = sketch.trust is not Trust.LOW and (
            sketch.is_aggregator or all(one.feed_url != sketch.feed_url for one in own.values())
        )
        self._added.append((number, member, counts))
        self._stories[number] = member.story
        self._members[number] = member
        own[number] = sketch
        for value in dict.fromkeys(sketch.hashes):
            posted = self._postings[value]
            if len(posted) < MOST_POSTINGS and all(self._stories[other] != member.story for other in posted):
                posted.append(number)


def _row(member: StoryMember, *, counts: bool) -> dict[str, Any]:
    """`counts`: whether the publisher is one more for the story; of a feed that is no aggregator only the first is."""
    sketch = member.sketch
    return {
        "entry_key": sketch.entry_key,
        "story": member.story,
        "feed_url": sketch.feed_url,
        "publisher": sketch.publisher,
        "counts": counts,
        "begun_at": member.begun_at,
        "seen_at": member.seen_at,
        "sketch": documents.write_sketch(sketch),
    }


def _member(row: AnyRow) -> StoryMember:
    return StoryMember(row.story, documents.read_sketch(row.sketch), row.begun_at, row.seen_at)


def _in_story(alert: Alert, story: str, publishers: Mapping[str, int]) -> Alert:
    labels = {**alert.labels, "story": story, "publishers": str(publishers[story])}
    return replace(alert, story=story, labels=labels)
