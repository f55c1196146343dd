"""The feed that the tests of dedupe poll."""

from __future__ import annotations

import pytest

from tests.mutation.polled_feed import PolledFeed


@pytest.fixture
def feed() -> PolledFeed:
    return PolledFeed()
