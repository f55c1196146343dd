"""The feed that the tests of dedupe poll."""

from __future__ import annotations

import pytest

from tests.mutation.polled_feed import PolledFeed


@pytest.fixture(params=[True, False], ids=["by changes", "in full"])
def feed(request: pytest.FixtureRequest) -> PolledFeed:
    return PolledFeed(may_be_short=request.param)
