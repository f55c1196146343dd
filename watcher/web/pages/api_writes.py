"""The JSON API, writing. Each request may be sent again: marks and ends are set, not toggled, and two silences under
one `Idempotency-Key` are one.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from watcher.config.matchers import MatcherProblem, read_matcher
from watcher.match.explain import explanation_json
from watcher.model.alert import stable_hash
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.model.web import May
from watcher.queries.alerts import read_alert_page
from watcher.views.silences import silence_facts
from watcher.web.exchange import Asked, Refused, Reply
from watcher.web.pages.alerts import find_alert, keep_verdict
from watcher.web.pages.api import answer, moment
from watcher.web.pages.entries import find_entry
from watcher.web.pages.explain import LARGEST_TEXT, chosen_topics, explained
from watcher.web.pages.feeds import find_feed
from watcher.web.pages.outbox import find_message
from watcher.web.pages.silences import LONGEST_COMMENT, MOST_MATCHERS, may_end
from watcher.web.pages.topics import tried
from watcher.web.router import Page

LONGEST_KEY = 200
"""Characters of an Idempotency-Key."""


def text_of(asked: Asked, name: str, otherwise: str | None = None) -> str:
    """A text of the body. Raises `Refused` when it is not there (and nothing else will do) or no text."""
    body = asked.json
    if not isinstance(body, dict):
        raise Refused(400, "The body must be a JSON object", "See /api/openapi.json.")
    found = body.get(name, otherwise)
    if not isinstance(found, str):
        raise Refused(400, f"`{name}` must be a text", "See /api/openapi.json.")
    return found


def mark(asked: Asked) -> Reply:
    alert = find_alert(asked)
    keep_verdict(asked, alert, text_of(asked, "verdict"))
    return answer(read_alert_page(asked.site.store, asked.site.settings.receivers, alert).facts())


def missed(asked: Asked) -> Reply:
    store, record, topic = asked.site.store, find_entry(asked), text_of(asked, "topic")
    if asked.site.topic(topic) is None:
        raise Refused(400, "There is no such topic", "Topics are named in the configuration.")
    is_missed = asked.json.get("missed", True)
    if not isinstance(is_missed, bool):
        raise Refused(400, "`missed` must be true or false")
    if not is_missed:
        store.marks.remove_missed(topic, record.key, asked.now, asked.actor)
    elif any(one.topic == topic for one in store.alerts.of_entries([record.key]).get(record.key, ())):
        raise Refused(409, "This entry has an alert of that topic", "Mark the alert as relevant.")
    else:
        store.marks.add_missed(topic, record.key, asked.now, asked.actor)
    return answer({"key": record.key, "topic": topic, "missed": is_missed})


def explain_text(asked: Asked) -> Reply:
    """What topics make of a text that was sent; nothing is kept."""
    topics = chosen_topics(asked, text_of(asked, "topic", ""))
    found = explained(topics, text_of(asked, "title", ""), text_of(asked, "text", ""))
    return answer({"items": [explanation_json(one) for one in found], "next": None})


def try_topic(asked: Asked) -> Reply:
    """What a changed definition would do over the stored entries; nothing is kept."""
    return answer(tried(asked, text_of(asked, "definition")).facts())


def add_silence(asked: Asked) -> Reply:
    """Makes a silence; under an Idempotency-Key that was used already, the one that was made then is the answer."""
    comment = " ".join(text_of(asked, "comment").split())[:LONGEST_COMMENT]
    if not comment:
        raise Refused(400, "`comment` must say why")
    matchers, ends_at = _matchers(asked), _end(asked)
    key = asked.headers.get("idempotency-key", "")[:LONGEST_KEY]
    name = stable_hash("silence", asked.author, key) if key else secrets.token_hex(16)
    known = next((one for one in asked.site.store.silences.ending_after(asked.now) if one.id == name), None)
    if known is not None:
        if (known.matchers, known.ends_at, known.comment) != (matchers, ends_at, comment):
            raise Refused(422, "This Idempotency-Key was used for another silence", "Use a new key.")
        return answer(silence_facts(known, asked.now))
    silence = Silence(name, matchers, asked.author, comment, asked.now, ends_at, asked.now)
    asked.site.store.silences.add(silence, asked.actor)
    return answer(silence_facts(silence, asked.now), 201)


def _matchers(asked: Asked) -> tuple[Matcher, ...]:
    texts = asked.json.get("matchers")
    if not isinstance(texts, list) or not 1 <= len(texts) <= MOST_MATCHERS:
        raise Refused(400, f"`matchers` must be a list of 1 to {MOST_MATCHERS} texts")
    found = []
    for text in texts:
        matcher = read_matcher(text) if isinstance(text, str) else MatcherProblem("must be a text")
        if isinstance(matcher, MatcherProblem):
            raise Refused(400, f"A matcher cannot be read: {matcher.message}", 'Write it as in topic="ceasefires".')
        found.append(matcher)
    return tuple(found)


def _end(asked: Asked) -> datetime:
    try:
        ends_at = moment(text_of(asked, "ends_at"))
    except (ValueError, OverflowError) as error:
        raise Refused(400, "`ends_at` must be a time with a zone", "As in 2026-01-24T07:00:00Z.") from error
    if ends_at <= asked.now:
        raise Refused(400, "`ends_at` has passed already")
    return ends_at


def expire_silence(asked: Asked) -> Reply:
    store, wanted = asked.site.store, asked.params["id"].lower()
    found = [one for one in store.silences.ending_after(asked.now) if len(wanted) >= 8 and one.id.startswith(wanted)]
    if len(found) != 1:
        raise Refused(404, "There is no such silence that has not ended", "GET /api/silences lists them.")
    if not may_end(asked, found[0]):
        raise Refused(403, f"This is a silence of {found[0].author}", "Only who may admin ends those of others.")
    done = store.silences.expire(found[0].id, asked.now, asked.actor)
    return answer({"id": found[0].id, "expired": done})


def poll_feed(asked: Asked) -> Reply:
    """Makes a feed due; the daemon's next tick polls it."""
    row = find_feed(asked)
    if not row.may_be_asked(asked.site.settings.polling, asked.now):
        raise Refused(409, "This feed is not polled now", f"It was polled just now, is due already, or {row.why_then}.")
    asked.site.store.feeds.ask_for_poll(row.feed.url, asked.now, asked.actor)
    return answer({"id": row.id, "due": True}, 202)


def retry(asked: Asked) -> Reply:
    found = find_message(asked)
    return answer({"key": found.key, "done": asked.site.store.outbox.retry(found.key, asked.now, asked.actor)})


def drop(asked: Asked) -> Reply:
    found = find_message(asked)
    return answer({"key": found.key, "done": asked.site.store.outbox.drop(found.key, asked.now, asked.actor)})


PAGES = (
    Page("/api/alerts/{id}/mark", mark, May.ACT, "POST", for_topics=True),
    Page("/api/entries/{key}/missed", missed, May.ACT, "POST"),
    Page("/api/explain", explain_text, May.READ, "POST", largest_body=LARGEST_TEXT),
    Page("/api/topics/{name}/try", try_topic, May.ACT, "POST"),
    Page("/api/silences", add_silence, May.ACT, "POST"),
    Page("/api/silences/{id}/expire", expire_silence, May.ACT, "POST"),
    Page("/api/feeds/{id}/poll", poll_feed, May.ACT, "POST"),
    Page("/api/outbox/{key}/retry", retry, May.ADMIN, "POST"),
    Page("/api/outbox/{key}/drop", drop, May.ADMIN, "POST"),
)
