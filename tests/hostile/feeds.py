"""Feeds that mean harm to the memory of what was seen: as many entries as are read, all of them odd in one way.

Each is polled three times; what deciding costs is measured at every poll, without the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from tests.mutation.polled_feed import PolledFeed
from watcher.model.entry import Entry, Seen, SeenProbe
from watcher.parse.normalise import MANY_ENTRIES

POLLS = 3
MOST_CPU = 3.0

Make = Callable[[int, int], Entry]
"""An entry, given the number of the poll and its own."""

FEEDS: dict[str, Make] = {
    "everything new at each poll": lambda poll, n: _entry(
        f"{poll}-{n}", f"{poll}/{n}", f"t {poll} {n}", f"s {poll} {n}"
    ),
    "the same ids, other texts": lambda poll, n: _entry(f"{n}", f"{poll}/{n}", f"t {poll} {n}", f"s {poll} {n}"),
    "the same ids and titles": lambda poll, n: _entry(f"{n}", f"{poll}/{n}", "x", f"s {poll} {n}"),
    "new ids, one title": lambda poll, n: _entry(f"{poll}-{n}", f"{poll}/{n}", "x", f"s {poll} {n}"),
    "new ids, one text": lambda poll, n: _entry(f"{poll}-{n}", f"{poll}/{n}", f"t {poll} {n}", "same"),
    "new ids, one title and text": lambda poll, n: _entry(f"{poll}-{n}", f"{poll}/{n}", "x", "same"),
    "new ids, no links, one title": lambda poll, n: _entry(f"{poll}-{n}", "", "x", f"s {poll} {n}"),
    "one id": lambda poll, n: _entry("a", f"{poll}/{n}", f"t {poll} {n}", f"s {n}"),
    "one link": lambda poll, n: _entry(f"{poll}-{n}", "same", f"t {poll} {n}", f"s {n}"),
    "nothing but dates": lambda poll, n: Entry("", "", ""),
}


def _entry(name: str, page: str, title: str, text: str) -> Entry:
    return Entry(name, page and f"https://example.org/{page}", title, summary=text)


class _Remembering(PolledFeed):
    """Everything is handed over at every poll: a feed like these leaves nothing to be chosen."""

    def _seen(self, asked: SeenProbe) -> list[Seen]:
        return list(self.rows.values())


def feeds(wanted: Sequence[str]) -> int:
    """Prints the most that one poll of each costs; how many cost too much."""
    broken = 0
    print(f"\n{f'feed of {MANY_ENTRIES:,} entries, polled {POLLS} times':<44}{'CPU s':>8}")
    for name, make in FEEDS.items():
        if wanted and name not in wanted:
            continue
        feed, costs = _Remembering(), []
        for poll in range(POLLS):
            entries = [make(poll, number) for number in range(MANY_ENTRIES)]
            if name == "nothing but dates":
                entries = [Entry("", "", "", published=feed.now + timedelta(seconds=n)) for n in range(MANY_ENTRIES)]
            before = time.process_time()
            feed.poll(entries)
            costs.append(time.process_time() - before)
        fine = max(costs) <= MOST_CPU
        broken += not fine
        print(f"{name:<44}{max(costs):8.2f}{'' if fine else '   BROKEN'}", flush=True)
    return broken
