"""A feed that is polled again and again, with the smallest store that keeps the interface's promise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from watcher.dedupe.decide import NamedDocument, decide
from watcher.model.entry import Entry, EntryDecision, Identified, ParsedFeed, Seen, SeenProbe
from watcher.model.feed import PollState

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
BACKFILL = timedelta(hours=24)
URL = "https://example.org/feed.xml"


@dataclass
class PolledFeed:
    """Polls one feed hourly; remembers what a store would."""

    url: str = URL
    now: datetime = START
    state: PollState = field(default_factory=lambda: PollState(URL, START))
    rows: dict[str, Seen] = field(default_factory=dict)

    def poll(self, entries: Sequence[Entry]) -> EntryDecision:
        self.now += timedelta(hours=1)
        parsed = ParsedFeed("swift", "Feed", "en", tuple(entries))
        named = NamedDocument.of(self.url, parsed, self.state)
        decision = decide(named, self.state, self._seen(named.probe()), self.now, BACKFILL)
        self._remember((*decision.new, *decision.updated, *decision.quiet))
        self._advance(entries, decision)
        return decision

    def new_titles(self, entries: Sequence[Entry]) -> list[str]:
        return [item.entry.title for item in self.poll(entries).new]

    def _seen(self, asked: SeenProbe) -> list[Seen]:
        return [
            row
            for row in self.rows.values()
            if row.key in asked.keys
            or row.link_hash in asked.link_hashes
            or {row.title_fingerprint, row.text_fingerprint} & asked.fingerprints
        ]

    def _remember(self, items: Iterable[Identified]) -> None:
        for item in items:
            first_seen = self.rows[item.key].first_seen if item.key in self.rows else self.now
            self.rows[item.key] = Seen(
                item.key, item.link_hash, item.title_fingerprint, item.text_fingerprint, first_seen, item.original
            )

    def _advance(self, entries: Sequence[Entry], decision: EntryDecision) -> None:
        dates = [date for date in (entry.published or entry.updated for entry in entries) if date]
        past = [date for date in dates if date <= self.now]
        known = [self.state.newest_published] if self.state.newest_published else []
        shown = [self.state.newest_shown] if self.state.newest_shown else []
        self.state = replace(
            self.state,
            baseline_at=self.state.baseline_at or (self.now if decision.is_baseline else None),
            last_success_at=self.now,
            newest_published=max([*past, *known], default=None),
            newest_shown=max([*dates, *shown], default=None),
            identity=decision.identity,
            identity_streak=decision.identity_streak,
        )
