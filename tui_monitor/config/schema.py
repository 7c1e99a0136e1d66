"""The JSON schema of the file, for editors that complete TOML with it (taplo, Even Better TOML); made from the records."""

from __future__ import annotations

from typing import Any

from tui_monitor.config.kinds import Kinds, resolve
from tui_monitor.config.reader import Key, key_schema, read_keys
from tui_monitor.config.section import Section, title_of
from tui_monitor.config.settings import Settings


def json_schema() -> dict[str, Any]:
    """The schema of the whole file (JSON Schema draft 7, which taplo reads), sections and kinds as definitions."""
    definitions: dict[str, Any] = {}
    top = _table(Settings, definitions)
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "tui-monitor", **top, "definitions": definitions}


def _table(record: type[Section], definitions: dict[str, Any], kind: str = "") -> dict[str, Any]:
    properties, required = {}, []
    for key in read_keys(record).values():
        properties[key.name] = _property(record, key, definitions)
        if key.required:
            required.append(key.name)
        if key.secret and not key.is_list:
            properties[f"{key.name}_file"] = {"type": "string", "description": f"file that holds {key.name}"}
    if kind:
        properties["type"] = {"const": kind, "description": "which kind"}
        required.append("type")
    required = [name for name in required if f"{name}_file" not in properties]  # the file variant satisfies it
    return {
        "type": "object",
        "description": title_of(record),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _property(record: type[Section], key: Key, definitions: dict[str, Any]) -> dict[str, Any]:
    if key.record is None:
        found = key_schema(record, key)
        return {**found, "description": key.facts["doc"]} if key.facts.get("doc") else found
    entry = _kinds(key.record, key.kinds, definitions) if key.kinds else _reference(key.record, definitions)
    return {"type": "array", "items": entry} if key.is_list else entry


def _reference(record: type[Section], definitions: dict[str, Any], kind: str = "") -> dict[str, Any]:
    name = record.__name__
    if name not in definitions:
        definitions[name] = {}  # a record may contain itself
        definitions[name] = _table(record, definitions, kind)
    return {"$ref": f"#/definitions/{name}"}


def _kinds(base: type[Section], kinds: Kinds, definitions: dict[str, Any]) -> dict[str, Any]:
    """Our kinds by their keys; a plug-in's table by what every entry has."""
    known = kinds.known().values()
    ours = [_reference(resolve(kind.settings), definitions, kind.name) for kind in known]
    others = _table(base, definitions)
    others["properties"]["type"] = {"type": "string", "not": {"enum": [kind.name for kind in known]}}
    others |= {"required": [*others["required"], "type"], "additionalProperties": True}
    definitions[f"Other{base.__name__}"] = others
    return {"oneOf": [*ours, {"$ref": f"#/definitions/Other{base.__name__}"}]}
