"""What is done to the program, in a seeded order: kills at named places, at random moments, freezes, troubles, persons."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tests.crash.operator_commands import COMMANDS

Kind = Literal["kill at", "kill", "freeze at", "freeze", "terminate", "person"]

Trouble = Literal["", "full", "locked", "backup", "reload", "restart"]

TROUBLES: tuple[Trouble, ...] = ("", "", "full", "locked", "backup", "reload")
TROUBLES_ON_SERVER: tuple[Trouble, ...] = ("", "", "restart", "locked", "restart", "reload")

ONCE_A_START = ("remember", "reroute_waiting", "bury_removed", "report_feeds")
WHEN_A_STORE_IS_NEW = ("upgrade", "sync_feeds")
WHEN_ROUTES_CHANGE = ("reroute_waiting", "bury_removed")
BY_A_PERSON = tuple(COMMANDS)
IN_A_MIGRATION = ("migration",)
RARE = ("hold_waiting", "release", "hold_longer", "silence_waiting", "purge", "close_digest", "freeze_empty")
"""Passed only when something has gathered: these come last, in this order."""

ALONE = (*RARE, "report_feeds")
"""Passed by one of several nodes for all: only a node that is alone is the one that passes."""

NOT_PLAYED = {
    "copy_store": "a command that the daemon must not run beside; tests/store/test_store_copy.py kills it",
    "clear_index": "the index of words is made again from the entries; tests/search loses it",
    "fill_index": "as clear_index",
    "drop_index_parts": "as clear_index",
    "ask_for_poll": "a button of the pages: one statement that makes a feed due",
    "keep_values": "off by default; what is lost is computed again",
    "use_values": "as keep_values",
    "take_budget": "off by default; an entry that took from a budget before takes nothing again",
}
"""Transactions that the run does not die in, and why."""

WEIGHT = 6

OF_DIGESTS = ("close_digest", "freeze_empty")
"""Passed at their minute only if nothing else is to be routed then: `once --digest-now` makes them at once."""

AFTER_A_TIME = ("release", "hold_longer")
"""Passed when the time of what is held has come: the world lets it pass."""

FREEZE_AT = (
    "acquire_due_feeds.after_commit",
    "save_polls.before_commit",
    "save_polls.after_commit",
    "save_routing.after_commit",
    "freeze.after_commit",
    "acquire_notifications.before_commit",
    "acquire_notifications.after_commit",
    "begin_attempt.before_commit",
    "begin_attempt.after_commit",
    "send.before",
    "send.after",
    "record_outcome.before_commit",
    "record_outcome.after_commit",
)


@dataclass(frozen=True, slots=True)
class Episode:
    """One start of the program and its end. `place` is a failpoint, `after` seconds of running before what happens,
    `tries` how many must have reached the sinks before.
    """

    kind: Kind
    place: str = ""
    passage: int = 1
    after: float = 0.0
    stand_in: bool = False
    trouble: Trouble = ""
    tries: int = 0

    @property
    def weight(self) -> int:
        """Its share of the entries: where something must gather, more are published, for longer."""
        return WEIGHT if self.transaction in RARE else 1

    def is_alone(self, attempt: int) -> bool:
        """Whether no other node works during a try (from 0). What others passed instead at the first is tried again
        without them, but for freezes: what the others do meanwhile is what those are for.
        """
        return self.transaction in ALONE or (attempt > 0 and self.kind != "freeze at")

    def share(self, attempt: int, tries: int) -> float:
        """How much of its weight should be published by the end of a try (from 0): each needs news of its own."""
        return self.weight * (attempt + 1) / tries

    @property
    def transaction(self) -> str:
        return self.place.partition(".")[0]


def at_the_start(names: Sequence[str]) -> list[Episode]:
    """Kills while the store is made."""
    return [
        Episode("kill at", name)
        for name in sorted(names, reverse=True)
        if name.partition(".")[0] in WHEN_A_STORE_IS_NEW
    ]


def planned(
    names: Sequence[str], seed: int, *, rounds: int, random_kills: int, freezes: int, on_server: bool = False
) -> list[Episode]:
    """Every place `rounds` times, and random kills, freezes, troubles and persons between them, shuffled.

    A store `on_server` is restarted where a file is copied or full.
    """
    chance = random.Random(seed)
    episodes = [_kill_at(name, chance) for name in names for _ in range(rounds) if _is_common(name)]
    episodes += [_random_kill(chance, TROUBLES_ON_SERVER if on_server else TROUBLES) for _ in range(random_kills)]
    for number in range(freezes):
        place = FREEZE_AT[(seed * freezes + number) % len(FREEZE_AT)] if number % 4 else ""
        kind: Kind = "freeze at" if place else "freeze"
        episodes.append(
            Episode(kind, place, chance.randint(1, 5), chance.uniform(0.5, 3), stand_in=chance.random() < 0.8)
        )
    chance.shuffle(episodes)
    return sorted(episodes, key=_order)


def _order(episode: Episode) -> int:
    return RARE.index(episode.transaction) + 1 if episode.transaction in RARE else 0


def _is_common(name: str) -> bool:
    transaction = name.partition(".")[0]
    return transaction not in (*WHEN_A_STORE_IS_NEW, *IN_A_MIGRATION)


def _kill_at(name: str, chance: random.Random) -> Episode:
    transaction = name.partition(".")[0]
    if transaction in BY_A_PERSON:
        return Episode("person", name, after=chance.uniform(0.5, 1.5))
    once = transaction in (*ONCE_A_START, *RARE)
    return Episode("kill at", name, 1 if once else chance.randint(1, 6))


def _random_kill(chance: random.Random, troubles: Sequence[Trouble]) -> Episode:
    trouble = chance.choice(troubles)
    kind: Kind = "terminate" if chance.random() < 0.15 else "kill"
    return Episode(kind, after=chance.uniform(0.1, 3.0), trouble=trouble)
