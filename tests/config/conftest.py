from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.config_reading import ReadText, TextReader


@pytest.fixture
def read_text(tmp_path: Path) -> ReadText:
    return TextReader(tmp_path)
