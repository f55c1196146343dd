"""What all pages share: the configuration in force, the store, the clock, templates and passwords."""

from __future__ import annotations

import getpass
import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from urllib.parse import quote

from watcher.clock import Clock
from watcher.lazy_dataclass import dataclass
from watcher.match.compile import CompiledTopic
from watcher.model.feed import Feed
from watcher.model.notification import NotificationState
from watcher.model.settings import Settings
from watcher.model.web import May
from watcher.route.limits import active_silences
from watcher.route.tree import routes_by_path, zone_of
from watcher.search.index import EntryIndex
from watcher.store.store import Store
from watcher.views.feeds import feed_id
from watcher.web.exchange import Asked, Refused
from watcher.web.handover import ServedConfig
from watcher.web.looks import PLAIN, Looks
from watcher.web.passwords import Throttle
from watcher.web.remembered import Remembered
from watcher.web.rendering import SHOWN_ID, Templates
from watcher.web.sessions import Session, cookie_name, write_session

COUNTED_FOR = timedelta(seconds=10)
_GENERATION = "web.sessions."


@dataclass(frozen=True, slots=True)
class Counts:
    """What the menu shows beside its words: feeds with issues, dead letters nobody has dropped, silences in force."""

    feeds: int
    dead: int
    silences: int


MOST_COUNTED = 100
MENU = (
    ("/", "Today", "", ""),
    ("/search", "Search", "", ""),
    ("/topics", "Topics", "", ""),
    ("/feeds", "Feeds", "feeds", "with issues"),
    ("/outbox", "Outbox", "dead", "dead"),
    ("/silences", "Silences", "silences", "in force"),
    ("/routes", "Routes", "", ""),
    ("/status", "Status", "", ""),
)
"""Path, word, which count, and what it counts. Only pages that exist are shown."""
TROUBLE = frozenset({"feeds", "dead"})
"""Counts that need somebody."""
FOUND_UNDER = {"/alerts": "/", "/entries": "/search", "/acts": "/status", "/explain": "/topics"}
"""Pages that are not in the menu themselves, by the beginning of their path."""
DONE = {
    "relevant": "Marked as relevant.",
    "irrelevant": "Marked as not relevant.",
    "unmarked": "The mark is taken back.",
    "missed": "Marked: it should have alerted.",
    "not_missed": "The mark is taken back.",
    "silenced": "Silenced.",
    "expired": "The silence is over. What it has silenced stays silenced.",
    "retried": "The message is ready again.",
    "dropped": "The message is dropped.",
    "polled": "The feed is due now; the daemon polls it with its next tick.",
    "kept": "Kept in this browser.",
    "unchanged": "Nothing was changed: somebody else was faster.",
}
"""What is said after a write, by the word in `?done=`."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    path: str
    word: str
    is_current: bool
    count: int
    counted: str
    is_trouble: bool


class Site:
    """Shared by all requests; thread-safe. `config` is swapped as a whole on a reload."""

    def __init__(self, config: ServedConfig, store: Store, clock: Clock, index: EntryIndex | None = None) -> None:
        self.config = config
        self.store = store
        self.clock = clock
        self.index = index
        self.index_to_go = 0
        """Entries that are not indexed yet, at least, while the index is made."""
        self.throttle = Throttle()
        self.remembered = Remembered()
        self.templates = Templates()
        self.local_name = _login_name()
        self.paths: frozenset[str] = frozenset()
        self._feed_ids: tuple[ServedConfig, list[tuple[str, Feed]]] | None = None
        self._counts: tuple[datetime, Counts] | None = None

    @property
    def settings(self) -> Settings:
        return self.config.settings

    @property
    def address(self) -> str:
        """Our own address as others reach it, without a slash at its end; never what a request says it is."""
        return self.settings.web.url or f"http://{self.settings.web.listen}"

    @property
    def zone(self) -> str:
        """The zone of times on the pages: that of the root route, else UTC."""
        root = self.settings.route
        return zone_of(routes_by_path(root), root.path) if root else "UTC"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of all topics: the forms of a word are searched in these."""
        return tuple(sorted({code for one in self.config.topics for code in one.topic.languages}))

    def feed(self, beginning: str) -> Feed | None:
        """The one feed whose id on pages begins so; None when none or several do."""
        found = [feed for name, feed in self.feeds_beside(beginning, 2) if name.startswith(beginning)]
        return found[0] if len(found) == 1 else None

    def feeds_beside(self, beginning: str, most: int) -> list[tuple[str, Feed]]:
        """The feeds whose ids on pages come before and behind this in order, with their ids."""
        config = self.config
        if self._feed_ids is None or self._feed_ids[0] is not config:
            self._feed_ids = (
                config,
                sorted(((feed_id(one.url), one) for one in config.settings.feeds), key=itemgetter(0)),
            )
        ids = self._feed_ids[1]
        at = bisect_left(ids, beginning, key=itemgetter(0))
        return ids[max(at - most, 0) : at + most]

    def topic(self, name: str) -> CompiledTopic | None:
        return next((one for one in self.config.topics if one.topic.name == name), None)

    def feed_page(self, url: str) -> str:
        """The path of the page of a feed; "" when the configuration does not have it."""
        beginning = feed_id(url)[:SHOWN_ID]
        return f"/feeds/{beginning}" if self.feed(beginning) else ""

    def topic_page(self, name: str) -> str:
        """The path of the page of a topic; "" when the configuration does not have it."""
        return f"/topics/{quote(name, safe='')}" if self.topic(name) else ""

    def counts(self, now: datetime) -> Counts:
        """What the menu counts, at most ten seconds old."""
        known = self._counts
        if known is None or not timedelta(0) <= now - known[0] < COUNTED_FOR:
            known = self._counts = (now, counts_of(self.store, now))
        return known[1]

    def forget_counts(self) -> None:
        """After a write, so that the next page shows it."""
        self._counts = None

    def generation(self, name: str) -> int:
        """How often this person has signed out everywhere."""
        return int(self.store.facts.recall(_GENERATION + name) or 0)

    def sign_out_everywhere(self, name: str) -> None:
        self.store.facts.remember(_GENERATION + name, str(self.generation(name) + 1))

    def session_cookie(self, session: Session, now: datetime) -> str:
        """The value of Set-Cookie for a session that is used now."""
        web = self.settings.web
        person = next(one for one in web.people if one.name == session.name)
        key = web.key.reveal() if web.key else ""
        used = Session(session.name, session.began, now, session.generation)
        return self.cookie(write_session(used, person, key))

    def cookie(self, value: str) -> str:
        """Set-Cookie for this value; an empty one removes the cookie."""
        secure = self.settings.web.is_secure
        lasts = 14 * 86_400 if value else 0
        rules = f"Path=/; Max-Age={lasts}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
        return f"{cookie_name(secure)}={value}; {rules}"

    def render(self, template: str, asked: Asked, values: Mapping[str, object]) -> str:
        """A page for who asks."""
        shared: dict[str, Any] = {
            "asked": asked, "user": asked.user, "now": asked.now, "zone": self.zone,
            "feed_page": self.feed_page, "topic_page": self.topic_page,
            "menu": self._menu(asked), "paths": self.paths, "has_search": "/search" in self.paths,
            "done": DONE.get(asked.query.get("done", ""), ""),
            "may_act": asked.may(May.ACT), "may_admin": asked.may(May.ADMIN),
        }  # fmt: skip
        return self.templates.render(template, shared | dict(values), asked.looks)

    def _menu(self, asked: Asked) -> list[MenuItem]:
        counts = asdict(self.counts(asked.now))
        part = "/" + asked.path.split("/")[1]
        current = FOUND_UNDER.get(part, part)
        return [
            MenuItem(
                path,
                word,
                path == current,
                counts.get(count, 0),
                what,
                count in TROUBLE,
            )
            for path, word, count, what in MENU
            if path in self.paths
        ]

    def error_page(self, refused: Refused, looks: Looks = PLAIN) -> bytes:
        """A page that needs neither the store nor to know who asks."""
        values = {
            "title": refused.title, "remedy": refused.remedy, "status": refused.status, "offers": refused.offers,
        }  # fmt: skip
        return self.templates.render("refused.html.j2", values, looks).encode("utf-8", "replace")

    @staticmethod
    def problem(refused: Refused) -> bytes:
        """The same for programs (RFC 9457)."""
        facts = {"type": "about:blank", "title": refused.title, "status": refused.status, "detail": refused.remedy}
        return json.dumps(facts, ensure_ascii=False).encode()


def counts_of(store: Store, now: datetime) -> Counts:
    """What the menu counts; dead letters up to a hundred."""
    dead = store.outbox.newest(state=NotificationState.DEAD, limit=MOST_COUNTED)
    dropped = store.outbox.dropped([one.key for one in dead])
    return Counts(
        feeds=len(store.feeds.with_issues(now)),
        dead=sum(one.key not in dropped for one in dead),
        silences=len(active_silences(store.silences.ending_after(now), now)),
    )


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
