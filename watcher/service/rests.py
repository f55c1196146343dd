"""When a stage of the daemon that found nothing to do looks again: when the store has changed, or something is due.

Until then it rests. Looking every second takes a hundredth of a core. On PostgreSQL, where a look at changes costs as
much, there are no rests.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.lazy_dataclass import dataclass

LONGEST = timedelta(seconds=5)
"""What becomes possible without a change of the store, because a node died, is found this much later at most."""


@dataclass(frozen=True, slots=True)
class _Rest:
    mark: object
    since: datetime
    until: datetime


class Rests:
    """The rests of stages, by name. A mark is a state of the store: equal marks, nothing was written between. Without
    one (None) there is no rest.
    """

    def __init__(self) -> None:
        self._rests: dict[str, _Rest] = {}

    def goes_on(self, stage: str, mark: object | None, now: datetime) -> bool:
        """Whether a stage has nothing to do. A clock that was set back ends the rest."""
        rest = self._rests.get(stage)
        return rest is not None and mark is not None and rest.mark == mark and rest.since <= now < rest.until

    def begin(self, stage: str, mark: object, now: datetime, due: datetime | None) -> None:
        """Notes that a stage found nothing to do when it looked after `mark`, and when the next thing is due."""
        until = now + LONGEST
        self._rests[stage] = _Rest(mark, now, until if due is None else min(due, until))

    def end(self) -> None:
        """Ends all rests: another configuration may see other work in the same store."""
        self._rests.clear()
