"""JSON of the answers of a Backend, for the connection to another host: tolerant, so that the versions of both ends may differ.

Unknown keys are ignored; a missing one has its default, else the empty value of its type. Numbers may be NaN, as Python's JSON writes it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from tui_monitor.core.values import HealthStatus
from tui_monitor.promql.values import Matrix, Value

T = TypeVar("T")


def plain(value: Any) -> Any:
    """The value as JSON values."""
    if isinstance(value, str) or value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if hasattr(value, "_fields"):
        return {name: plain(getattr(value, name)) for name in value._fields}
    return [plain(each) for each in value]


def read(kind: type[T], raw: Any) -> T:
    """The value of a type from JSON values. Raises ValueError for another shape."""
    try:
        found: T = _read(kind, raw)
    except (AttributeError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"an answer of another shape: {error}") from None
    return found


def query_answer(value: Value) -> dict[str, Any]:
    """The answer of a query with its kind, as JSON values."""
    if isinstance(value, Matrix):
        return {"matrix": plain(value)}
    return {"vector": plain(value)} if isinstance(value, list) else {"value": value}


def read_query_answer(raw: Any) -> Value:
    """The inverse of `query_answer`. Raises ValueError."""
    try:
        if "matrix" in raw:
            return Matrix(
                (_labels(labels), [int(at) for at in times], [float(one) for one in values]) for labels, times, values in raw["matrix"]
            )
        if "vector" in raw:
            return [(_labels(labels), float(value)) for labels, value in raw["vector"]]
        value = raw["value"]
        return value if isinstance(value, str) else float(value)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"an answer of another shape: {error}") from None


def _labels(raw: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(key), str(value)) for key, value in raw)


def _read(hint: Any, raw: Any) -> Any:
    origin = get_origin(hint)
    if origin is not None:
        return _READERS[origin](get_args(hint), raw)
    if hint is float:
        return float(raw)
    if hint in (int, bool, str):
        if not isinstance(raw, hint):
            raise TypeError(f"{raw!r:.40} is no {hint.__name__}")
        return raw
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _word(hint, raw)
    if isinstance(hint, type) and (is_dataclass(hint) or hasattr(hint, "_fields")):
        if not isinstance(raw, dict):
            raise TypeError(f"{raw!r:.40} is no object")
        return hint(**{name: _read(inner, raw[name]) if name in raw else empty() for name, (inner, empty) in _parts(hint).items()})
    return raw


def _word(kind: type[Enum], raw: Any) -> Enum:
    """A word of an enumeration; one of a later version is "unknown"."""
    try:
        return kind(raw)
    except ValueError:
        return HealthStatus.UNKNOWN


@cache
def _parts(kind: type) -> Mapping[str, tuple[Any, Callable[[], Any]]]:
    """The type of each field, and a function of its value where it is missing."""
    hints = get_type_hints(kind)
    if not is_dataclass(kind):
        defaults: Mapping[str, Any] = kind._field_defaults  # type: ignore[attr-defined]
        return {name: (hint, _constant(defaults.get(name, _empty(hint)))) for name, hint in hints.items()}
    return {each.name: (hints[each.name], _default(each, hints[each.name])) for each in fields(kind)}


def _default(each: Any, hint: Any) -> Callable[[], Any]:
    if each.default_factory is not MISSING:
        factory: Callable[[], Any] = each.default_factory
        return factory
    return _constant(_empty(hint) if each.default is MISSING else each.default)


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _empty(hint: Any) -> Any:
    """The empty value of a type."""
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if origin in (Union, types.UnionType):
        return None if type(None) in inner else _empty(inner[0])
    if origin is Literal:
        return inner[0]
    if isinstance(origin, type) and issubclass(origin, HealthStatus):
        return HealthStatus.UNKNOWN
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {}
    if isinstance(origin, type) and is_dataclass(origin):
        return origin(**{name: empty() for name, (_, empty) in _parts(origin).items()})
    return origin() if origin in (str, int, float, bool, tuple, list) else ()


def _read_union(inner: tuple[Any, ...], raw: Any) -> Any:
    if raw is None and type(None) in inner:
        return None
    fault: Exception = TypeError("no value")
    for hint in inner:
        if hint is not type(None):
            try:
                return _read(hint, raw)
            except (TypeError, ValueError) as error:
                fault = error
    raise fault


def _read_tuple(inner: tuple[Any, ...], raw: Any) -> Any:
    if not isinstance(raw, list):
        raise TypeError(f"{raw!r:.40} is no list")
    if inner[-1] is Ellipsis:
        return tuple(_read(inner[0], each) for each in raw)
    return tuple(_read(hint, each) for hint, each in zip(inner, raw, strict=True))


def _read_mapping(inner: tuple[Any, ...], raw: Any) -> Any:
    return {key: _read(inner[1], each) for key, each in raw.items()}


_READERS: Mapping[Any, Callable[[tuple[Any, ...], Any], Any]] = {
    Union: _read_union,
    types.UnionType: _read_union,
    tuple: _read_tuple,
    list: lambda inner, raw: list(_read_tuple((inner[0], ...), raw)),
    Sequence: lambda inner, raw: _read_tuple((inner[0], ...), raw),
    Mapping: _read_mapping,
    dict: _read_mapping,
    Literal: lambda inner, raw: raw if raw in inner else inner[0],
}
