"""`check --schema` and `check --show-defaults`: made from the very shapes that read the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from watcher.config import schema as shapes
from watcher.config.json_schema import DESCRIPTIONS, defaults_yaml, json_schema
from watcher.config.load import SECTIONS, read_settings
from watcher.config.schema import Shape
from watcher.config.yaml_tree import plain, read_document

SHAPES = [one for one in vars(shapes).values() if isinstance(one, type) and issubclass(one, Shape) and one is not Shape]
SCHEMA = json_schema()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_key_has_a_description(shape: type[Shape]) -> None:
    keys = {field.alias or name for name, field in shape.model_fields.items()}
    assert set(DESCRIPTIONS[shape.__name__]) == keys
    properties = SCHEMA["$defs"][shape.__name__]["properties"]
    assert {key for key, value in properties.items() if value["description"]} == keys
    assert SCHEMA["$defs"][shape.__name__]["additionalProperties"] is False


def test_every_section_is_there_and_every_reference_leads_somewhere() -> None:
    assert set(SCHEMA["properties"]) == set(SECTIONS)
    text = json.dumps(SCHEMA)
    references = {part.split('"')[0] for part in text.split('"$ref": "#/$defs/')[1:]}
    assert references <= set(SCHEMA["$defs"])


def keys_of(value: object, schema: dict[str, Any]) -> None:
    """Fails when a mapping of a file has a key that its schema does not know."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list) and "items" in schema:
        for one in value:
            keys_of(one, schema["items"])
    if isinstance(value, dict) and schema.get("additionalProperties") is False:
        for key, inner in value.items():
            assert key in schema["properties"], key
            keys_of(inner, schema["properties"][key])


@pytest.mark.parametrize("name", ["config.yaml", "watcher/config/starter.yaml"])
def test_the_shipped_configurations_have_only_keys_of_the_schema(name: str) -> None:
    root = read_document((Path(__file__).parents[2] / name).read_bytes()).root
    assert root is not None
    keys_of(plain(root), SCHEMA)


def test_the_defaults_written_out_are_the_defaults(tmp_path: Path) -> None:
    bare, full = tmp_path / "bare.yaml", tmp_path / "full.yaml"
    bare.write_text("feeds: []\n")
    full.write_text(f"feeds: []\n{defaults_yaml()}")
    found = [read_settings(file, env={}, secrets="defer").settings for file in (bare, full)]
    assert found[0] is not None
    assert found[1] is not None
    for name in ("store", "polling", "network", "limits", "retention"):
        assert getattr(found[0], name) == getattr(found[1], name), name
