"""One event told by many feeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from watcher.model.alert import Alert, ToldAlert


class Verdict(StrEnum):
    """What becomes of an alert in view of what was told before."""

    TELL = "tell"
    FOLD = "fold"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Judgement:
    """TELL: a new alert. FOLD: kept, folded into alert `into`. REPEAT: the same entry again, not kept."""

    verdict: Verdict
    into: str | None = None


Judge = Callable[[Alert, Sequence[ToldAlert]], Judgement]
"""Pure; the store calls it inside the transaction that saves the alert, so that two polls cannot both tell."""
