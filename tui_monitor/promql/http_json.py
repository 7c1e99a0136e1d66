"""Answers as JSON in the shape of Prometheus' HTTP API, so that its clients and scripts read them unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tui_monitor.core.values import Labels
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.numbers import format_float, format_sample
from tui_monitor.promql.values import Matrix, Value, Vector


def to_json(value: Value, at_ms: int = 0) -> dict[str, Any]:
    """A successful answer: of an instant query at ``at_ms``, or a Matrix of either kind of query.

    Values are texts (a scalar's without exponent, those of series as Prometheus writes them), times are seconds (an int where
    whole, else to the millisecond). A vector keeps its order; a matrix is sorted by labels.
    """
    return {"status": "success", "data": _data(value, at_ms)}


def json_pieces(value: Value, at_ms: int = 0) -> Iterator[str]:
    """The ``data`` of a successful answer as JSON text, a piece for each series: the encoder stops all threads while it runs."""
    if not isinstance(value, list):
        yield _dumped(_data(value, at_ms))
        return
    kind = "matrix" if isinstance(value, Matrix) else "vector"
    yield f'{{"resultType":"{kind}","result":['
    for place, piece in enumerate(_elements(value, at_ms)):
        yield ("," if place else "") + _dumped(piece)
    yield "]}"


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def error_to_json(error: PromqlError | EvaluationError) -> dict[str, Any]:
    """A failed answer: ``bad_data`` where the expression is wrong, ``execution`` where the data contradict it."""
    return {"status": "error", "errorType": error.error_type, "error": str(error)}


def _data(value: Value, at_ms: int) -> dict[str, Any]:
    if isinstance(value, float):
        return {"resultType": "scalar", "result": [_seconds(at_ms), format_float(value)]}
    if isinstance(value, str):
        return {"resultType": "string", "result": [_seconds(at_ms), value]}
    kind = "matrix" if isinstance(value, Matrix) else "vector"
    return {"resultType": kind, "result": list(_elements(value, at_ms))}


def _elements(value: Vector | Matrix, at_ms: int) -> Iterator[dict[str, Any]]:
    if isinstance(value, Matrix):
        yield from (_series(*series) for series in sorted(value, key=lambda one: one[0]))
        return
    at = _seconds(at_ms)
    for labels, number in value:
        yield {"metric": dict(labels), "value": [at, format_sample(number)]}


def _series(labels: Labels, times: list[int], values: list[float]) -> dict[str, Any]:
    points = [[_seconds(time), format_sample(number)] for time, number in zip(times, values, strict=True)]
    return {"metric": dict(labels), "values": points}


def _seconds(at_ms: int) -> int | float:
    return at_ms / 1000 if at_ms % 1000 else at_ms // 1000
