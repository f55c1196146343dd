"""How watcher is doing, the configuration in force, help, and how somebody wants to see the pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from watcher import __version__
from watcher.model.settings import Settings
from watcher.model.web import May
from watcher.queries.status import read_status
from watcher.views.acts import WORDS as ACTS
from watcher.views.acts import page_of, subject_of
from watcher.views.status import entries_in_words
from watcher.web.exchange import Asked, Reply
from watcher.web.handover import file_time
from watcher.web.language import NAMES
from watcher.web.looks import looks_of
from watcher.web.rendering import lasting
from watcher.web.router import Page

SHOWN_ACTS = 3
WORDS = (
    ("entry", "one thing in a feed: an article, a report"),
    ("topic", "what is watched for: words with weights, and conditions"),
    ("alert", "an entry that reached a level of a topic"),
    ("level", "mention, or focus for a strong match"),
    ("story", "one event that several feeds report"),
    ("copy", "the same text again, folded into the first alert"),
    ("route", "chooses who is notified, and when"),
    ("delivery", "one alert for one channel: waiting, held, silenced, sending, delivered, omitted or dead"),
    ("dead letter", "a message that could not be delivered; it can be retried"),
    ("silence", "alerts that are switched off for a time"),
    ("near miss", "an entry that had points, but reached no level"),
)
SEARCHES = (
    ("ceasefire talks", "both words, in any of their forms"),
    ("ceasefire OR truce", "one of them"),
    ("ceasefire NOT football", "the first without the second"),
    ('"prison break"', "these words in a row, exactly"),
    ("detain*", "every word that begins so; three letters at least"),
    ("=WHO", "this word in no other form"),
    ("title:truce", "in the title"),
    ("feed:herald lang:ar", "a part of the feed's name or address; a language"),
    ("alerted:no", "without an alert; also yes, focus, mention, or a topic"),
    ("from:2026-10-01 to:2026-10-31", "first seen in these days"),
)
"""Queries, and what each finds."""
TASKS = (
    ("Why did this alert?", "Today → Details: the table of points"),
    ("Why did an entry not alert?", "open the entry: the verdict of each topic, and what it lacked"),
    ("What would the topics make of a text?", "Topics → Try a text: paste it, and see every verdict; nothing is kept"),
    ("It should have alerted", "the button on the entry's page; topics learn from it"),
    ("Too many alerts", "Silence… on an alert, with a preview of what it would keep back"),
    ("A message failed", "Outbox: the reason, and Retry"),
    ("Change a topic", "Topics → Try: see what would come and go; then change the file of the configuration"),
)


def status(asked: Asked) -> Reply:
    site = asked.site
    found, settings = read_status(site.store, asked.now), site.settings
    configuration = tuple(_configuration(settings)) if asked.may(May.ADMIN) else ()
    return asked.page(
        "status.html.j2",
        found=found,
        entries=entries_in_words(found.facts.counts),
        settings=settings,
        configuration=configuration,
        is_changed=bool(configuration) and _has_changed(asked),
        written_at=_written_at(site.config.file_time),
        to_go=None if site.index is None else site.index_to_go,
        acts=site.store.acts.newest(SHOWN_ACTS, None),
        words=ACTS,
        page_of=page_of,
        subject_of=subject_of,
        version=__version__,
    )


def _has_changed(asked: Asked) -> bool:
    """Whether the file is another than the one whose configuration is in force."""
    return file_time(asked.site.settings.file) not in {0, asked.site.config.file_time}


def _written_at(nanoseconds: int) -> datetime | None:
    """When the file of the configuration in force was changed last."""
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC) if nanoseconds else None


def _configuration(settings: Settings) -> Iterator[tuple[str, str]]:
    """What is in force, in words, without secrets."""
    polling, retention, web = settings.polling, settings.retention, settings.web
    yield "store", str(settings.store).partition("?")[0]
    yield (
        "polling",
        f"every {lasting(polling.min)} to {lasting(polling.max)}, at most {lasting(polling.timeout)} a poll",
    )
    yield "feeds", f"{len(settings.feeds):,}"
    yield "topics", ", ".join(topic.name for topic in settings.topics) or "none"
    yield "receivers", ", ".join(str(ref) for one in settings.receivers.values() for ref in one.channels) or "none"
    yield "entries are kept", _days(retention.entries)
    yield "entries without an alert", _days(retention.unmatched)
    yield "alerts and messages", _days(retention.messages)
    yield "pages", str(web.url or web.listen)
    yield "users", ", ".join(one.name for one in web.people) or "none"
    for warning in settings.warnings:
        yield "warning", warning


def _days(length: timedelta) -> str:
    return f"{length.days} days"


def help_page(asked: Asked) -> Reply:
    return asked.page("help.html.j2", words=WORDS, tasks=TASKS, searches=SEARCHES)


def settings_page(asked: Asked) -> Reply:
    return asked.page("settings.html.j2", looks=asked.looks, languages=NAMES)


def keep_settings(asked: Asked) -> Reply:
    """Keeps what was chosen in the browser; what cannot be chosen counts as nothing chosen."""
    written = f"{asked.form.get('colors', '')}.{asked.form.get('language', '')}"
    chosen = looks_of(written, asked.site.settings.web.language, "")
    cookie = chosen.cookie(secure=asked.site.settings.web.is_secure)
    return asked.back("/settings", done="kept").having(Set_Cookie=cookie)


PAGES = (
    Page("/status", status, May.READ),
    Page("/help", help_page, May.READ),
    Page("/settings", settings_page, May.READ),
    Page("/settings", keep_settings, May.READ, "POST"),
)
