"""All that is remembered of one feed, as labelled lines: for `watcher feeds show` and the page of a feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watcher.lazy_dataclass import dataclass
from watcher.model.feed import Feed, PollState
from watcher.model.settings import Polling
from watcher.schedule.moves import kept_address, may_keep
from watcher.text.domains import registrable_domain

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TimeWords:
    """How moments and lengths of time are written where the facts are shown."""

    when: Callable[[datetime], str]
    lasting: Callable[[timedelta], str]

    def moment(self, moment: datetime | None) -> str:
        return self.when(moment) if moment is not None else "never"


_IDENTITIES = {
    "id": "by their own ids",
    "link": "by link and date, for their ids are doubled or missing",
    "title": "by link, date and title, for ids and links are doubled or missing",
}


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def facts_of(feed: Feed, state: PollState | None, polling: Polling, words: TimeWords) -> Iterator[Fact]:
    """What a feed is, when it is read and why then; a fact that does not apply is left out."""
    yield "url", feed.url
    if name := feed.name or (state.title if state else None):
        yield "name", name
    if feed.labels:
        yield "labels", ", ".join(f"{label}={value}" for label, value in feed.labels.items())
    if state is None:
        yield "next poll", "as soon as the daemon runs, or with `watcher once`"
        return
    yield from _times(feed, state, polling, words)
    yield from _issues(state, words)
    yield from _moved(feed, state)
    yield from _document(state, words)


def _times(feed: Feed, state: PollState, polling: Polling, words: TimeWords) -> Iterator[Fact]:
    yield "last read", words.moment(state.last_success_at)
    yield "last change", words.moment(state.last_changed_at)
    yield "next poll", words.when(state.next_poll_at)
    fixed = feed.interval if feed.interval is not None else polling.interval
    if fixed is not None:
        yield "interval", f"{words.lasting(fixed)}, as configured"
    elif state.interval is not None:
        bounds = f"between {words.lasting(polling.min)} and {words.lasting(polling.max)}"
        minutes = state.interval.total_seconds() / 60
        yield "interval", f"{minutes:.0f} minutes, learned, {bounds}; the server may ask for more"
    if fixed is None:
        yield from _hints(state, words)
    if state.not_before is not None:
        yield "not before", f"{words.when(state.not_before)}, as its server asked (Retry-After)"


def _hints(state: PollState, words: TimeWords) -> Iterator[Fact]:
    """What the document itself asks for."""
    hints = state.hints
    if hints.interval is not None:
        yield "its document asks for", f"{words.lasting(hints.interval)} between two polls"
    if hints.skip_hours:
        yield "hours it skips", ", ".join(f"{hour:02}" for hour in hints.skip_hours) + " UTC"
    if hints.skip_days:
        yield "days it skips", ", ".join(_DAYS[day] for day in hints.skip_days if 0 <= day < len(_DAYS))


def _issues(state: PollState, words: TimeWords) -> Iterator[Fact]:
    if state.failures:
        cause = ": ".join(filter(None, (state.reason, state.detail)))
        yield "failing", f"since {words.moment(state.failing_since)}, {state.failures} in a row: {cause}"
    if state.busy_since is not None:
        yield (
            "host busy",
            f"since {words.when(state.busy_since)}: its host asked to wait, or has many feeds; nothing was asked",
        )
    if state.possible_gap_at is not None:
        yield "possible gap", f"{words.when(state.possible_gap_at)}: no entry of the document was known"
    if state.truncated_since is not None:
        yield "truncated", f"since {words.when(state.truncated_since)}: only the beginning of the document can be read"
    if state.repaired_since is not None:
        yield "repaired", f"since {words.when(state.repaired_since)}, to be read at all: {', '.join(state.repairs)}"
    if state.slow_since is not None:
        yield "slow", f"since {words.when(state.slow_since)}: it takes more than half of polling.timeout to answer"


def _moved(feed: Feed, state: PollState) -> Iterator[Fact]:
    if (address := kept_address(state, feed.moves_to)) is not None:
        yield "moved for good", f"it is read at {address}; {feed.url} is asked again once a day"
    elif state.moved_to is not None and may_keep(feed.url, state.moved_to, feed.moves_to):
        yield "redirected", f"to {state.moved_to} for good, said {state.moved_streak} times; kept from the third on"
    elif state.moved_to is not None:
        domain = registrable_domain(urlsplit(state.moved_to).hostname or "")
        yield (
            "redirected",
            f"to {state.moved_to} for good, said {state.moved_streak} times; that is another site or not encrypted, so "
            f"the configured address is asked first each time. To agree, write `moves_to: [{domain}]` for this feed, "
            "or the new address in place of the old",
        )


def _document(state: PollState, words: TimeWords) -> Iterator[Fact]:
    if state.baseline_at is None:
        yield "entries", "none so far: what is dated within polling.backfill will be new"
        return
    yield "known since", words.when(state.baseline_at)
    yield "newest entry", words.moment(state.newest_published)
    yield "entries are identified", _IDENTITIES.get(state.identity, state.identity)
    if state.validators_distrusted:
        yield "conditional requests", "none: its server said 304 although there was something new"
    else:
        known = "yes" if state.validators else "not offered by its server"
        whole = f"the whole document was asked for {words.moment(state.last_unconditional_at)}, once a day"
        yield "conditional requests", f"{known}; {whole}"
