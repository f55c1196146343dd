"""What each mutant is put through, and which of the judge's counts must show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.crash.faults import Episode

A_WHILE = Episode("terminate", after=2.0, tries=60)


@dataclass(frozen=True, slots=True)
class Mutation:
    """`shows` are the counts of a verdict of which at least one must not be 0."""

    shows: tuple[str, ...]
    episodes: list[Episode] = field(default_factory=lambda: [A_WHILE])
    entries: int = 80
    entries_a_feed: int = 10
    faulty: float = 0.25


MUTATIONS: Mapping[str, Mutation] = {
    "mark_before_send": Mutation(("lost", "false_claims"), [Episode("kill at", "send.before", 4)]),
    "new_id_on_retry": Mutation(("more_than_one_id",), faulty=0.6),
    "lease_not_checked": Mutation(
        ("foreign_leases", "unreasoned"), [Episode("freeze at", "attempt.before", 3, stand_in=True)]
    ),
    "validators_before_entries": Mutation(
        ("lost",),
        [Episode("kill at", "save_polls.before_commit", passage) for passage in (2, 1, 3, 1)],
        entries_a_feed=1,
    ),
    "held_deliveries_dropped": Mutation(
        ("lost", "unaccounted"), [Episode("kill at", "reroute_waiting.after_commit"), A_WHILE], entries=300
    ),
    "retry_after_ignored": Mutation(("early",), [Episode("terminate", after=2.0, tries=150)], entries=160, faulty=0.6),
    "result_forgotten": Mutation(("unreasoned",)),
}
"""The five that the bars name, and two that show that the judge's other counts are alive."""
