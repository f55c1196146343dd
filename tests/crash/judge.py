"""The judge: what was promised against what happened. Imports nothing of the program under test.

It reads the truth log (what was published), the sinks' log (what was tried and accepted), the driver's log (what was
done to the program), the program's own log only for the name under which each start leased, and the store, with SQL.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.crash.invariants import broken_invariants
from tests.crash.ledger import Line, read
from tests.crash.published_log import CHANNELS, HUSHED
from tests.crash.stores import MICROSECONDS, Store
from tests.crash.timeouts import FAREWELL, SEND_WITHIN


@dataclass(slots=True)
class Verdict:
    """The counts of one seed. Everything in `BARS` must be 0."""

    seed: int
    entries: int = 0
    deliveries: int = 0
    accepted: int = 0
    lost: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    copies: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unreasoned: list[str] = field(default_factory=list)
    allowed: int = 0
    too_many: list[str] = field(default_factory=list)
    more_than_one_id: list[str] = field(default_factory=list)
    foreign_leases: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    unaccounted: list[str] = field(default_factory=list)
    false_claims: list[str] = field(default_factory=list)
    integrity: list[str] = field(default_factory=list)
    folded: int = 0
    retired: int = 0
    silenced: int = 0
    failpoints: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)

    BARS = (
        "lost",
        "unexpected",
        "unreasoned",
        "too_many",
        "more_than_one_id",
        "foreign_leases",
        "early",
        "unaccounted",
        "false_claims",
        "integrity",
    )

    @property
    def broken(self) -> list[str]:
        return [name for name in self.BARS if getattr(self, name)]

    def summary(self) -> Line:
        counts = {name: len(getattr(self, name)) for name in self.BARS}
        plain = ("seed", "entries", "deliveries", "accepted", "copies", "allowed", "folded", "silenced", "retired")
        return {name: getattr(self, name) for name in plain} | {
            "reasons": dict(self.reasons),
            **counts,
            "kills": self.events["kill"] + self.events["failpoint"],
            "freezes": self.events["freeze"],
            "troubles": self.events["trouble"],
        }


class Attempt(NamedTuple):
    """What the store says of one; `finished` and `reason` are empty while there is no result."""

    started: float
    finished: float | None
    reason: str


class Judge:
    """Everything that is known of one seed, and the questions asked of it."""

    def __init__(self, folder: Path, store: Store, seed: int) -> None:
        self._store = store
        self._clocks = store.CLOCKS
        self._truth = list(read(folder / "truth.jsonl"))
        self._tries = sorted(read(folder / "tries.jsonl"), key=lambda line: line["t"])
        self._events = list(read(folder / "events.jsonl"))
        self._nodes = {
            log.stem: {line["node"] for line in read(log) if line.get("event") in {"daemon.started", "node.registered"}}
            for log in folder.glob("*.log")
        }
        self.verdict = Verdict(seed, entries=len(self._truth))

    def judge(self) -> Verdict:
        self._count_events()
        self._entries()
        self._deliveries()
        self._messages()
        self._leases()
        self._patience()
        self._accounts()
        self.verdict.integrity += broken_invariants(self._store)
        return self.verdict

    def _count_events(self) -> None:
        for event in self._events:
            self.verdict.events[event["what"]] += 1
            if event["what"] == "failpoint":
                self.verdict.failpoints[event["name"]] += 1

    @cached_property
    def _stories(self) -> dict[str, list[Line]]:
        stories: dict[str, list[Line]] = defaultdict(list)
        for entry in self._truth:
            if entry["topic"] is not None:
                stories[entry["story"]].append(entry)
        return stories

    @cached_property
    def _accepted(self) -> set[tuple[str, str]]:
        """(token, channel) of every delivery that a sink has."""
        return {(token, line["channel"]) for line in self._tries if line["accepted"] for token in line["tokens"]}

    def _has_story(self, entry: Line, channel: str) -> bool:
        """Whether a sink has an entry of the story on the channel."""
        return any((one["token"], channel) in self._accepted for one in self._stories[entry["story"]])

    def _entries(self) -> None:
        """Every entry was read, also those that no topic wants: each has a seen key of its own."""
        unread = len(self._truth) - self._store.number("SELECT count(*) FROM seen")
        if unread:
            self.verdict.lost.append(f"{unread} entries were never read")

    def _deliveries(self) -> None:
        wanted = {(entry["token"], channel) for entry in self._truth for channel in CHANNELS.get(entry["topic"], ())}
        self.verdict.deliveries = len(wanted)
        self.verdict.accepted = len(self._accepted & wanted)
        self.verdict.unexpected = [f"{token} on {channel}" for token, channel in sorted(self._accepted - wanted)]
        for story, told in self._stories.items():
            for channel in () if told[0]["topic"] == HUSHED else CHANNELS[told[0]["topic"]]:
                if not any((entry["token"], channel) in self._accepted for entry in told):
                    self.verdict.lost.append(f"{story} on {channel}")

    def _messages(self) -> None:
        """Copies of a message, each with the reason that its forerunner, or it itself, gives; ids of a delivery."""
        messages: dict[tuple[str, str], list[Line]] = defaultdict(list)
        ids: dict[tuple[str, str], set[str]] = defaultdict(set)
        for line in self._tries:
            for token in line["tokens"]:
                ids[token, line["channel"]].add(line["id"])
            if line["accepted"]:
                messages[line["channel"], line["id"]].append(line)
        self.verdict.more_than_one_id = [f"{key}: {sorted(names)}" for key, names in ids.items() if len(names) > 1]
        for (channel, key), copies in messages.items():
            for before, copy in pairwise(copies):
                self._excuse(channel, key, before, copy)
        self.verdict.allowed = self._events_that_allow_a_copy()
        if self.verdict.copies > self.verdict.allowed:
            self.verdict.too_many.append(f"{self.verdict.copies} copies after {self.verdict.allowed} events")

    def _events_that_allow_a_copy(self) -> int:
        """Acceptances that no sender read, and those whose sender died or froze before its store knew of them."""
        events = 0
        for line in self._tries:
            if not line["accepted"]:
                continue
            if not line["told"] or self._was_late(line):
                events += 1
            else:
                stops = [e["t"] for e in self._of_run[line["run"]] if e["what"] in {"kill", "failpoint", "freeze"}]
                events += any(self._open_at(line, moment) for moment in stops)
        return events

    def _excuse(self, channel: str, key: str, before: Line, copy: Line) -> None:
        self.verdict.copies += 1
        if not before["told"]:
            self.verdict.reasons["the sink hid its answer"] += 1
        elif self._was_late(before):
            self.verdict.reasons["the answer came after the deadline"] += 1
        elif self._was_killed(before, copy["t"]):
            self.verdict.reasons["a kill between send and result"] += 1
        elif self._was_frozen(before, copy["t"]) or self._was_frozen(copy, copy["t"]):
            self.verdict.reasons["a freeze across the lease"] += 1
        else:
            self.verdict.unreasoned.append(f"{channel} {key} from {before['run']} and {copy['run']} at {copy['t']:.2f}")

    def _was_late(self, line: Line) -> bool:
        """Whether the sender had stopped waiting before it read the answer: on a busy machine nobody hid anything.

        Either the try came when its time was over, or the sender says that it was; that is believed when it has waited
        for at least the half of its time that every send has.
        """
        attempt = self._attempt_behind(line)
        if attempt is None:
            return False
        farewell = FAREWELL if "/email/" in line["channel"] else 0.0
        if line["t"] - attempt.started >= SEND_WITHIN - farewell - self._clocks:
            return True
        waited = attempt.finished - attempt.started if attempt.finished and attempt.reason == "timeout" else 0.0
        return waited >= SEND_WITHIN / 2 - farewell - self._clocks

    def _was_killed(self, line: Line, by: float) -> bool:
        """Whether the sender died before it wrote that this try was accepted."""
        return any(
            event["what"] in {"kill", "failpoint"} and event["t"] <= by and self._open_at(line, event["t"])
            for event in self._of_run[line["run"]]
        )

    def _was_frozen(self, line: Line, by: float) -> bool:
        """Whether the sender stood still, for longer than a lease, while the try was under way or not yet recorded."""
        return any(
            event["what"] == "freeze"
            and event["t"] <= by
            and event["until"] >= line["opened"] - SEND_WITHIN
            and self._open_at(line, event["t"])
            for event in self._of_run[line["run"]]
        )

    @cached_property
    def _of_run(self) -> dict[str, list[Line]]:
        runs: dict[str, list[Line]] = defaultdict(list)
        for event in self._events:
            if "run" in event:
                runs[event["run"]].append(event)
        return runs

    def _open_at(self, line: Line, moment: float) -> bool:
        """Whether the attempt behind a try had begun at `moment` and had no result in the store yet."""
        attempt = self._attempt_behind(line)
        if attempt is None:
            return False
        return attempt.started - self._clocks <= moment and (
            attempt.finished is None or attempt.finished > moment - self._clocks
        )

    def _attempt_behind(self, line: Line) -> Attempt | None:
        """The newest attempt that began before the try while its sender was alive and awake."""
        events = self._of_run[line["run"]]
        born = min((event["t"] for event in events if event["what"] == "start"), default=0.0)
        asleep = [(event["t"], event["until"]) for event in events if event["what"] == "freeze"]
        begun = [
            attempt
            for attempt in self._attempts.get(line["id"], ())
            if born <= attempt.started <= line["t"] + self._clocks
            and not any(start + self._clocks < attempt.started < until - self._clocks for start, until in asleep)
        ]
        return max(begun, key=lambda attempt: attempt.started, default=None)

    @cached_property
    def _attempts(self) -> dict[str, list[Attempt]]:
        attempts: dict[str, list[Attempt]] = defaultdict(list)
        query = "SELECT key, started_at, a.finished_at, a.reason FROM attempts a JOIN notifications n ON n.id = notification_id"
        for key, started, finished, reason in self._store.rows(query):
            end = finished / MICROSECONDS if finished is not None else None
            attempts[bytes(key).hex()].append(Attempt(started / MICROSECONDS, end, reason))
        return attempts

    def _leases(self) -> None:
        """Sends under somebody else's live lease; one that a freeze delayed after its check is no offence."""
        for line in self._tries:
            mine = self._nodes.get(line["run"])
            if not mine or line["owner"] in {None, *mine} or (line["until"] or 0) <= line["t"]:
                continue
            if not self._was_frozen(line, line["t"]):
                self.verdict.foreign_leases.append(f"{line['id']} by {line['run']} at {line['t']:.2f}")

    def _patience(self) -> None:
        """Tries before the time that the receiver asked for."""
        not_before: dict[tuple[str, str], float] = {}
        for line in self._tries:
            message = (line["channel"], line["id"])
            if line["opened"] < not_before.get(message, 0) - self._clocks and not self._was_frozen(line, line["t"]):
                self.verdict.early.append(f"{message} {not_before[message] - line['opened']:.2f} s early")
            if line["retry_after"]:
                not_before[message] = line["t"] + line["retry_after"]

    def _accounts(self) -> None:
        """Every alert that should be is there and at its end; every claim of delivery is true (I4, I5)."""
        aged = {alert for event in self._events if event["what"] == "age" for alert in event["alerts"]}
        alerts = _alerts(self._store)
        lives = _lives(self._store)
        by_token: dict[str, list[Line]] = defaultdict(list)
        for alert in alerts:
            by_token[alert["token"]].append(alert)
        self.verdict.folded = sum(alert["state"] == "folded" for alert in alerts)
        for story in self._stories.values():
            for entry in story:
                found = by_token[entry["token"]]
                if not found:
                    self._account_for_absent(entry, bool(aged))
                for alert in found:
                    self._account(entry, alert, lives[alert["seq"]])

    def _account_for_absent(self, entry: Line, was_aged: bool) -> None:
        """Retention may have taken it, but only after it was delivered (or folded into one that was)."""
        channels = CHANNELS[entry["topic"]]
        group = self._stories[entry["story"]]
        told = entry["topic"] == HUSHED or all(
            any((one["token"], channel) in self._accepted for one in group) for channel in channels
        )
        if was_aged and told:
            self.verdict.retired += 1
        else:
            self.verdict.unaccounted.append(f"{entry['token']}: no alert in the store")

    def _account(self, entry: Line, alert: Line, life: dict[str, str]) -> None:
        token = entry["token"]
        if alert["state"] == "folded":
            if alert["folded_into"] is None:
                self.verdict.unaccounted.append(f"{token}: folded into nothing")
            return
        for channel in CHANNELS[entry["topic"]]:
            state = life.get(channel)
            if state is None and alert["folded_into"] is not None and self._has_story(entry, channel):
                continue  # a copy is sent only on the channels that do not have its story
            if state == "silenced" and entry["topic"] == HUSHED:
                self.verdict.silenced += 1
            elif state != "delivered":
                self.verdict.unaccounted.append(f"{token} on {channel}: {state}")
            elif (token, channel) not in self._accepted:
                self.verdict.false_claims.append(f"{token} on {channel}: said to be delivered")


def _alerts(store: Store) -> list[Line]:
    query = "SELECT seq, state, folded_into, document FROM alerts"
    return [
        {
            "seq": seq,
            "state": state,
            "folded_into": into,
            "token": json.loads(document)["value"]["entry"]["title"].split(" ", 1)[0],
        }
        for seq, state, into, document in store.rows(query)
    ]


def _lives(store: Store) -> dict[int, dict[str, str]]:
    lives: dict[int, dict[str, str]] = defaultdict(dict)
    for seq, channel, state in store.rows("SELECT alert_seq, channel, state FROM deliveries"):
        lives[seq][channel] = state
    return lives
