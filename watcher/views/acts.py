"""The log of acts as pages and JSON show it."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.model.act import Act, Deed
from watcher.views.feeds import feed_id

WORDS: Mapping[Deed, str] = {
    Deed.MARK_RELEVANT: "marked an alert as relevant",
    Deed.MARK_IRRELEVANT: "marked an alert as not relevant",
    Deed.UNMARK: "took back the mark of an alert",
    Deed.MARK_MISSED: "marked an entry as missed",
    Deed.UNMARK_MISSED: "took back that an entry was missed",
    Deed.SILENCE: "silenced alerts",
    Deed.EXPIRE_SILENCE: "ended a silence",
    Deed.POLL_FEED: "asked for a poll",
    Deed.RETRY_MESSAGE: "retried a message",
    Deed.DROP_MESSAGE: "dropped a message",
}
_PLACES: Mapping[Deed, str] = {
    Deed.MARK_RELEVANT: "/alerts",
    Deed.MARK_IRRELEVANT: "/alerts",
    Deed.UNMARK: "/alerts",
    Deed.MARK_MISSED: "/entries",
    Deed.UNMARK_MISSED: "/entries",
    Deed.SILENCE: "/silences",
    Deed.EXPIRE_SILENCE: "/silences",
    Deed.RETRY_MESSAGE: "/outbox",
    Deed.DROP_MESSAGE: "/outbox",
}
_ID_SHOWN = 8


def act_facts(act: Act) -> dict[str, object]:
    """An act for JSON."""
    return {
        "number": act.number,
        "at": act.at,
        "who": act.by.name,
        "way": act.by.way.value,
        "did": act.deed.value,
        "subject": act.subject,
        "detail": act.detail,
    }


def page_of(act: Act) -> str:
    """The page of what the act was about."""
    if act.deed is Deed.POLL_FEED:
        return f"/feeds/{feed_id(act.subject)[:_ID_SHOWN]}"
    return f"{_PLACES[act.deed]}/{act.subject[:_ID_SHOWN]}"


def subject_of(act: Act) -> str:
    """What the act was about, as a list shows it; the address of a feed is redacted by the page."""
    return act.subject if act.deed is Deed.POLL_FEED else act.subject[:_ID_SHOWN]
