"""A feed that is polled again and again, with the smallest store that keeps the interface's promise."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from watcher.dedupe.decide import NamedDocument, decide
from watcher.dedupe.unchanged import ChangedPart, LastDocument
from watcher.model.entry import (
    Entry,
    EntryDecision,
    Identified,
    ParsedFeed,
    ReaderName,
    Seen,
    SeenProbe,
)
from watcher.model.feed import PollState

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
BACKFILL = timedelta(hours=24)
URL = "https://example.org/feed.xml"


Read = tuple[tuple[Identified, ...], EntryDecision]


def _hash_of(entry: Entry) -> str:
    return b64encode(blake2b(repr(entry).encode("utf-8", "surrogatepass"), digest_size=6).digest()).decode()


def _read(entries: Sequence[Entry], known: Collection[str]) -> ParsedFeed:
    """A document of these entries as the reader gives it that knows these hashes."""
    hashed = [(_hash_of(entry), entry) for entry in entries]
    return ParsedFeed(
        ReaderName.LXML,
        "Feed",
        "en",
        tuple(entry for hash_, entry in hashed if hash_ not in known),
        hashes=tuple(hash_ for hash_, _ in hashed if hash_ not in known),
        unchanged=tuple(hash_ for hash_, _ in hashed if hash_ in known),
    )


@dataclass
class PolledFeed:
    """Polls one feed hourly, as `Poller` does; remembers what a store would."""

    url: str = URL
    now: datetime = START
    state: PollState = field(default_factory=lambda: PollState(URL, START))
    rows: dict[str, Seen] = field(default_factory=dict)
    may_be_short: bool = True
    short: int = 0
    """Polls that were decided by the changed entries alone."""

    def poll(self, entries: Sequence[Entry]) -> EntryDecision:
        self.now += timedelta(hours=1)
        last = LastDocument.to_skip(self.state, self.now) if self.may_be_short else LastDocument("")
        parsed = _read(entries, last.hashes)
        decided, is_first_try = self._by_changes(parsed, last), not parsed.unchanged
        if decided is None:
            last, parsed = LastDocument(""), _read(entries, ())
        items, decision = decided or self._in_full(parsed)
        self.short += decision.unchanged > 0
        self._remember((*decision.new, *decision.updated, *decision.quiet))
        self._advance(entries, decision)
        self.state = replace(
            self.state,
            entry_hashes=last.after(parsed, items, decision) if decided or is_first_try else "",
            read_in_full_at=self.state.read_in_full_at if decision.unchanged else self.now,
        )
        return decision

    def _by_changes(self, parsed: ParsedFeed, last: LastDocument) -> Read | None:
        part = ChangedPart.of(self.url, parsed, self.state, last)
        decision = None if part is None else part.decide(self._seen(part.probe()))
        return None if part is None or decision is None else (part.items, decision)

    def _in_full(self, parsed: ParsedFeed) -> Read:
        named = NamedDocument.of(self.url, parsed, self.state)
        decision = decide(named, self.state, self._seen(named.probe()), self.now, BACKFILL)
        return named.items, decision

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
