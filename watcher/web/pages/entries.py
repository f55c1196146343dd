"""One stored entry: its text with the words that scored, what every topic makes of it, and whether it was missed."""

from __future__ import annotations

from watcher.match.explain import Explanation
from watcher.model.entry import EntryRecord
from watcher.model.topic import Level
from watcher.model.web import May
from watcher.queries.entries import read_entry_page
from watcher.render.highlight import text_runs
from watcher.views.entries import EntryPage
from watcher.web.exchange import Asked, Refused, Reply, with_query
from watcher.web.nearest import near_entries
from watcher.web.router import Page


def show(asked: Asked) -> Reply:
    site, record = asked.site, find_entry(asked)
    name = asked.query.get("topic", "")
    page = read_entry_page(site.store, site.config.topics, site.settings.polling.backfill, record, name)
    verdicts = sorted(page.explanations, key=lambda one: (-one.level.rank, -one.score, one.topic))
    chosen = _chosen(name, verdicts)
    parts, topic = (chosen.parts, site.topic(chosen.topic)) if chosen else ((), None)
    entry = record.entry
    texts = [text_runs(text, parts) for text in dict.fromkeys(filter(None, (entry.summary, entry.content)))]
    return asked.page(
        "entry.html.j2",
        page=page,
        record=record,
        verdicts=verdicts,
        chosen=chosen,
        title=text_runs(entry.title, parts),
        texts=texts,
        could_miss=_could_miss(page),
        vocabulary=topic.topic.vocabulary if topic else {},
    )


def _chosen(name: str, verdicts: list[Explanation]) -> Explanation | None:
    """The verdict whose words are marked: of the topic asked for, else the nearest one."""
    asked_for = next((one for one in verdicts if one.topic == name), None)
    return asked_for or next((one for one in verdicts if one.level is not Level.NONE or one.parts), None)


def _could_miss(page: EntryPage) -> list[str]:
    """Topics for which it may be marked as missed: those without an alert of it, and not marked yet."""
    alerted = {alert.topic for alert in page.row.alerts}
    return [one.topic for one in page.explanations if one.topic not in {*alerted, *page.missed_by}]


def find_entry(asked: Asked) -> EntryRecord:
    """The entry that the path names. Raises `Refused`."""
    record = asked.site.store.entries.find(asked.params["key"])
    if record is None:
        kept = asked.site.settings.retention
        days = f"{kept.entries.days} days, those without an alert for {kept.unmatched.days}"
        remedy = f"Nothing, or more than one entry, has a key that begins so. Entries are kept for {days}."
        raise Refused(404, "There is no such entry", remedy, offers=list(near_entries(asked, asked.params["key"])))
    return record


def missed(asked: Asked) -> Reply:
    """Keeps that an entry should have made an alert of a topic, or takes that back."""
    store, record, topic = asked.site.store, find_entry(asked), asked.form.get("topic", "")
    if asked.site.topic(topic) is None:
        raise Refused(400, "There is no such topic", "Choose one of the list.")
    otherwise = with_query(f"/entries/{record.key[:8]}", topic=topic)
    if asked.form.get("undo"):
        undone = store.marks.remove_missed(topic, record.key, asked.now, asked.actor)
        return asked.back(otherwise, done="not_missed" if undone else "unchanged")
    alert = next((one for one in store.alerts.of_entries([record.key]).get(record.key, ()) if one.topic == topic), None)
    if alert is not None:
        raise Refused(409, "This entry has an alert of that topic", f"Mark the alert: /alerts/{alert.id[:8]}")
    store.marks.add_missed(topic, record.key, asked.now, asked.actor)
    return asked.back(otherwise, done="missed")


PAGES = (
    Page("/entries/{key}", show, May.READ),
    Page("/entries/{key}/missed", missed, May.ACT, "POST"),
)
