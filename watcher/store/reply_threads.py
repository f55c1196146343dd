"""The first message about a story on a channel, by the receiver's own name of it: later messages reply to it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select, tuple_

from watcher.store.database import Database, chunks, execute_many
from watcher.store.story_tables import threads

REPLIED_TO_FOR = timedelta(days=14)
"""A message older than this is far up in the chat: a reply to it would be read by nobody."""


def begin_threads(
    database: Database, connection: Connection, channel: str, stories: Collection[str], receipt: str, now: datetime
) -> None:
    """Remembers the message for those of its stories that no earlier message there was about."""
    for some in chunks(stories):
        of_stories = delete(threads).where(threads.c.channel == channel, threads.c.story.in_(some))
        connection.execute(of_stories.where(_is_over(now)))
    rows = [{"channel": channel, "story": story, "receipt": receipt, "begun_at": now} for story in stories]
    execute_many(connection, database.insert_missing(threads, ("channel", "story")), rows)


def thread_of(connection: Connection, channel: str, story: str, now: datetime) -> str:
    """The receipt of the first message about the story on the channel; "" when there is none to reply to."""
    begun = select(threads.c.receipt).where(threads.c.channel == channel, threads.c.story == story, ~_is_over(now))
    return connection.scalar(begun) or ""


def forget_threads(connection: Connection, now: datetime, chunk: int) -> int:
    """Forgets at most `chunk` messages that are not replied to any more; how many."""
    over = select(threads.c.channel, threads.c.story).where(_is_over(now)).order_by(threads.c.begun_at).limit(chunk)
    return connection.execute(delete(threads).where(tuple_(threads.c.channel, threads.c.story).in_(over))).rowcount


def _is_over(now: datetime) -> ColumnElement[bool]:
    return threads.c.begun_at < now - REPLIED_TO_FOR
