"""Values that a JSON document must have, by JMESPath: the key `expect_json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.net.excerpt import clean

_SHOWN = 60


@frozen
class _JsonValue:
    expression: str
    search: Callable[[object], object]
    expected: object


class JsonExpectations:
    """The configured values, prepared once. Raises ValueError naming the key where a path cannot be understood."""

    def __init__(self, expected: Mapping[str, Any]) -> None:
        self._values = [_json_value(expression, value) for expression, value in expected.items()]

    def __bool__(self) -> bool:
        return bool(self._values)

    def fault(self, document: object) -> str:
        """The first value that is another one, "" for none."""
        return next((fault for value in self._values if (fault := _value_fault(value, document))), "")


def _value_fault(value: _JsonValue, document: object) -> str:
    try:
        found = value.search(document)
    except (ValueError, RecursionError, TypeError, OverflowError):  # JMESPath's own errors are ValueErrors
        return f"$.{value.expression} cannot be evaluated on the answer"
    if _equal(found, value.expected):
        return ""
    return f"$.{value.expression} is {_shown(found)}, not {_shown(value.expected)}"


def _equal(found: object, expected: object) -> bool:
    """Equality as JSON has it: true is not 1, but 1 is 1.0."""
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(_equal, found, expected))
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(_equal(found[key], expected[key]) for key in found)
    return found == expected


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    try:
        return clean(json.dumps(value, ensure_ascii=False, default=str), _SHOWN)
    except (ValueError, RecursionError):
        return "something else"


def _json_value(expression: str, expected: Any) -> _JsonValue:
    import jmespath

    try:
        return _JsonValue(expression, jmespath.compile(expression).search, expected)
    except ValueError as error:
        raise ValueError(f'expect_json: "{expression}": {clean(str(error), 120)}') from error
