"""Answers and explanations: the shape of Prometheus' HTTP API, and each part with its value."""

from __future__ import annotations

import json

import pytest

from tui_monitor.core.values import STALE_NAN, labels_of
from tui_monitor.promql.engine import EvaluationError, PromqlError, compile_expr
from tui_monitor.promql.explain import explain
from tui_monitor.promql.http_json import error_to_json, to_json
from tui_monitor.promql.numbers import format_float
from tui_monitor.promql.openmetrics import read_text

FILE = read_text('a{x="1"} 1 0\na{x="2"} 0.1 0\na{x="1"} 5 60\nodd{v="1"} NaN 0\nodd{v="2"} -Inf 0\nodd{v="3"} 1e-7 0\nodd{v="4"} 1e21 0\n')


def answer(text: str, at_ms: int) -> object:
    return to_json(compile_expr(text).instant(FILE, at_ms), at_ms)


def test_a_vector() -> None:
    """Labels, the time of evaluation in seconds, values as texts; order as evaluated."""
    assert answer("sort(a)", 1781) == {
        "status": "success",
        "data": {
            "resultType": "vector",
            "result": [
                {"metric": {"__name__": "a", "x": "2"}, "value": [1.781, "0.1"]},
                {"metric": {"__name__": "a", "x": "1"}, "value": [1.781, "1"]},
            ],
        },
    }


def test_the_other_kinds() -> None:
    """Scalar, string, matrix, and nothing found."""
    assert answer("1 + 1", 2000) == {"status": "success", "data": {"resultType": "scalar", "result": [2, "2"]}}
    assert answer("'x'", 2000) == {"status": "success", "data": {"resultType": "string", "result": [2, "x"]}}
    assert answer('a{x="1"}[5m]', 60_000) == {
        "status": "success",
        "data": {"resultType": "matrix", "result": [{"metric": {"__name__": "a", "x": "1"}, "values": [[0, "1"], [60, "5"]]}]},
    }
    assert answer("nothing", 0) == {"status": "success", "data": {"resultType": "vector", "result": []}}
    assert answer("nothing[5m]", 0) == {"status": "success", "data": {"resultType": "matrix", "result": []}}
    assert to_json(compile_expr("nothing").range(FILE, 0, 1, 1))["data"] == {"resultType": "matrix", "result": []}
    assert "[2," in json.dumps(answer("1", 2000))


def test_values_of_series_as_prometheus_writes_them() -> None:
    """NaN and infinities by name; exponents only below 1e-6 and from 1e21 on."""
    result = to_json(compile_expr("odd").instant(FILE, 0))["data"]["result"]
    assert [element["value"][1] for element in result] == ["NaN", "-Inf", "1e-07", "1e+21"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e21, "1000000000000000000000"),
        (123456789.125, "123456789.125"),
        (float("inf"), "+Inf"),
        (float("nan"), "NaN"),
        (STALE_NAN, "NaN"),
    ],
)
def test_format_float(value: float, text: str) -> None:
    """The shortest digits, never an exponent."""
    assert format_float(value) == text


def test_errors() -> None:
    """bad_data for what cannot be parsed, execution for what the data contradict."""
    with pytest.raises(PromqlError) as wrong:
        compile_expr("sum(")
    assert error_to_json(wrong.value) == {"status": "error", "errorType": "bad_data", "error": "1:4: unclosed '('"}
    with pytest.raises(EvaluationError) as failed:
        compile_expr("a + on() a").instant(FILE, 0)
    assert error_to_json(failed.value)["errorType"] == "execution"


def test_explain_shows_each_part_with_its_value() -> None:
    """The whole first, then operands and arguments, deeper ones after; bare numbers are left out."""
    parts = explain(compile_expr("sum(rate(a[5m])) > 0.9 and on() a == 5"), FILE, 60_000)
    assert [(part.depth, part.text) for part in parts] == [
        (0, "sum(rate(a[5m])) > 0.9 and on () a == 5"),
        (1, "sum(rate(a[5m])) > 0.9"),
        (2, "sum(rate(a[5m]))"),
        (3, "rate(a[5m])"),
        (4, "a[5m]"),
        (1, "a == 5"),
        (2, "a"),
    ]
    assert parts[0].result == []
    assert parts[5].result == [(labels_of("a", x="1"), 5.0)]


def test_explain_goes_on_after_an_error() -> None:
    """A part that fails shows its error; the parts below still have values."""
    parts = explain(compile_expr("a + on() a"), FILE, 0)
    assert isinstance(parts[0].result, EvaluationError)
    assert parts[1].result == [(labels_of("a", x="1"), 1.0), (labels_of("a", x="2"), 0.1)]
