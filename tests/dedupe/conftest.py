"""The feed that is polled and what publishers do to it are the bench's; its tests import them from bench/."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from mutating.polled_feed import PolledFeed


@pytest.fixture
def feed() -> PolledFeed:
    return PolledFeed()
