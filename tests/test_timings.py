"""The intervals of the daemon, and what follows from them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.crash import timeouts
from watcher.timings import SHORTEST_PAUSE, VARIABLE, Timings


def seconds(**given: float) -> Timings:
    return Timings.of({VARIABLE: ",".join(f"{name}={value}" for name, value in given.items())})


def test_timings_in_service_and_shortened() -> None:
    assert Timings.of({}) == Timings()
    shortened = Timings.of({VARIABLE: "tick=0.1,backoff=0.02"})
    assert (shortened.tick, shortened.backoff) == (timedelta(seconds=0.1), 0.02)
    assert shortened.notification_lease == Timings().notification_lease


@pytest.mark.parametrize("value", ["tock=1", "tick=soon", "tick"])
def test_timings_that_cannot_be_understood_are_refused(value: str) -> None:
    with pytest.raises(ValueError):
        Timings.of({VARIABLE: value})


@pytest.mark.parametrize(
    ("timings", "pause"),
    [
        (Timings(), 4.5),  # nodes: 15 s of life, less 3 s of margin and 3 s between beats
        (seconds(node_lives=60), 5.0),  # the outcome of a send: 10 s
        (seconds(node_lives=60, send_margin=30), 15.0),
        (seconds(node_lives=60, send_margin=30, poll_margin=6), 3.0),
        (seconds(node_lives=4, node_margin=1, node_beat=0.5), 1.25),
        (seconds(send_margin=0.1), SHORTEST_PAUSE.total_seconds()),
        (seconds(node_lives=1), SHORTEST_PAUSE.total_seconds()),
    ],
)
def test_a_process_that_stands_still_keeps_its_locks_for_less_than_others_can_wait(
    timings: Timings, pause: float
) -> None:
    assert timings.pause_in_transaction.total_seconds() == pause


@pytest.mark.parametrize("timings", [Timings(), seconds(**timeouts.TIMINGS)])
def test_whoever_waits_for_such_locks_has_time_left(timings: Timings) -> None:
    pause = timings.pause_in_transaction
    assert pause > SHORTEST_PAUSE
    for wait in (
        timings.send_margin,
        timings.poll_margin,
        timings.notification_lease - timings.send_within,
        timings.node_lives - timings.node_margin - timings.node_beat,
    ):
        assert 2 * pause <= wait
