"""What the topics make of a text that a user pastes; nothing is kept. It is scored in a child with limits."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from watcher.match.compile import CompiledTopic
from watcher.match.explain import Explanation
from watcher.model.web import May
from watcher.render.highlight import text_runs
from watcher.web.exchange import Asked, Refused, Reply
from watcher.web.explaining import explain_text
from watcher.web.router import Page

LARGEST_TEXT = 262_144
"""Bytes of a form. An Arabic letter takes six in it, so that a long report still fits."""
LONGEST_TITLE = 300
"""Characters of a first line that may be a title: it weighs three times as much as the text."""
PATIENCE_SECONDS = 5.0
_LOCK = threading.Lock()
_PLACES = threading.BoundedSemaphore(3)
"""For the text that is being scored and those that wait: waiting must not take the threads of other pages."""


def form(asked: Asked) -> Reply:
    """The form; with `topic` in the query, that topic chosen."""
    return _page(asked, asked.query, ())


def show(asked: Asked) -> Reply:
    """The verdicts on the text that was sent."""
    topics = chosen_topics(asked, asked.form.get("topic", ""))
    title, content = title_and_text(asked.form.get("text", ""))
    return _page(asked, asked.form, explained(topics, title, content) if title or content else ())


def _page(asked: Asked, fields: Mapping[str, str], found: Sequence[Explanation]) -> Reply:
    verdicts = sorted(found, key=lambda one: (-one.level.rank, -one.score, one.topic))
    parts = [part for one in verdicts for part in one.parts]
    title, content = title_and_text(fields.get("text", ""))
    return asked.page(
        "explain.html.j2",
        topics=[(one.topic.name, one.topic.title) for one in asked.site.config.topics],
        chosen=fields.get("topic", ""),
        text=fields.get("text", ""),
        verdicts=verdicts,
        matching=[one for one in verdicts if one.parts],
        quiet=[one for one in verdicts if not one.parts],
        title=text_runs(title, parts),
        content=text_runs(content, parts),
        unread=max((one.unread for one in verdicts), default=0),
    )


def title_and_text(text: str) -> tuple[str, str]:
    """A text as an entry has it: its first line that is not empty is the title, unless it is a whole paragraph."""
    whole = text.replace("\r\n", "\n").strip()
    title, _, content = whole.partition("\n")
    return ("", whole) if len(title) > LONGEST_TITLE else (title.strip(), content.strip())


def chosen_topics(asked: Asked, name: str) -> Sequence[CompiledTopic]:
    """The topic of this name, all for "". Raises `Refused`."""
    if not name:
        return asked.site.config.topics
    found = asked.site.topic(name)
    if found is None:
        raise Refused(400, "There is no such topic", "Topics are named in the configuration.")
    return [found]


def explained(topics: Sequence[CompiledTopic], title: str, content: str) -> tuple[Explanation, ...]:
    """What each topic makes of a text. Raises `Refused` when that takes too long, or others are being explained."""
    busy = Refused(503, "Other texts are being scored just now", "Try again in a moment.", {"Retry-After": "5"})
    if not _PLACES.acquire(blocking=False):
        raise busy
    try:
        if not _LOCK.acquire(timeout=PATIENCE_SECONDS):
            raise busy
        try:
            found = explain_text(topics, title, content)
        finally:
            _LOCK.release()
    finally:
        _PLACES.release()
    if found is None:
        raise Refused(503, "Scoring this text took too long", "Choose one topic, or send a shorter text.")
    return found


PAGES = (
    Page("/explain", form, May.READ),
    Page("/explain", show, May.READ, "POST", largest_body=LARGEST_TEXT),
)
