"""The JSON schema: an editor offers every key that the file takes, and marks what is wrong."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from tests.support.cli_tools import Cli
from tests.support.paths import ROOT
from tests.unit.config.test_example import uncommented
from tui_monitor.config.example import example_text
from tui_monitor.config.schema import json_schema


def wrong(value: Any, schema: dict[str, Any], root: dict[str, Any], place: str = "") -> list[str]:
    """Keys that the schema does not know, or lacks: what an editor would mark. Values are not looked at."""
    if "$ref" in schema:
        return wrong(value, root["definitions"][schema["$ref"].rpartition("/")[2]], root, place)
    if "oneOf" in schema:
        return min((wrong(value, one, root, place) for one in schema["oneOf"]), key=len)
    if isinstance(value, list):
        return [fault for item in value for fault in wrong(item, schema.get("items", {}), root, place)]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    found = [f"{place}.{name}" for name in value if name not in known] if schema["additionalProperties"] is False else []
    found += [f"{place} lacks {name}" for name in schema["required"] if name not in value]
    if (kind := known.get("type", {}).get("const")) and kind != value.get("type"):
        found.append(f"{place} is no {kind}")
    if value.get("type") in known.get("type", {}).get("not", {}).get("enum", ()):
        found += [f"{place} is of another kind"] * 9
    return found + [fault for name, item in value.items() if name in known for fault in wrong(item, known[name], root, f"{place}.{name}")]


def test_every_key_of_the_example_is_in_the_schema() -> None:
    """The whole example, with every line uncommented, has no key that the schema would mark, and each key has its help."""
    schema = json_schema()
    raw = tomllib.loads(uncommented(example_text()))
    assert wrong(raw, schema, schema) == []
    assert wrong({"checks": [{"name": "a", "type": "tcp", "host": "h", "prt": 1}]}, schema, schema) == [".checks.prt", ".checks lacks port"]
    http = schema["definitions"]["HttpCheck"]
    assert http["properties"]["interval"] == {"type": ["number", "string"], "description": "how often the target is tested"}
    assert {"password", "password_file"} <= http["properties"].keys() and http["required"] == ["name", "url", "type"]


def test_the_command_prints_it(cli: Cli) -> None:
    """`config schema` needs no configuration."""
    said = cli("config", "schema")
    assert said.code == 0 and json.loads(said.out) == json.loads(json.dumps(json_schema()))


def test_the_schema_refers_to_nothing_outside() -> None:
    """Every reference is one of its own definitions."""
    text = json.dumps(json_schema())
    names = set(re.findall(r'"#/definitions/(\w+)"', text))
    assert names <= json_schema()["definitions"].keys() and "$defs" not in text and (ROOT / "config.example.toml").exists()
