"""Children that end, or lie, in the middle of an answer."""

from __future__ import annotations

import struct
import sys

import pytest

from watcher.sandbox import oneshot
from watcher.sandbox.child import LENGTH, READY
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import LARGEST_FRAME, Finished, JobFailure, run_job_blocking

WHOLE = LENGTH.pack(1) + b"1" + LENGTH.pack(5) + b"whole"
"""The tag and one frame."""
ENDS = {
    "before the mark": b"",
    "in a length": b"\0\0",
    "in a frame": LENGTH.pack(100) + b"half",
    "with a frame that is too long": struct.pack(">I", LARGEST_FRAME + 1) + b"x" * 1000,
}


def child_that_says(output: bytes) -> list[str]:
    return [sys.executable, "-c", f"import sys; sys.stdout.buffer.write({output!r})"]


@pytest.mark.parametrize("end", ENDS)
def test_whole_frames_are_kept_and_the_failure_is_named(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oneshot, "child_command", lambda *_: child_that_says(READY + WHOLE + ENDS[end]))
    finished = run_job_blocking("", b"", b"", Limits())
    assert (finished.frames, finished.failure) == ((b"whole",), JobFailure.CRASHED)


def test_a_whole_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oneshot, "child_command", lambda *_: child_that_says(READY + WHOLE + READY))
    assert run_job_blocking("", b"", b"", Limits()) == Finished((b"whole",))
