"""Spelling of values as TOML, with the units that people use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tui_monitor.config.fields import Text
from tui_monitor.config.reader import Key


def toml_of(key: Key, value: Any) -> str:
    """The value of a key as TOML: durations, sizes and ratios with their units."""
    return toml_value(value, key.texts)


def toml_value(value: Any, texts: Sequence[Text] = ()) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        spell = next((text.spell for text in texts if text.spell is not None), None)
        return spell(value) if spell else f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {toml_value(item)}" for name, item in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False)
