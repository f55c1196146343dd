from __future__ import annotations

import pytest
from polled_feed import PolledFeed


@pytest.fixture
def feed() -> PolledFeed:
    return PolledFeed()
