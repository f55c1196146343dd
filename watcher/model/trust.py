"""How far a feed is trusted."""

from __future__ import annotations

from enum import IntEnum


class Trust(IntEnum):
    """How far a feed is trusted. An alert is never folded behind one from a feed trusted less, and a story's publishers
    are counted without those of LOW trust.
    """

    LOW = 0
    NORMAL = 1
    HIGH = 2
