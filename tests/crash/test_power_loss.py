"""Loss of power: whatever a disk keeps of what was not yet synced, the store is whole and knows what was sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.crash.power import compiler, cut, record, recorder


@pytest.mark.skipif(compiler() is None, reason="recording what is written needs a C compiler (cc)")
def test_a_cut_at_any_moment_leaves_a_whole_store(tmp_path: Path) -> None:
    journal = asyncio.run(record(tmp_path, recorder(tmp_path), 120))
    assert cut(tmp_path, journal, 40, seed=1) == []
    assert cut(tmp_path, journal, 40, seed=1, obeyed=False) != []
