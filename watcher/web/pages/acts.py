"""The log of acts: who did what, when."""

from __future__ import annotations

from watcher.model.web import May
from watcher.views.acts import WORDS, act_facts, page_of, subject_of
from watcher.web.exchange import Asked, Reply, with_query
from watcher.web.pages import api
from watcher.web.pages.search import before_of
from watcher.web.router import Page

ROWS = 50


def show(asked: Asked) -> Reply:
    found = asked.site.store.acts.newest(ROWS + 1, before_of(asked))
    more = with_query("/acts", before=str(found[ROWS - 1].number)) if len(found) > ROWS else ""
    return asked.page(
        "acts.html.j2", acts=found[:ROWS], more=more, words=WORDS, page_of=page_of, subject_of=subject_of,
        kept_days=asked.site.settings.retention.messages.days,
    )  # fmt: skip


def as_json(asked: Asked) -> Reply:
    limit = api.limit_of(asked)
    found = asked.site.store.acts.newest(limit + 1, api.value_of(asked, "before", api.number))
    before = str(found[limit - 1].number) if len(found) > limit else ""
    return api.page_of(asked, [act_facts(act) for act in found[:limit]], before)


PAGES = (
    Page("/acts", show, May.READ),
    Page("/api/acts", as_json, May.READ),
)
