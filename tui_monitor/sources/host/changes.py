"""Changes between two boards as JSON objects: what is sent instead of the whole board, about half of its bytes.

A change of an object: {"set": {key: value}, "drop": [keys], "in": {key: change}}. A list of rows with a "name" or an "id" is an object by
that key, and "order" lists the keys where they have changed. Any other list is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEYS = ("id", "name")


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What `apply` needs to make ``after`` of ``before``; {} where they are equal."""
    found: dict[str, Any] = {}
    for key, value in after.items():
        if key not in before:
            found.setdefault("set", {})[key] = value
        elif (old := before[key]) != value:
            inner = _inner(old, value)
            found.setdefault("set" if inner is None else "in", {})[key] = value if inner is None else inner
    if dropped := [key for key in before if key not in after]:
        found["drop"] = dropped
    return found


def apply(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The object after a change. Raises ValueError where the change does not fit."""
    try:
        found: dict[str, Any] = _apply(before, change)
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"a change that does not fit: {error}") from None
    return found


def _inner(old: Any, new: Any) -> dict[str, Any] | None:
    """The change within a value, None where it is better replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        return changes(old, new)
    rows, others = _rows(old), _rows(new)
    if rows is None or others is None:
        return None
    change = changes(rows, others)
    if list(rows) != list(others):
        change["order"] = list(others)
    return change


def _rows(value: Any) -> dict[str, Any] | None:
    """A list of rows as an object by their ids; None for any other value, and for ids that occur twice."""
    if not isinstance(value, list) or not value or not all(isinstance(row, dict) for row in value):
        return None
    key = next((name for name in _KEYS if name in value[0]), "")
    found = {row[key]: row for row in value if isinstance(row.get(key), str)} if key else {}
    return found if len(found) == len(value) else None


def _apply(before: Any, change: Mapping[str, Any]) -> Any:
    rows = _rows(before)
    found = dict(before if rows is None else rows)
    for key in change.get("drop", ()):
        del found[key]
    for key, inner in change.get("in", {}).items():
        found[key] = _apply(found[key], inner)
    found.update(change.get("set", {}))
    if rows is None:
        return found
    return [found[key] for key in change.get("order", found)]
