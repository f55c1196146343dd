"""A large poll in parts: all of it, once, in order, and none of the parts large."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.harness.store_samples import HOUR, NOW, alert, identified, poll
from watcher.model.entry import EntryDecision
from watcher.model.feed import AcquiredFeed, Feed, PollState
from watcher.poll.parts import PART_ALERTS, PART_ENTRIES, parts_of
from watcher.store.records import PollRecord
from watcher.story.sketch import sketch_of

ACQUIRED = AcquiredFeed(PollState("https://news.example/feed", NOW), 1, NOW + HOUR)
KINDS = ("new", "updated", "quiet")


def record(alerts_of: list[int], kinds: list[int], known: int = 0) -> PollRecord:
    """A poll whose entry number n has `alerts_of[n]` alerts; `kinds` are how many entries are of each kind."""
    entries = [identified(str(number)) for number in range(len(alerts_of))]
    alerts = [
        replace(alert(str(number), topic=f"topic-{topic}"), entry_key=entries[number].entry_key)
        for number, count in enumerate(alerts_of)
        for topic in range(count)
    ]
    cuts = [0, kinds[0], kinds[0] + kinds[1], len(entries)]
    decided = {kind: tuple(entries[cuts[n] : cuts[n + 1]]) for n, kind in enumerate(KINDS)}
    return poll(
        ACQUIRED,
        decision=EntryDecision(**decided, known=tuple(f"{number:032x}" for number in range(known)), is_baseline=True),
        alerts=tuple(alerts),
        sketches={one.entry_key: sketch_of(one, Feed(ACQUIRED.state.url)) for one in entries},
    )


@given(
    st.lists(st.integers(0, PART_ALERTS * 2), max_size=60),
    st.tuples(st.integers(0, 60), st.integers(0, 60)),
    st.integers(0, 5),
)
def test_parts_are_the_whole_in_order_and_none_is_large(
    alerts_of: list[int], kinds: tuple[int, int], known: int
) -> None:
    whole = record(alerts_of, [*kinds, 0], known)
    parts = parts_of(whole)
    assert [part.is_last for part in parts] == [False] * (len(parts) - 1) + [True]
    assert [one for part in parts for one in part.alerts] == list(whole.alerts)
    for kind in (*KINDS, "known"):
        assert [one for part in parts for one in getattr(part.decision, kind)] == list(getattr(whole.decision, kind))
    for part in parts:
        entries = [one.entry_key for kind in KINDS for one in getattr(part.decision, kind)]
        alerted = {one.entry_key for one in part.alerts}
        assert len(part.alerts) <= PART_ALERTS or len(entries) == 1 or part is whole
        assert alerted <= set(entries)
        assert alerted <= part.sketches.keys()
        assert (part.state, part.epoch, part.feed_title, part.decision.is_baseline) == (
            whole.state, whole.epoch, whole.feed_title, True,
        )  # fmt: skip
    assert all(part.decision.known == () for part in parts[:-1])


def test_a_large_baseline_is_in_parts_too() -> None:
    parts = parts_of(record([0] * (2 * PART_ENTRIES + 1), [0, 0]))
    assert [len(part.decision.quiet) for part in parts] == [PART_ENTRIES, PART_ENTRIES, 1]


def test_an_ordinary_poll_is_one_part() -> None:
    whole = record([1] * PART_ALERTS, [PART_ALERTS, 0], known=100)
    assert parts_of(whole) == [whole]
