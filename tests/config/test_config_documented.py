"""docs/configuration.md names every key that a configuration may have."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from watcher.config import schema as shapes
from watcher.config.load import SECTIONS
from watcher.config.schema import Shape
from watcher.deliver.registry import CHANNEL_KINDS, channel_kind

DOCUMENT = (Path(__file__).parents[2] / "docs/configuration.md").read_text()
WRITTEN = {word for code in re.findall(r"`([^`]+)`", DOCUMENT) for word in re.findall(r"\w+", code)}
SHAPES = [shape for shape in vars(shapes).values() if isinstance(shape, type) and issubclass(shape, Shape)]


def test_sections() -> None:
    assert set(re.findall(r"^## (\w+)$", DOCUMENT, re.MULTILINE)) == set(SECTIONS)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_keys_of_sections(shape: type[Shape]) -> None:
    assert {field.alias or name for name, field in shape.model_fields.items()} - WRITTEN == set()


@pytest.mark.parametrize("kind", CHANNEL_KINDS)
def test_options_of_channels(kind: str) -> None:
    rows = re.findall(rf"^\| [^|]*`{kind}`[^|]*\|(.*)$", DOCUMENT, re.MULTILINE)
    words = {word for row in rows for word in re.findall(r"\w+", row)}
    assert {field.name for field in dataclasses.fields(channel_kind(kind).options)} - words == set()
