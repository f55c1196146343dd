"""What the driver does when: nodes that work together, and one that is alone."""

from __future__ import annotations

import asyncio

import pytest

from tests.crash.driver import Stage
from tests.crash.faults import RARE, Episode

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_who_is_alone_waits_for_the_others_and_keeps_them_out() -> None:
    stage, order, end, second_ended = Stage(), list[str](), asyncio.Event(), asyncio.Event()

    async def work(name: str, *, alone: bool) -> None:
        async with stage.entered(alone=alone):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            if name == "first":
                await end.wait()
            order.append(f"{name} ends")
            if name == "second":
                second_ended.set()

    async with asyncio.TaskGroup() as group:
        for name, alone in (("first", False), ("second", False), ("alone", True), ("third", False)):
            group.create_task(work(name, alone=alone))
        await second_ended.wait()
        assert "alone begins" not in order
        end.set()
    assert order[-5:] == ["first ends", "alone begins", "alone ends", "third begins", "third ends"]


@pytest.mark.parametrize("transaction", [*RARE, "report_feeds"])
def test_what_one_node_does_for_all_is_played_alone(transaction: str) -> None:
    assert Episode("kill at", f"{transaction}.before_commit").is_alone(0)


def test_what_others_passed_instead_is_tried_again_alone_but_for_freezes() -> None:
    tries = [
        [Episode(kind, "send.after").is_alone(attempt) for attempt in range(2)] for kind in ("kill at", "freeze at")
    ]
    assert tries == [[False, True], [False, False]]
