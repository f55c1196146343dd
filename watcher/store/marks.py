"""What users said: an alert is relevant or not, an entry should have made an alert."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, func, select

from watcher.model.act import Actor, Deed
from watcher.model.alert import MarkedAlert, MissedEntry
from watcher.store import documents
from watcher.store.acts import note_act
from watcher.store.database import StorePart, chunks
from watcher.store.page_tables import marks, missed_entries
from watcher.store.records import MarkCounts
from watcher.store.tables import alerts, entries, feeds


class Marks(StorePart):
    """What users said of alerts and of entries without one."""

    def mark(self, alert_id: str, is_relevant: bool, now: datetime, by: Actor | None = None) -> bool:
        """Keeps what a user says of an alert, with the alert and the entry's full text; the last word counts.

        False when there is no such alert. Marks stay when the alert is deleted after its time.
        """
        found = (
            select(alerts.c.topic, alerts.c.document, entries.c.document.label("entry"))
            .outerjoin(entries, entries.c.key == alerts.c.entry_key)
            .where(alerts.c.id == alert_id)
        )
        replaced = ("is_relevant", "marked_at", "document")
        with self._database.write("mark_alert") as connection:
            row = connection.execute(found).one_or_none()
            if row is None:
                return False
            mark = {
                "alert_id": alert_id,
                "topic": row.topic,
                "is_relevant": is_relevant,
                "marked_at": now,
                "document": _with_full_text(row.document, row.entry),
            }
            connection.execute(self._database.upsert(marks, ("alert_id",), replaced), [mark])
            deed = Deed.MARK_RELEVANT if is_relevant else Deed.MARK_IRRELEVANT
            note_act(connection, by, deed, alert_id, now, row.topic)
            return True

    def unmark(self, alert_id: str, now: datetime, by: Actor | None = None) -> bool:
        """Takes `mark` back; False when there was nothing to take back."""
        with self._database.write("unmark_alert") as connection:
            topic = connection.scalar(select(marks.c.topic).where(marks.c.alert_id == alert_id))
            if topic is None:
                return False
            connection.execute(delete(marks).where(marks.c.alert_id == alert_id))
            note_act(connection, by, Deed.UNMARK, alert_id, now, topic)
            return True

    def alerts(self, topic: str | None = None, limit: int | None = None) -> list[MarkedAlert]:
        """Marked alerts, oldest mark first; with `limit`, those of the newest marks."""
        return list(self.newest_alerts(topic, limit))[::-1]

    def newest_alerts(self, topic: str | None = None, limit: int | None = None) -> Iterator[MarkedAlert]:
        """Marked alerts one by one, newest mark first: a thousand take 3 MB. To be read on without a pause."""
        query = select(marks).order_by(marks.c.marked_at.desc(), marks.c.alert_id.desc()).limit(limit)
        if topic is not None:
            query = query.where(marks.c.topic == topic)
        with self._database.read() as connection:
            for row in connection.execute(query):
                yield MarkedAlert(documents.alerts.read(row.document), row.is_relevant, row.marked_at)

    def counts(self, topics: Collection[str]) -> dict[str, MarkCounts]:
        """What was said of each of these topics. Nothing is read but indexes."""
        of_topics = marks.c.topic.in_(sorted(topics))
        marked = select(marks.c.topic, marks.c.is_relevant, func.count().label("number"), func.max(marks.c.marked_at))
        marked = marked.where(of_topics).group_by(marks.c.topic, marks.c.is_relevant)
        missed = select(missed_entries.c.topic, func.count().label("number"))
        missed = missed.where(missed_entries.c.topic.in_(sorted(topics))).group_by(missed_entries.c.topic)
        found = dict.fromkeys(topics, MarkCounts())
        with self._database.read() as connection:
            for topic, is_relevant, number, latest in connection.execute(marked):
                known = found[topic]
                last = max(filter(None, (known.last_marked_at, latest)))
                changed = {"relevant" if is_relevant else "irrelevant": number}
                found[topic] = replace(known, **changed, last_marked_at=last)
            for topic, number in connection.execute(missed):
                found[topic] = replace(found[topic], missed=number)
        return found

    def of_alerts(self, alert_ids: Collection[str]) -> dict[str, bool]:
        """Whether each of these alerts is relevant, by alert id; alerts that nobody marked are left out."""
        query = select(marks.c.alert_id, marks.c.is_relevant)
        with self._database.read() as connection:
            return {
                row.alert_id: row.is_relevant
                for some in chunks(alert_ids)
                for row in connection.execute(query.where(marks.c.alert_id.in_(some)))
            }

    def add_missed(self, topic: str, entry_key: str, now: datetime, by: Actor | None = None) -> bool:
        """Keeps that an entry should have made an alert of a topic, with its full text; again is the same as once.

        False when there is no such entry. What is kept stays when the entry is deleted after its time.
        """
        found = select(feeds.c.url, entries.c.document).join(feeds, feeds.c.id == entries.c.feed_id)
        with self._database.write("add_missed") as connection:
            row = connection.execute(found.where(entries.c.key == entry_key)).one_or_none()
            if row is None:
                return False
            missed = {
                "topic": topic,
                "entry_key": entry_key,
                "feed_url": row.url,
                "marked_at": now,
                "document": row.document,
            }
            replaced = ("feed_url", "marked_at", "document")
            connection.execute(self._database.upsert(missed_entries, ("topic", "entry_key"), replaced), [missed])
            note_act(connection, by, Deed.MARK_MISSED, entry_key, now, topic)
            return True

    def remove_missed(self, topic: str, entry_key: str, now: datetime, by: Actor | None = None) -> bool:
        """Takes `add_missed` back; False when there was nothing to take back."""
        this = delete(missed_entries).where(missed_entries.c.topic == topic, missed_entries.c.entry_key == entry_key)
        with self._database.write("remove_missed") as connection:
            if connection.execute(this).rowcount == 0:
                return False
            note_act(connection, by, Deed.UNMARK_MISSED, entry_key, now, topic)
            return True

    def missed_by(self, entry_key: str) -> list[str]:
        """The topics for which an entry is marked as missed, by name."""
        query = select(missed_entries.c.topic).where(missed_entries.c.entry_key == entry_key)
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(missed_entries.c.topic)))

    def missed(self, topic: str | None = None, limit: int | None = None) -> list[MissedEntry]:
        """Entries that should have made an alert, oldest mark first; with `limit`, those of the newest marks."""
        return list(self.newest_missed(topic, limit))[::-1]

    def newest_missed(self, topic: str | None = None, limit: int | None = None) -> Iterator[MissedEntry]:
        """The same one by one, newest mark first. To be read on without a pause."""
        newest = (missed_entries.c.marked_at.desc(), missed_entries.c.entry_key.desc())
        query = select(missed_entries).order_by(*newest).limit(limit)
        if topic is not None:
            query = query.where(missed_entries.c.topic == topic)
        with self._database.read() as connection:
            for row in connection.execute(query):
                entry = documents.entries.read(row.document)
                yield MissedEntry(row.topic, row.entry_key, entry, row.feed_url, row.marked_at)


def _with_full_text(alert: str, entry: str | None) -> str:
    """The alert's document with the entry as long as the store has it; the alert's own is shortened."""
    if entry is None:
        return alert
    return documents.alerts.write(replace(documents.alerts.read(alert), entry=documents.entries.read(entry)))
