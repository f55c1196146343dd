"""The turn of writers: first come, first served, and nobody waits for ever."""

from __future__ import annotations

import threading
import time

from watcher.store.fair_lock import FairLock

LONG = 60.0


def _queued(turn: FairLock, count: int) -> None:
    """Returns when `count` threads wait."""
    deadline = time.monotonic() + LONG
    while turn.waiting < count:
        assert time.monotonic() < deadline
        time.sleep(0)


def test_who_comes_back_at_once_does_not_pass_those_who_wait() -> None:
    turn, served = FairLock(), []

    def write(name: str) -> None:
        assert turn.acquire(LONG)
        served.append(name)
        turn.release()

    assert turn.acquire(LONG)
    others = []
    for count, name in enumerate(("first", "second", "third"), start=1):
        others.append(threading.Thread(target=write, args=(name,)))
        others[-1].start()
        _queued(turn, count)
    turn.release()
    write("back at once")
    for other in others:
        other.join(LONG)
    assert served == ["first", "second", "third", "back at once"]


def test_a_turn_that_does_not_come_is_given_up_and_passed_over_afterwards() -> None:
    turn = FairLock()
    assert turn.acquire(LONG)
    assert not turn.acquire(0.0)
    assert turn.waiting == 0
    turn.release()
    assert turn.acquire(0.0)
